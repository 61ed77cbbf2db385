"""What a scripted orchestrator answers: the protocol's actions, each in one short call."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue

Action = pb.OrchestratorAction


@dataclass(frozen=True)
class Answer:
    """The end of a turn. ``status`` is the custom status; ``None`` clears it."""

    actions: Sequence[Action] = ()
    status: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)  # more of the response's own

    def response(self, instance_id: str, token: str) -> pb.OrchestratorResponse:
        """Return the message that completes the work item *token*."""
        return pb.OrchestratorResponse(
            instanceId=instance_id,
            completionToken=token,
            actions=self.actions,
            customStatus=text(self.status),
            **self.fields,
        )


def text(value: str | None) -> StringValue | None:
    return None if value is None else StringValue(value=value)


def call(number: int, name: str, given: Any = None, **fields: Any) -> Action:
    """Schedule an activity."""
    task = pb.ScheduleTaskAction(name=name, input=text(json.dumps(given)), **fields)
    return Action(id=number, scheduleTask=task)


def timer(number: int, fire_at: Timestamp) -> Action:
    return Action(id=number, createTimer=pb.CreateTimerAction(fireAt=fire_at))


def child(number: int, name: str, instance_id: str = "", given: Any = None, **tags: str) -> Action:
    """Start a child; *tags* are its own."""
    started = pb.CreateSubOrchestrationAction(
        instanceId=instance_id, name=name, input=text(json.dumps(given)), tags=tags
    )
    return Action(id=number, createSubOrchestration=started)


def send(number: int, target: str, name: str, given: Any = None) -> Action:
    """Send an event."""
    sent = pb.SendEventAction(
        instance=pb.OrchestrationInstance(instanceId=target),
        name=name,
        data=text(json.dumps(given)),
    )
    return Action(id=number, sendEvent=sent)


def done(number: int, result: Any = None) -> Action:
    """Complete."""
    return _end(number, pb.ORCHESTRATION_STATUS_COMPLETED, result=text(json.dumps(result)))


def fail(number: int, failure: pb.TaskFailureDetails) -> Action:
    return _end(number, pb.ORCHESTRATION_STATUS_FAILED, failureDetails=failure)


def end_terminated(number: int, result: str) -> Action:
    return _end(number, pb.ORCHESTRATION_STATUS_TERMINATED, result=text(result))


def again(number: int, given: Any, carried: Sequence[pb.HistoryEvent] = ()) -> Action:
    """Continue as new."""
    status = pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW
    return _end(number, status, result=text(json.dumps(given)), carryoverEvents=carried)


def _end(number: int, status: "pb.OrchestrationStatus", **fields: Any) -> Action:
    completion = pb.CompleteOrchestrationAction(orchestrationStatus=status, **fields)
    return Action(id=number, completeOrchestration=completion)


def failure(kind: str, message: str, **fields: Any) -> pb.TaskFailureDetails:
    return pb.TaskFailureDetails(errorType=kind, errorMessage=message, **fields)
