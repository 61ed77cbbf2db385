"""The actions that make a recorded event at the target."""

from collections.abc import Callable

from durabletask.internal import orchestrator_service_pb2 as pb

NOWHERE = "durahub-moved"
"""The execution at which events are sent that have arrived long ago: no instance has one of that ID.

The event stands in the sender's history, and nobody gets it a second time. An endpoint that looks at no
execution IDs delivers it; see `durahub_migrate.targets.ghost.coupling`.
"""


def action_of(
    event: pb.HistoryEvent,
    sender: str,
    target_id: Callable[[str], str],
    text: str | None = None,
    request: str | None = None,
) -> pb.OrchestratorAction:
    """Return the action of *sender*; *target_id* tells what an instance is called at the target.

    *text* is the input of an activity or a child; a history may not have it. *request* is the GUID of what is
    sent to an entity, if it is another one than the recorded.
    """
    action = pb.OrchestratorAction(id=event.eventId)
    match event.WhichOneof("eventType"):
        case "taskScheduled":
            task = event.taskScheduled
            action.scheduleTask.name = task.name
            if task.HasField("version"):
                action.scheduleTask.version.CopyFrom(task.version)
            if text is not None:
                action.scheduleTask.input.value = text
            action.scheduleTask.tags.update(task.tags)
        case "timerCreated":
            action.createTimer.fireAt.CopyFrom(event.timerCreated.fireAt)
        case "subOrchestrationInstanceCreated":
            made = event.subOrchestrationInstanceCreated
            child = action.createSubOrchestration
            child.instanceId, child.name = target_id(made.instanceId), made.name
            if made.HasField("version"):
                child.version.CopyFrom(made.version)
            if text is not None:
                child.input.value = text
            child.tags.update(made.tags)
        case "eventSent":
            sent = event.eventSent
            action.sendEvent.instance.instanceId = target_id(sent.instanceId)
            action.sendEvent.instance.executionId.value = NOWHERE
            action.sendEvent.name = sent.name
            if sent.HasField("input"):
                action.sendEvent.data.CopyFrom(sent.input)
        case _:
            _fill_message(action.sendEntityMessage, event, sender, request)
    return action


def _fill_message(
    message: pb.SendEntityMessageAction, event: pb.HistoryEvent, sender: str, request: str | None
) -> None:
    arm = event.WhichOneof("eventType") or ""
    body = getattr(message, arm)
    body.CopyFrom(getattr(event, arm))
    if arm != "entityOperationSignaled":
        body.parentInstanceId.value = sender
    if arm == "entityOperationCalled":
        body.ClearField("parentExecutionId")  # it is another one there
    if arm == "entityLockRequested":
        body.position = 0
    if request is not None:
        is_section = arm in ("entityLockRequested", "entityUnlockSent")
        setattr(body, "criticalSectionId" if is_section else "requestId", request)


def completion(end: pb.HistoryEvent) -> pb.OrchestratorAction:
    """Return what ends an execution as it has ended."""
    ended = end.executionCompleted
    action = pb.OrchestratorAction(id=end.eventId)
    body = action.completeOrchestration
    body.orchestrationStatus = ended.orchestrationStatus
    if ended.HasField("result"):
        body.result.CopyFrom(ended.result)
    if ended.HasField("failureDetails"):
        body.failureDetails.CopyFrom(ended.failureDetails)
    return action


def completed(number: int, answer: pb.HistoryEvent | None) -> pb.OrchestratorAction:
    """Return what ends a child so that its parent gets the recorded *answer*."""
    action = pb.OrchestratorAction(id=number)
    body = action.completeOrchestration
    if answer is not None and answer.HasField("subOrchestrationInstanceFailed"):
        body.orchestrationStatus = pb.ORCHESTRATION_STATUS_FAILED
        body.failureDetails.CopyFrom(answer.subOrchestrationInstanceFailed.failureDetails)
        return action
    body.orchestrationStatus = pb.ORCHESTRATION_STATUS_COMPLETED
    if answer is not None and answer.subOrchestrationInstanceCompleted.HasField("result"):
        body.result.CopyFrom(answer.subOrchestrationInstanceCompleted.result)
    return action


def terminated(number: int, reason: str) -> pb.OrchestratorAction:
    """Return what ends an execution at once."""
    action = pb.OrchestratorAction(id=number)
    action.completeOrchestration.orchestrationStatus = pb.ORCHESTRATION_STATUS_TERMINATED
    action.completeOrchestration.result.value = reason
    return action


def restarted(started: pb.ExecutionStartedEvent) -> pb.OrchestratorAction:
    """Return what makes an execution begin anew as *started* tells, with nothing carried over."""
    action = pb.OrchestratorAction(id=0)
    body = action.completeOrchestration
    body.orchestrationStatus = pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW
    if started.HasField("input"):
        body.result.CopyFrom(started.input)
    if started.HasField("version"):
        body.newVersion.CopyFrom(started.version)
    return action
