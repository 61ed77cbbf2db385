"""What measurements amount to: medians with their spread, ratios within a turn, figures to reach."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.contestants import FLOOR, SDK_MEMORY
from benchmarks.large import HubSize, Scale
from benchmarks.measuring import Counted, Timed
from benchmarks.results import Results

HEADLINE = "five-cities"
HEADLINE_N = 500  # instances, as the figures to reach say
AZURITE, EXCLUSIVE, SQLITE = "azurite", "azurite exclusive", "sqlite"
PERCENTS = (50, 90, 99)


@dataclass(frozen=True)
class Spread:
    """Of a figure that was measured several times."""

    median: float
    low: float
    high: float
    times: int


def spread(values: Iterable[float]) -> Spread | None:
    """Return median, minimum and maximum; None of nothing."""
    found = list(values)
    return Spread(median(found), min(found), max(found), len(found)) if found else None


def percentiles(values: Sequence[float]) -> tuple[float, ...] | None:
    """Return those of `PERCENTS`; None of nothing."""
    if not values:
        return None
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else [*values] * 99
    return tuple(cuts[percent - 1] for percent in PERCENTS)


def ratios(timed: Sequence[Timed], one: str, other: str, n: int) -> list[float]:
    """Return the throughput of *one* through that of *other*, turn by turn: never across turns.

    A machine that slows down slows both of a turn, and the ratio stays.
    """
    by_turn = {
        name: {
            run.turn: run.per_second
            for run in timed
            if (run.scenario, run.contestant, run.n) == (HEADLINE, name, n)
        }
        for name in (one, other)
    }
    both = by_turn[one].keys() & by_turn[other].keys()
    return [by_turn[one][turn] / by_turn[other][turn] for turn in sorted(both)]


def headline_n(timed: Sequence[Timed]) -> int:
    """Return the n that the figures are of: the largest that was measured, up to `HEADLINE_N`."""
    return max(
        (run.n for run in timed if run.scenario == HEADLINE and run.n <= HEADLINE_N), default=0
    )


@dataclass(frozen=True)
class Figure:
    """One that is to be reached."""

    what: str
    target: float
    unit: str
    measured: Spread | None
    at_least: bool = False  # else at most

    @property
    def met(self) -> bool | None:
        """Whether the median reaches it; None when it was not measured."""
        if self.measured is None:
            return None
        reached = self.measured.median
        return reached >= self.target if self.at_least else reached <= self.target


def figures(results: Results) -> list[Figure]:
    """Return the figures to reach with what was measured."""
    timed = results.timed
    n = headline_n(timed)
    runs = {
        name: [run for run in timed if (run.scenario, run.contestant, run.n) == (HEADLINE, name, n)]
        for name in (AZURITE, EXCLUSIVE, SQLITE)
    }

    def against(one: str, other: str) -> Spread | None:
        return spread(ratios(timed, one, other, n))

    def idle(name: str) -> Spread | None:
        return spread(median(run.idle) for run in runs[name] if run.idle)

    def server_cpu(name: str) -> Spread | None:
        return spread(run.cpu["server"] for run in runs[name] if "server" in run.cpu)

    def requests(name: str, scenario: str) -> Spread | None:
        return spread(
            total(run)
            for run in results.counted
            if (run.contestant, run.scenario) == (name, scenario)
        )

    cities = f"five cities, {n} instances"
    found = [
        Figure(f"{cities}, Azurite", 0.40, "× floor", against(AZURITE, FLOOR), True),
        Figure(f"{cities}, Azurite, exclusive", 0.55, "× floor", against(EXCLUSIVE, FLOOR), True),
        Figure(f"{cities}, SQLite file", 0.85, "× floor", against(SQLITE, FLOOR), True),
        Figure(f"{cities}, SQLite file", 1.0, "× SDK in memory", against(SQLITE, SDK_MEMORY), True),
        Figure("idle latency p50, Azurite", 30, "ms", idle(AZURITE)),
        Figure("idle latency p50, SQLite file", 12, "ms", idle(SQLITE)),
        Figure("server CPU, Azurite", 4, "ms/orchestration", server_cpu(AZURITE)),
        Figure("requests of five cities", 25, "requests", requests(AZURITE, HEADLINE)),
        Figure("requests of five cities, exclusive", 11, "requests", requests(EXCLUSIVE, HEADLINE)),
        Figure("requests of a fan-out", 2.3, "requests/activity", requests(AZURITE, "fan-out")),
    ]
    for store in (AZURITE, SQLITE):
        found += _flat(results.sizes, store)
        slept = sleeping_kib(results.scales, store)
        found.append(Figure(f"memory of a sleeping instance, {store}", RESOLUTION, "KiB", slept))
    return found


# What a megabyte that one process has by chance and another has not is for each of 10,000 instances.
RESOLUTION = 0.1  # KiB


def sleeping_kib(scales: Sequence[Scale], contestant: str) -> Spread | None:
    """Return the KiB that a server needs for each sleeping instance, next to one on an empty hub."""
    own = [run for run in scales if run.contestant == contestant]
    empty = [run for run in own if run.sleeping <= 1]
    return spread(
        (run.memory - empty[0].memory) * 1024 / run.sleeping
        for run in own
        if run.sleeping > 1 and empty
    )


def _flat(sizes: Sequence[HubSize], store: str) -> list[Figure]:
    """Return what the largest hub costs as a multiple of the smallest."""
    own = sorted((run for run in sizes if run.contestant == store), key=lambda run: run.finished)
    if len(own) < 2:
        return []
    small, large = own[0], own[-1]

    def multiple(of: Callable[[HubSize], float]) -> Spread | None:
        return spread([of(large) / of(small)] if of(small) > 0 else [])

    what = f"{store}: hub of {large.finished:,} against {small.finished:,}"
    rows = [Figure(f"{what}, server CPU", 1.25, "×", multiple(lambda run: run.cpu["server"]))]
    if small.requests:
        rows.append(Figure(f"{what}, requests", 1.05, "×", multiple(lambda run: run.requests)))
    return rows


def total(run: Counted) -> float:
    """Return the requests for each unit, all kinds together.

    Of five cities to a tenth, else to a hundredth: what an idle server sends in that time is taken
    off by estimate.
    """
    return round(sum(run.requests.values()), 1 if run.scenario == HEADLINE else 2)
