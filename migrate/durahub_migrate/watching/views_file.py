"""Saved views in a file of the monitor's data folder: JSON that can be read, kept and handed on.

Unlike the index it is not disposable: what cannot be read is an error, and is never written over.
"""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from durahub.errors import BadQuery, BadRequest, FileUnavailable
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.seam import Index
from durahub_migrate.monitor.views import BUILT_IN, MOST, SavedView, checked, from_text, to_text


class ViewsFile:
    """The views in the file at *place*, which need not be there; without one those of this process.

    Its methods raise `FileUnavailable`. Who has no *owner* (nobody logs in) sees all views.
    """

    def __init__(self, place: Path | None, clock: Callable[[], Ticks]) -> None:
        self._place = place
        self._kept: tuple[SavedView, ...] = ()
        self._clock = clock
        self._changing = threading.Lock()

    def views(self, owner: str | None = None) -> tuple[SavedView, ...]:
        """Return the built-in views, and those that *owner* may see by name."""
        kept = [view for view in self._read() if _is_seen(view, owner)]
        return (*BUILT_IN, *sorted(kept, key=lambda view: (view.name.casefold(), view.shared)))

    def keep(self, view: SavedView) -> None:
        """Put *view* in the place of the one of its name. Raises `BadRequest`, `BadQuery`."""
        self._add([checked(view, self._clock())])

    def remove(self, name: str, owner: str | None = None) -> bool:
        """Remove a view that *owner* may see, its own before a shared one; return whether there was one.

        Raises `BadRequest` for one that is built in.
        """
        if any(view.name == name for view in BUILT_IN):
            raise BadRequest(f"the view {name!r} is built in and cannot be removed")
        with self._changing:
            kept = list(self._read())
            found = [view for view in kept if view.name == name and _is_seen(view, owner)]
            if not found:
                return False
            kept.remove(min(found, key=lambda view: view.shared))
            self._write(kept)
            return True

    def exported(self, owner: str | None = None) -> str:
        """Return the views that *owner* may see as a file to hand on."""
        return to_text(self.views(owner))

    def take(self, text: str, owner: str | None = None) -> tuple[SavedView, ...]:
        """Keep the views of a file that was handed on, private ones as *owner*'s: all of them, or none.

        Raises `BadRequest`, `BadQuery`.
        """
        views = tuple(
            view if view.shared else replace(view, owner=owner)
            for view in from_text(text, self._clock())
        )
        self._add(views)
        return views

    def _add(self, views: Iterable[SavedView]) -> None:
        with self._changing:
            kept = {_key(view): view for view in self._read()}
            kept |= {_key(view): view for view in views}
            if len(kept) > MOST:
                raise BadRequest(f"there are more than {MOST} views")
            self._write(list(kept.values()))

    def _read(self) -> tuple[SavedView, ...]:
        if self._place is None:
            return self._kept
        try:
            text = self._place.read_text("utf-8")
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise FileUnavailable(str(self._place), str(error)) from None
        try:
            return from_text(text, self._clock())
        except (BadQuery, BadRequest) as error:
            raise FileUnavailable(str(self._place), error.sentence) from None

    def _write(self, views: Sequence[SavedView]) -> None:
        if self._place is None:
            self._kept = tuple(views)
            return
        beside = self._place.with_name(f"{self._place.name}.new")
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("w", encoding="utf-8", newline="\n") as file:
                beside.chmod(0o600)  # what somebody looks for is nobody else's business
                file.write(to_text(views))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._place)
        except OSError as error:
            raise FileUnavailable(str(self._place), error.strerror or str(error)) from None


def count_of(view: SavedView, indexes: Callable[[tuple[str, ...]], Index], now: Ticks) -> int:
    """Return how many instances *view* finds; *indexes* gives the index of some hubs, of all for none."""
    return sum(indexes(view.hubs).counts(parse(view.query, now)).values())


def _is_seen(view: SavedView, owner: str | None) -> bool:
    return view.shared or owner is None or view.owner == owner


def _key(view: SavedView) -> tuple[str | None, str]:
    return (None if view.shared else view.owner or "", view.name)
