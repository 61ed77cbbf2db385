"""Events that clients put into an instance's inbox, each as the operation of the hub that it stands for."""

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.hub import Hub
from durahub.edge.wellknown import text_of, ticks_of
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import is_request_name, request_of
from durahub.engine.state import same_execution
from durahub.errors import BadMessage, BadRequest


async def add_event(
    hub: Hub, instance_id: str, execution_id: str | None, event: pb.HistoryEvent
) -> None:
    """Send *event* to an instance; to another execution than its current one it has no effect.

    Raises `InstanceNotFound`, and `BadRequest` for an event that nobody may send.
    """
    if execution_id is not None and not instance_id.startswith("@"):
        row = await hub.get(instance_id, payloads=False)
        if row is not None and not same_execution(row.execution_id, execution_id):
            return
    match event.WhichOneof("eventType"):
        case "eventRaised" if is_entity(instance_id):
            await _signal_of_dtfx(hub, instance_id, event.eventRaised)
        case "eventRaised":
            raised = event.eventRaised
            await hub.raise_event(instance_id, raised.name, text_of(raised, "input"))
        case "executionTerminated":
            ended = event.executionTerminated
            await hub.terminate(instance_id, text_of(ended, "input"), recursive=ended.recurse)
        case "executionSuspended":
            await hub.suspend(instance_id, text_of(event.executionSuspended, "input"))
        case "executionResumed":
            await hub.resume(instance_id, text_of(event.executionResumed, "input"))
        case "executionRewound":
            await hub.rewind(instance_id, text_of(event.executionRewound, "reason"))
        case "entityOperationSignaled":
            signal = event.entityOperationSignaled
            await hub.signal_entity(
                instance_id,
                signal.operation,
                text_of(signal, "input"),
                request_id=signal.requestId,
                scheduled=ticks_of(signal, "scheduledTime"),
                requested=ticks_of(event, "timestamp"),
            )
        case other:
            raise BadRequest(f"an event that clients do not send: {other}")


async def _signal_of_dtfx(hub: Hub, entity_id: str, raised: pb.EventRaisedEvent) -> None:
    """Send a signal that came in DTFx's own form."""
    try:
        request = request_of(raised.input.value if is_request_name(raised.name) else None)
    except BadMessage as error:
        raise BadRequest(f"a message to an entity cannot be read: {error.problem}") from None
    await hub.signal_entity(
        entity_id,
        request.operation or "",
        request.input,
        request_id=request.id,
        scheduled=request.due,
        trace=request.trace,
        requested=request.requested,
    )
