"""What workers get, over a real channel."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from fake_task_hub import FakeTaskHub
from google.protobuf.empty_pb2 import Empty
from grpc_edge import Edge, served

from durahub.dispatch.work import ActivityWork, OrchestratorWork
from durahub.edge.partial_completions import PATIENCE
from durahub.edge.work_item_sender import Sending
from durahub.edge.work_items import MOST_BYTES
from durahub.engine.actions import Complete, CreateTimer, TurnResult
from durahub.errors import StorageUnavailable, WorkItemNotFound
from durahub.model.failure import Failure
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    Status,
    TaskScheduled,
)
from durahub.model.ticks import Ticks, from_unix

STARTED = ExecutionStarted(timestamp=Ticks(1), execution=Execution("order-7", "e1"), name="Order")


def turn(token: str, *past: Any) -> OrchestratorWork:
    return OrchestratorWork(
        token=token,
        instance_id="order-7",
        execution_id="e1",
        past=past,
        new=(OrchestratorStarted(timestamp=Ticks(1)), STARTED),
        started=STARTED,
    )


def activity(token: str, given: str = "1") -> ActivityWork:
    task = TaskScheduled(event_id=4, timestamp=Ticks(1), name="reserve", input=given)
    return ActivityWork(token=token, instance_id="order-7", execution_id="e1", task=task)


class Seconds:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def edge(seconds: Seconds) -> AsyncIterator[Edge]:
    async with served(
        FakeTaskHub(), monotonic=seconds, clock=lambda: from_unix(9), sending=Sending()
    ) as edge:
        yield edge


async def connect(edge: Edge, request: Any = None, **how: Any) -> Any:
    """Open a stream and take the ping that it begins with."""
    call = edge.stub.GetWorkItems(request or pb.GetWorkItemsRequest(), **how)
    assert (await call.read()).WhichOneof("request") == "healthPing"
    return call


async def refusal(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code(), refused.value.details() or ""


# -- the stream --------------------------------------------------------------------------------


async def test_hello_is_answered(edge: Edge) -> None:
    assert await edge.stub.Hello(Empty()) == Empty()


async def test_a_stream_begins_with_its_headers_and_a_ping(edge: Edge) -> None:
    call = edge.stub.GetWorkItems(pb.GetWorkItemsRequest())
    await call.initial_metadata()
    assert (await call.read()).WhichOneof("request") == "healthPing"


async def test_a_silent_stream_is_pinged_again_and_again() -> None:
    async with served(FakeTaskHub(), sending=Sending(ping_after=0.01)) as edge:
        call = await connect(edge)
        for _ in range(3):
            assert (await call.read()).WhichOneof("request") == "healthPing"


async def test_work_is_sent_in_the_order_of_the_hub(edge: Edge) -> None:
    call = await connect(edge)
    for work in (turn("t1"), activity("t2"), turn("t3")):
        edge.hub.send(work)
    sent = [await call.read() for _ in range(3)]
    assert [(item.completionToken, item.WhichOneof("request")) for item in sent] == [
        ("t1", "orchestratorRequest"),
        ("t2", "activityRequest"),
        ("t3", "orchestratorRequest"),
    ]


async def test_the_hub_learns_what_the_worker_takes(edge: Edge) -> None:
    request = pb.GetWorkItemsRequest(
        maxConcurrentActivityWorkItems=3, capabilities=[1], worker_instance_id="other"
    )
    await connect(edge, request, metadata=(("workerid", "host,1,ab"),))
    options = edge.hub.streams[0].options
    assert options.worker_id == "host,1,ab"
    assert (options.max_activities, options.max_orchestrations) == (3, 100)
    assert options.history_streaming


async def test_a_worker_without_an_id_is_given_one_for_each_stream(edge: Edge) -> None:
    await connect(edge)
    await connect(edge)
    first, second = (stream.options.worker_id for stream in edge.hub.streams)
    assert first
    assert second
    assert first != second


async def test_a_worker_that_leaves_ends_its_stream_in_the_hub(edge: Edge) -> None:
    call = await connect(edge)
    call.cancel()
    await edge.hub.until(edge.hub.streams[0].left.is_set)


async def test_a_stream_that_the_hub_closes_ends_with_unavailable(edge: Edge) -> None:
    call = await connect(edge)
    edge.hub.streams[0].end()
    code, detail = await refusal(call.read())
    assert (code, detail) == (
        grpc.StatusCode.UNAVAILABLE,
        "DH505: this server does not answer: it is stopping",
    )
    assert edge.hub.streams[0].left.is_set()


async def test_a_history_too_large_for_a_message_is_left_to_the_worker_to_fetch(edge: Edge) -> None:
    past = [EventRaised(timestamp=Ticks(2), name="e", input="x" * 500_000) for _ in range(20)]
    call = await connect(edge, pb.GetWorkItemsRequest(capabilities=[1]))
    edge.hub.send(turn("t1", STARTED, *past))
    item = await call.read()
    assert item.orchestratorRequest.requiresHistoryStreaming
    assert len(item.orchestratorRequest.pastEvents) == 0
    assert len(item.orchestratorRequest.newEvents) == 2


@pytest.mark.parametrize(
    "work",
    [
        turn("t1", EventRaised(timestamp=Ticks(2), name="e", input="x" * MOST_BYTES)),
        activity("t1", "x" * MOST_BYTES),
    ],
    ids=["turn", "activity"],
)
async def test_work_that_would_break_the_stream_is_given_back_and_logged(
    edge: Edge, work: Any, caplog: pytest.LogCaptureFixture
) -> None:
    call = await connect(edge)
    edge.hub.send(work)
    edge.hub.send(activity("t2"))
    assert (await call.read()).completionToken == "t2"
    assert edge.hub.called("abandon") == [("t1",)]
    [record] = [r for r in caplog.records if r.message == "work-item-too-large"]
    assert record.instance_id == "order-7"  # type: ignore[attr-defined]
    assert record.bytes > MOST_BYTES  # type: ignore[attr-defined]


async def test_the_largest_work_item_that_a_worker_receives_is_sent(edge: Edge) -> None:
    call = await connect(edge)
    edge.hub.send(activity("t1", "x" * (MOST_BYTES - 60)))
    item = await call.read()
    assert MOST_BYTES - 20 <= item.ByteSize() <= MOST_BYTES


async def test_work_that_cannot_be_encoded_is_given_back_and_the_stream_goes_on(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    call = await connect(edge)
    edge.hub.send(activity("t1", "secret \ud800"))
    edge.hub.send(activity("t2"))
    assert (await call.read()).completionToken == "t2"
    assert edge.hub.called("abandon") == [("t1",)]
    [record] = [r for r in caplog.records if r.message == "work-item-unreadable"]
    assert "secret" not in str(record.__dict__)


# -- completions -------------------------------------------------------------------------------


def answer(token: str = "t1", **more: Any) -> pb.OrchestratorResponse:
    return pb.OrchestratorResponse(instanceId="order-7", completionToken=token, **more)


TIMER = {"id": 1, "createTimer": {"fireAt": {"seconds": 0}}}


async def test_a_turn_is_completed_with_the_workers_actions(edge: Edge) -> None:
    edge.hub.open_tokens = {"t1"}
    actions = [TIMER, {"id": 2, "completeOrchestration": {"orchestrationStatus": 1}}]
    assert (
        await edge.stub.CompleteOrchestratorTask(answer(actions=actions))
        == pb.CompleteTaskResponse()
    )
    result = TurnResult(
        actions=(
            CreateTimer(id=1, fire_at=from_unix(0)),
            Complete(id=2, status=Status.Completed),
        )
    )
    assert edge.hub.called("complete_orchestration") == [("t1", "order-7", result)]


async def test_an_activity_is_completed_with_a_result_or_a_failure(edge: Edge) -> None:
    edge.hub.open_tokens = {"t1", "t2", "t3"}
    for token, outcome in {
        "t1": {},
        "t2": {"result": {"value": ""}},
        "t3": {"failureDetails": {"errorType": "E", "errorMessage": "m"}},
    }.items():
        response = pb.ActivityResponse(
            instanceId="order-7", taskId=4, completionToken=token, **outcome
        )
        await edge.stub.CompleteActivityTask(response)
    assert edge.hub.called("complete_activity") == [
        ("t1", "order-7", 4, None, None),
        ("t2", "order-7", 4, "", None),
        ("t3", "order-7", 4, None, Failure(error_type="E", message="m")),
    ]


@pytest.mark.parametrize("rpc", ["CompleteOrchestratorTask", "CompleteActivityTask"])
async def test_an_unknown_token_is_not_found(edge: Edge, rpc: str) -> None:
    response = {
        "CompleteOrchestratorTask": answer("t9"),
        "CompleteActivityTask": pb.ActivityResponse(completionToken="t9"),
    }[rpc]
    assert await refusal(getattr(edge.stub, rpc)(response)) == (
        grpc.StatusCode.NOT_FOUND,
        "DH203: Work item 't9' not found",
    )


@pytest.mark.parametrize("rpc", ["CompleteOrchestratorTask", "CompleteActivityTask"])
async def test_a_completion_that_cannot_be_stored_now_is_to_be_sent_again(
    edge: Edge, rpc: str
) -> None:
    edge.hub.open_tokens = {"t1"}
    response = {
        "CompleteOrchestratorTask": answer(),
        "CompleteActivityTask": pb.ActivityResponse(completionToken="t1"),
    }[rpc]
    edge.hub.error = StorageUnavailable("shop", "timed out")
    code, _ = await refusal(getattr(edge.stub, rpc)(response))
    assert code is grpc.StatusCode.UNAVAILABLE
    await getattr(edge.stub, rpc)(response)


async def test_an_answer_that_means_nothing_is_refused_and_the_turn_given_back(edge: Edge) -> None:
    edge.hub.open_tokens = {"t1"}
    entity = {"sendEntityMessage": {"entityOperationCalled": {"requestId": "r"}}}
    code, detail = await refusal(edge.stub.CompleteOrchestratorTask(answer(actions=[entity])))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "not an instance ID" in detail
    assert edge.hub.called("abandon") == [("t1",)]
    assert edge.hub.called("complete_orchestration") == []


async def test_a_worker_that_asks_for_history_has_the_turn_delivered_again(edge: Edge) -> None:
    edge.hub.open_tokens = {"t1"}
    await edge.stub.CompleteOrchestratorTask(answer(requiresHistory=True, actions=[TIMER]))
    assert edge.hub.called("abandon") == [("t1",)]
    assert edge.hub.called("complete_orchestration") == []


async def test_parts_are_acknowledged_and_the_whole_is_completed_once(edge: Edge) -> None:
    edge.hub.open_tokens = {"t1"}
    first = answer(actions=[TIMER], isPartial=True, chunkIndex={"value": 0})
    final = answer(actions=[TIMER], chunkIndex={"value": 1}, numEventsProcessed={"value": 0})
    await edge.stub.CompleteOrchestratorTask(first)
    assert edge.hub.calls == []
    edge.hub.error = StorageUnavailable("shop", "timed out")
    assert (await refusal(edge.stub.CompleteOrchestratorTask(final)))[
        0
    ] is grpc.StatusCode.UNAVAILABLE
    await edge.stub.CompleteOrchestratorTask(final)
    timer = CreateTimer(id=1, fire_at=from_unix(0))
    whole = ("t1", "order-7", TurnResult(actions=(timer, timer)))
    assert edge.hub.called("complete_orchestration") == [whole, whole]


async def test_a_missing_part_gives_the_turn_back(edge: Edge) -> None:
    edge.hub.open_tokens = {"t1"}
    late = answer(isPartial=True, chunkIndex={"value": 1})
    code, _ = await refusal(edge.stub.CompleteOrchestratorTask(late))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert edge.hub.called("abandon") == [("t1",)]


@pytest.mark.parametrize("busy", [False, True])
async def test_a_turn_whose_parts_stop_coming_is_given_back(seconds: Seconds, busy: bool) -> None:
    hub = FakeTaskHub()
    async with served(hub, monotonic=seconds, sending=Sending(ping_after=0.05)) as edge:
        call = await connect(edge)
        hub.send(turn("t1"))
        await call.read()
        await edge.stub.CompleteOrchestratorTask(answer(isPartial=True, chunkIndex={"value": 0}))
        seconds.now = PATIENCE
        if busy:  # so much comes that the stream is never silent
            for number in range(10_000):
                hub.send(activity(f"a{number}"))
        await hub.until(lambda: hub.called("abandon") == [("t1",)])


async def test_tokens_of_different_hubs_do_not_mix() -> None:
    orders = FakeTaskHub("orders")
    hub = FakeTaskHub()
    hub.open_tokens = {"t1"}
    orders.open_tokens = {"t1"}
    async with served(hub, orders) as edge:
        to_orders = {"metadata": (("taskhub", "orders"),)}
        first = answer(actions=[TIMER], isPartial=True, chunkIndex={"value": 0})
        await edge.stub.CompleteOrchestratorTask(first, **to_orders)
        await edge.stub.CompleteOrchestratorTask(answer())
        assert hub.called("complete_orchestration") == [("t1", "order-7", TurnResult(actions=()))]
        assert orders.calls == []


@pytest.mark.parametrize("token", ["t1", "nobody's"])
async def test_work_is_taken_back_quietly(edge: Edge, token: str) -> None:
    edge.hub.open_tokens = {"t1"}
    await edge.stub.AbandonTaskOrchestratorWorkItem(
        pb.AbandonOrchestrationTaskRequest(completionToken=token)
    )
    await edge.stub.AbandonTaskActivityWorkItem(
        pb.AbandonActivityTaskRequest(completionToken=token)
    )
    await edge.stub.AbandonTaskEntityWorkItem(pb.AbandonEntityTaskRequest(completionToken=token))
    assert edge.hub.called("abandon") == [(token,)] * 3


async def test_a_completion_may_come_over_another_connection(edge: Edge) -> None:
    call = await connect(edge)
    edge.hub.send(turn("t1"))
    item = await call.read()
    call.cancel()
    async with grpc.aio.insecure_channel(edge.address) as other:
        complete = other.unary_unary(
            "/TaskHubSidecarService/CompleteOrchestratorTask",
            request_serializer=pb.OrchestratorResponse.SerializeToString,
            response_deserializer=pb.CompleteTaskResponse.FromString,
        )
        await complete(answer(item.completionToken))
    assert "t1" not in edge.hub.open_tokens


def test_the_not_found_sentence_is_the_one_that_is_known_of_dts() -> None:
    assert WorkItemNotFound("t").sentence == "Work item 't' not found"
