"""A tree as a plan sees it: what its members are together. One member is in memory at a time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from durahub.engine.entities.ids import is_entity
from durahub.model.history import EventSent
from durahub_migrate.assessment.rows import Row
from durahub_migrate.lint.rules.idn.identifiers import refusal_of
from durahub_migrate.moving.content import Tree
from durahub_migrate.planning.members import Activity, DelayedSignal, Member
from durahub_migrate.planning.request import NO_LIMIT, Request

SHOWN = 5  # things that a sentence names


@dataclass(slots=True, kw_only=True)
class Survey:
    """What was read of one tree, summed up. *refused* are IDs with why the target refuses each."""

    tree: Tree
    live_rows: Counter[Row] = field(default_factory=Counter)
    ended: int = 0
    live: int = 0
    ids: dict[str, str] = field(default_factory=dict)
    renamed: set[str] = field(default_factory=set)  # entities in its histories that get another ID
    refused: list[tuple[str, str]] = field(default_factory=list)
    traits: set[Row] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    largest: tuple[int, str, str] = (0, "", "")  # bytes, whose, where
    too_large: int = 0
    steps: int = 0
    opened: int = 0
    activities: int = 0
    in_doubt: list[Activity] = field(default_factory=list)
    overdue_timers: int = 0
    overdue_starts: int = 0
    timers: int = 0
    calls: int = 0
    carried: int = 0
    events: int = 0
    disordered: int = 0
    poison: int = 0
    stale: int = 0
    signals: list[DelayedSignal] = field(default_factory=list)
    hidden_signals: int = 0  # those of them that the bundle does not have as messages
    generations: int = 0
    renumbered: int = 0
    tagged: int = 0
    suspended: int = 0
    historyless: list[str] = field(default_factory=list)
    sorters: int = 0
    operations: int = 0
    has_state: bool = False
    locked_by: str | None = None
    parents: list[str] = field(default_factory=list)  # of roots, that are not in the tree
    awaited: list[str] = field(default_factory=list)  # children that the tree does not have
    hidden: int = 0
    adopted: int = 0  # messages to children that have not begun
    inside: set[str] = field(default_factory=set)  # IDs of its members
    over: set[str] = field(default_factory=set)  # those that have ended

    @property
    def rows(self) -> frozenset[Row]:
        """All rows that any member is in."""
        ended = {Row.ENDED} if self.ended else set()
        return frozenset({*self.live_rows, *self.traits, *ended})

    @property
    def is_ended(self) -> bool:
        """Whether nothing of it has anything left to do."""
        return self.live == 0


def survey(tree: Tree, members: Iterable[Member], request: Request) -> Survey:
    """Return what *members* of *tree* are together."""
    found = Survey(tree=tree)
    inside = found.inside
    awaited: dict[str, None] = {}
    for member in members:
        inside.add(member.instance_id)
        awaited.update(dict.fromkeys(member.children))
        _add(found, member, request)
        if member.live and member.parent is not None and member.parent not in inside:
            found.parents.append(member.parent)
    found.awaited = [one for one in awaited if one not in inside]
    return found


def _add(found: Survey, member: Member, request: Request) -> None:
    fact, work, traffic = member.fact, member.work, member.traffic
    found.live += member.live
    found.ended += not member.live
    if not member.live:
        found.over.add(member.instance_id)
    if member.live:
        found.live_rows.update(row for row in member.rows if not row.is_trait)
        found.suspended += Row.SUSPENDED in member.rows
    found.traits.update(row for row in member.rows if row.is_trait)
    found.problems += [f"{member.instance_id!r}: {one.sentence}" for one in fact.problems]
    _identify(found, member, request)
    _measure(found, member, request.capabilities.largest_payload or NO_LIMIT)
    found.steps += member.steps
    found.activities += member.activities + member.results
    found.opened += len(work.activities) + len(work.timers) + len(work.children)
    found.in_doubt += member.in_doubt
    found.overdue_timers += member.overdue_timers
    found.overdue_starts += member.overdue_start
    found.timers += len(work.timers)
    found.calls += len(work.calls)
    found.carried += traffic.carried
    found.events += traffic.events
    found.disordered += traffic.events if traffic.events > 1 else 0
    found.poison += traffic.poison
    found.stale += traffic.stale
    found.signals += member.signals
    found.hidden += member.hidden
    row = fact.row
    found.generations += bool(row is not None and row.generation)
    found.tagged += bool(row is not None and row.tags)
    wanted = request.settings.numbering
    found.renumbered += wanted is not None and member.base not in (-1, wanted)
    if member.live and Row.RUNNING_UNREAD in member.rows and not fact.history:
        found.historyless.append(member.instance_id)
    if fact.entity is not None:
        found.sorters += fact.entity.sorts
        found.operations += fact.entity.backlog + fact.entity.held
        found.has_state = fact.entity.state is not None
        found.locked_by = fact.entity.locked_by
        if fact.entity.problem is not None:
            found.problems.append(f"{member.instance_id!r}: {fact.entity.problem}")


def _identify(found: Survey, member: Member, request: Request) -> None:
    old = member.instance_id
    new = request.ids.get(old, old)
    if new != old:
        found.ids[old] = new
    if request.ids and not member.fact.is_entity:
        asked = (one.instance_id or "" for one in member.fact.history if isinstance(one, EventSent))
        found.renamed.update(
            one for one in asked if is_entity(one) and request.ids.get(one, one) != one
        )
    can = request.capabilities
    most = can.longest_id or NO_LIMIT
    if can.any_characters:
        refused = f"it has {len(new)} characters, {most} are allowed" if len(new) > most else None
    else:
        refused = refusal_of(new, most, is_entity=member.fact.is_entity)
    if refused is not None:
        found.refused.append((new, refused))


def _measure(found: Survey, member: Member, limit: int) -> None:
    for payload in (*member.fact.payloads, *member.traffic.payloads):
        found.largest = max(found.largest, (payload.size, member.instance_id, payload.where))
        found.too_large += payload.size > limit
    if found.too_large:
        found.traits.add(Row.LARGE)


def named(things: list[str], most: int = SHOWN) -> str:
    """Return the first of *things*, and how many more there are."""
    more = f" and {len(things) - most:,} more" if len(things) > most else ""
    return ", ".join(things[:most]) + more
