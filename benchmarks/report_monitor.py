"""What the monitor costs, as tables."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import quantiles
from typing import Any

from benchmarks.monitor import PAGE, Asked, MonitorIndex
from benchmarks.section import Section, number

MB = 1_000_000


def monitor_sections(indexes: Sequence[MonitorIndex]) -> Iterator[Section]:
    """Yield what there is to tell."""
    if not indexes:
        return
    yield _filling(indexes)
    for index in indexes:
        yield _pages(index)
        yield _questions(index)


def _filling(indexes: Sequence[MonitorIndex]) -> Section:
    return Section(
        "The monitor's index",
        "A hub of so many instances is put into the index 1,000 rows at once, as a sweep does; then a second "
        "sweep finds every row as before. Seconds are of CPU, the file is what is left when it is closed.",
        (
            "instances",
            "s to fill",
            "rows put a second",
            "s of the second sweep",
            "rows seen again a second",
            "MB",
            "bytes a row",
        ),
        [
            (
                f"{index.instances:,}",
                number(index.filled),
                number(index.instances / index.filled),
                number(index.seen_again),
                number(index.instances / index.seen_again),
                number(index.size / MB),
                number(index.size / index.instances),
            )
            for index in indexes
        ],
    )


def _pages(index: MonitorIndex) -> Section:
    return Section(
        f"Pages of {PAGE} rows from the index of {index.instances:,}",
        "*Steps* are instructions of SQLite's virtual machine, counted in tens: the same on every machine. "
        "The first page of a query is to take no more than those that are far. Orders without an index of "
        "their own look at every row, for each page at as many.",
        ("query", "sort", "page", "steps", "p50 ms", "p95 ms"),
        [(_code(one.query), one.sort, one.place, *_cost(one)) for one in map(_asked, index.pages)],
    )


def _questions(index: MonitorIndex) -> Section:
    return Section(
        f"Other questions to the index of {index.instances:,}",
        "What charts, tiles and completion ask.",
        ("query", "question", "steps", "p50 ms", "p95 ms"),
        [(_code(one.query), one.place, *_cost(one)) for one in map(_asked, index.questions)],
    )


def _asked(found: Mapping[str, Any]) -> Asked:
    return Asked(**found)


def _cost(one: Asked) -> tuple[str, str, str]:
    cuts = quantiles(one.milliseconds, n=100, method="inclusive")
    return f"{one.steps:,}", number(cuts[49]), number(cuts[94])


def _code(text: str) -> str:
    return f"`{text}`" if text else "(all)"
