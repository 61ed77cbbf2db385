"""Far more than usual at once: it is served or refused, and nothing of it stays."""

import asyncio
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.configuration.settings import HubSettings
from durahub.edge.overload import Bounds
from tests.pressure.serving_hubs import Server, served, until
from tests.pressure.small_worker import working

pytestmark = [pytest.mark.slow]

REFUSED = grpc.StatusCode.RESOURCE_EXHAUSTED
MIB = 1024 * 1024


async def _codes(calls: list[Any]) -> Counter[str]:
    """Return how many calls ended with which status."""

    async def code(call: Any) -> str:
        try:
            await call
        except grpc.aio.AioRpcError as error:
            return error.code().name
        return "OK"

    return Counter(await asyncio.gather(*(code(call) for call in calls)))


async def test_ten_thousand_wait_and_are_told_and_one_more_is_refused(tmp_path: Path) -> None:
    number = 10_000
    async with served(tmp_path, bounds=Bounds(waits=number)) as server, working(server):
        channels = [server.connection() for _ in range(4)]
        asked = pb.GetInstanceRequest(instanceId="order-7")
        waits = [
            server.stub(channels[n % 4]).WaitForInstanceCompletion(asked) for n in range(number)
        ]
        await until(lambda: server.busy("waits") == number)

        one_more = server.stub().WaitForInstanceCompletion(asked)
        assert await _codes([one_more]) == {REFUSED.name: 1}
        await server.start("Order", "order-7", given="7")
        assert await _codes(waits) == {"OK": number}
        await until(lambda: server.busy("waits") == 0)
        hub = await server.directory.find("default")
        assert not hub._waits._waiting
        for channel in channels:
            await channel.close()


async def test_two_thousand_streams_are_served_one_more_is_refused_and_none_stays(
    tmp_path: Path,
) -> None:
    number = 2_000
    async with served(tmp_path, bounds=Bounds(streams=number)) as server:
        channels = [server.connection() for _ in range(4)]
        request = pb.GetWorkItemsRequest(maxConcurrentActivityWorkItems=1)
        streams = [server.stub(channels[n % 4]).GetWorkItems(request) for n in range(number)]
        await asyncio.gather(*(stream.read() for stream in streams))
        hub = await server.directory.find("default")
        assert hub.workers == number

        one_more = server.stub().GetWorkItems(request)
        assert await _codes([one_more.read()]) == {REFUSED.name: 1}
        for stream in streams:
            stream.cancel()
        await until(lambda: hub.workers == 0)
        await until(lambda: server.busy("streams") == 0)
        async with working(server):
            await server.start("Order", "order-7", given="7")
            assert await server.ended("order-7") == "7"
        for channel in channels:
            await channel.close()


async def test_starts_that_storage_does_not_take_are_refused_and_those_taken_are_done(
    tmp_path: Path,
) -> None:
    bounds = Bounds(writes=50)
    async with served(tmp_path, bounds=bounds) as server, working(server):
        stuck, go_on = threading.Event(), threading.Event()

        def block(_: object) -> None:
            stuck.set()
            go_on.wait()

        blocked = asyncio.create_task(server.file.write(block))
        await until(stuck.is_set)
        starts = [asyncio.create_task(_start(server, n)) for n in range(500)]
        await until(lambda: server.overload.refused["storage"] > 0)
        assert server.file.waiting_writes <= 50 + 1
        asked = pb.GetInstanceRequest(instanceId="order-0")
        assert not (await server.stub().GetInstance(asked)).exists  # reads go on
        go_on.set()
        await blocked
        codes = await asyncio.gather(*starts)

        taken = [n for n, code in enumerate(codes) if code == "OK"]
        assert {code for code in codes if code != "OK"} == {REFUSED.name}
        outputs = await asyncio.gather(*(server.ended(f"order-{n}") for n in taken))
        assert outputs == [str(n) for n in taken]


async def test_bytes_that_storage_does_not_take_are_bounded_when_their_callers_have_given_up(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, bounds=Bounds(write_bytes=2 * MIB)) as server, working(server):
        stuck, go_on = threading.Event(), threading.Event()

        def block(_: object) -> None:
            stuck.set()
            go_on.wait()

        blocked = asyncio.create_task(server.file.write(block))
        await until(stuck.is_set)
        try:
            for n in range(2):
                request = pb.CreateInstanceRequest(name="Order", instanceId=f"order-{n}")
                request.input.value = "1" * MIB
                call = server.stub().StartInstance(request)
                await until(lambda most=(n + 1) * MIB: server.file.waiting_bytes >= most)  # type: ignore[misc]
                call.cancel()
                await until(lambda: server.busy("calls") == 0)
            assert await _start(server, 7) == REFUSED.name
        finally:
            go_on.set()
            await blocked

        await until(lambda: server.file.waiting_bytes == 0)
        assert await _start(server, 7) == "OK"
        assert await server.ended("order-0") == "1" * MIB


async def _start(server: Server, number: int) -> str:
    try:
        await server.start("Order", f"order-{number}", given=str(number))
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"


async def test_messages_that_are_large_wait_in_storage_beyond_the_memory_for_them(
    tmp_path: Path,
) -> None:
    """Forty MiB of starts, of which the worker takes one."""
    settings = HubSettings(message_memory=8)
    async with served(tmp_path, settings=settings) as server:
        async with working(server, silent=True, most=1) as silent:
            names = [f"order-{n}" for n in range(40)]
            for name in names:
                await server.start("Order", name, given="1" * MIB)
            await until(lambda: len(silent.taken) == 1)
            hub = await server.directory.find("default")
            held = hub._orchestrations.room.held_bytes

            assert held <= 8 * MIB + 8 * MIB + MIB  # and one look into the table, of 8 MiB
        async with working(server):
            outputs = await asyncio.gather(*(server.ended(name) for name in names))
            assert {len(output) for output in outputs} == {MIB}
