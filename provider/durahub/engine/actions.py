"""What an orchestrator asks for at the end of a turn, one value an action.

``id`` is the number of the action. From a worker it comes as its SDK counts; `durahub.engine.numbering`
gives it the number that is stored, as the ``event_id`` of the history event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from durahub.model.failure import Failure
from durahub.model.history import EventRaised, Execution, Status, Tags, Trace
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTask:
    """Run an activity."""

    id: int
    name: str
    version: str | None = None
    input: str | None = None
    tags: Tags | None = None
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTimer:
    """Wake me at ``fire_at``; a time in the past means at once."""

    id: int
    fire_at: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSubOrchestration:
    """Start a child; an empty ``instance_id`` leaves the choice to the backend."""

    id: int
    name: str
    instance_id: str = ""
    version: str | None = None
    input: str | None = None
    tags: Tags | None = None
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEvent:
    """Raise an event at another instance, or at this one."""

    id: int
    target: Execution
    name: str
    input: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEntityMessage:
    """Call or signal an entity, ask for locks, or give one back.

    ``request_id`` is a GUID: that of the request, or of the critical section. ``target`` of a lock
    request is ``lock_set[position]``. Who sends it is not said here: the server knows.
    """

    id: int
    kind: Literal["call", "signal", "lock", "unlock"]
    request_id: str
    target: str
    operation: str | None = None
    input: str | None = None
    scheduled: Ticks | None = None
    lock_set: tuple[str, ...] = ()
    position: int = 0
    trace: Trace | None = None
    requested: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateOther:
    """Terminate another instance."""

    id: int
    instance_id: str
    reason: str | None = None
    recurse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """End this execution, or with ``ContinuedAsNew`` begin the next one."""

    id: int
    status: Status
    result: str | None = None
    details: str | None = None
    failure: Failure | None = None
    new_version: str | None = None
    carry_over: tuple[EventRaised, ...] = ()


Action: TypeAlias = (
    ScheduleTask
    | CreateTimer
    | CreateSubOrchestration
    | SendEvent
    | SendEntityMessage
    | TerminateOther
    | Complete
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnResult:
    """A worker's whole answer to an orchestrator work item.

    ``custom_status`` replaces the stored one; ``None`` clears it. ``events_processed`` counts the
    new events that were used, from the front; ``None`` means all. ``span_id`` and
    ``span_start`` are the orchestration's own trace span, as text of DTFx's form. ``noted`` are the
    worker's numbers that the events are to keep, by the number of the action.
    """

    actions: tuple[Action, ...]
    custom_status: str | None = None
    events_processed: int | None = None
    span_id: str | None = None
    span_start: str | None = None
    noted: Mapping[int, int] = field(default_factory=dict)

    @property
    def continues(self) -> bool:
        """Whether the worker asks for the next execution."""
        return any(
            isinstance(action, Complete) and action.status is Status.ContinuedAsNew
            for action in self.actions
        )
