"""What no SDK does by itself: work given back, ends without a worker, hubs made through the protocol."""

from collections.abc import Iterator

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.empty_pb2 import Empty

from tests.sdk.plain_grpc import PlainHub, WorkItems, plain_hub
from tests.sdk.python_hub import new_id
from tests.sdk.travel_hub import until
from tests.sdk.two_stores import BOTH_STORES, new_hub, server_on

pytestmark = pytest.mark.sdk


@pytest.fixture(scope="module", params=BOTH_STORES)
def hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PlainHub]:
    name, state = new_hub("Plain"), tmp_path_factory.mktemp("state")
    with (
        server_on(request.param, request, state, name) as server,
        plain_hub(server.ready.endpoint, name) as hub,
    ):
        yield hub


def shows(feature: str, *rpcs: str) -> pytest.MarkDecorator:
    return pytest.mark.feature(feature, sdk="wire", rpcs=rpcs)


def start(hub: PlainHub, **more: object) -> str:
    request = pb.CreateInstanceRequest(instanceId=new_id(), name="Plain", **more)  # type: ignore[arg-type]
    return str(hub.sidecar.StartInstance(request).instanceId)


def complete(hub: PlainHub, item: pb.WorkItem, *actions: pb.OrchestratorAction) -> None:
    """Answer a turn with *actions*; without any the orchestration completes."""
    ends = pb.OrchestratorAction(
        id=9,
        completeOrchestration=pb.CompleteOrchestrationAction(
            orchestrationStatus=pb.ORCHESTRATION_STATUS_COMPLETED, result={"value": '"done"'}
        ),
    )
    hub.sidecar.CompleteOrchestratorTask(
        pb.OrchestratorResponse(
            instanceId=item.orchestratorRequest.instanceId,
            completionToken=item.completionToken,
            actions=actions or (ends,),
        )
    )


def ended(hub: PlainHub, instance_id: str) -> pb.OrchestrationState:
    return hub.sidecar.WaitForInstanceCompletion(
        pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
    ).orchestrationState


@shows("greeting")
def test_a_greeting_is_answered(hub: PlainHub) -> None:
    assert hub.sidecar.Hello(Empty()) == Empty()


@shows("work given back")
def test_a_turn_that_was_given_back_comes_again(hub: PlainHub) -> None:
    instance_id = start(hub)
    with hub.work(hub.sidecar) as work:
        first = work.next("orchestratorRequest")
        hub.sidecar.AbandonTaskOrchestratorWorkItem(
            pb.AbandonOrchestrationTaskRequest(completionToken=first.completionToken)
        )

        again = work.next("orchestratorRequest")

        assert again.completionToken != first.completionToken
        assert again.orchestratorRequest.instanceId == instance_id
        complete(hub, again)
    assert ended(hub, instance_id).output.value == '"done"'


@shows("work given back")
def test_an_activity_that_was_given_back_comes_again(hub: PlainHub) -> None:
    instance_id = start(hub)
    calls = pb.OrchestratorAction(id=0, scheduleTask=pb.ScheduleTaskAction(name="Act"))
    with hub.work(hub.sidecar) as work:
        complete(hub, work.next("orchestratorRequest"), calls)
        first = work.next("activityRequest")
        hub.sidecar.AbandonTaskActivityWorkItem(
            pb.AbandonActivityTaskRequest(completionToken=first.completionToken)
        )

        again = work.next("activityRequest")

        hub.sidecar.CompleteActivityTask(
            pb.ActivityResponse(
                instanceId=instance_id,
                taskId=again.activityRequest.taskId,
                completionToken=again.completionToken,
                result={"value": "1"},
            )
        )
        complete(hub, work.next("orchestratorRequest"))
    assert ended(hub, instance_id).output.value == '"done"'


@shows("work given back")
def test_operations_that_were_given_back_come_again(hub: PlainHub) -> None:
    entity = f"@plain@{new_id()}"
    hub.sidecar.SignalEntity(
        pb.SignalEntityRequest(instanceId=entity, name="set", input={"value": "5"})
    )
    with hub.work(hub.sidecar) as work:
        first = work.next("entityRequestV2")
        hub.sidecar.AbandonTaskEntityWorkItem(
            pb.AbandonEntityTaskRequest(completionToken=first.completionToken)
        )

        again = work.next("entityRequestV2")

        assert again.entityRequestV2.instanceId == entity
        [operation] = again.entityRequestV2.operationRequests
        assert operation.entityOperationSignaled.input.value == "5"
        _set_state(hub, again, "5")
    request = pb.GetEntityRequest(instanceId=entity, includeState=True)
    until(lambda: hub.sidecar.GetEntity(request).entity.serializedState.value == "5")


def _set_state(hub: PlainHub, item: pb.WorkItem, state: str) -> None:
    hub.sidecar.CompleteEntityTask(
        pb.EntityBatchResult(
            completionToken=item.completionToken,
            entityState={"value": state},
            results=[pb.OperationResult(success=pb.OperationResultSuccess())],
        )
    )


@shows("termination without the worker")
def test_instances_are_terminated_without_a_worker(hub: PlainHub) -> None:
    started, unknown = start(hub), new_id()

    answer = hub.sidecar.SkipGracefulOrchestrationTerminations(
        pb.SkipGracefulOrchestrationTerminationsRequest(
            instanceBatch=pb.InstanceBatch(instanceIds=[started, unknown]),
            reason={"value": "enough"},
        )
    )

    assert list(answer.unterminatedInstanceIds) == [unknown]
    assert ended(hub, started).orchestrationStatus == pb.ORCHESTRATION_STATUS_TERMINATED


@shows("task hubs made by clients")
@shows("task hubs deleted by clients")
def test_a_hub_is_emptied_when_it_is_made_anew(
    request: pytest.FixtureRequest, hub: PlainHub, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = request.node.callspec.params["hub"]
    name, state = new_hub("Made"), tmp_path_factory.mktemp("state")
    with (
        server_on(store, request, state, name) as server,
        plain_hub(server.ready.endpoint, name) as made,
    ):
        instance_id = start(made)

        made.sidecar.CreateTaskHub(pb.CreateTaskHubRequest(recreateIfExists=True))

        unknown = made.sidecar.GetInstance(pb.GetInstanceRequest(instanceId=instance_id))
        assert not unknown.exists
        started = start(made)
        with made.work(made.sidecar) as work:
            complete(made, _of(work, started))
        assert ended(made, started).output.value == '"done"'
        made.sidecar.DeleteTaskHub(pb.DeleteTaskHubRequest())


def _of(work: WorkItems, instance_id: str) -> pb.WorkItem:
    item = work.next("orchestratorRequest")
    assert item.orchestratorRequest.instanceId == instance_id
    return item
