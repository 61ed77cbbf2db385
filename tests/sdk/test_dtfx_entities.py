"""Entities served by workers of ``BackendService``, on both stores."""

from collections.abc import AsyncIterator, Generator
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from tests.compatibility.claims import dtfx
from tests.sdk.dtfx_hubs import Served, served
from tests.sdk.dtfx_replay import Context, Task
from tests.sdk.dtfx_worker import DtfxWorker, at_work

COUNTER = "@counter@a"
GUIDS = [f"0b5cc9e3-6c1f-4d4c-8b8b-3a7d2f4e9a1{n}" for n in range(3)]

pytestmark = dtfx(
    "DTFx: entities",
    *("GetEntity", "QueryEntities", "CompleteEntityWorkItem", "CompleteOrchestrationWorkItem"),
)


def calls(ctx: Context) -> Generator[Task, Any, Any]:
    """Signal the counter, call it twice, and tell both answers."""
    ctx.signal_entity(COUNTER, "add", 1, GUIDS[0])
    first = yield ctx.call_entity(COUNTER, "add", 2, GUIDS[1])
    second = yield ctx.call_entity(COUNTER, "get", None, GUIDS[2])
    return [first, second]


@pytest.fixture(params=["scheduler", pytest.param("classic", marks=pytest.mark.azurite)])
async def hub(request: pytest.FixtureRequest, hub_name: str) -> AsyncIterator[Served]:
    place = None
    if request.param == "classic":
        place = request.getfixturevalue("azurite").connection_string
    async with served(hub_name, place) as found:
        yield found


@pytest.fixture
async def worker(hub: Served) -> AsyncIterator[DtfxWorker]:
    async with at_work(DtfxWorker(hub.channel, hub.name, {"calls": calls}, {})) as at:
        yield at


async def test_an_orchestration_signals_and_calls_an_entity(
    hub: Served, worker: DtfxWorker
) -> None:
    instance_id = await hub.client.start("calls")
    assert (await hub.client.end(instance_id)).output.value == "[3, 3]"
    kinds = await hub.client.kinds(instance_id)
    assert kinds.count("entityOperationCalled") == 2
    assert kinds.count("entityOperationSignaled") == 1
    assert kinds.count("entityOperationCompleted") == 2
    assert worker.refused == []


async def test_a_client_signals_an_entity_and_reads_its_state(
    hub: Served, worker: DtfxWorker
) -> None:
    signal = pb.EntityOperationSignaledEvent(
        requestId=GUIDS[0], operation="add", input={"value": "5"}
    )
    await hub.client.add(COUNTER, entityOperationSignaled=signal)
    batch = await worker.until_seen(1)
    [operation] = batch.entityRequestV2.operationRequests
    assert operation.entityOperationSignaled.operation == "add"
    await hub.client.end(await hub.client.start("calls"))
    request = pb.GetEntityRequest(instanceId=COUNTER, includeState=True)
    found = await hub.client.stub.GetEntity(request)
    assert found.entity.serializedState.value == "8"
    query = pb.QueryEntitiesRequest(query=pb.EntityQuery(instanceIdStartsWith={"value": "@c"}))
    page = await hub.client.stub.QueryEntities(query)
    assert [entity.instanceId for entity in page.entities] == [COUNTER]
