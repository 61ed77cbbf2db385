"""A served edge for tests: a real server on a free port and real channels to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from fake_task_hub import FakeDirectory, FakeTaskHub

from durahub.edge.server import GrpcServer, start_server


@dataclass
class Edge:
    hub: FakeTaskHub
    server: GrpcServer
    stub: Any
    channel: grpc.aio.Channel

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"


@asynccontextmanager
async def served(
    hub: FakeTaskHub, *others: FakeTaskHub, channel_options: tuple = (), **how: Any
) -> AsyncIterator[Edge]:
    """Serve *hub* as the default hub, and *others* beside it."""
    server = await start_server(FakeDirectory(hub, *others), host="127.0.0.1", port=0, **how)
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", options=channel_options)
    try:
        yield Edge(hub, server, TaskHubSidecarServiceStub(channel), channel)
    finally:
        await channel.close()
        await server.stop(0)
