"""What an assessment says. Every form of the report is written of this one value.

Times are ISO texts in UTC, sizes are bytes, codes are those of rules. ``None`` is what is not known: it is
never a zero. ``docs/assessment.md`` tells how each figure is come by.
"""

from dataclasses import dataclass
from enum import Enum

VERSION = 1  # of the JSON form


class Light(Enum):
    """Whether something can move, from the worst. What was not judged is never ready."""

    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    CHANGES = "ready with changes"
    READY = "ready"


class Mark(Enum):
    """What a strategy is for a group of instances."""

    PREFERRED = "preferred"
    POSSIBLE = "possible"
    IMPOSSIBLE = "impossible"
    UNNEEDED = "not needed"


class Size(Enum):
    """How much work it is; `durahub_migrate.assessment.effort` states the rule."""

    SMALL = "S"
    MEDIUM = "M"
    LARGE = "L"


class Who(Enum):
    """Who has to do it."""

    DEVELOPER = "developer"
    OPERATOR = "operator"
    OWNER = "owner"


class When(Enum):
    """When it has to be done. What is to be done before the move stops it."""

    BEFORE = "before the move"
    AT = "at the move"
    LATER = "can wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """What a rule has found: how often, and how often in instances that have not ended.

    *live* is ``None`` where the place is not an instance.
    """

    code: str
    severity: str
    message: str
    count: int
    live: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether it can move: the rules that found something, and deciding rules that were not evaluated."""

    light: Light
    rules: tuple[RuleCount, ...] = ()
    not_evaluated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """What instances wait for."""

    activities: int = 0
    timers: int = 0
    events: int = 0  # instances that wait for an external event
    children: int = 0
    calls: int = 0  # of entities, by orchestrations
    operations: int = 0  # queued for entities


@dataclass(frozen=True, slots=True, kw_only=True)
class LargestOfKind:
    """The largest payload of a kind."""

    kind: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NameReport:
    """All instances of one orchestration, or all entities of one name.

    *statuses* counts by the word in the row. *unread* counts those whose history was not read: figures of
    events and payloads lack theirs. *generations* is the highest number of starts of one ID.
    """

    kind: str  # "orchestration" or "entity"
    name: str
    readiness: Readiness
    instances: int
    live: int
    statuses: tuple[tuple[str, int], ...]
    unread: int
    generations: int | None
    oldest: str | None
    newest: str | None
    events: int
    stored_bytes: int
    payload_bytes: int
    longest_id: int
    largest: tuple[LargestOfKind, ...]
    open: OpenWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What can be done with a group by one strategy, and what is lost or needed."""

    strategy: str
    mark: Mark
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A row of the decision table, and how many are in it; ``None`` if that could not be told.

    One instance may be in several rows; a *trait* always comes on top of another row.
    """

    row: str
    title: str
    means: str
    count: int | None
    unit: str
    trait: bool
    names: tuple[str, ...]
    choices: tuple[Choice, ...]
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyReport:
    """A strategy: for how many of what is in flight it is preferred, possible and impossible.

    It *fits* where it is impossible for nothing. *actions* is what the move takes of the scheduler, *formula*
    how that was counted.
    """

    strategy: str
    title: str
    means: str
    preferred: int
    possible: int
    impossible: int
    fits: bool
    actions: int | None
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LargePayload:
    """One of the largest payloads; never what is in it."""

    size: int
    kind: str
    instance_id: str
    name: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LongId:
    """One of the longest instance IDs."""

    length: int
    instance_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that was worked out: *value* is ``None`` where something it needs is not known."""

    title: str
    value: float | None
    unit: str
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What running costs in one place. *fits* tells whether it takes the load, ``None`` if not known."""

    title: str
    needs: str
    fits: bool | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Load, size, and what they cost: money from the user's prices alone."""

    load: tuple[Figure, ...]
    sizes: tuple[Figure, ...]
    offers: tuple[Offer, ...]
    currency: str | None
    prices_from: str | None
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPackage:
    """Something to do before or at the move. *codes* say why, *about* names names and files.

    *amount* counts findings or instances, *live* those that have not ended: ``None`` of files and hubs.
    """

    title: str
    what: str
    codes: tuple[str, ...]
    about: tuple[str, ...]
    amount: int
    live: int | None
    size: Size
    who: Who
    when: When


@dataclass(frozen=True, slots=True, kw_only=True)
class HubReport:
    """One hub."""

    source: str
    name: str
    kind: str
    taken: str
    partitions: int
    instances: int
    live: int
    ended: int
    entities: int
    events: int
    stored_bytes: int
    messages: int | None
    unread_histories: int
    readiness: Readiness
    names: tuple[NameReport, ...]
    groups: tuple[Group, ...]
    strategies: tuple[StrategyReport, ...]
    recommended: str | None
    largest_payloads: tuple[LargePayload, ...]
    longest_ids: tuple[LongId, ...]
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEvaluated:
    """A rule that could not be judged, and what is missing for it."""

    code: str
    message: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that could not be read: which evidence, where, and why."""

    need: str
    place: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The first page: the light, and in plain sentences how, what stops it, what it costs, what is next."""

    light: Light
    headline: str
    how: tuple[str, ...]
    stops: tuple[str, ...]
    costs: tuple[str, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Everything. *redacted* tells that IDs are hashes."""

    version: int
    made: str
    answer: Answer
    hubs: tuple[HubReport, ...]
    packages: tuple[WorkPackage, ...]
    size_rule: tuple[str, ...]
    rules: tuple[RuleCount, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    gaps: tuple[Gap, ...]
    redacted: bool = False
