"""What live pages are told: which rows changed, how hubs stand, how jobs go, which alerts were raised.

One task a hub follows its changes, however many pages look on, and none while nobody does. What a page has
not taken yet is kept for it in a form that does not grow: of many changes of a hub only that there were some.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from durahub.errors import DurahubError
from durahub_migrate.monitor.actions import JobView
from durahub_migrate.monitor.hub import HubStanding
from durahub_migrate.monitor.seam import HubWatch, Monitor

MOST_IDS = 200
"""Changed rows of a hub that are named; of more it is said that anything may have changed."""
MOST_ALERTS = 50
MOST_STREAMS = 500
"""Pages that are told of changes at a time; each holds a connection and some memory."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event for a page. *hub* is the key of what it is about."""

    name: str
    hub: str
    value: Any


@dataclass(eq=False, slots=True)
class Listener:
    """What one page has not been told yet. *hears* tells which hubs it is told of."""

    hears: Callable[[str], bool]
    _rows: dict[str, set[str]] = field(default_factory=dict)  # by hub; an empty set: anything
    _standings: dict[str, HubStanding] = field(default_factory=dict)
    _jobs: dict[str, JobView] = field(default_factory=dict)
    _alerts: list[tuple[str, Any]] = field(default_factory=list)
    _told: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing will follow."""
        return self._closed

    def rows(self, hub: str, ids: frozenset[str]) -> None:
        """Take down that rows changed; without IDs that any may have."""
        if self.hears(hub):
            known = self._rows.get(hub)
            if known is None:
                self._rows[hub] = set(ids) if len(ids) <= MOST_IDS else set()
            elif known and ids and len(known | ids) <= MOST_IDS:
                known |= ids
            else:
                known.clear()
            self._told.set()

    def standing(self, standing: HubStanding) -> None:
        """Take down how a hub stands now."""
        if self.hears(standing.ref.key):
            self._standings[standing.ref.key] = standing
            self._told.set()

    def job(self, job: JobView) -> None:
        """Take down how a job stands now."""
        if self.hears(job.request.command.hub):
            self._jobs[job.number] = job
            self._told.set()

    def alert(self, hub: str, alert: Any) -> None:
        """Take down an alert; of too many the oldest are dropped."""
        if self.hears(hub):
            self._alerts = [*self._alerts[-MOST_ALERTS + 1 :], (hub, alert)]
            self._told.set()

    def close(self) -> None:
        """End it."""
        self._closed = True
        self._told.set()

    async def wait(self, seconds: float) -> tuple[Event, ...]:
        """Return what is to be told, as soon as there is something, or nothing after *seconds*."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._told.wait(), seconds)
        self._told.clear()
        events = [
            Event("rows", hub, {"hub": hub, "ids": sorted(ids)}) for hub, ids in self._rows.items()
        ]
        events += [Event("hub", hub, standing) for hub, standing in self._standings.items()]
        events += [Event("job", job.request.command.hub, job) for job in self._jobs.values()]
        events += [Event("alert", hub, alert) for hub, alert in self._alerts]
        self._rows, self._standings, self._jobs, self._alerts = {}, {}, {}, []
        return tuple(events)


class Broadcast:
    """Tells listeners. *every* is the pause in seconds between two looks at how hubs stand."""

    def __init__(
        self,
        monitor: Monitor,
        every: float,
        jobs: Callable[[], Sequence[JobView]] = tuple,
        *,
        most: int = MOST_STREAMS,
    ) -> None:
        self._most = most
        self._monitor = monitor
        self._every = every
        self._jobs = jobs
        self._listeners: set[Listener] = set()
        self._following: dict[str, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._standings: dict[str, HubStanding] = {}
        self._seen_jobs: dict[str, JobView] = {}
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many there are."""
        return len(self._listeners)

    @contextlib.asynccontextmanager
    async def listening(self, hears: Callable[[str], bool]) -> AsyncIterator[Listener]:
        """Give the body a listener, closed at once if no more are told."""
        listener = Listener(hears)
        self._listeners.add(listener)
        if self._closed:
            listener.close()
        elif self._looking is None:
            self._standings = self._now_standing()
            self._seen_jobs = {one.number: one for one in self._jobs()}
            self._follow()
            self._looking = asyncio.create_task(self._look(), name="look at hubs for live pages")
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                await self._rest()

    @property
    def is_full(self) -> bool:
        """Whether as many listen as there is room for."""
        return len(self._listeners) >= self._most

    def alert(self, hub: str, alert: Any) -> None:
        """Tell of an alert."""
        for listener in self._listeners:
            listener.alert(hub, alert)

    def close(self) -> None:
        """End all listeners, and those to come."""
        self._closed = True
        for listener in self._listeners:
            listener.close()

    async def _rest(self) -> None:
        """Follow nothing until somebody listens again."""
        tasks = [*self._following.values(), *([self._looking] if self._looking else [])]
        self._following, self._looking = {}, None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            self._follow()
            standings = self._now_standing()
            for key, standing in standings.items():
                if standing != self._standings.get(key):
                    for listener in self._listeners:
                        listener.standing(standing)
            self._standings = standings
            jobs = {one.number: one for one in self._jobs()}
            for number, job in jobs.items():
                if job != self._seen_jobs.get(number):
                    for listener in self._listeners:
                        listener.job(job)
            self._seen_jobs = jobs

    def _now_standing(self) -> dict[str, HubStanding]:
        return {one.ref.key: one.standing() for one in self._monitor.hubs()}

    def _follow(self) -> None:
        """Follow hubs that nobody follows: new ones, and those whose changes have ended."""
        for hub in self._monitor.hubs():
            key = hub.ref.key
            task = self._following.get(key)
            if task is None or task.done():
                self._following[key] = asyncio.create_task(
                    self._changes(hub), name=f"changes of {key}"
                )

    async def _changes(self, hub: HubWatch) -> None:
        changes = hub.changes()
        with contextlib.suppress(DurahubError):  # it is followed again at the next look
            async for ids in changes:
                for listener in self._listeners:
                    listener.rows(hub.ref.key, ids)
