"""A stream ends when what its caller presented has expired, unless it has presented something since."""

import asyncio
from typing import Any

import pytest

from durahub.authorization.gate import Gate
from durahub.authorization.presented import NOTHING, Presented
from durahub.authorization.principals import Grant, Principal
from durahub.authorization.roles import Role
from durahub.edge.gating import gated
from durahub.errors import ServerUnavailable
from durahub.model.ticks import Ticks, later

NOON = Ticks(638_000_000_000_000_000)
PATH = "/TaskHubSidecarService/GetWorkItems"


class Way:
    """Lets a worker in until *expires*."""

    expires = later(NOON, 0.001)

    async def principal(self, presented: Presented) -> Principal:
        return Principal("worker", (Grant(Role.WORKER, "*"),), self.expires)


class Context:
    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()

    def auth_context(self) -> dict[str, Any]:
        return {}


def stream(gate: Gate, times: list[Ticks], ended: asyncio.Event) -> Any:
    async def call(request: Any, context: Any) -> str:
        await ended.wait()
        return "ended by itself"

    def clock() -> Ticks:
        if len(times) == 1:
            ended.set()  # nobody has ended it until the last look
        return times.pop(0)

    how: Any = {"default_hub": "orders", "clock": clock, "streams": True}
    return gated(call, PATH, gate, **how)(object(), Context())


async def test_a_stream_ends_with_unavailable_when_its_token_has_expired() -> None:
    times = [NOON, later(NOON, 1), NOON]
    with pytest.raises(ServerUnavailable, match="expired"):
        await stream(Gate([Way()]), times, asyncio.Event())


async def test_a_fresh_token_of_the_same_caller_keeps_it_open() -> None:
    way = Way()
    gate, times = Gate([way]), [NOON, later(NOON, 1)]
    running = asyncio.create_task(stream(gate, times, asyncio.Event()))
    await asyncio.sleep(0)  # until it has begun
    way.expires = later(NOON, 3600)
    await gate.admit(PATH, "orders", NOTHING)

    assert await running == "ended by itself"
