"""What a server takes on at once, and how it refuses more."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from fake_task_hub import FakeTaskHub, an_instance
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc_edge import Edge, served
from hypothesis import given
from hypothesis import strategies as st

from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.overload import _BY_METHOD, REASONS, Bounds, Load, Overload, load_of
from durahub.errors import Overloaded, StorageBehind, TooManyAtOnce, TooMuchAtOnce
from durahub.model.history import Status as Runtime

SERVICES = (
    pb.DESCRIPTOR.services_by_name["TaskHubSidecarService"],
    bs.DESCRIPTOR.services_by_name["BackendService"],
)
METHODS = sorted({method.name for service in SERVICES for method in service.methods})
OF_WORKERS = ("Hello", "Complete", "Abandon", "Release", "Ping", "BeginWorkerDrain", "GetMetrics")


# -- what decides ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_all_but_what_workers_bring_back_may_be_refused(method: str) -> None:
    is_workers = method.startswith(OF_WORKERS) or method == "GetOrchestrationRuntimeState"

    assert (load_of(method) is Load.WORK) == is_workers


def test_no_method_is_bounded_that_no_service_has() -> None:
    assert set(_BY_METHOD) <= set(METHODS)


@pytest.mark.parametrize(
    ("load", "bounds", "setting"),
    [
        (Load.WRITE, Bounds(calls=2), "server.max_calls"),
        (Load.READ, Bounds(calls=2), "server.max_calls"),
        (Load.WAIT, Bounds(waits=2), "server.max_waits"),
        (Load.STREAM, Bounds(streams=2), "server.max_streams"),
    ],
)
def test_one_more_than_the_bound_is_refused_by_its_setting_until_one_has_ended(
    load: Load, bounds: Bounds, setting: str
) -> None:
    overload = Overload(bounds)
    overload.enter(load, "", 10)
    overload.enter(load, "", 10)

    with pytest.raises(TooManyAtOnce, match=setting) as refused:
        overload.enter(load, "", 10)
    assert refused.value.retry_after > 0
    overload.leave(load, "", 10)
    overload.enter(load, "", 10)
    assert overload.refused[refused.value.reason] == 1


def test_requests_are_refused_when_those_in_progress_fill_the_memory_for_them() -> None:
    overload = Overload(Bounds(bytes=100))
    overload.enter(Load.WRITE, "", 60)

    with pytest.raises(TooMuchAtOnce, match="max_request_memory"):
        overload.enter(Load.WRITE, "", 50)
    overload.enter(Load.WRITE, "", 40)


def test_a_request_larger_than_the_memory_for_them_is_taken_when_it_is_the_only_one() -> None:
    overload = Overload(Bounds(bytes=100))

    overload.enter(Load.WRITE, "", 101)
    assert overload.in_progress["bytes"] == 101


def test_slow_storage_refuses_new_work_and_nothing_else() -> None:
    overload = Overload(Bounds(writes=5), waiting_writes=lambda: 5)

    with pytest.raises(StorageBehind):
        overload.enter(Load.WRITE, "", 1)
    for load in (Load.READ, Load.WAIT, Load.STREAM, Load.WORK):
        overload.enter(load, "", 1)
    assert overload.refused == dict.fromkeys(REASONS, 0) | {"storage": 1}


def test_a_completion_is_taken_however_much_there_is_to_do() -> None:
    overload = Overload(Bounds(calls=1, bytes=1, writes=0))
    overload.enter(Load.READ, "", 100)

    overload.enter(Load.WORK, "", 10_000)


def test_one_of_several_hubs_leaves_room_for_the_others() -> None:
    overload = Overload(Bounds(calls=8, shared=True))
    for _ in range(6):
        overload.enter(Load.WRITE, "loud", 1)

    with pytest.raises(TooManyAtOnce):
        overload.enter(Load.WRITE, "loud", 1)
    overload.enter(Load.WRITE, "quiet", 1)
    overload.enter(Load.WRITE, "quiet", 1)


LOADS = st.sampled_from([Load.WRITE, Load.READ, Load.WAIT, Load.STREAM])


@given(st.lists(st.tuples(LOADS, st.sampled_from("abc"), st.integers(0, 40)), max_size=60))
def test_no_bound_is_ever_exceeded_and_all_is_given_back(
    calls: list[tuple[Load, str, int]],
) -> None:
    bounds = Bounds(calls=8, waits=4, streams=2, bytes=100, shared=True)
    overload = Overload(bounds)
    inside = []
    for call in calls:
        try:
            overload.enter(*call)
        except Overloaded:
            continue
        inside.append(call)
        now = overload.in_progress
        most = {"calls": 8, "waits": 4, "streams": 2, "bytes": 100}
        assert all(now[kind] <= most[kind] for kind in most)
    for call in inside:
        overload.leave(*call)
    assert set(overload.in_progress.values()) == {0}
    assert not overload._of_hub


# -- over the wire -----------------------------------------------------------------------------


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    overload = Overload(Bounds(calls=1, waits=2, streams=1, bytes=1000))
    async with served(FakeTaskHub(), overload=overload) as edge:
        yield edge


async def refused(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    return error.value


async def _wait(edge: Edge, number: int) -> list[Any]:
    waits = [
        edge.stub.WaitForInstanceCompletion(pb.GetInstanceRequest(instanceId=f"order-{n}"))
        for n in range(number)
    ]
    await edge.hub.until(lambda: edge.hub.waiting == number)
    return waits


async def test_a_refused_call_is_told_why_and_when_to_try_again(edge: Edge) -> None:
    waits = await _wait(edge, 2)

    error = await refused(
        edge.stub.WaitForInstanceStart(pb.GetInstanceRequest(instanceId="order-9"))
    )

    assert "DH516" in (error.details() or "")
    assert "server.max_waits" in (error.details() or "")
    trailing = dict(error.trailing_metadata())
    assert trailing["retry-after"] == "5"
    status, retry = Status.FromString(trailing["grpc-status-details-bin"]), RetryInfo()
    assert status.code == 8
    assert status.details[0].Unpack(retry)
    assert retry.retry_delay.seconds == 5
    await edge.hub.put(an_instance("order-0", Runtime.Completed))
    await edge.hub.put(an_instance("order-1", Runtime.Completed))
    assert [(await wait).exists for wait in waits] == [True, True]


async def test_a_cancelled_wait_makes_room(edge: Edge) -> None:
    waits = await _wait(edge, 2)
    for wait in waits:
        wait.cancel()
    await edge.hub.until(lambda: edge.hub.waiting == 0)

    assert len(await _wait(edge, 2)) == 2


async def test_a_worker_without_room_for_its_stream_comes_back_when_there_is(edge: Edge) -> None:
    first = edge.stub.GetWorkItems(pb.GetWorkItemsRequest())
    assert (await first.read()).HasField("healthPing")

    second = edge.stub.GetWorkItems(pb.GetWorkItemsRequest())
    error = await refused(second.read())

    assert "server.max_streams" in (error.details() or "")
    first.cancel()
    await edge.hub.streams[0].left.wait()
    third = edge.stub.GetWorkItems(pb.GetWorkItemsRequest())
    assert (await third.read()).HasField("healthPing")


async def test_completions_are_taken_while_all_else_is_refused(edge: Edge) -> None:
    edge.hub.open_tokens.add("t1")
    waits = await _wait(edge, 2)
    stream = edge.stub.GetWorkItems(pb.GetWorkItemsRequest())
    await stream.read()

    response = pb.ActivityResponse(instanceId="order-1", taskId=4, completionToken="t1")
    await edge.stub.CompleteActivityTask(response)

    assert len(waits) == 2
    assert edge.hub.calls[-1][0] == "complete_activity"


async def test_a_large_request_beside_another_is_refused(edge: Edge) -> None:
    waits = await _wait(edge, 1)

    error = await refused(
        edge.stub.WaitForInstanceStart(pb.GetInstanceRequest(instanceId="x" * 1000))
    )

    assert "DH517" in (error.details() or "")
    waits[0].cancel()
    await asyncio.gather(*waits, return_exceptions=True)
