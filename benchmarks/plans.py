"""What a run measures, in which order: everybody once a turn, so that the machine's drift meets all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.contestants import BUNDLE, FLOOR, FLOOR_CLIENT, SDK_MEMORY
from benchmarks.filling import Filling
from benchmarks.monitor_requests import DETAIL, SCREENS, SWEEP

CITIES = "five-cities"
ALL_STORES = ("azurite", "azurite exclusive", "azurite x2", "sqlite", "sqlite-memory")


@dataclass(frozen=True)
class Time:
    """Time a scenario."""

    contestant: str
    scenario: str
    n: int
    turn: int


@dataclass(frozen=True)
class Count:
    """Count a scenario's requests."""

    contestant: str
    scenario: str
    n: int


@dataclass(frozen=True)
class MeasureSize:
    """Measure five cities in a hub of so many ended instances."""

    contestant: str
    finished: int
    n: int


@dataclass(frozen=True)
class MeasureScale:
    """Start on a hub with sleeping instances."""

    contestant: str
    filling: Filling


@dataclass(frozen=True)
class MeasureLint:
    """Lint a hub of so many instances."""

    contestant: str
    instances: int


@dataclass(frozen=True)
class MeasureMove:
    """Move a hub of so many instances to a contestant."""

    contestant: str
    instances: int


@dataclass(frozen=True)
class MeasureMonitor:
    """Keep a hub of so many instances in the monitor's index, and ask it."""

    contestant: str
    instances: int


@dataclass(frozen=True)
class MeasureServed:
    """Let ``durahub monitor`` watch a hub of so many instances, and look at it in a browser."""

    contestant: str
    instances: int


@dataclass(frozen=True)
class CountMonitor:
    """Count the requests with which the monitor watches: a figure of `benchmarks.monitor_requests`."""

    contestant: str
    figure: str
    n: int


Step = (
    Time
    | Count
    | MeasureSize
    | MeasureScale
    | MeasureLint
    | MeasureMove
    | MeasureMonitor
    | MeasureServed
    | CountMonitor
)


def named(step: Step) -> str:
    """Return what a step does, in words."""
    match step:
        case Time(contestant, scenario, n, turn):
            return f"time {scenario} on {contestant}, n = {n}, turn {turn}"
        case Count(contestant, scenario, n):
            return f"count {scenario} on {contestant}, n = {n}"
        case MeasureSize(contestant, finished, n):
            return f"five cities in a hub of {finished:,} on {contestant}, n = {n}"
        case MeasureLint(contestant, instances):
            return f"lint a hub of {instances:,} on {contestant}"
        case MeasureMove(contestant, instances):
            return f"move a hub of {instances:,} to {contestant}"
        case MeasureMonitor(_, instances):
            return f"index {instances:,} instances for the monitor"
        case MeasureServed(_, instances):
            return f"look at {instances:,} instances with the monitor"
        case CountMonitor(contestant, figure, n):
            return f"count the monitor's requests on {contestant}: {figure}, n = {n:,}"
        case MeasureScale(contestant, filling):
            return f"{filling.sleeping:,} of {filling.finished + filling.sleeping:,} asleep on {contestant}"


@dataclass(frozen=True)
class Profile:
    """A plan with a name."""

    about: str
    steps: Sequence[Step]
    minutes: float | None  # after which no step is begun; None: no bound
    idle_seconds: float = 10.0  # of idle phases: as the period of the renewal of leases


def turns(count: int, first: int = 1) -> range:
    """Return the numbers of so many turns."""
    return range(first, first + count)


def cities(contestants: Sequence[str], n: int, numbers: Sequence[int]) -> list[Step]:
    """Return five cities for each contestant in each turn."""
    return [Time(name, CITIES, n, turn) for turn in numbers for name in contestants]


def others(
    contestants: Sequence[str], sizes: Sequence[tuple[str, int]], numbers: Sequence[int]
) -> list[Step]:
    """Return scenarios of these sizes, contestant after contestant in each."""
    return [
        Time(name, scenario, n, turn)
        for turn in numbers
        for scenario, n in sizes
        for name in contestants
    ]


def large(contestants: Sequence[str], sizes: Sequence[int]) -> list[Step]:
    """Return hubs of these sizes; in Azurite's largest each orchestration takes seconds of Azurite."""
    return [
        MeasureSize(name, size, 40 if name.startswith("azurite") and size > 10_000 else 150)
        for name in contestants
        for size in sizes
    ]


def asleep(contestants: Sequence[str], filling: Filling) -> list[Step]:
    """Return the hub with sleeping instances, beside an empty one."""
    return [MeasureScale(name, each) for name in contestants for each in (Filling(1, 1), filling)]


def linted(sizes: Mapping[str, Sequence[int]]) -> list[Step]:
    """Return hubs that are linted, of these sizes by contestant, the small ones first."""
    steps = [MeasureLint(name, size) for name, each in sizes.items() for size in each]
    return [*sorted(steps, key=lambda step: step.instances)]


BESIDE = (FLOOR, FLOOR_CLIENT, SDK_MEMORY)
USUAL = (
    ("fan-out", 1000),
    ("fan-out-10", 100),
    ("tree", 20),
    ("entity-hot", 100),
    ("entity-spread", 100),
    ("events", 100),
    ("start-rate", 300),
    ("query", 300),
    ("purge", 300),
)
FEWER = tuple((scenario, max(10, n // 5)) for scenario, n in USUAL)
LARGE_HUB = Filling(finished=90_000, sleeping=10_000)
SIZES = (1_000, 10_000, 100_000)
LINT_SIZES = {
    # Azurite does not start with the file of a hub of 200,000
    "azurite": (10_000, 50_000),
    "sqlite": (10_000, 200_000),
    BUNDLE: (10_000, 200_000),
}
MOVES = (
    ("sqlite", 1_000),
    ("sqlite", 10_000),
    (SDK_MEMORY, 100),
    (SDK_MEMORY, 1_000),
    ("azurite", 500),
    ("azurite", 2_000),
    ("sqlite", 100_000),
)
WATCHED = ((SWEEP, 5_000), (DETAIL, 10_000), (SCREENS, 20))

PROFILES = {
    "quick": Profile(
        "one turn of five cities, small: does all work? (under two minutes)",
        [
            Count("azurite", CITIES, 20),
            *cities((FLOOR, SDK_MEMORY, "sqlite", "azurite"), 60, turns(1)),
            *large(("sqlite",), (1_000, 10_000)),
        ],
        2,
        idle_seconds=2.0,
    ),
    "results": Profile(
        "what RESULTS.md is made of (25 minutes at most)",
        [
            *(Count(name, CITIES, 100) for name in ("azurite", "azurite exclusive", "azurite x2")),
            Count("azurite", "fan-out", 100),
            *cities((*BESIDE, *ALL_STORES), 500, turns(2)),
            *(Count("azurite", scenario, n) for scenario, n in FEWER[1:]),
            *large(("azurite", "sqlite"), SIZES),
            *asleep(("azurite", "sqlite"), LARGE_HUB),
            *cities((*BESIDE, *ALL_STORES), 500, turns(1, 3)),
            *others(("azurite", "sqlite"), USUAL, turns(1)),
            *cities(("azurite", "azurite exclusive", "sqlite"), 100, turns(1)),
            *cities((FLOOR, *ALL_STORES), 1000, turns(1)),
            *others(("azurite", "sqlite"), USUAL, turns(1, 2)),
        ],
        22,
    ),
    "lint": Profile(
        "what RESULTS-LINT.md is made of: hubs of 10,000 and 200,000 instances linted (15 minutes)",
        linted(LINT_SIZES),
        None,
    ),
    "move": Profile(
        "what RESULTS-MOVE.md is made of: hubs of up to 100,000 instances moved (15 minutes)",
        [MeasureMove(name, size) for name, size in MOVES],
        None,
    ),
    "monitor": Profile(
        "what RESULTS-MONITOR.md is made of: an index of 20,000 and of 200,000 instances, requests to "
        "a hub in Azurite, and a monitor of 10,000 and of 200,000 that is looked at in Chromium (10 minutes)",
        [
            MeasureMonitor("sqlite", 20_000),
            *(CountMonitor("azurite", figure, n) for figure, n in WATCHED),
            MeasureMonitor("sqlite", 200_000),
            *(MeasureServed("sqlite", size) for size in (10_000, 200_000)),
        ],
        None,
    ),
    "full": Profile(
        "every scenario at several sizes on every store, five turns (hours)",
        [
            *(
                Count(name, scenario, n)
                for name in ALL_STORES[:3]
                for scenario, n in ((CITIES, 100), *USUAL)
            ),
            *large(("azurite", "azurite exclusive", "sqlite"), SIZES),
            *asleep(("azurite", "sqlite"), LARGE_HUB),
            *(
                step
                for turn in turns(5)
                for n in (100, 500, 1000)
                for step in cities((*BESIDE, *ALL_STORES), n, (turn,))
            ),
            *others((SDK_MEMORY, *ALL_STORES), FEWER, turns(5)),
            *others((SDK_MEMORY, *ALL_STORES), USUAL, turns(5)),
        ],
        None,
    ),
}
