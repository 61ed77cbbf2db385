"""What each action of an orchestrator writes and sends: one event, at most one message."""

import hashlib
from dataclasses import dataclass, field, replace

from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEntityMessage,
    SendEvent,
    TerminateOther,
)
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import due_of_name
from durahub.engine.entities.sending import Calls
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    ExecutionTerminated,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    Tags,
    TaskScheduled,
    TimerCreated,
    TimerFired,
    Trace,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks

FIRE_AND_FORGET = "FireAndForget"
"""The tag of an orchestration whose parent waits for nothing; children do not inherit it."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action does: the event of the history, and what is sent."""

    event: Event | None = None
    outbound: Message | None = None
    activity: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The execution whose actions are carried out, in its *episode*-th episode, at *now*.

    ``calls`` labels what is sent to entities: those of the state, or the labels begin anew.
    """

    execution: Execution
    started: ExecutionStarted
    episode: int
    now: Ticks
    calls: Calls = field(default_factory=Calls)


def carry_out(action: Action, actor: Actor) -> Effect:
    """Return what *action* does. `Complete` with ContinuedAsNew is not an effect but a new turn."""
    match action:
        case ScheduleTask():
            return _schedule(action, actor)
        case CreateTimer():
            return _set_timer(action, actor)
        case CreateSubOrchestration():
            return _start_child(action, actor)
        case SendEvent():
            return _send_event(action, actor)
        case SendEntityMessage():
            event = actor.calls.event(action, actor.execution, actor.now)
            return _sent(event, Execution(action.target), actor)
        case TerminateOther():
            terminated = ExecutionTerminated(
                timestamp=actor.now, input=action.reason, recurse=action.recurse
            )
            return Effect(outbound=_message(actor, terminated, Execution(action.instance_id)))
        case Complete():
            return _complete(action, actor)


def _schedule(action: ScheduleTask, actor: Actor) -> Effect:
    told = _scheduled(action, actor.now, action.input)
    return Effect(
        event=_scheduled(action, actor.now, None),
        activity=_message(actor, told, actor.execution, tags=actor.started.tags or {}),
    )


def _scheduled(action: ScheduleTask, now: Ticks, text: str | None) -> TaskScheduled:
    return TaskScheduled(
        event_id=action.id,
        timestamp=now,
        name=action.name,
        version=action.version or "",
        input=text,
        tags=action.tags or None,
        trace=action.trace,
    )


def _set_timer(action: CreateTimer, actor: Actor) -> Effect:
    fired = TimerFired(timestamp=actor.now, timer_id=action.id, fire_at=action.fire_at)
    message = _message(actor, fired, actor.execution)
    return Effect(
        event=TimerCreated(event_id=action.id, timestamp=actor.now, fire_at=action.fire_at),
        outbound=replace(message, due=action.fire_at),
    )


def _start_child(action: CreateSubOrchestration, actor: Actor) -> Effect:
    parent = actor.execution
    child = Execution(
        action.instance_id or f"{parent.instance_id}:{action.id:04x}",
        child_execution_id(parent.execution_id or "", action.id),
    )
    tags = child_tags(actor.started.tags, action.tags)
    started = ExecutionStarted(
        timestamp=actor.now,
        execution=child,
        name=action.name,
        version=action.version or "",
        input=action.input,
        tags=tags or None,
        trace=action.trace,
        parent=Parent(
            name=actor.started.name,
            version=actor.started.version,
            execution=parent,
            task_schedule_id=action.id,
        ),
    )
    created = SubOrchestrationInstanceCreated(
        event_id=action.id,
        timestamp=actor.now,
        instance_id=child.instance_id,
        name=action.name,
        version=action.version or "",
        client_span_id=_span_of(action.trace),
        tags=tags or None,
    )
    return Effect(
        event=created, outbound=_message(actor, started, child, tags=actor.started.tags or {})
    )


def child_execution_id(parent_execution_id: str, action_id: int) -> str:
    """Return the execution ID of a child: the same whenever its parent runs that episode again."""
    return hashlib.sha256(f"{parent_execution_id}:{action_id}".encode()).hexdigest()[:32]


def child_tags(parent: Tags | None, own: Tags | None) -> Tags:
    """Return the tags of a child: the parent's, overlaid by its own."""
    inherited = {k: v for k, v in (parent or {}).items() if k != FIRE_AND_FORGET}
    return inherited | dict(own or {})


def _span_of(trace: Trace | None) -> str | None:
    parts = (trace.trace_parent or "").split("-") if trace else []
    return parts[2] if len(parts) == 4 else None


def _send_event(action: SendEvent, actor: Actor) -> Effect:
    event = EventSent(
        event_id=action.id,
        timestamp=actor.now,
        instance_id=action.target.instance_id,
        name=action.name,
        input=action.input,
    )
    return _sent(event, action.target, actor)


def _sent(event: EventSent, target: Execution, actor: Actor) -> Effect:
    """Return what *event* sends; a message to an entity names the time at which it is due."""
    raised = EventRaised(timestamp=actor.now, name=event.name, input=event.input)
    message = _message(actor, raised, target)
    if is_entity(target.instance_id):
        message = replace(message, due=due_of_name(event.name))
    return Effect(event=event, outbound=message)


def _complete(action: Complete, actor: Actor) -> Effect:
    result = action.result
    if result is None and action.failure is not None:
        result = action.failure.message  # as .NET has it, beside the failure itself
    event = ExecutionCompleted(
        event_id=action.id,
        timestamp=actor.now,
        status=action.status,
        result=result,
        failure=action.failure,
    )
    return Effect(event=event, outbound=tell_parent(event, actor, action.details))


def tell_parent(
    end: ExecutionCompleted, actor: Actor, details: str | None = None
) -> Message | None:
    """Return what the parent of *actor* is told of its *end*, ``None`` where nobody waits for it."""
    parent = actor.started.parent
    if parent is None or FIRE_AND_FORGET in (actor.started.tags or {}):
        return None
    answer: Event
    if end.status is Status.Completed:
        answer = SubOrchestrationInstanceCompleted(
            timestamp=actor.now, task_scheduled_id=parent.task_schedule_id, result=end.result
        )
    elif end.status in (Status.Failed, Status.Terminated):
        message = end.failure.message if end.failure else None
        answer = SubOrchestrationInstanceFailed(
            timestamp=actor.now,
            task_scheduled_id=parent.task_schedule_id,
            reason=end.result if end.result is not None else message,
            details=None if end.failure else details,
            failure=end.failure if end.status is Status.Failed else None,
        )
    else:
        return None  # Canceled: DTFx tells nobody, and no SDK ends so
    return _message(actor, answer, parent.execution)


def _message(actor: Actor, event: Event, target: Execution, tags: Tags | None = None) -> Message:
    return Message(
        event=event, target=target, sender=actor.execution, episode=actor.episode, tags=tags
    )
