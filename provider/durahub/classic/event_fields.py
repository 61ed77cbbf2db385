"""What each event carries, in DTFx's names and order: the one table behind messages and rows.

The order is that of DTFx's classes: fields first, then properties, the most derived class first.
Source: DurableTask.Core, ``History/*.cs``; classic layout 2.6 and 7.3.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from durahub.classic.dialect import Dialect
from durahub.model.history import EventType


class Shape(Enum):
    """How a value is written. The object shapes are JSON text in rows."""

    TEXT = 1, False
    INT = 2, False
    BOOL = 3, False
    DATE = 4, False
    STATUS = 5, False  # a number in messages, a name in rows
    TAGS = 6, True
    TRACE = 7, True
    FAILURE = 8, True
    EXECUTION = 9, True
    PARENT = 10, True

    def __init__(self, number: int, is_object: bool) -> None:
        self.number = number
        self.is_object = is_object
        """Whether it is a JSON object."""


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


def _known_to(event_type: EventType, one: Member, dialect: Dialect) -> bool:
    if one.name == GENERATE_NEW_TRACE:
        return dialect.generate_new_trace
    if one.shape is Shape.TAGS and event_type is not EventType.ExecutionStarted:
        return dialect.task_tags
    return True


@functools.cache
def known_members(dialect: Dialect) -> Mapping[EventType, tuple[Member, ...]]:
    """Return those of `MEMBERS` that the imitated writer knows."""
    return {
        event_type: tuple(one for one in members if _known_to(event_type, one, dialect))
        for event_type, members in MEMBERS.items()
    }
