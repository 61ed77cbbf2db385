"""History events: what has happened to an instance, one frozen value each.

The classes are DTFx's (``DurableTask.Core.History``), the numbers in `EventType` are its enum.
``event_id`` is −1 for what arrives and for bookkeeping, the action's id for what the orchestrator did.
A field that is ``None`` is null in DTFx. ``is_played`` is kept only so that a stored event can be
written back unchanged; nothing reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, TypeAlias

from durahub.model.failure import Failure
from durahub.model.ticks import Ticks

Tags: TypeAlias = Mapping[str, str]


class EventType(IntEnum):
    """DTFx's numbers; the names are what stands in the EventType column."""

    ExecutionStarted = 0
    ExecutionCompleted = 1
    ExecutionTerminated = 3
    TaskScheduled = 4
    TaskCompleted = 5
    TaskFailed = 6
    SubOrchestrationInstanceCreated = 7
    SubOrchestrationInstanceCompleted = 8
    SubOrchestrationInstanceFailed = 9
    TimerCreated = 10
    TimerFired = 11
    OrchestratorStarted = 12
    OrchestratorCompleted = 13
    EventSent = 14
    EventRaised = 15
    ContinueAsNew = 16
    GenericEvent = 17
    HistoryState = 18
    ExecutionSuspended = 19
    ExecutionResumed = 20
    ExecutionRewound = 21


class Status(IntEnum):
    """The states of an instance; the same numbers in DTFx and on the wire."""

    Running = 0
    Completed = 1
    ContinuedAsNew = 2
    Failed = 3
    Canceled = 4
    Terminated = 5
    Pending = 6
    Suspended = 7

    @property
    def is_terminal(self) -> bool:
        """Whether an instance in this state has ended."""
        return self in TERMINAL


TERMINAL = frozenset({Status.Completed, Status.Failed, Status.Canceled, Status.Terminated})


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of an instance: DTFx's ``OrchestrationInstance``."""

    instance_id: str
    execution_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """Who started a child, and by which action: DTFx's ``ParentInstance``."""

    name: str | None
    execution: Execution
    task_schedule_id: int
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A W3C trace context and what DTFx's first worker adds to it.

    ``activity_start_time`` is kept as the text that was written: DTFx writes it with an offset.
    """

    trace_parent: str | None
    trace_state: str | None = None
    id: str | None = None
    span_id: str | None = None
    activity_start_time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """What every event has."""

    type: ClassVar[EventType]

    event_id: int = -1
    timestamp: Ticks
    is_played: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _ActionEvent(_Event):
    """What the events of actions have.

    ``worker_number`` is the number by which its worker calls the action, where the history alone would
    tell another one (`durahub.engine.numbering`). It stands in histories only, never in messages.
    """

    worker_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStarted(_Event):
    """The start of an execution. ``generation`` counts the client's starts of this id, from 0."""

    type = EventType.ExecutionStarted

    execution: Execution
    name: str | None
    parent: Parent | None = None
    version: str | None = None
    input: str | None = None
    tags: Tags | None = None
    correlation: str | None = None
    trace: Trace | None = None
    scheduled_start: Ticks | None = None
    generation: int | None = None
    generate_new_trace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionCompleted(_Event):
    """The end of an execution."""

    type = EventType.ExecutionCompleted

    status: Status
    result: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueAsNew(ExecutionCompleted):
    """The end of a generation; found in old hubs only."""

    type = EventType.ContinueAsNew


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionTerminated(_Event):
    """A request to end. ``recurse`` travels in messages as an extra member, never in rows."""

    type = EventType.ExecutionTerminated

    input: str | None = None
    recurse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScheduled(_ActionEvent):
    """An activity was scheduled. Rows leave ``input`` out; the work item has it."""

    type = EventType.TaskScheduled

    name: str | None
    version: str | None = None
    input: str | None = None
    trace: Trace | None = None
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted(_Event):
    """The result of an activity."""

    type = EventType.TaskCompleted

    task_scheduled_id: int
    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed(_Event):
    """The failure of an activity. Old modes fill only ``reason`` and ``details``."""

    type = EventType.TaskFailed

    task_scheduled_id: int
    reason: str | None = None
    details: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubOrchestrationInstanceCreated(_ActionEvent):
    """A child was started. Rows leave ``input`` out; the start message has it."""

    type = EventType.SubOrchestrationInstanceCreated

    instance_id: str | None
    name: str | None
    version: str | None = None
    input: str | None = None
    client_span_id: str | None = None
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubOrchestrationInstanceCompleted(_Event):
    """The result of a child."""

    type = EventType.SubOrchestrationInstanceCompleted

    task_scheduled_id: int
    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubOrchestrationInstanceFailed(_Event):
    """The failure or the termination of a child."""

    type = EventType.SubOrchestrationInstanceFailed

    task_scheduled_id: int
    reason: str | None = None
    details: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerCreated(_ActionEvent):
    """A timer was set."""

    type = EventType.TimerCreated

    fire_at: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(_Event):
    """A timer is due. ``timestamp`` is when it was set."""

    type = EventType.TimerFired

    timer_id: int
    fire_at: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestratorStarted(_Event):
    """An episode begins; its timestamp is the orchestrator's clock."""

    type = EventType.OrchestratorStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestratorCompleted(_Event):
    """An episode ends."""

    type = EventType.OrchestratorCompleted


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSent(_ActionEvent):
    """An event, or an entity message, was sent to another instance."""

    type = EventType.EventSent

    instance_id: str | None
    name: str | None
    input: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRaised(_Event):
    """An external event, or an entity message, arrived."""

    type = EventType.EventRaised

    name: str | None
    input: str | None = None
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericEvent(_Event):
    """A wake-up without meaning of its own, or what a classic rewind made of a failure."""

    type = EventType.GenericEvent

    data: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryState(_Event):
    """Reserved by DTFx; not found in Azure Storage. ``state`` is JSON text."""

    type = EventType.HistoryState

    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSuspended(_Event):
    """A request to pause."""

    type = EventType.ExecutionSuspended

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionResumed(_Event):
    """A request to go on."""

    type = EventType.ExecutionResumed

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRewound(_Event):
    """A request to run a failed instance again from its failure."""

    type = EventType.ExecutionRewound

    reason: str | None = None
    parent_execution_id: str | None = None
    instance_id: str | None = None
    trace: Trace | None = None


Event: TypeAlias = (
    ExecutionStarted
    | ExecutionCompleted
    | ContinueAsNew
    | ExecutionTerminated
    | TaskScheduled
    | TaskCompleted
    | TaskFailed
    | SubOrchestrationInstanceCreated
    | SubOrchestrationInstanceCompleted
    | SubOrchestrationInstanceFailed
    | TimerCreated
    | TimerFired
    | OrchestratorStarted
    | OrchestratorCompleted
    | EventSent
    | EventRaised
    | GenericEvent
    | HistoryState
    | ExecutionSuspended
    | ExecutionResumed
    | ExecutionRewound
)

ActionEvent: TypeAlias = TaskScheduled | SubOrchestrationInstanceCreated | TimerCreated | EventSent
"""What tells of an action that leaves the execution running; its number is the ``event_id``."""

EVENT_CLASSES: Mapping[EventType, type[Event]] = {
    cls.type: cls
    for cls in (
        ExecutionStarted,
        ExecutionCompleted,
        ContinueAsNew,
        ExecutionTerminated,
        TaskScheduled,
        TaskCompleted,
        TaskFailed,
        SubOrchestrationInstanceCreated,
        SubOrchestrationInstanceCompleted,
        SubOrchestrationInstanceFailed,
        TimerCreated,
        TimerFired,
        OrchestratorStarted,
        OrchestratorCompleted,
        EventSent,
        EventRaised,
        GenericEvent,
        HistoryState,
        ExecutionSuspended,
        ExecutionResumed,
        ExecutionRewound,
    )
}
