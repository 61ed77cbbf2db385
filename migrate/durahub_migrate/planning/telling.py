"""A plan in words: sections that people read, whatever they are printed as."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from durahub_migrate.assessment.decision_table import STRATEGIES
from durahub_migrate.moving.place import PlaceKind
from durahub_migrate.moving.plan import BLOCKED, PlanHead
from durahub_migrate.moving.units import Unit
from durahub_migrate.planning.balance import KINDS, residue, sentence
from durahub_migrate.planning.guide import order_of_work, way_back
from durahub_migrate.planning.losses import WEIGHTY
from durahub_migrate.planning.plan_file import PlanFile
from durahub_migrate.planning.steps import number
from durahub_migrate.planning.summary import GROUPS, Summary, needs_attention, summary

SHOWN = 20  # trees, unless all are asked for
PREVIEW = (
    "This is a preview: the hub was in use while it was read. durahub apply refuses it; freeze the hub and "
    "plan again."
)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A tree: what it is called, what is said of it, line by line."""

    root_id: str
    said: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A title with what stands below. *entries* are read as they are printed."""

    title: str
    lines: Sequence[str] = ()
    table: Table | None = None
    entries: Iterable[Entry] = ()
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A plan, told."""

    plan: PlanFile
    found: Summary = field(compare=False)

    @property
    def head(self) -> PlanHead:
        """What it is of."""
        return self.plan.head


def told(plan: PlanFile) -> Told:
    """Read a plan to tell it."""
    return Told(plan, summary(plan.units(), plan.end.hidden))


def sections(one: Told, *, everything: bool = False) -> Iterator[Section]:
    """Yield the sections of a plan: its sums, the trees that somebody should look at, the others, the way."""
    plan, found = one.plan, one.found
    yield Section(title="Plan", lines=tuple(_facts(plan)))
    yield Section(title="By strategy", table=_by_strategy(found))
    yield Section(title="Where everything goes", lines=tuple(conservation(plan)))
    if found.losses:
        yield Section(title="Losses", table=_losses(found))
    if found.needing:
        yield _units(
            plan, f"Look at these first ({found.needing:,})", True, found.needing, everything
        )
    others = sum(group.units for group in found.groups.values()) - found.needing
    if others:
        yield _units(plan, f"The others ({others:,})", False, others, everything)
    work = tuple(order_of_work(one.head, found, plan.path.name))
    yield Section(title="Order of work", lines=work, numbered=True)
    yield Section(title="How to go back", lines=tuple(way_back(one.head, plan.path.name)))


def conservation(plan: PlanFile) -> Iterator[str]:
    """Yield for each kind where it goes; what is left over is named."""
    left = residue(plan.end.balance)
    for kind in KINDS:
        counts = plan.end.balance.get(kind, {})
        yield sentence(kind, counts) + (f" + {left[kind]:,} MISSING" if left.get(kind) else "")


def _facts(plan: PlanFile) -> Iterator[str]:
    head, end = plan.head, plan.end
    yield f"{head.source} → {head.target}"
    state = "frozen" if head.frozen else "in use while it was read"
    yield f"Bundle {head.bundle}, {state}, root {head.bundle_root[:16]}…"
    yield f"Plan {plan.path.name}, {end.sha256[:16]}…"
    if head.capabilities.kind is PlaceKind.ENDPOINT:
        yield f"The target was {'' if head.capabilities.probed else 'not '}probed"
    if not head.frozen:
        yield (
            PREVIEW
            if not head.settings.allow_unfrozen
            else f"{PREVIEW.split(':')[0]} that may be applied."
        )


def _by_strategy(found: Summary) -> Table:
    rows = []
    for letter in GROUPS:
        group = found.groups[letter]
        if group.units:
            title = "Blocked" if letter == BLOCKED else STRATEGIES[letter][0]
            numbers = (
                group.units,
                group.instances,
                group.live,
                group.events,
                group.actions,
                group.size,
            )
            rows.append((letter, title, *(f"{number:,}" for number in numbers)))
    columns = ("strategy", "", "trees", "instances", "live", "events", "actions", "bytes")
    return Table(columns, rows)


def _losses(found: Summary) -> Table:
    rows = [
        (code, f"{count:,}", f"{trees:,}", text) for code, count, trees, text in found.told_losses()
    ]
    return Table(("loss", "count", "trees", "means"), rows)


def _units(plan: PlanFile, title: str, needing: bool, count: int, everything: bool) -> Section:
    chosen = (unit for unit in plan.units() if needs_attention(unit) is needing)
    if everything or count <= SHOWN:
        return Section(title=title, entries=map(_entry, chosen))
    first = (_entry(unit) for unit, _ in zip(chosen, range(SHOWN), strict=False))
    return Section(title=f"{title}, the first {SHOWN}; --all shows all", entries=first)


def _entry(unit: Unit) -> Entry:
    parts = [
        f"{'blocked' if unit.blockers else unit.strategy.value}",
        "entity" if unit.is_entity else f"{number(unit.members, 'instance')}, {unit.live:,} live",
        number(unit.events, "event"),
        f"{unit.size:,} bytes",
    ]
    if unit.actions and unit.is_moved:
        parts.append(number(unit.actions, "action"))
    return Entry(unit.root_id, ", ".join(parts), tuple(_lines(unit)))


def _lines(unit: Unit) -> Iterator[str]:
    yield unit.why
    for blocker in unit.blockers:
        yield f"blocked: {blocker}"
    if unit.is_moved:
        for step in unit.steps:
            yield f"step: {step}"
    for loss in unit.losses:
        said = f": {loss.text}" if loss.code in WEIGHTY else ""
        yield f"loss: {loss.code} ({loss.count:,}){said}"
    for old, new in unit.ids.items():
        yield f"new ID: {old!r} → {new!r}"
