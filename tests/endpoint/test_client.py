"""The client of any endpoint, against our own server and the backend in the SDK's package."""

from collections.abc import AsyncIterator

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.wrappers_pb2 import StringValue

from durahub.errors import InstanceExists, InstanceNotFound, WorkItemNotFound
from durahub_migrate.endpoint.backend import BackendClient
from durahub_migrate.endpoint.client import EndpointClient
from tests.endpoint.endpoints import KINDS, client_of, endpoint, own_endpoint

WORKER = pb.GetWorkItemsRequest(
    maxConcurrentOrchestrationWorkItems=10,
    maxConcurrentActivityWorkItems=10,
    maxConcurrentEntityWorkItems=10,
)


@pytest.fixture(params=KINDS)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[EndpointClient]:
    async with endpoint(request.param) as address, client_of(address) as opened:
        yield opened


def start(instance_id: str) -> pb.CreateInstanceRequest:
    return pb.CreateInstanceRequest(
        instanceId=instance_id, name="Order", input=StringValue(value='"a"')
    )


async def test_an_instance_that_was_started_is_there(client: EndpointClient) -> None:
    assert await client.get_instance("order-1") is None
    assert await client.start_instance(start("order-1")) == "order-1"
    found = await client.get_instance("order-1")
    assert found is not None
    assert (found.name, found.input.value) == ("Order", '"a"')


async def test_an_id_that_is_taken_is_told(client: EndpointClient) -> None:
    await client.start_instance(start("order-1"))
    with pytest.raises(InstanceExists, match="order-1"):
        await client.start_instance(start("order-1"))


async def test_instances_come_page_by_page(client: EndpointClient) -> None:
    for number in range(7):
        await client.start_instance(start(f"order-{number}"))
    await client.start_instance(start("invoice"))
    found = [one async for one in client.query_instances(prefix="order", page=3, payloads=True)]
    assert sorted(one.instanceId for one in found) == [f"order-{number}" for number in range(7)]
    assert {one.input.value for one in found} == {'"a"'}


async def test_an_event_for_nobody_is_told(client: EndpointClient) -> None:
    with pytest.raises(InstanceNotFound, match="nobody"):
        await client.raise_event("nobody", "Paid", "1")


async def test_a_worker_ends_an_instance(client: EndpointClient) -> None:
    await client.start_instance(start("order-1"))
    async with client.work_items(WORKER) as items:
        async for item in items:
            if item.WhichOneof("request") != "orchestratorRequest":
                continue
            action = pb.OrchestratorAction(id=0)
            action.completeOrchestration.orchestrationStatus = pb.ORCHESTRATION_STATUS_COMPLETED
            action.completeOrchestration.result.value = '"done"'
            await client.complete_orchestrator(
                pb.OrchestratorResponse(
                    instanceId="order-1", actions=[action], completionToken=item.completionToken
                )
            )
            break
    found = await client.get_instance("order-1")
    assert found is not None
    assert found.orchestrationStatus == pb.ORCHESTRATION_STATUS_COMPLETED
    arms = [event.WhichOneof("eventType") for event in await client.history("order-1")]
    assert "executionStarted" in arms
    assert "executionCompleted" in arms
    assert await client.purge("order-1") == 1
    assert await client.get_instance("order-1") is None


async def test_a_work_item_that_was_abandoned_comes_again(client: EndpointClient) -> None:
    await client.start_instance(start("order-1"))
    tokens = []
    async with client.work_items(WORKER) as items:
        async for item in items:
            if item.WhichOneof("request") != "orchestratorRequest":
                continue
            tokens.append(item.completionToken)
            if len(tokens) == 2:
                break
            await client.abandon_orchestrator(item.completionToken)
    assert len(tokens) == 2


async def test_an_entity_is_seeded_by_a_worker(client: EndpointClient) -> None:
    await client.signal_entity("@counter@a", "seed", "5", request_id="0" * 32)
    async with client.work_items(WORKER) as items:
        async for item in items:
            kind = item.WhichOneof("request")
            if kind not in ("entityRequest", "entityRequestV2"):
                continue
            result = pb.EntityBatchResult(completionToken=item.completionToken)
            result.entityState.value = "5"
            outcome = result.results.add()
            outcome.success.result.value = "null"
            result.operationInfos.add(requestId="0" * 32)
            await client.complete_entity(result)
            break
    entity = await client.get_entity("@counter@a")
    assert entity is not None
    assert entity.serializedState.value == "5"
    assert [one.instanceId async for one in client.query_entities()] == ["@counter@a"]


async def test_the_hub_can_be_made_twice(client: EndpointClient) -> None:
    await client.create_task_hub()
    await client.create_task_hub()


async def test_a_token_that_is_unknown_is_told_by_our_server() -> None:
    async with own_endpoint() as address, client_of(address) as client:
        with pytest.raises(WorkItemNotFound):
            await client.complete_orchestrator(
                pb.OrchestratorResponse(instanceId="order-1", completionToken="unknown")
            )


async def test_our_server_offers_the_service_of_dtfx() -> None:
    async with own_endpoint() as address, client_of(address) as client:
        backend = BackendClient(client.wire)
        await backend.ping()
        assert await backend.workers() == 0
        assert await backend.create_instance(start("order-1")) == "order-1"
        event = pb.HistoryEvent(eventId=-1)
        event.eventRaised.name = "Paid"
        await backend.add_event("order-1", event)
