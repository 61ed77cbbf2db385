"""Work items and histories for workers that are DTFx: complete, in its own form.

They are sent every event that is stored, ends and bookkeeping included. The ``OrchestratorStarted`` of a
new turn is theirs to write; their maxima are meant, also where they are 0.
"""

from collections.abc import Iterable, Sequence

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.work import OrchestratorWork, StreamOptions, Work
from durahub.edge.entity_events import EntityEvents
from durahub.edge.projection import event_to_proto
from durahub.edge.turn_items import past_events, turn_item, with_new
from durahub.edge.work_items import MOST_BYTES, stream_options, work_item
from durahub.model.history import (
    Event,
    ExecutionStarted,
    HistoryState,
    OrchestratorCompleted,
    OrchestratorStarted,
)


def for_dtfx(
    events: Iterable[Event], started: ExecutionStarted | None, entities: EntityEvents | None
) -> list[pb.HistoryEvent]:
    """Return *events* for DTFx; the rest is as in `durahub.edge.projection.for_worker`."""
    return [
        event_to_proto(event, started, entities)
        for event in events
        if not isinstance(event, HistoryState)  # its state is not translated
    ]


def past_for_dtfx(past: Sequence[Event]) -> list[pb.HistoryEvent]:
    """Return a whole history."""
    started = next((event for event in past if isinstance(event, ExecutionStarted)), None)
    return for_dtfx(past, started, EntityEvents.of(past))


def new_for_dtfx(work: OrchestratorWork, entities: EntityEvents | None) -> list[pb.HistoryEvent]:
    """Return the messages of a turn; *entities* are the requests of its history."""
    marks = (OrchestratorStarted, OrchestratorCompleted)
    messages = [event for event in work.new if not isinstance(event, marks)]
    return for_dtfx(messages, work.started, entities)


def entities_of(work: OrchestratorWork) -> EntityEvents:
    """Return the requests to entities that a turn and its history hold."""
    return EntityEvents.of((*work.past, *work.new))


def dtfx_item(
    work: Work,
    *,
    history_streaming: bool,
    native_entities: bool = True,
    most_bytes: int = MOST_BYTES,
) -> bytes:
    """Return *work*, a ``pb.WorkItem``.

    It is without past events, which the worker then asks for, where they are too large.
    """
    if not isinstance(work, OrchestratorWork):
        return work_item(
            work,
            history_streaming=history_streaming,
            native_entities=native_entities,
            most_bytes=most_bytes,
        )
    past = past_events(work, for_dtfx, native_entities=True)
    return turn_item(
        work,
        past,
        new_for_dtfx(work, with_new(past, work.new)),
        may_fetch=history_streaming,
        must_fit=True,
        most_bytes=most_bytes,
    )


def dtfx_options(request: pb.GetWorkItemsRequest, worker_id: str) -> StreamOptions:
    """Return what the worker asks for; of what it states no maximum for it gets nothing."""
    stated = stream_options(request, worker_id)
    return StreamOptions(
        worker_id=worker_id,
        max_orchestrations=max(0, request.maxConcurrentOrchestrationWorkItems),
        max_activities=max(0, request.maxConcurrentActivityWorkItems),
        max_entities=max(0, request.maxConcurrentEntityWorkItems),
        history_streaming=stated.history_streaming,
        filters=stated.filters,
    )
