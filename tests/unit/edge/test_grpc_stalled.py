"""Workers and clients that do not read what they are sent: it is bounded, and ends."""

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from fake_task_hub import FakeTaskHub, an_instance
from grpc_edge import served

from durahub.dispatch.work import ActivityWork
from durahub.edge.overload import Bounds, Overload
from durahub.edge.work_item_sender import Sending
from durahub.model.history import EventRaised, Status, TaskScheduled
from durahub.model.ticks import Ticks

MIB = 1024 * 1024


def _work(number: int) -> ActivityWork:
    task = TaskScheduled(event_id=4, timestamp=Ticks(1), name="reserve", input="x" * MIB)
    return ActivityWork(token=f"t{number}", instance_id="order-7", execution_id="e1", task=task)


async def test_a_worker_that_reads_nothing_is_sent_what_flow_control_lets_through_and_is_let_go() -> (
    None
):
    async with served(FakeTaskHub(), sending=Sending(ping_after=0.1, stalled_after=0.2)) as edge:
        call = edge.stub.GetWorkItems(pb.GetWorkItemsRequest())
        await edge.hub.connected.wait()
        stream = edge.hub.streams[0]
        for number in range(50):
            stream.push(_work(number))

        await stream.left.wait()  # its items are the hub's again

        assert len(stream._ready) > 40
        with pytest.raises(grpc.aio.AioRpcError, match="has read nothing"):
            await _read_on(call)  # it comes back by itself after that


async def _read_on(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


async def test_a_worker_that_reads_slowly_stays() -> None:
    async with served(FakeTaskHub(), sending=Sending(ping_after=0.05, stalled_after=60)) as edge:
        call = edge.stub.GetWorkItems(pb.GetWorkItemsRequest(), timeout=60)
        await edge.hub.connected.wait()
        stream = edge.hub.streams[0]
        for number in range(6):
            stream.push(_work(number))
        seen = []
        while len(seen) < 6:
            await asyncio.sleep(0.1)  # longer than the pause between pings
            item = await call.read()
            if item.HasField("activityRequest"):
                seen.append(item.completionToken)

        assert seen == [f"t{number}" for number in range(6)]
        assert not stream.left.is_set()


async def test_a_history_that_is_not_read_counts_until_its_client_goes() -> None:
    hub, overload = FakeTaskHub(), Overload(Bounds(calls=1))
    events = [
        EventRaised(timestamp=Ticks(n), name="e", input="x" * MIB, event_id=-1) for n in range(40)
    ]
    hub.histories["order-7"] = list(events)
    async with served(hub, overload=overload) as edge:
        call = edge.stub.StreamInstanceHistory(
            pb.StreamInstanceHistoryRequest(instanceId="order-7")
        )
        assert (await call.read()).events
        assert overload.in_progress["calls"] == 1
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await edge.stub.GetInstance(pb.GetInstanceRequest(instanceId="order-7"))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

        call.cancel()
        await edge.hub.until(lambda: overload.in_progress["calls"] == 0)


async def test_an_answer_that_is_not_read_counts_until_it_is() -> None:
    """A client that asks and does not read: as many answers are in memory as calls are allowed."""
    hub, overload = FakeTaskHub(), Overload(Bounds(calls=5))
    await hub.put(an_instance("order-7", Status.Completed, input="x" * 3 * MIB))
    asked = pb.GetInstanceRequest(instanceId="order-7", getInputsAndOutputs=True)
    async with served(hub, overload=overload) as edge:
        _, writer = await asyncio.open_connection("127.0.0.1", edge.server.port, limit=1)
        for number in range(20):
            await _ask(writer, number, "GetInstance", asked, opens=number == 0)
        await edge.hub.until(lambda: overload.refused["calls"] >= 15)

        assert overload.in_progress["calls"] == 5
        writer.close()
        await edge.hub.until(lambda: overload.in_progress["calls"] == 0)


async def _ask(
    writer: asyncio.StreamWriter, number: int, method: str, message: Any, *, opens: bool
) -> None:
    """Send a call over HTTP/2, of which nothing will be read. Source of the frames: RFC 9113."""
    if opens:
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b""))
    path = f"/{SERVICE}/{method}"
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "localhost",
        "content-type": "application/grpc",
        "te": "trailers",
    }
    block = b"".join(
        b"\x00" + bytes([len(k)]) + k.encode() + bytes([len(v)]) + v.encode()
        for k, v in headers.items()
    )
    body = message.SerializeToString()
    stream = 2 * number + 1
    writer.write(_frame(1, 4, stream, block))
    writer.write(_frame(0, 1, stream, b"\x00" + len(body).to_bytes(4, "big") + body))
    await writer.drain()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags])
    return head + stream.to_bytes(4, "big") + payload


SERVICE = pb.DESCRIPTOR.services_by_name["TaskHubSidecarService"].full_name
