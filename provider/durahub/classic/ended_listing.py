"""Pages of what has ended, in the order of the ends, from a table that does not have that order.

Every page costs a look through the whole table. So a look keeps what it has found for the pages that
follow, for a minute and up to a size: listing a hub costs about one look, not one for each page. The
cursor is a place in the order, not in a look; where no look holds it (another server, a restart, a
minute later) there is another one.
"""

import asyncio
import bisect
import itertools
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from durahub.model.ticks import Ticks
from durahub.store import Ended, EndedQuery

LIFE = 60.0  # seconds
LARGEST = 16 * 1024 * 1024  # bytes of one look, about: 80,000 instances
MOST_LOOKS = 2  # at once, of different queries
_OVERHEAD = 112  # bytes of an end besides its ID

LookThrough = Callable[[EndedQuery], AsyncIterator[Iterable[Ended]]]
"""Yields what a query means, in any order; its ``count`` does not matter."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What was found: ends and IDs, in order. ``whole``: nothing follows them; ``gone`` was deleted since."""

    query: EndedQuery
    ends: list[tuple[Ticks, str]]
    whole: bool
    looked_at: float
    gone: set[str] = field(default_factory=set)

    def holds(self, query: EndedQuery, now: float) -> bool:
        """Tell whether the page may be taken from here."""
        begins = self.query.after
        same = replace(query, after=begins, count=self.query.count) == self.query
        behind = begins is None or (query.after is not None and query.after >= begins)
        return same and behind and now - self.looked_at < LIFE


class EndedListing:
    """Answers pages; *look_through* reads the table. *largest* is the size of a look, about."""

    def __init__(self, look_through: LookThrough, largest: int = LARGEST) -> None:
        self._look_through = look_through
        self._largest = largest
        self._looks: list[_Look] = []

    @property
    def kept(self) -> int:
        """How many ends are in memory."""
        return sum(len(look.ends) for look in self._looks)

    async def page(self, query: EndedQuery) -> tuple[Ended, ...]:
        """Return as many as *query* counts; fewer only at the end.

        The first page always shows what is there now, and so does an end that is asked for again.
        """
        if query.after is not None:
            for look in self._looks:
                if not look.holds(query, _now()):
                    continue
                page = self._page(look, query)
                if len(page) < query.count:
                    self._drop(look)
                if len(page) == query.count or look.whole:
                    return page
                break
        look = await self._look(query)
        page = self._page(look, query)
        if len(page) == query.count:
            self._keep(look)
        return page

    def gone(self, instance_id: str) -> None:
        """Take note that an instance was deleted."""
        for look in self._looks:
            look.gone.add(instance_id)

    def _page(self, look: _Look, query: EndedQuery) -> tuple[Ended, ...]:
        after = query.after
        place = 0
        if after is not None:
            place = bisect.bisect_right(look.ends, (after.completed, after.instance_id))
        return tuple(itertools.islice(self._from(look, place), query.count))

    def _from(self, look: _Look, place: int) -> Iterator[Ended]:
        for number in range(place, len(look.ends)):
            completed, instance_id = look.ends[number]
            if instance_id not in look.gone:
                yield Ended(completed, instance_id)

    async def _look(self, query: EndedQuery) -> _Look:
        looked_at = _now()
        ends: list[tuple[Ticks, str]] = []
        size, whole = 0, True
        async for found in self._look_through(query):
            for one in found:
                ends.append((one.completed, one.instance_id))
                size += _OVERHEAD + sys.getsizeof(one.instance_id)
            if size > self._largest:
                ends.sort()
                while size > self._largest and len(ends) > query.count:
                    size -= _OVERHEAD + sys.getsizeof(ends.pop()[1])
                    whole = False
        ends.sort()
        return _Look(query, ends, whole, looked_at)

    def _keep(self, look: _Look) -> None:
        others = [one for one in self._looks if not one.holds(look.query, _now())]
        self._looks = [*others[-(MOST_LOOKS - 1) :], look]
        asyncio.get_running_loop().call_later(LIFE, self._drop, look)

    def _drop(self, look: _Look) -> None:
        self._looks = [one for one in self._looks if one is not look]


def _now() -> float:
    return asyncio.get_running_loop().time()
