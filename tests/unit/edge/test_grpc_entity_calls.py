"""What clients and workers get who call about entities, over a real channel."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from fake_task_hub import CREATED, FakeTaskHub
from grpc_edge import Edge, served

from durahub.dispatch.entity_queries import EntityQuery
from durahub.edge.entity_calls import LARGEST_PAGE
from durahub.engine.entities.work import Entity, EntityResult, EntityStatus, OperationResult
from durahub.errors import BadInstanceId
from durahub.model.history import Trace
from durahub.model.ticks import UNIX_EPOCH, Ticks


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    async with served(FakeTaskHub()) as edge:
        yield edge


async def code_of(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code()


def entity(instance_id: str = "@counter@a", **more: Any) -> Entity:
    status = EntityStatus(exists=True, backlog=2, locked_by="order-9")
    facts = {"last_modified": CREATED, "status": status, "state": "1"}
    return Entity(instance_id=instance_id, **(facts | more))


async def test_a_signal_brings_all_that_the_client_says(edge: Edge) -> None:
    await edge.stub.SignalEntity(
        pb.SignalEntityRequest(
            instanceId="@counter@a",
            name="add",
            input={"value": "1"},
            requestId="r",
            scheduledTime={"seconds": 1},
            parentTraceContext={"traceParent": "00-a-b-01"},
            requestTime={"seconds": 2},
        )
    )

    more = {
        "request_id": "r",
        "scheduled": Ticks(UNIX_EPOCH + 10_000_000),
        "trace": Trace(trace_parent="00-a-b-01"),
        "requested": Ticks(UNIX_EPOCH + 20_000_000),
    }
    assert edge.hub.called("signal_entity") == [("@counter@a", "add", "1", more)]


async def test_an_entity_is_shown_with_its_lock_and_its_backlog(edge: Edge) -> None:
    edge.hub.entities["@counter@a"] = entity()

    found = await edge.stub.GetEntity(
        pb.GetEntityRequest(instanceId="@counter@a", includeState=True)
    )

    assert edge.hub.called("get_entity") == [("@counter@a", True)]
    assert found.exists
    assert found.entity.lockedBy.value == "order-9"
    assert found.entity.backlogQueueSize == 2
    assert found.entity.serializedState.value == "1"
    assert found.entity.lastModifiedTime.seconds == 1_700_000_000


async def test_an_entity_that_is_not_locked_says_nothing_of_a_lock(edge: Edge) -> None:
    edge.hub.entities["@counter@a"] = entity(status=EntityStatus(exists=True), state=None)

    found = await edge.stub.GetEntity(pb.GetEntityRequest(instanceId="@counter@a"))

    assert not found.entity.HasField("lockedBy")
    assert not found.entity.HasField("serializedState")


async def test_no_entity_is_an_answer_not_an_error(edge: Edge) -> None:
    found = await edge.stub.GetEntity(pb.GetEntityRequest(instanceId="@counter@b"))
    assert (found.exists, found.HasField("entity")) == (False, False)


async def test_pages_of_entities_end_without_a_token(edge: Edge) -> None:
    edge.hub.entities = {name: entity(name) for name in ("@c@1", "@c@2", "@c@3")}
    query = pb.EntityQuery(
        instanceIdStartsWith={"value": "@c"}, pageSize={"value": 2}, includeTransient=True
    )

    first = await edge.stub.QueryEntities(pb.QueryEntitiesRequest(query=query))
    query.continuationToken.CopyFrom(first.continuationToken)
    last = await edge.stub.QueryEntities(pb.QueryEntitiesRequest(query=query))

    assert [one.instanceId for one in first.entities] == ["@c@1", "@c@2"]
    assert [one.instanceId for one in last.entities] == ["@c@3"]
    assert not last.HasField("continuationToken")
    assert edge.hub.called("query_entities")[0] == (
        EntityQuery(prefix="@c", transient=True, page_size=2),
    )


async def test_a_page_of_entities_is_never_larger_than_clients_receive(edge: Edge) -> None:
    edge.hub.entities = {f"@c@{n}": entity(f"@c@{n}", state="x" * 1_000_000) for n in range(9)}

    page = await edge.stub.QueryEntities(
        pb.QueryEntitiesRequest(query=pb.EntityQuery(includeState=True))
    )

    assert 0 < len(page.entities) < 9
    assert page.HasField("continuationToken")
    assert page.ByteSize() < 4 * 1024 * 1024


@pytest.mark.parametrize(("wanted", "asked"), [(0, 100), (7, 7), (2**31 - 1, LARGEST_PAGE)])
async def test_a_page_size_is_kept_within_bounds(edge: Edge, wanted: int, asked: int) -> None:
    query = pb.EntityQuery(pageSize={"value": wanted})
    await edge.stub.QueryEntities(pb.QueryEntitiesRequest(query=query))
    assert edge.hub.called("query_entities")[0][0].page_size == asked  # type: ignore[attr-defined]


async def test_a_negative_page_size_is_refused(edge: Edge) -> None:
    query = pb.EntityQuery(pageSize={"value": -1})
    code = await code_of(edge.stub.QueryEntities(pb.QueryEntitiesRequest(query=query)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_cleaning_tells_what_was_done_and_that_it_is_done(edge: Edge) -> None:
    answer = await edge.stub.CleanEntityStorage(
        pb.CleanEntityStorageRequest(removeEmptyEntities=True, releaseOrphanedLocks=False)
    )
    assert edge.hub.called("clean_entities") == [(True, False, None)]
    assert (answer.emptyEntitiesRemoved, answer.orphanedLocksReleased) == (2, 1)
    assert not answer.HasField("continuationToken")


async def test_a_batch_is_completed_by_its_token(edge: Edge) -> None:
    edge.hub.open_tokens.add("t")
    success = pb.OperationResultSuccess(result={"value": "4"})

    await edge.stub.CompleteEntityTask(
        pb.EntityBatchResult(
            completionToken="t",
            results=[pb.OperationResult(success=success)],
            entityState={"value": "4"},
        )
    )

    answer = EntityResult(results=(OperationResult(result="4"),), state="4")
    assert edge.hub.called("complete_entity") == [("t", "", answer)]


@pytest.mark.parametrize(
    "how", [{"failureDetails": {"errorType": "Broken"}}, {"requiresState": True}]
)
async def test_a_batch_that_failed_as_a_whole_is_given_back(
    edge: Edge, how: dict[str, Any]
) -> None:
    edge.hub.open_tokens.add("t")
    await edge.stub.CompleteEntityTask(pb.EntityBatchResult(completionToken="t", **how))
    assert edge.hub.called("abandon") == [("t",)]
    assert edge.hub.called("complete_entity") == []


async def test_a_batch_that_means_nothing_is_refused_and_given_back(edge: Edge) -> None:
    edge.hub.open_tokens.add("t")
    batch = pb.EntityBatchResult(completionToken="t", results=[pb.OperationResult()])
    assert await code_of(edge.stub.CompleteEntityTask(batch)) is grpc.StatusCode.INVALID_ARGUMENT
    assert edge.hub.called("abandon") == [("t",)]


async def test_the_end_of_a_batch_that_is_not_out_is_not_found(edge: Edge) -> None:
    batch = pb.EntityBatchResult(completionToken="stale")
    assert await code_of(edge.stub.CompleteEntityTask(batch)) is grpc.StatusCode.NOT_FOUND


async def test_an_illegal_entity_id_is_an_invalid_argument(edge: Edge) -> None:
    edge.hub.error = BadInstanceId("counter", "it does not begin with @")
    call = edge.stub.SignalEntity(pb.SignalEntityRequest(instanceId="counter", name="add"))
    assert await code_of(call) is grpc.StatusCode.INVALID_ARGUMENT
