"""The probes of a running server: ready while it serves, not ready as soon as a drain begins."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from durahub.configuration.settings import DrainSettings, ServerBounds, Settings
from durahub.serving import Running, running_server
from durahub.storage import SqliteStorage

LONG = 3_600.0  # seconds: a delay that no test waits for

Status = health_pb2.HealthCheckResponse


@dataclass
class Probed:
    """A running server; *end* ends it."""

    ports: Running
    end: asyncio.Event
    running: "asyncio.Task[None]"

    async def readyz(self, client: httpx.AsyncClient) -> httpx.Response:
        return await client.get(f"http://127.0.0.1:{self.ports.http_port}/readyz")


@contextlib.asynccontextmanager
async def probed(delay: float, bounds: ServerBounds | None = None) -> AsyncIterator[Probed]:
    ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    end = asyncio.Event()

    async def serve() -> None:
        drain = DrainSettings(delay, 5.0)
        settings = Settings(
            grpc_port=0,
            http_port=0,
            api_port=None,
            drain=drain,
            bounds=bounds or ServerBounds(),
        )
        async with SqliteStorage(":memory:") as storage, running_server(storage, settings) as ports:
            ready.set_result(ports)
            await end.wait()

    running = asyncio.create_task(serve())
    try:
        yield Probed(await ready, end, running)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def read_all(watch: Any) -> None:
    while await watch.read() is not grpc.aio.EOF:
        pass


async def test_a_server_that_serves_is_ready_and_says_so_to_both_kinds_of_probes() -> None:
    async with probed(0.0) as server, httpx.AsyncClient(timeout=60) as client:
        answer = await server.readyz(client)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.ports.grpc_port}") as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            health = await stub.Check(health_pb2.HealthCheckRequest())
            everything = await stub.List(health_pb2.HealthListRequest())
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.Check(health_pb2.HealthCheckRequest(service="shop.Orders"))

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert health.status == Status.SERVING
    assert {one.status for one in everything.statuses.values()} == {Status.SERVING}
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_when_a_drain_begins_probes_see_it_before_any_port_closes() -> None:
    async with (
        probed(LONG) as server,
        httpx.AsyncClient(timeout=60) as client,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.ports.grpc_port}") as channel,
    ):
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == Status.SERVING

        server.end.set()

        assert (await watch.read()).status == Status.NOT_SERVING
        answer = await server.readyz(client)
        assert (answer.status_code, answer.json()) == (503, {"status": "draining"})
        living = await client.get(f"http://127.0.0.1:{server.ports.http_port}/healthz")
        assert living.status_code == 204
        watch.cancel()


async def test_those_who_watch_are_bounded_and_asking_is_not() -> None:
    bounds = ServerBounds(streams=2)
    async with (
        probed(0.0, bounds) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.ports.grpc_port}") as channel,
    ):
        stub = health_pb2_grpc.HealthStub(channel)
        watching = [stub.Watch(health_pb2.HealthCheckRequest()) for _ in range(2)]
        for watch in watching:
            await watch.read()

        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await read_all(stub.Watch(health_pb2.HealthCheckRequest()))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await stub.Check(health_pb2.HealthCheckRequest())).status == Status.SERVING
        for watch in watching:
            watch.cancel()


async def test_who_watches_does_not_keep_a_server_from_stopping() -> None:
    async with (
        probed(0.0) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.ports.grpc_port}") as channel,
    ):
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        await watch.read()

        server.end.set()
        await server.running

        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await read_all(watch)
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
