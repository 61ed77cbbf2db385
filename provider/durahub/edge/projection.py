"""The history as it is shown outside: to workers, for replay, and to clients.

What is stored is the truth; what is sent is computed from it and leaves out what some SDK does not
survive. Order and numbers stay as stored, and nothing stands in for what was left out.

===================================  =======================================================
``historyState``, ``continueAsNew``  never: fatal for Python and Java
``genericEvent``                     never: fatal for Java; only a trace of a classic rewind
the timer pair −100                  never: only .NET knows that DTFx splits a turn so
``orchestratorCompleted``            never: no worker needs it, and clients of DTS see none
``executionCompleted``,              to a worker only in a turn that asks it to rewind, which ours never
``executionRewound``                 do; to clients always. Java and Go fail on the second
===================================  =======================================================
"""

from collections.abc import Iterable

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.entity_events import EntityEvents
from durahub.edge.event_bodies import BODIES, parent_to_proto
from durahub.edge.traces import child_trace
from durahub.edge.wellknown import put_timestamp, string_value, version_value
from durahub.engine.retries import SPLIT_TIMER
from durahub.model.history import (
    Event,
    EventType,
    ExecutionRewound,
    ExecutionStarted,
    SubOrchestrationInstanceCreated,
    TimerCreated,
    TimerFired,
)

_NEVER = frozenset(
    {
        EventType.HistoryState,
        EventType.ContinueAsNew,
        EventType.GenericEvent,
        EventType.OrchestratorCompleted,
    }
)


_ONLY_IN_REWIND = frozenset({EventType.ExecutionCompleted, EventType.ExecutionRewound})


def for_worker(
    events: Iterable[Event],
    started: ExecutionStarted | None,
    entities: EntityEvents | None = None,
    *,
    rewind: bool = False,
) -> list[pb.HistoryEvent]:
    """Return what a worker is sent of *events*, which may be a part of the history.

    *started* is the start of the execution, wherever it stands; it tells the trace of its children.
    *entities* are the requests of the whole history; without them DTFx's own messages are sent.
    """
    return [
        event_to_proto(event, started, entities)
        for event in events
        if _is_shown(event) and (rewind or event.type not in _ONLY_IN_REWIND)
    ]


def for_clients(
    event: Event, started: ExecutionStarted | None, entities: EntityEvents | None = None
) -> pb.HistoryEvent | None:
    """Return what a client is sent of *event*, ``None`` if nothing."""
    return event_to_proto(event, started, entities) if _is_shown(event) else None


def is_rewind(new: Iterable[Event]) -> bool:
    """Tell whether a turn with these new events asks the worker to rewind."""
    return any(isinstance(event, ExecutionRewound) for event in new)


def event_to_proto(
    event: Event,
    started: ExecutionStarted | None = None,
    entities: EntityEvents | None = None,
) -> pb.HistoryEvent:
    """Return *event*, of whatever kind, for the wire; the rest is as in `for_worker`."""
    native = entities.to_proto(event) if entities is not None else None
    if native is not None:
        return native
    arm, fill = BODIES[event.type]
    message = pb.HistoryEvent()
    message.eventId = event.event_id
    put_timestamp(message.timestamp, event.timestamp)
    body = getattr(message, arm)
    body.SetInParent()  # an arm without fields would otherwise stay unset
    fill(event, body)
    if isinstance(event, SubOrchestrationInstanceCreated) and started is not None:
        trace = child_trace(started.trace, event.client_span_id)
        if trace is not None:
            body.parentTraceContext.CopyFrom(trace)
    if isinstance(event, ExecutionRewound) and event.parent_execution_id and started is not None:
        body.MergeFrom(_what_was_rewound(started))
    return message


def _is_shown(event: Event) -> bool:
    match event:
        case TimerCreated(event_id=number) | TimerFired(timer_id=number):
            return number != SPLIT_TIMER
        case _:
            return event.type not in _NEVER


def _what_was_rewound(child: ExecutionStarted) -> pb.ExecutionRewoundEvent:
    """Return what a backend needs to make the child anew if it was purged; never stored."""
    return pb.ExecutionRewoundEvent(
        name=string_value(child.name),
        version=version_value(child.version),
        input=string_value(child.input),
        parentInstance=parent_to_proto(child.parent),
        tags=child.tags,
    )
