"""What a worker answers, made of values."""

from collections.abc import Iterable

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

ENDED = frozenset(
    {
        pb.ORCHESTRATION_STATUS_COMPLETED,
        pb.ORCHESTRATION_STATUS_FAILED,
        pb.ORCHESTRATION_STATUS_CANCELED,
        pb.ORCHESTRATION_STATUS_TERMINATED,
    }
)
"""The states of an instance that has ended."""


def turn(
    item: pb.WorkItem,
    actions: Iterable[pb.OrchestratorAction] = (),
    custom_status: str | None = None,
) -> pb.OrchestratorResponse:
    """Return the answer to a turn. A custom status that is not sent again is lost at some endpoints."""
    response = pb.OrchestratorResponse(
        instanceId=item.orchestratorRequest.instanceId,
        completionToken=item.completionToken,
        actions=actions,
    )
    if custom_status is not None:
        response.customStatus.value = custom_status
    return response


def ending(
    status: pb.OrchestrationStatus, output: str | None = None, *, number: int = -1, error: str = ""
) -> pb.OrchestratorAction:
    """Return the action that ends an orchestration; *error* is the message of a failure."""
    action = pb.OrchestratorAction(id=number)
    body = action.completeOrchestration
    body.orchestrationStatus = status
    if output is not None:
        body.result.value = output
    if error:
        body.failureDetails.errorType = "Error"
        body.failureDetails.errorMessage = error
    return action


def task(number: int, name: str, data: str | None = None) -> pb.OrchestratorAction:
    """Return the action that schedules an activity."""
    action = pb.OrchestratorAction(id=number)
    action.scheduleTask.name = name
    if data is not None:
        action.scheduleTask.input.value = data
    return action


def timer(number: int, seconds: int) -> pb.OrchestratorAction:
    """Return the action that sets a timer, at so many seconds since 1970."""
    action = pb.OrchestratorAction(id=number)
    action.createTimer.fireAt.CopyFrom(Timestamp(seconds=seconds))
    return action


def batch(item: pb.WorkItem, state: str | None) -> pb.EntityBatchResult:
    """Return the answer to an entity's batch: each operation has succeeded with ``null``; *state* is set."""
    result = pb.EntityBatchResult(completionToken=item.completionToken)
    if state is not None:
        result.entityState.value = state
    for event in item.entityRequestV2.operationRequests:
        result.results.add().success.result.value = "null"
        info = result.operationInfos.add()
        if event.HasField("entityOperationCalled"):
            called = event.entityOperationCalled
            info.requestId = called.requestId
            info.responseDestination.instanceId = called.parentInstanceId.value
            info.responseDestination.executionId.value = called.parentExecutionId.value
        else:
            info.requestId = event.entityOperationSignaled.requestId
    return result
