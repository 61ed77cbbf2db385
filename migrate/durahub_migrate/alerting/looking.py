"""Looks at hubs in the background: what rules are judged by, and what metrics tell.

A look costs requests, of each hub's budget and behind whatever somebody waits for at a screen: its queues,
leases and the stuck list. So it is taken only while there are rules, or while somebody scrapes metrics.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from durahub.dispatch.clock import Clock
from durahub.errors import DurahubError, NotOffered
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.alarms.facts import HubFacts
from durahub_migrate.monitor.alarms.rules import Rule, Watch
from durahub_migrate.monitor.hub import Health, StoreKind
from durahub_migrate.monitor.partitions import PartitionsView
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.seam import HubWatch, Monitor
from durahub_migrate.watching.budget import background

log = logging.getLogger(__name__)
T = TypeVar("T")
WANTED_FOR = 600.0
"""Seconds for which a scrape of metrics keeps the looks going."""
WITHIN = 120.0
"""Seconds that a question to one hub may take: one that is throttled holds up no other."""
_LOOKED_AT = frozenset({Health.WATCHED, Health.THROTTLED})


class Lookout:
    """Takes looks. *every* is the pause between two, *stuck_after* the age (seconds) that metrics count."""

    def __init__(
        self,
        monitor: Monitor,
        clock: Clock,
        *,
        every: float = 60.0,
        stuck_after: float = 300.0,
        rules: Iterable[Rule] = (),
    ) -> None:
        self._monitor = monitor
        self._clock = clock
        self._every = every
        self._rules = tuple(rules)
        self.stuck_after = stuck_after
        self._older_than = min(
            [stuck_after, *(one.after for one in self._rules if one.when is Watch.STUCK)]
        )
        self._spans = frozenset(one.within for one in self._rules if one.when is Watch.FAILED)
        self._asked: Ticks | None = None
        self._wanted = asyncio.Event()
        self.last: Mapping[str, HubFacts] = {}

    def want(self) -> None:
        """Take looks for a while, for somebody reads what they find."""
        self._asked = self._clock()
        self._wanted.set()

    async def run(self, on_look: Callable[[tuple[HubFacts, ...]], None] | None) -> None:
        """Take looks until cancelled; *on_look* wants every one."""
        while True:
            if on_look is None and not self._is_wanted():
                self._wanted.clear()
                await self._wanted.wait()
            found = await self.look()
            if on_look is not None:
                on_look(found)
            await asyncio.sleep(self._every)

    def _is_wanted(self) -> bool:
        return self._asked is not None and seconds_between(self._asked, self._clock()) < WANTED_FOR

    async def look(self) -> tuple[HubFacts, ...]:
        """Look at every hub now."""
        with background():
            found = tuple(await asyncio.gather(*(self._facts(hub) for hub in self._monitor.hubs())))
        self.last = {one.hub: one for one in found}
        return found

    async def _facts(self, hub: HubWatch) -> HubFacts:
        facts = HubFacts(at=self._clock(), standing=hub.standing())
        if facts.standing.health not in _LOOKED_AT:
            return facts
        stuck = await self._asks(hub, hub.stuck(older_than=self._older_than))
        partitions = await self._asks(hub, hub.partitions())
        return replace(
            facts,
            stuck=stuck,
            partitions=partitions,
            failed=await asyncio.to_thread(self._failed, hub, facts.at),
            knows_workers=_knows_workers(facts.standing.ref.kind, partitions),
        )

    async def _asks(self, hub: HubWatch, question: Awaitable[T]) -> T | None:
        try:
            return await asyncio.wait_for(question, WITHIN)
        except NotOffered:
            return None
        except (DurahubError, asyncio.TimeoutError) as error:
            # what keeps us from looking is in the error; its text may hold what it was about
            told = {"hub": hub.ref.key, "error": getattr(error, "code", type(error).__name__)}
            log.info("hub-not-looked-at", extra=told)
            return None

    def _failed(self, hub: HubWatch, now: Ticks) -> dict[float, dict[str, int]]:
        found: dict[float, dict[str, int]] = {}
        for span in self._spans:
            with contextlib.suppress(DurahubError):  # an index that is just being closed
                query = parse(f"status:Failed updated>-{span:.0f}s", now)
                names = hub.index.names(query)
                found[span] = {name: sum(counts.values()) for name, counts in names.items()}
        return found


def _knows_workers(kind: StoreKind, seen: PartitionsView | None) -> bool:
    """Tell whether a store says who works; a hub in memory or behind an endpoint does not."""
    if seen is None or kind not in (StoreKind.CLASSIC, StoreKind.SCHEDULER):
        return False
    return kind is StoreKind.CLASSIC or bool(seen.workers or seen.problems)
