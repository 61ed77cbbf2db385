"""What a worker answers through ``BackendService``: histories and responses instead of actions."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.backend.entity_arms import (
    ANSWERS,
    REQUESTS,
    answer_of,
    request_key,
    request_of,
    signal_of,
)
from durahub.edge.backend.events import (
    IDLE_ARMS,
    event_from_proto,
    events_from_proto,
    execution_from_proto,
)
from durahub.edge.statuses import status_from_proto
from durahub.edge.traces import span_from_proto
from durahub.edge.wellknown import text_of
from durahub.engine.actions import Action
from durahub.engine.answers import ActivityResult
from durahub.engine.dtfx_messages import Posted, with_parent
from durahub.engine.dtfx_turn import HistoryResult
from durahub.engine.entities.messages import due_of_name
from durahub.engine.entities.work import EntityBatchDone
from durahub.errors import BadRequest
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks

E = TypeVar("E")


def history_result(request: bs.CompleteOrchestrationWorkItemRequest, now: Ticks) -> HistoryResult:
    """Return the answer; *now* is the time of events that bring none.

    Raises `BadRequest` where the answer means nothing: the worker has a bug.
    """
    span_id, span_start = span_from_proto(request.orchestrationTraceContext)
    processed = request.numEventsProcessed
    in_history = {request_key(event) for event in request.newHistory if _is_request(event)}
    messages, requests = [], []
    for message in request.newMessages:
        if not _is_request(message.event):
            messages.append(_posted(message, now))
        elif request_key(message.event) not in in_history:
            requests.append(request_of(message.event))
    return HistoryResult(
        new_history=tuple(_history(request.newHistory, now)),
        sent=tuple(requests),
        new_tasks=_only(events_from_proto(request.newTasks, now), TaskScheduled),
        new_timers=_only(events_from_proto(request.newTimers, now), TimerCreated, TimerFired),
        new_messages=tuple(messages),
        status=status_from_proto(request.runtimeStatus),
        custom_status=text_of(request, "customStatus"),
        events_processed=processed.value if request.HasField("numEventsProcessed") else None,
        span_id=span_id,
        span_start=span_start,
    )


def _is_request(event: pb.HistoryEvent) -> bool:
    return event.WhichOneof("eventType") in REQUESTS


def _history(events: Iterable[pb.HistoryEvent], now: Ticks) -> Iterable[Event | Action]:
    for event in events:
        arm = event.WhichOneof("eventType")
        if arm in REQUESTS:
            yield request_of(event)
        elif arm in ANSWERS:
            yield answer_of(event, now)
        elif arm not in IDLE_ARMS:
            yield event_from_proto(event, now)


def _posted(message: bs.OrchestratorMessage, now: Ticks) -> Posted:
    if not message.instance.instanceId:
        raise BadRequest("a message has no receiver")
    return Posted(execution_from_proto(message.instance), event_from_proto(message.event, now))


def _only(events: Iterable[Event], *kinds: type[E]) -> tuple[E, ...]:
    found = []
    for event in events:
        if not isinstance(event, kinds):
            raise BadRequest(f"a {event.type.name} is out of place")
        found.append(event)
    return tuple(found)


def activity_result(request: bs.CompleteActivityWorkItemRequest, now: Ticks) -> ActivityResult:
    """Return what came of an activity. Raises `BadRequest` for an event that is no answer."""
    event = event_from_proto(request.responseEvent, now)
    match event:
        case TaskCompleted():
            return ActivityResult(result=event.result)
        case TaskFailed():
            return ActivityResult(failure=event.failure or _unknown())
        case _:
            raise BadRequest(f"a {event.type.name} is no answer to an activity")


def entity_batch(request: bs.CompleteEntityWorkItemRequest, now: Ticks) -> EntityBatchDone:
    """Return what came of an entity's batch. Raises `BadRequest`."""
    if request.numberOperationsExecuted < 0:
        raise BadRequest("the number of operations is negative")
    sender = Execution(request.instanceId, request.executionId or None)
    return EntityBatchDone(
        executed=request.numberOperationsExecuted,
        state=text_of(request, "entityState"),
        messages=tuple(_entity_message(m, sender, now) for m in request.messages),
    )


def _entity_message(message: bs.OrchestratorMessage, sender: Execution, now: Ticks) -> Message:
    """Return what an entity sends: an answer, a signal, or the start of an orchestration."""
    if not message.instance.instanceId:
        raise BadRequest("a message has no receiver")
    target, event = execution_from_proto(message.instance), message.event
    arm = event.WhichOneof("eventType")
    if arm == "entityOperationSignaled":
        signal = signal_of(event, sender.instance_id, now)
        return Message(event=signal, target=target, sender=sender, due=due_of_name(signal.name))
    if arm in ANSWERS:
        return Message(event=answer_of(event, now), target=target, sender=sender)
    read = event_from_proto(event, now)
    if isinstance(read, ExecutionStarted):
        run = read.execution.execution_id or target.execution_id or uuid.uuid4().hex
        execution = Execution(target.instance_id, run)
        start = with_parent(replace(read, execution=execution), sender, sender.instance_id)
        due = start.scheduled_start
        return Message(event=start, target=execution, sender=sender, due=due)
    return Message(event=read, target=target, sender=sender)


def _unknown() -> Failure:
    return Failure(error_type="(unknown)", message="the worker did not say what failed")


def joined(
    parts: list[bs.CompleteOrchestrationWorkItemRequest],
) -> bs.CompleteOrchestrationWorkItemRequest:
    """Return a completion that came in parts, as one."""
    first, last = parts[0], parts[-1]
    whole = bs.CompleteOrchestrationWorkItemRequest()
    whole.CopyFrom(last)
    for repeated in ("newHistory", "newTasks", "newTimers", "newMessages"):
        whole.ClearField(repeated)
        for part in parts:
            getattr(whole, repeated).extend(getattr(part, repeated))
    for counted_once in ("numEventsProcessed", "orchestrationTraceContext"):
        whole.ClearField(counted_once)
        if first.HasField(counted_once):
            getattr(whole, counted_once).CopyFrom(getattr(first, counted_once))
    return whole
