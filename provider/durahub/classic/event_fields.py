"""What each event carries, in DTFx's names and order: the one table behind messages and rows.

The order is that of DTFx's classes: fields first, then properties, the most derived class first.
Source: DurableTask.Core, ``History/*.cs``; classic layout 2.6 and 7.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from durahub.model.history import EventType


class Shape(Enum):
    """How a value is written. The object shapes are JSON text in rows."""

    TEXT = auto()
    INT = auto()
    BOOL = auto()
    DATE = auto()
    STATUS = auto()  # a number in messages, a name in rows
    TAGS = auto()
    TRACE = auto()
    FAILURE = auto()
    EXECUTION = auto()
    PARENT = auto()

    @property
    def is_object(self) -> bool:
        """Whether it is a JSON object."""
        return self in _OBJECTS


_OBJECTS = frozenset({Shape.TAGS, Shape.TRACE, Shape.FAILURE, Shape.EXECUTION, Shape.PARENT})


@dataclass(frozen=True, slots=True)
class Member:
    """One member: DTFx's name, our attribute, its shape. A *required* one is never null."""

    name: str
    attribute: str
    shape: Shape = Shape.TEXT
    required: bool = False


_NAME = Member("Name", "name")
_VERSION = Member("Version", "version")
_INPUT = Member("Input", "input")
_RESULT = Member("Result", "result")
_REASON = Member("Reason", "reason")
_DETAILS = Member("Details", "details")
_FAILURE = Member("FailureDetails", "failure", Shape.FAILURE)
_TAGS = Member("Tags", "tags", Shape.TAGS)
_TRACE = Member("ParentTraceContext", "trace", Shape.TRACE)
_TASK = Member("TaskScheduledId", "task_scheduled_id", Shape.INT, required=True)
_FIRE_AT = Member("FireAt", "fire_at", Shape.DATE, required=True)
_INSTANCE = Member("InstanceId", "instance_id")
_STATUS = Member("OrchestrationStatus", "status", Shape.STATUS, required=True)
_COMPLETED = (_STATUS, _RESULT, _FAILURE)

GENERATE_NEW_TRACE = "GenerateNewTrace"
EXECUTION = Member("OrchestrationInstance", "execution", Shape.EXECUTION, required=True)

MEMBERS: Mapping[EventType, tuple[Member, ...]] = {
    EventType.ExecutionStarted: (
        Member("ParentInstance", "parent", Shape.PARENT),
        _NAME,
        _VERSION,
        _INPUT,
        _TAGS,
        Member("Correlation", "correlation"),
        _TRACE,
        Member("ScheduledStartTime", "scheduled_start", Shape.DATE),
        Member("Generation", "generation", Shape.INT),
        Member(GENERATE_NEW_TRACE, "generate_new_trace", Shape.BOOL),
    ),
    EventType.ExecutionCompleted: _COMPLETED,
    EventType.ContinueAsNew: _COMPLETED,
    EventType.ExecutionTerminated: (_INPUT,),
    EventType.TaskScheduled: (_NAME, _VERSION, _INPUT, _TRACE, _TAGS),
    EventType.TaskCompleted: (_TASK, _RESULT),
    EventType.TaskFailed: (_TASK, _REASON, _DETAILS, _FAILURE),
    EventType.SubOrchestrationInstanceCreated: (
        _NAME,
        _VERSION,
        _INSTANCE,
        _INPUT,
        Member("ClientSpanId", "client_span_id"),
        _TAGS,
    ),
    EventType.SubOrchestrationInstanceCompleted: (_TASK, _RESULT),
    EventType.SubOrchestrationInstanceFailed: (_TASK, _REASON, _DETAILS, _FAILURE),
    EventType.TimerCreated: (_FIRE_AT,),
    EventType.TimerFired: (Member("TimerId", "timer_id", Shape.INT, required=True), _FIRE_AT),
    EventType.OrchestratorStarted: (),
    EventType.OrchestratorCompleted: (),
    EventType.EventSent: (_INSTANCE, _NAME, _INPUT),
    EventType.EventRaised: (_NAME, _INPUT, _TRACE),
    EventType.GenericEvent: (Member("Data", "data"),),
    EventType.HistoryState: (Member("State", "state"),),
    EventType.ExecutionSuspended: (_REASON,),
    EventType.ExecutionResumed: (_REASON,),
    EventType.ExecutionRewound: (
        _REASON,
        Member("ParentExecutionId", "parent_execution_id"),
        _INSTANCE,
        _TRACE,
    ),
}
