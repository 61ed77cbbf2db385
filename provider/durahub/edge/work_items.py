"""Work items for the wire, and what a worker says when it asks for them."""

from collections.abc import Iterable, Mapping

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.work import (
    ActivityWork,
    EntityWork,
    Filters,
    OrchestratorWork,
    StreamOptions,
    Work,
)
from durahub.edge.entity_events import EntityEvents
from durahub.edge.entity_work import entity_item
from durahub.edge.metadata import Caller
from durahub.edge.projection import for_worker, is_rewind
from durahub.edge.traces import trace_to_proto
from durahub.edge.turn_items import past_events, turn_item, with_new
from durahub.edge.wellknown import put_text, put_version
from durahub.engine.numbering import Counting
from durahub.model.history import Event, ExecutionStarted

DEFAULT_MAXIMUM = 100
"""Work items of a kind for a worker that states no maximum (JavaScript and Java send 0)."""

MOST_BYTES = 4 * 1024 * 1024
"""The largest message that SDK workers receive; a larger one breaks the stream of the whole worker."""


def health_ping() -> pb.WorkItem:
    """Return a sign of life; workers give up a stream that is silent for two minutes."""
    return pb.WorkItem(healthPing=pb.HealthPing())


def work_item(
    work: Work,
    *,
    history_streaming: bool,
    native_entities: bool = True,
    most_bytes: int = MOST_BYTES,
) -> bytes:
    """Return *work* for a worker that can, or cannot, fetch past events on its own: a ``pb.WorkItem``.

    With *native_entities* it is told of entities in the protocol's own events, else in DTFx's.
    """
    match work:
        case OrchestratorWork():
            return _turn_item(work, history_streaming, native_entities, most_bytes)
        case ActivityWork():
            return _activity_item(work).SerializeToString()
        case EntityWork():
            return entity_item(work).SerializeToString()


def _turn_item(
    work: OrchestratorWork, history_streaming: bool, native_entities: bool, most_bytes: int
) -> bytes:
    rewind = is_rewind(work.new)
    show = _past_in_rewind if rewind else for_worker
    past = past_events(work, show, native_entities=native_entities, keep=not rewind)
    new = for_worker(work.new, work.started, with_new(past, work.new), rewind=True)
    return turn_item(
        work,
        past,
        new,
        may_fetch=history_streaming,
        must_fit=history_streaming,
        most_bytes=most_bytes,
    )


def _past_in_rewind(
    events: Iterable[Event], started: ExecutionStarted | None, entities: EntityEvents | None
) -> list[pb.HistoryEvent]:
    return for_worker(events, started, entities, rewind=True)


def _activity_item(work: ActivityWork) -> pb.WorkItem:
    task = work.task
    item = pb.WorkItem(completionToken=work.token)
    request = item.activityRequest
    request.name = task.name or ""
    put_version(request.version, task.version)
    put_text(request.input, task.input)
    request.orchestrationInstance.instanceId = work.instance_id
    put_text(request.orchestrationInstance.executionId, work.execution_id)
    request.taskId = task.event_id
    trace = trace_to_proto(task.trace)
    if trace is not None:
        request.parentTraceContext.CopyFrom(trace)
    if task.tags:
        request.tags.update(task.tags)
    return item


def counting_of(request: pb.GetWorkItemsRequest, caller: Caller) -> Counting:
    """Return how a worker numbers actions.

    A program may speak the protocol with the gRPC library of Python and without its SDK; its numbers are
    stored as they are. The SDK always limits orchestrations and activities, and never entities.
    """
    by_itself = caller.agent is None and caller.counting is Counting.FROM_ONE_RETRIES_ALIKE
    limits = (
        request.maxConcurrentOrchestrationWorkItems,
        request.maxConcurrentActivityWorkItems,
    )
    if by_itself and (request.maxConcurrentEntityWorkItems or not all(limits)):
        return Counting.AS_STORED
    return caller.counting


def stream_options(
    request: pb.GetWorkItemsRequest,
    worker_id: str,
    *,
    native_entities: bool = True,
    counting: Counting = Counting.AS_STORED,
) -> StreamOptions:
    """Return what the worker asks for; a maximum of 0 states none."""
    streaming = pb.WorkerCapability.WORKER_CAPABILITY_HISTORY_STREAMING
    return StreamOptions(
        worker_id=worker_id,
        max_orchestrations=_maximum(request.maxConcurrentOrchestrationWorkItems),
        max_activities=_maximum(request.maxConcurrentActivityWorkItems),
        max_entities=_maximum(request.maxConcurrentEntityWorkItems),
        history_streaming=streaming in request.capabilities,
        native_entities=native_entities,
        counting=counting,
        filters=_filters(request.workItemFilters),
    )


def _maximum(stated: int) -> int:
    return stated if stated > 0 else DEFAULT_MAXIMUM


def _filters(filters: pb.WorkItemFilters) -> Filters | None:
    """Return the filters; ``None``, everything, where none are set: .NET always sends the message."""
    if not filters.orchestrations and not filters.activities and not filters.entities:
        return None
    return Filters(
        orchestrations=_versions_by_name(
            (f.name, frozenset(f.versions)) for f in filters.orchestrations
        ),
        activities=_versions_by_name((f.name, frozenset(f.versions)) for f in filters.activities),
        entities={f.name.lower(): frozenset() for f in filters.entities},
    )


def _versions_by_name(
    entries: Iterable[tuple[str, frozenset[str]]],
) -> Mapping[str, frozenset[str]]:
    """Return for each name all its versions; none, which means any, if one entry has none."""
    found: dict[str, frozenset[str]] = {}
    for name, versions in entries:
        known = found.get(name, versions)
        found[name] = known | versions if known and versions else frozenset()
    return found
