"""What a server knows of an instance's activities without messages, and what a checkpoint makes of them.

An activity that the sentinel's column names is in one of four states: this server *runs* it; it has been
*answered* here and its result waits to be recorded; it is *posted*: it has its message now, and the column
is behind; or it is *elsewhere*: it was read in the column, and whoever ran it has the anchor hidden, or
is dead and the anchor will come.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from durahub.classic import unposted
from durahub.classic.held import Held
from durahub.classic.unposted import Unposted
from durahub.engine.commit import Commit
from durahub.engine.state import answer_of, same_execution
from durahub.model.history import Event, ExecutionCompleted, TaskScheduled
from durahub.model.message import Message


class Stage(Enum):
    """Where an activity is."""

    ELSEWHERE = "elsewhere"
    RUNNING = "running"
    ANSWERED = "answered"
    POSTED = "posted"


LACKING = (Stage.ELSEWHERE, Stage.RUNNING)
"""Where nothing but the column and the anchor tells of an activity."""


@dataclass(slots=True)
class Task:
    """An activity without a message; *message* is what the message would be."""

    message: Message
    stage: Stage

    @property
    def id(self) -> int:
        """The task ID."""
        return self.message.event.event_id


@dataclass(slots=True, eq=False)
class Unsettled:
    """The activities of one instance that the column names, by task ID.

    ``anchor`` is there while this server has it, under ``anchor_id`` it is named in the column. ``token`` is
    the history's now. Where this server has changed the column alone, it stands for those in ``before``: the
    listener may have one of these.
    """

    queue: str
    instance_id: str
    execution_id: str
    anchor_id: str
    anchor: Held | None = None
    tasks: dict[int, Task] = field(default_factory=dict)
    token: str | None = None
    before: set[str | None] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def column(self, without: Iterable[int] = ()) -> Unposted | None:
        """Return what the column says, *without* some tasks; ``None`` if that is nothing."""
        left = frozenset(self.tasks).difference(without)
        return Unposted(self.execution_id, left, self.anchor_id) if left else None

    def at(self, stage: Stage) -> list[Task]:
        """Return the activities at a stage."""
        return [task for task in self.tasks.values() if task.stage is stage]

    def key(self, task_id: int) -> str:
        """Return the key under which the listener gets an activity: that of no message."""
        return f"{self.anchor_id}/{self.execution_id}/{task_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a checkpoint does with activities.

    ``posted`` and ``local`` are those that it schedules, with and without messages. ``spilled`` are earlier
    ones that get a message now, before the checkpoint. ``left`` are the task IDs that the column names
    afterwards, of the ``local`` ones too; ``during`` are those that it names in a transaction with others
    to follow. ``anchor_id`` is ``None`` where the column stays as it is.
    """

    posted: tuple[Message, ...]
    goes_on: bool = False  # the execution and what is known of it
    local: tuple[Message, ...] = ()
    spilled: tuple[Task, ...] = ()
    left: frozenset[int] = frozenset()
    during: frozenset[int] = frozenset()
    anchor_id: str | None = None

    def texts(self, execution_id: str) -> tuple[str, str] | None:
        """Return the column's text within the checkpoint and at its end; ``None``: it stays."""
        if self.anchor_id is None:
            return None
        during = Unposted(execution_id, self.during, self.anchor_id)
        return unposted.encode(during), unposted.encode(replace(during, tasks=self.left))


def plan(
    commit: Commit,
    known: Unsettled | None,
    new_anchor: str | None,
    reserve: Callable[[], bool],
) -> Plan:
    """Return what *commit* does with its activities, and with those that are *known*.

    *new_anchor* is a message that it consumes and that may be kept, ``None`` if there is none. *reserve*
    promises an activity a place with the listener; each of ``local`` has one.
    """
    of_this = known is not None and same_execution(known.execution_id, commit.execution_id)
    earlier = known.tasks if known is not None else {}
    answered = _answered(commit.events) if of_this else frozenset[int]()
    left = {number: task for number, task in earlier.items() if number not in answered}
    goes_on = of_this and not commit.replaces
    is_over = any(isinstance(event, ExecutionCompleted) for event in commit.events)
    spilled: tuple[Task, ...] = ()
    if not goes_on or is_over:  # nobody will record their results, yet they run
        spilled = tuple(task for task in left.values() if task.stage in LACKING)
        left = {}
    elif known is not None and known.anchor is not None:  # it has come with this commit, maybe
        spilled = tuple(task for task in left.values() if task.stage is Stage.ELSEWHERE)
        left = {number: task for number, task in left.items() if task not in spilled}
    anchor = new_anchor
    if known is not None and goes_on and (left or known.anchor is not None):
        anchor = known.anchor_id if known.anchor is not None else None
    local: list[Message] = []
    if anchor is not None and not is_over:
        local = _local(commit, frozenset(left), reserve)
    if not local and known is None:
        return Plan(posted=commit.activities)
    numbers = frozenset(message.event.event_id for message in local)
    named = anchor or (known.anchor_id if known is not None else "")
    during = numbers | frozenset(earlier if goes_on else ())
    unsent = {id(message) for message in local}
    return Plan(
        posted=tuple(one for one in commit.activities if id(one) not in unsent),
        goes_on=goes_on,
        local=tuple(local),
        spilled=spilled,
        left=numbers | frozenset(left),
        during=during,
        anchor_id=named,
    )


def with_inputs(events: Sequence[Event], local: Sequence[Message]) -> tuple[Event, ...]:
    """Return *events* with the inputs of activities that have no messages to carry them."""
    inputs = {one.event.event_id: one.event for one in local}
    return tuple(
        replace(event, input=scheduled.input)
        if isinstance(event, TaskScheduled)
        and isinstance(scheduled := inputs.get(event.event_id), TaskScheduled)
        else event
        for event in events
    )


def _answered(events: Iterable[Event]) -> frozenset[int]:
    answers = (answer_of(event) for event in events)
    return frozenset(one[1] for one in answers if one is not None and one[0] == "task")


def _local(commit: Commit, left: frozenset[int], reserve: Callable[[], bool]) -> list[Message]:
    """Return the activities of *commit* that need no message beside those that are *left*."""
    in_rows = {event.event_id for event in commit.events if isinstance(event, TaskScheduled)}
    found: list[Message] = []
    for message in commit.activities:
        number = message.event.event_id
        if number < 0 or number not in in_rows or number in left:
            continue
        if not same_execution(message.target.execution_id, commit.execution_id):
            continue  # of a generation that this commit has left behind
        if len(left) + len(found) == unposted.MOST or not reserve():
            break
        found.append(message)
    return found
