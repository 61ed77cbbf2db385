"""Saved views: one's own and shared ones, each with how many instances it finds now."""

import asyncio
from dataclasses import dataclass

from durahub.errors import BadRequest, DurahubError, NotGranted
from durahub_migrate.monitor import views
from durahub_migrate.monitor.querying import parse
from durahub_migrate.watching.views_file import ViewsFile
from durahub_migrate.web.call import Call
from durahub_migrate.web.operations import Operation
from durahub_migrate.web.who.logins import ANONYMOUS


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A view. *count* is how many instances it finds now, ``None`` where that cannot be told."""

    name: str
    query: str
    sort: str
    columns: tuple[str, ...]
    hubs: tuple[str, ...]
    shared: bool
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewAsked:
    """A view that is to be kept; a *shared* one is seen by everybody."""

    name: str | None = None
    query: str = ""
    sort: str = "-created"
    columns: tuple[str, ...] = ()
    hubs: tuple[str, ...] = ()
    shared: bool = False


class ViewHandlers:
    """Answers about views."""

    def __init__(self, file: ViewsFile) -> None:
        self._file = file

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="api/views",
                about="One's own views and shared ones.",
                handler=self.listed,
                gives=tuple[SavedView, ...],
            ),
            Operation(
                method="PUT",
                path="api/views/{name}",
                about="Keeps a view under that name.",
                handler=self.put,
                takes=ViewAsked,
                gives=SavedView,
            ),
            Operation(
                method="DELETE",
                path="api/views/{name}",
                about="Forgets a view.",
                handler=self.delete,
                gives=tuple[SavedView, ...],
            ),
        ]

    async def listed(self, call: Call) -> tuple[SavedView, ...]:
        """Return the views."""
        kept = [one for one in self._file.views(_owner(call)) if not one.built_in]
        return tuple([await self._shown(call, one) for one in kept])

    async def put(self, call: Call) -> SavedView:
        """Keep a view. What its query is like is checked now, not when it is opened."""
        asked: ViewAsked = call.body
        _check_known(call)
        view = views.SavedView(
            name=call.part("name"),
            query=asked.query,
            sort=asked.sort,
            columns=asked.columns,
            hubs=asked.hubs,
            shared=asked.shared,
            owner=None if asked.shared else _owner(call),
        )
        self._file.keep(view)
        return await self._shown(call, view)

    async def delete(self, call: Call) -> tuple[SavedView, ...]:
        """Forget a view, and return the others."""
        _check_known(call)
        name = call.part("name")
        if not self._file.remove(name, _owner(call)):
            raise BadRequest(f"there is no view {name[: views.LONGEST_NAME]!r}")
        return await self.listed(call)

    async def _shown(self, call: Call, view: views.SavedView) -> SavedView:
        return SavedView(
            name=view.name,
            query=view.query,
            sort=view.sort,
            columns=view.columns,
            hubs=tuple(key for key in view.hubs if call.sight.may("read", key)),
            shared=view.shared,
            count=await self._count(call, view),
        )

    async def _count(self, call: Call, view: views.SavedView) -> int | None:
        try:
            query = call.sight.restricted(parse(view.query, call.now), view.hubs)
            counts = await asyncio.to_thread(call.sight.monitor.index.counts, query)
        except DurahubError:  # of a hub that is gone or hidden, or in payloads that are
            return None
        return sum(counts.values())


def _owner(call: Call) -> str:
    return f"{call.user.via}:{call.user.name}"


def _check_known(call: Call) -> None:
    if call.user.via == ANONYMOUS:
        raise NotGranted(call.user.name, "keep views", "this monitor")
