"""A history in the forms that people read: rows, groups, spans, a family, a difference of two."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A text of an event. *text* is at most as long as was asked for, *size* its whole length in UTF-8 bytes.

    *cut* tells that there is more, *redacted* that a hook took something out, *blob* where it is kept if it
    is large, *missing* why it is not there.
    """

    text: str | None
    size: int
    cut: bool = False
    redacted: bool = False
    blob: str | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """An event. *number* counts from 0 in its execution, *type* is DTFx's name of it, *event_id* its own.

    *answers* is the ID of the event that it completes. *facts* are its other members, as they are.
    """

    number: int
    type: str
    timestamp: Ticks | None
    event_id: int = -1
    name: str | None = None
    answers: int | None = None
    due: Ticks | None = None
    instance_id: str | None = None
    input: Payload | None = None
    result: Payload | None = None
    failure: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Some events of a history. *after* is the number to go on behind, ``None`` at the end."""

    execution_id: str | None
    events: tuple[EventView, ...]
    total: int
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of something: from when it was scheduled until it came to its end."""

    number: int
    scheduled: Ticks | None
    ended: Ticks | None
    outcome: str  # "completed", "failed", "open", "fired", "canceled"
    first: int  # numbers of its first and last event
    last: int
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events that belong together: an activity with its tries, a timer, a child, an event, a lock.

    *kind* is ``start``, ``activity``, ``timer``, ``child``, ``event``, ``sent``, ``entity-call``,
    ``entity-signal``, ``lock``, ``suspension``, ``rewind``, ``end`` or ``other``. *lane* is the row in a
    timeline, *episode* the turn (from 0) in which it was scheduled. *wait* and *run* are seconds in a queue
    and in a worker: ``None`` where nothing tells, which is the rule; never an estimate.
    """

    kind: str
    name: str | None
    start: Ticks | None
    end: Ticks | None
    outcome: str
    attempts: tuple[Attempt, ...]
    events: tuple[int, ...]
    lane: int
    episode: int
    instance_id: str | None = None
    due: Ticks | None = None
    failure: str | None = None
    wait: float | None = None
    run: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A stretch in which nothing happened but waiting; a timeline folds it."""

    start: Ticks
    end: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A history as spans. *open* tells that it goes on: spans without an end reach to *until*."""

    start: Ticks | None
    until: Ticks | None
    open: bool
    groups: tuple[Group, ...]
    idle: tuple[Idle, ...]
    lanes: int
    truncated: int = 0  # groups that were left out because there are too many


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """Something that went from one lane to another: *from_* and *to* are places in `SequenceDiagram.lanes`.

    *outcome* as in `Group`. *count* are those that went at once and were alike; *event* is the number of the
    first one's event.
    """

    from_: int
    to: int
    text: str
    outcome: str
    at: Ticks | None
    count: int = 1
    event: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceDiagram:
    """Who told whom what. *kinds* says of each lane what it is.

    A kind is ``client``, ``parent``, ``orchestrator``, ``activity``, ``child``, ``entity`` or ``instance``.
    *mermaid* is the same as a text for Mermaid. *truncated* arrows were left out because there are too many.
    """

    lanes: tuple[str, ...]
    kinds: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    mermaid: str = ""
    truncated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyNode:
    """An instance in its family. *relation* is ``self``, ``parent`` or ``child``.

    *status* is ``None`` where it is not there any more. *generation* counts how often its ID was started
    before. *begun_anew* tells that its history shows that it has continued as new: what stands there is of a
    later execution, and no store keeps the events of those before. *more* children were left out.
    """

    instance_id: str
    name: str | None
    status: str | None
    relation: str
    execution_id: str | None = None
    created: Ticks | None = None
    completed: Ticks | None = None
    generation: int | None = None
    begun_anew: bool = False
    children: tuple["FamilyNode", ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """A step of two histories side by side. *change* is ``same``, ``left``, ``right`` or ``changed``.

    *members* are those that differ, with both values.
    """

    change: str
    left: EventView | None
    right: EventView | None
    members: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """What one run did with one task: *outcome* as in `Group`, *seconds* in all tries."""

    outcome: str
    seconds: float | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsGrid:
    """Runs of one name by their tasks. *runs*: the newest first; a cell is missing where a run had none."""

    name: str
    runs: tuple[str, ...]  # instance IDs
    statuses: tuple[str, ...]
    seconds: tuple[float | None, ...]
    tasks: tuple[str, ...]
    cells: Mapping[str, Mapping[str, GridCell]]  # by task, then by run
