"""What the monitor costs: its index of a large hub, filled as a sweep fills it, and pages from it.

Costs are told in instructions of SQLite's virtual machine, which are the same on every machine, beside the
milliseconds of this one.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contestants import Contestant
from benchmarks.indexed_hub import HUB, Steps, cursor_at, fill, large_rows
from durahub.model.ticks import parse as ticks
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.watching.index import LocalHubIndex, LocalIndexes

NOW = ticks("2026-11-22T12:00:00Z")
PAGE = 100  # rows
TIMES = 21  # that each question is asked
PAGES = (
    ("", "-created"),
    ("", "updated"),
    ("", "-completed"),
    ("", "id"),
    ("status:Completed", "-created"),
    ("status:Failed", "-created"),
    ("is:active", "-updated"),
    ("name:Order", "-created"),
    ("name:Inv*", "-updated"),
    ("name:Repair", "-created"),
    ("created>-24h", "-created"),
    ("id:0a*", "-created"),
    ("order", "-created"),
    ("abcd", "-created"),
    ('custom:"step 7"', "-created"),
    ("", "name"),
    ("", "-duration"),
    ("", "-partition"),
    ("", "custom"),
)
"""Queries, and orders of which those at the end have no index."""


@dataclass(frozen=True)
class Asked:
    """What a question took, each time it was asked. *rows* are those that it returned."""

    query: str
    sort: str
    place: str
    rows: int
    steps: int
    milliseconds: list[float]


@dataclass(frozen=True)
class MonitorIndex:
    """What the index of a hub of so many instances costs. Seconds of CPU, bytes."""

    contestant: str
    instances: int
    filled: float
    seen_again: float  # a sweep that finds everything as before
    size: int
    pages: list[dict[str, Any]]  # of `Asked`
    questions: list[dict[str, Any]]
    wrong: list[str] = field(default_factory=list)


def monitor_index(contestant: Contestant, instances: int) -> MonitorIndex:
    """Fill an index in a file, and ask it."""
    steps = Steps()
    with TemporaryDirectory(prefix="durahub-benchmark-") as folder:
        place = Path(folder) / "monitor.index"
        rows = list(large_rows(instances, NOW))
        with closing(LocalIndexes(str(place), prepare=steps.prepare)) as indexes:
            hub = indexes.of(HUB)
            filled = _sweep(hub, rows)
            seen_again = _sweep(hub, rows)
        size = place.stat().st_size
        with closing(LocalIndexes(str(place), prepare=steps.prepare)) as indexes:
            hub = indexes.of(HUB)
            pages = [one for query, sort in PAGES for one in _pages(hub, steps, query, sort)]
            questions = _questions(hub, steps)
            count = hub.count()
    wrong = [] if count == instances else [f"{count} rows, not {instances}"]
    return MonitorIndex(
        contestant.name,
        instances,
        filled,
        seen_again,
        size,
        [asdict(one) for one in pages],
        [asdict(one) for one in questions],
        wrong,
    )


def _sweep(hub: LocalHubIndex, rows: Sequence[Row]) -> float:
    started = time.process_time()
    hub.begin_sweep(NOW, None)
    fill(hub, iter(rows))
    hub.end_sweep(NOW)
    return time.process_time() - started


def _pages(hub: LocalHubIndex, steps: Steps, text: str, order: str) -> list[Asked]:
    """Ask for the first page, the one in the middle, and the last that is whole."""
    query, sort = parse(text, NOW), Sort(order.removeprefix("-"), order.startswith("-"))
    total = sum(hub.counts(query).values())
    asked = []
    for place, at in (("first", 0), ("middle", total // 2), ("last", max(0, total - PAGE))):
        after = cursor_at(hub, query, sort, at)
        rows, taken, times = _ask(
            steps,
            lambda after=after: len(hub.page(query, sort, count=PAGE, after=after).rows),  # type: ignore[misc]
        )
        asked.append(Asked(text, order, f"{place} of {total:,}", rows, taken, times))
    return asked


def _questions(hub: LocalHubIndex, steps: Steps) -> list[Asked]:
    """Ask what the pages beside the list ask."""
    asked = []
    for text in ("", "status:Failed name:Order", "created>-7d", "order"):
        query = parse(text, NOW)
        for what, ask in (
            ("counts", lambda query=query: len(hub.counts(query))),
            ("histogram, 60 steps", lambda query=query: len(hub.histogram(query, 60))),
        ):
            rows, taken, times = _ask(steps, ask)
            asked.append(Asked(text, "", what, rows, taken, times))
    for hours in (24, 168):
        rows, taken, times = _ask(
            steps,
            lambda hours=hours: len(hub.series("Order", hours, NOW).times),  # type: ignore[misc]
        )
        asked.append(Asked("name:Order", "", f"series, {hours} hours", rows, taken, times))
    rows, taken, times = _ask(steps, lambda: len(hub.ids("0a")))
    asked.append(Asked("0a", "", "completion of IDs", rows, taken, times))
    return asked


def _ask(steps: Steps, ask: Callable[[], int]) -> tuple[int, int, list[float]]:
    rows, taken = steps.of(ask)
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    return rows, taken, times
