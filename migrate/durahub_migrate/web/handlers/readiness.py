"""What of a hub stands in the way to the Durable Task Scheduler, as far as the index tells."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.health.readiness import Badge, of_rows
from durahub_migrate.monitor.query import AllOf, Query
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.monitor.seam import Index
from durahub_migrate.web.call import Call
from durahub_migrate.web.operations import Operation

PAGE = 1_000
MOST = 50_000
"""Rows that are judged, the newest: each takes some time, and ``durahub lint`` judges all."""
FRESH = 60.0
"""Seconds for which a judgement is good: rows change slowly, and judging takes seconds of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubReadiness:
    """What was found, and when; *rows* were judged."""

    checked: Ticks
    findings: tuple[Badge, ...]
    rows: int


class Readiness:
    """Judges hubs, each again after `FRESH` at the earliest, however many ask."""

    def __init__(self) -> None:
        self._last: dict[str, HubReadiness] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="api/hubs/{hub}/readiness",
                about="What stands in the way to the Durable Task Scheduler; judged once a minute.",
                handler=self.readiness,
                gives=HubReadiness,
            )
        ]

    async def readiness(self, call: Call) -> HubReadiness:
        """Judge the rows of a hub."""
        hub = call.hub
        key = hub.ref.key
        async with self._turns.setdefault(key, asyncio.Lock()):
            last = self._last.get(key)
            if last is None or seconds_between(last.checked, call.now) >= FRESH:
                is_whole = hub.standing().freshness.complete is not None
                last = await asyncio.to_thread(_judged, hub.index, call.now)
                if is_whole:  # what a sweep has not seen yet must not count as good for a minute
                    self._last[key] = last
        return last


def _judged(index: Index, now: Ticks) -> HubReadiness:
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in _rows(index, now):
            count += 1
            yield row

    badges = of_rows(counted(), now)
    return HubReadiness(checked=now, findings=badges, rows=count)


def _rows(index: Index, now: Ticks) -> Iterator[Row]:
    query, after, seen = Query("", AllOf(), now), None, 0
    while seen < MOST:
        page = index.page(query, Sort(), count=PAGE, after=after)
        yield from page.rows
        seen += len(page.rows)
        after = page.after
        if after is None:
            return
