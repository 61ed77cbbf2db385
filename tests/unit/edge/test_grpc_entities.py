"""Entities on the wire: batches, answers, messages of orchestrations, pages."""

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.work import EntityWork
from durahub.edge.entity_actions import entity_action
from durahub.edge.entity_work import entity_item, entity_result, guid
from durahub.edge.wellknown import text_of, ticks_of
from durahub.engine.entities.work import Operation, OperationResult, SendSignal, StartOrchestration
from durahub.errors import BadInstanceId, BadRequest
from durahub.model.ticks import Ticks

RECORDINGS = Path(__file__).parents[2] / "golden" / "grpc-dotnet"
NOW = Ticks(638_000_000_000_000_000)


def recorded(type_name: str) -> Iterator[Any]:
    """Yield every whole recorded message of a type."""
    for path in sorted(RECORDINGS.rglob("*.jsonl")):
        for text in path.read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            if line.get("type") == type_name and "base64" in line:
                yield getattr(pb, type_name).FromString(base64.b64decode(line["base64"]))


def operation_of(event: pb.HistoryEvent) -> Operation:
    signal = event.HasField("entityOperationSignaled")
    body = event.entityOperationSignaled if signal else event.entityOperationCalled
    return Operation(
        request_id=body.requestId,
        name=body.operation,
        signal=signal,
        input=text_of(body, "input"),
        scheduled=ticks_of(body, "scheduledTime"),
        parent_instance_id=None if signal else text_of(body, "parentInstanceId"),
        parent_execution_id=None if signal else text_of(body, "parentExecutionId"),
        requested=ticks_of(event, "timestamp"),
    )


def is_well_made(item: pb.WorkItem) -> bool:
    """Tell whether the recording server did not break a rule on purpose."""
    arms = [e.WhichOneof("eventType") for e in item.entityRequestV2.operationRequests]
    calls = [
        e.entityOperationCalled
        for e in item.entityRequestV2.operationRequests
        if e.HasField("entityOperationCalled")
    ]
    known = {"entityOperationSignaled", "entityOperationCalled"}
    return set(arms) <= known and all(call.HasField("parentInstanceId") for call in calls)


def test_every_recorded_batch_is_made_as_it_was_sent() -> None:
    items = [i for i in recorded("WorkItem") if i.HasField("entityRequestV2") and is_well_made(i)]
    assert len(items) > 20
    for item in items:
        request = item.entityRequestV2
        if any(uuid_of(e) is None for e in request.operationRequests):
            continue  # a request that is no GUID, which broke the worker's stream
        work = EntityWork(
            token=item.completionToken,
            instance_id=request.instanceId,
            execution_id=request.executionId,
            state=text_of(request, "entityState"),
            operations=tuple(operation_of(event) for event in request.operationRequests),
            given_at=NOW,
        )
        assert entity_item(work) == item


def uuid_of(event: pb.HistoryEvent) -> uuid.UUID | None:
    try:
        return uuid.UUID(operation_of(event).request_id)
    except ValueError:
        return None


def test_every_recorded_answer_to_a_batch_is_read() -> None:
    batches = [b for b in recorded("EntityBatchResult") if not b.HasField("failureDetails")]
    assert len(batches) > 20
    for batch in batches:
        result = entity_result(batch)
        assert result.state == text_of(batch, "entityState")
        for one, sent in zip(result.results, batch.results, strict=True):
            failed = sent.HasField("failure")
            assert (one.failure is not None) == failed
            assert one.result == (None if failed else text_of(sent.success, "result") or None)
        kinds = {"sendSignal": SendSignal, "startNewOrchestration": StartOrchestration}
        assert [type(action) for action in result.actions] == [
            kinds[action.WhichOneof("operationActionType")] for action in batch.actions
        ]


def test_every_recorded_message_of_an_orchestration_to_an_entity_is_read() -> None:
    kinds = set()
    for response in recorded("OrchestratorResponse"):
        for action in response.actions:
            if action.HasField("sendEntityMessage"):
                read = entity_action(action.id, action.sendEntityMessage)
                assert (read.id, read.target[0]) == (action.id, "@")
                kinds.add(read.kind)
    assert kinds == {"call", "signal", "lock", "unlock"}


def test_a_call_without_a_sender_goes_out_as_a_signal() -> None:  # .NET's stream breaks otherwise
    operation = Operation(request_id=str(uuid.uuid4()), name="add", signal=False)
    item = entity_item(work(operation))
    assert item.entityRequestV2.operationRequests[0].HasField("entityOperationSignaled")


def test_a_request_id_that_is_no_guid_becomes_one_and_always_the_same() -> None:
    assert uuid.UUID(guid("not a GUID")) == uuid.UUID(guid("not a GUID"))
    assert guid("not a GUID") != guid("nor this")
    number = str(uuid.uuid4())
    assert guid(number.upper()) == number


@pytest.mark.parametrize("state", [None, ""])
def test_no_state_and_an_empty_one_are_not_the_same(state: str | None) -> None:
    operation = Operation(request_id=str(uuid.uuid4()), name="add", signal=True)
    item = entity_item(work(operation, state=state))
    assert item.entityRequestV2.HasField("entityState") == (state is not None)


def work(*operations: Operation, state: str | None = None) -> EntityWork:
    return EntityWork(
        token="t",
        instance_id="@counter@a",
        execution_id="e",
        state=state,
        operations=operations,
        given_at=NOW,
    )


def test_a_result_that_is_an_empty_text_is_none() -> None:
    """Python sends one for an operation that returns nothing."""
    success = pb.OperationResultSuccess(result={"value": ""})
    batch = pb.EntityBatchResult(results=[pb.OperationResult(success=success)])
    (one,) = entity_result(batch).results
    assert one.result is None


def test_a_failed_operation_without_details_is_a_failure_all_the_same() -> None:
    batch = pb.EntityBatchResult(results=[pb.OperationResult(failure=pb.OperationResultFailure())])
    (one,) = entity_result(batch).results
    assert one.failure is not None
    assert one != OperationResult()


@pytest.mark.parametrize(
    "batch",
    [
        pb.EntityBatchResult(results=[pb.OperationResult()]),
        pb.EntityBatchResult(actions=[pb.OperationAction()]),
        pb.EntityBatchResult(
            actions=[pb.OperationAction(sendSignal=pb.SendSignalAction(name="a"))]
        ),
        pb.EntityBatchResult(
            actions=[
                pb.OperationAction(startNewOrchestration=pb.StartNewOrchestrationAction(name=""))
            ]
        ),
    ],
)
def test_an_answer_that_means_nothing_is_refused(batch: pb.EntityBatchResult) -> None:
    with pytest.raises(BadRequest):
        entity_result(batch)


@pytest.mark.parametrize(
    "message",
    [
        pb.SendEntityMessageAction(),
        pb.SendEntityMessageAction(
            entityLockRequested=pb.EntityLockRequestedEvent(criticalSectionId="c", lockSet=[])
        ),
        pb.SendEntityMessageAction(
            entityLockRequested=pb.EntityLockRequestedEvent(
                criticalSectionId="c", lockSet=["@a@b"], position=1
            )
        ),
        pb.SendEntityMessageAction(
            entityOperationCalled=pb.EntityOperationCalledEvent(requestId="r", operation="o")
        ),
        pb.SendEntityMessageAction(
            entityOperationSignaled=pb.EntityOperationSignaledEvent(requestId="r")
        ),
    ],
)
def test_a_message_to_no_entity_or_about_nothing_is_refused(
    message: pb.SendEntityMessageAction,
) -> None:
    with pytest.raises((BadRequest, BadInstanceId)):
        entity_action(1, message)
