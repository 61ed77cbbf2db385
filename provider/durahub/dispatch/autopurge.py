"""Purges what a hub's retention has ended for: asks first, keeps a budget, leaves it to one server.

A search goes through the ended instances page by page; each that is due is read again before it is
purged, for it may have been started anew meanwhile. Between two searches is a pause, at least ten times
as long as the search was: a large table costs more to look through, and so is looked through less often.
The time that purging takes does not count: it is spent once an instance, and within the budget. If it did,
a hub in which more ends than a tenth of the budget purges would grow for ever.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from durahub.dispatch.clock import Clock
from durahub.engine.retention import Retention, ended_at
from durahub.errors import DurahubError, WrongStatus
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.store import InstanceQuery, Page, Purged

log = logging.getLogger(__name__)

PAGE = 1_000  # what Table storage gives at most in one answer
PURGE_REQUESTS = 6  # of one instance with few events, about; deletions go by hundreds of rows
FIRST_SEARCH = (
    60.0  # seconds after the start, at most: one that restarts again and again searches nothing
)
REST = 10  # pauses are so many times as long as the searches before them, at least
CLAIM = "purge"
CLAIM_SECONDS = 300.0  # a search tells at least this often that it goes on

Sleep = Callable[[float], Awaitable[None]]


class Purgeable(Protocol):
    """What a search needs of a hub."""

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances."""

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an instance."""

    async def purge(self, instance_id: str, *, recursive: bool = False) -> Purged:
        """Delete an instance that has ended. Raises `WrongStatus`."""


class Pace:
    """A budget of storage requests: so many per second, spent before they are counted."""

    def __init__(
        self, per_second: float, now: Callable[[], float], sleep: Sleep = asyncio.sleep
    ) -> None:
        self._per_second = per_second
        self._now = now
        self._sleep = sleep
        self._free_at = 0.0

    def now(self) -> float:
        """Return the time, in seconds."""
        return self._now()

    async def spent(self, requests: int) -> None:
        """Wait until *requests* that were just made are within the budget."""
        now = self._now()
        self._free_at = max(now, self._free_at) + requests / self._per_second
        await self._sleep(self._free_at - now)


@dataclass(slots=True)
class Due:
    """What a retention has ended for, by status: how many, and when the first of them ended."""

    counts: dict[Status, int] = field(default_factory=dict)
    oldest: dict[Status, Ticks] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(self.counts.values())

    def add(self, instance: Instance) -> None:
        """Count an instance."""
        status, ended = instance.status, ended_at(instance)
        self.counts[status] = self.counts.get(status, 0) + 1
        self.oldest[status] = min(self.oldest.get(status, ended), ended)


async def due_instances(
    hub: Purgeable, retention: Retention, now: Ticks, pace: Pace
) -> AsyncIterator[Instance]:
    """Yield the instances that are due at *now*, without payloads, in the store's order."""
    candidates = retention.candidates(now)
    if candidates is None:
        return
    query = InstanceQuery(
        statuses=candidates.statuses,
        created_to=candidates.created_to,
        payloads=False,
        page_size=PAGE,
    )
    while True:
        page = await hub.query(query)
        await pace.spent(1)
        for instance in page.instances:
            if retention.is_due(instance, now):
                yield instance
        if page.token is None:
            return
        query = InstanceQuery(
            statuses=query.statuses,
            created_to=query.created_to,
            payloads=False,
            page_size=PAGE,
            token=page.token,
        )


async def plan(hub: Purgeable, retention: Retention, now: Ticks, pace: Pace) -> Due:
    """Return what would be purged at *now*; nothing is changed."""
    due = Due()
    async for instance in due_instances(hub, retention, now, pace):
        due.add(instance)
    return due


async def _always() -> bool:
    return True


async def purge_due(
    hub: Purgeable,
    retention: Retention,
    clock: Clock,
    pace: Pace,
    on_purged: Callable[[Instance], None],
    may_go_on: Callable[[], Awaitable[bool]] = _always,
) -> float:
    """Purge what is due now; *on_purged* is told of each instance.

    Return how many seconds the purging took, the search for it left out.
    """
    purging = 0.0
    async for instance in due_instances(hub, retention, clock(), pace):
        if not await may_go_on():
            return purging
        began = pace.now()
        current = await hub.get(instance.instance_id, payloads=False)
        if current is None or not retention.is_due(current, clock()):
            await pace.spent(1)
            purging += pace.now() - began
            continue
        purged = Purged(0)
        with contextlib.suppress(WrongStatus):  # it was started anew just now
            purged = await hub.purge(instance.instance_id)
        await pace.spent(PURGE_REQUESTS + purged.rows // 100)
        purging += pace.now() - began
        if purged.instances:
            on_purged(current)
    return purging


class Autopurge:
    """Purges one hub in the background. *claim* tells whether this server is the one to do it."""

    def __init__(
        self,
        hub: Purgeable,
        name: str,
        retention: Retention,
        *,
        claim: Callable[[str, float], Awaitable[bool]],
        clock: Clock,
        pace: Pace,
        every: float,
        now: Callable[[], float],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._hub = hub
        self._name = name
        self._retention = retention
        self._claim = claim
        self._clock = clock
        self._pace = pace
        self._every = every
        self._now = now
        self._sleep = sleep
        self._claimed_at = now()
        self._purging = 0.0  # seconds of the last search that were not spent searching
        self.purged = 0  # instances, since the start

    async def run(self) -> None:
        """Pause and search until cancelled; what fails is tried again after the pause."""
        await self._sleep(min(self._every, FIRST_SEARCH))
        while True:
            began, self._purging = self._now(), 0.0
            try:
                await self.once()
            except DurahubError as error:
                extra = {"hub": self._name, "code": error.code}
                log.warning("purge-failed", extra=extra)
            except Exception as error:
                extra = {"hub": self._name, "error": type(error).__name__}
                log.exception("purge-failed", extra=extra)
            await self._sleep(max(self._every, REST * (self._now() - began - self._purging)))

    async def once(self) -> bool:
        """Search once and purge, if no other server does; tell whether none does."""
        if not await self._claimed():
            return False
        before = self.purged
        self._purging = await purge_due(
            self._hub, self._retention, self._clock, self._pace, self._count, self._still_ours
        )
        if self.purged > before:
            extra = {"hub": self._name, "instances": self.purged - before}
            log.info("instances-purged", extra=extra)
        return True

    async def _claimed(self) -> bool:
        self._claimed_at = self._now()
        return await self._claim(CLAIM, CLAIM_SECONDS + self._every)

    async def _still_ours(self) -> bool:
        return self._now() - self._claimed_at < CLAIM_SECONDS / 2 or await self._claimed()

    def _count(self, _: Instance) -> None:
        self.purged += 1
