"""An entity's batch for the wire, and what a worker answers to it."""

import uuid

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.work import EntityWork
from durahub.edge.failures import failure_from_proto
from durahub.edge.traces import trace_from_proto
from durahub.edge.wellknown import (
    filled_text,
    optional_timestamp,
    string_value,
    text_of,
    ticks_of,
    timestamp,
)
from durahub.engine.entities.work import (
    EntityAction,
    EntityResult,
    Operation,
    OperationResult,
    SendSignal,
    StartOrchestration,
)
from durahub.errors import BadRequest
from durahub.model.ticks import Ticks


def entity_item(work: EntityWork) -> pb.WorkItem:
    """Return the batch; without ``entityState`` the entity does not exist."""
    request = pb.EntityRequest(
        instanceId=work.instance_id,
        executionId=work.execution_id,
        entityState=string_value(work.state),
        operationRequests=[_operation(operation, work.given_at) for operation in work.operations],
    )
    return pb.WorkItem(entityRequestV2=request, completionToken=work.token)


def _operation(operation: Operation, now: Ticks) -> pb.HistoryEvent:
    event = pb.HistoryEvent(eventId=-1, timestamp=timestamp(operation.requested or now))
    if operation.signal or operation.parent_instance_id is None:  # .NET breaks without a parent
        event.entityOperationSignaled.CopyFrom(
            pb.EntityOperationSignaledEvent(
                requestId=guid(operation.request_id),
                operation=operation.name,
                scheduledTime=optional_timestamp(operation.scheduled),
                input=string_value(operation.input),
            )
        )
    else:
        event.entityOperationCalled.CopyFrom(
            pb.EntityOperationCalledEvent(
                requestId=guid(operation.request_id),
                operation=operation.name,
                scheduledTime=optional_timestamp(operation.scheduled),
                input=string_value(operation.input),
                parentInstanceId=string_value(operation.parent_instance_id),
                parentExecutionId=string_value(operation.parent_execution_id),
            )
        )
    return event


def guid(text: str) -> str:
    """Return a request ID that every worker can parse: one that is no GUID breaks .NET's stream."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, text))


def entity_result(batch: pb.EntityBatchResult) -> EntityResult:
    """Return the answer. Raises `BadRequest` where it means nothing: the worker has a bug."""
    return EntityResult(
        results=tuple(_result(result) for result in batch.results),
        state=text_of(batch, "entityState"),
        actions=tuple(_action(action) for action in batch.actions),
    )


def _result(result: pb.OperationResult) -> OperationResult:
    match result.WhichOneof("resultType"):
        case "success":
            # Python says so that there is none; an empty text is no JSON.
            return OperationResult(result=filled_text(result.success, "result"))
        case "failure":
            return OperationResult(failure=failure_from_proto(result.failure.failureDetails))
        case _:
            raise BadRequest("an operation's result is neither a success nor a failure")


def _action(action: pb.OperationAction) -> EntityAction:
    match action.WhichOneof("operationActionType"):
        case "sendSignal":
            signal = action.sendSignal
            if not signal.instanceId or not signal.name:
                raise BadRequest("a signal needs a target and an operation")
            return SendSignal(
                target=signal.instanceId,
                name=signal.name,
                input=text_of(signal, "input"),
                scheduled=ticks_of(signal, "scheduledTime"),
                trace=trace_from_proto(signal.parentTraceContext),
                requested=ticks_of(signal, "requestTime"),
            )
        case "startNewOrchestration":
            start = action.startNewOrchestration
            if not start.name:
                raise BadRequest("an orchestration needs a name")
            return StartOrchestration(
                name=start.name,
                instance_id=start.instanceId,
                version=filled_text(start, "version"),
                input=text_of(start, "input"),
                scheduled=ticks_of(start, "scheduledTime"),
                trace=trace_from_proto(start.parentTraceContext),
                requested=ticks_of(start, "requestTime"),
            )
        case _:
            raise BadRequest("an entity's action is of no known kind")
