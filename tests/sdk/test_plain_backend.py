"""The rest of ``BackendService``: work given back, entities in sessions, drain, management."""

from collections.abc import Iterator
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.backend import backend_service_pb2 as bs
from tests.compatibility.claims import dtfx
from tests.sdk.plain_grpc import PlainHub, WorkItems, plain_hub
from tests.sdk.python_hub import new_id
from tests.sdk.travel_hub import until
from tests.sdk.two_stores import BOTH_STORES, new_hub, server_on

pytestmark = pytest.mark.sdk


@pytest.fixture(scope="module", params=BOTH_STORES)
def hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PlainHub]:
    name, state = new_hub("Backend"), tmp_path_factory.mktemp("state")
    with (
        server_on(request.param, request, state, name) as server,
        plain_hub(server.ready.endpoint, name) as hub,
    ):
        yield hub


def start(hub: PlainHub) -> str:
    request = pb.CreateInstanceRequest(instanceId=new_id(), name="Plain")
    return str(hub.backend.CreateInstance(request).instanceId)


def signal(hub: PlainHub, amount: int, entity: str = "") -> str:
    """Signal an entity, a new one unless named; return its ID."""
    entity = entity or f"@plain@{new_id()}"
    hub.sidecar.SignalEntity(
        pb.SignalEntityRequest(instanceId=entity, name="set", input={"value": str(amount)})
    )
    return entity


def inputs(item: pb.WorkItem) -> list[str]:
    """Return the inputs of the operations of an entity's work item."""
    return [
        operation.entityOperationSignaled.input.value
        for operation in item.entityRequestV2.operationRequests
    ]


def done(item: pb.WorkItem, state: str, **more: Any) -> bs.CompleteEntityWorkItemRequest:
    """Return the answer to a whole batch."""
    entity = item.entityRequestV2
    return bs.CompleteEntityWorkItemRequest(
        completionToken=item.completionToken,
        instanceId=entity.instanceId,
        executionId=entity.executionId,
        numberOperationsExecuted=len(entity.operationRequests),
        entityState={"value": state},
        **more,
    )


def state_of(hub: PlainHub, entity: str) -> str:
    request = pb.GetEntityRequest(instanceId=entity, includeState=True)
    return str(hub.backend.GetEntity(request).entity.serializedState.value)


@dtfx("DTFx: work given back", "AbandonEntityWorkItem", "CompleteEntityWorkItem", "GetWorkItems")
def test_operations_that_were_given_back_come_again(hub: PlainHub) -> None:
    entity = signal(hub, 5)
    with hub.work(hub.backend) as work:
        first = work.next("entityRequestV2")
        hub.backend.AbandonEntityWorkItem(
            bs.AbandonEntityWorkItemRequest(completionToken=first.completionToken, reason="busy")
        )

        again = work.next("entityRequestV2")

        assert inputs(again) == ["5"]
        hub.backend.CompleteEntityWorkItem(done(again, "5"))
    until(lambda: state_of(hub, entity) == "5")


@dtfx("DTFx: work given back", "ReleaseEntityWorkItem")
def test_operations_that_were_released_come_again(hub: PlainHub) -> None:
    entity = signal(hub, 6)
    with hub.work(hub.backend) as work:
        first = work.next("entityRequestV2")
        hub.backend.ReleaseEntityWorkItem(
            bs.ReleaseEntityWorkItemRequest(completionToken=first.completionToken)
        )

        again = work.next("entityRequestV2")

        assert inputs(again) == ["6"]
        hub.backend.CompleteEntityWorkItem(done(again, "6"))
    until(lambda: state_of(hub, entity) == "6")


@dtfx("DTFx: work given back", "AbandonActivityWorkItem", "CompleteActivityWorkItem")
def test_an_activity_that_was_given_back_comes_again(hub: PlainHub) -> None:
    instance_id = start(hub)
    with hub.work(hub.backend) as work:
        _schedule(hub, work.next("orchestratorRequest"))
        first = work.next("activityRequest")
        hub.backend.AbandonActivityWorkItem(
            bs.AbandonActivityWorkItemRequest(completionToken=first.completionToken)
        )

        again = work.next("activityRequest")

        assert again.activityRequest.orchestrationInstance.instanceId == instance_id
        answer = pb.HistoryEvent(eventId=-1)
        answer.taskCompleted.taskScheduledId = again.activityRequest.taskId
        answer.taskCompleted.result.value = "1"
        hub.backend.CompleteActivityWorkItem(
            bs.CompleteActivityWorkItemRequest(
                completionToken=again.completionToken, responseEvent=answer
            )
        )
        turn = work.next("orchestratorRequest")
        [came] = [e for e in turn.orchestratorRequest.newEvents if e.HasField("taskCompleted")]
        assert came.taskCompleted.result.value == "1"
        _end(hub, turn)


def _schedule(hub: PlainHub, item: pb.WorkItem) -> None:
    """Answer a first turn: it calls one activity."""
    scheduled = pb.HistoryEvent(eventId=0, taskScheduled=pb.TaskScheduledEvent(name="Act"))
    _answer(hub, item, [scheduled], newTasks=[scheduled])


def _end(hub: PlainHub, item: pb.WorkItem) -> None:
    completed = pb.ORCHESTRATION_STATUS_COMPLETED
    end = pb.HistoryEvent(
        eventId=1,
        executionCompleted=pb.ExecutionCompletedEvent(
            orchestrationStatus=completed, result={"value": '"done"'}
        ),
    )
    _answer(hub, item, [end], runtimeStatus=completed)


def _answer(hub: PlainHub, item: pb.WorkItem, made: list[pb.HistoryEvent], **more: Any) -> None:
    request = item.orchestratorRequest
    begin = pb.HistoryEvent(eventId=-1, orchestratorStarted=pb.OrchestratorStartedEvent())
    close = pb.HistoryEvent(eventId=-1, orchestratorCompleted=pb.OrchestratorCompletedEvent())
    for event in (begin, close, *made):
        event.timestamp.GetCurrentTime()
    given = {"runtimeStatus": pb.ORCHESTRATION_STATUS_RUNNING, **more}
    hub.backend.CompleteOrchestrationWorkItem(
        bs.CompleteOrchestrationWorkItemRequest(
            completionToken=item.completionToken,
            instance=pb.OrchestrationInstance(
                instanceId=request.instanceId, executionId=request.executionId
            ),
            newHistory=[begin, *request.newEvents, *made, close],
            **given,
        )
    )


@dtfx("DTFx: extended sessions", "CompleteEntityWorkItemWithExtendedSession")
def test_the_answer_of_an_entity_may_ask_for_a_session_and_gets_none(hub: PlainHub) -> None:
    entity = signal(hub, 1)
    with hub.work(hub.backend) as work:
        first = work.next("entityRequestV2")
        session = hub.backend.CompleteEntityWorkItemWithExtendedSession(
            done(first, "1", completionCount=1)
        )

        [answer] = session

        assert answer.HasField("entityResponse")
        signal(hub, 2, entity)
        again = work.next("entityRequestV2")  # what comes later comes as a work item
        assert (inputs(again), again.entityRequestV2.entityState.value) == (["2"], "1")
        hub.backend.CompleteEntityWorkItem(done(again, "2"))
    until(lambda: state_of(hub, entity) == "2")


@dtfx("DTFx: measures and drain", "BeginWorkerDrain", "Ping")
def test_a_worker_that_drains_gets_no_more_work(hub: PlainHub) -> None:
    with hub.work(hub.backend) as draining:
        _take_all(hub, draining)

        assert hub.backend.BeginWorkerDrain(bs.BeginWorkerDrainRequest()).workerFound

        entity = signal(hub, 7)
        with hub.work(hub.backend) as other:
            item = other.next("entityRequestV2")
            assert item.entityRequestV2.instanceId == entity
            hub.backend.CompleteEntityWorkItem(done(item, "7"))
        until(lambda: state_of(hub, entity) == "7")
    assert hub.backend.Ping(bs.PingRequest()) == bs.PingResponse()


def _take_all(hub: PlainHub, work: WorkItems) -> None:
    """Have the worker do one thing: it is then connected."""
    entity = signal(hub, 8)
    while True:
        item = work.next("entityRequestV2")
        hub.backend.CompleteEntityWorkItem(done(item, "8"))
        if item.entityRequestV2.instanceId == entity:
            return


@dtfx(
    "DTFx: management",
    *("CreateInstance", "SkipGracefulOrchestrationTerminations", "WaitForInstance"),
)
def test_instances_are_terminated_without_a_worker(hub: PlainHub) -> None:
    started, unknown = start(hub), new_id()

    answer = hub.backend.SkipGracefulOrchestrationTerminations(
        pb.SkipGracefulOrchestrationTerminationsRequest(
            instanceBatch=pb.InstanceBatch(instanceIds=[started, unknown])
        )
    )

    assert list(answer.unterminatedInstanceIds) == [unknown]
    found = hub.backend.WaitForInstance(bs.WaitForInstanceRequest(instanceId=started))
    assert found.orchestrationState.orchestrationStatus == pb.ORCHESTRATION_STATUS_TERMINATED


@dtfx("DTFx: management", "CleanEntityStorage")
def test_entities_are_cleaned(hub: PlainHub) -> None:
    answer = hub.backend.CleanEntityStorage(pb.CleanEntityStorageRequest(removeEmptyEntities=True))

    assert not answer.HasField("continuationToken")
