"""Every RPC and route × everybody × every hub has the answer that it should have."""

from collections.abc import AsyncIterator

import pytest

from durahub.authorization.requirements import CONNECT, REQUIREMENTS
from tests.security.authorization.callers import OWN, Caller, acquaintances, callers, strangers
from tests.security.authorization.identity_provider import IdentityProvider
from tests.security.authorization.matrix import (
    World,
    grpc_calls,
    http_calls,
    run,
    should_be,
    world,
)
from tests.security.authorization.planting import planted_and_missed

PROVIDER = IdentityProvider()
FEW = (
    "reader",
    "worker",
    "contributor",
    "other contributor",
    "reader everywhere",
    "without grants",
)
"""Those who stand for the others; the command sends everybody."""


def some(*names: str) -> list[Caller]:
    return [one for one in acquaintances(PROVIDER) if one.name in names]


@pytest.fixture
async def served() -> AsyncIterator[World]:
    async with world(PROVIDER) as found:
        yield found


async def test_every_rpc_answers_everybody_as_it_should_on_every_hub(served: World) -> None:
    outcome = await run(served, grpc_calls(), some(*FEW))

    assert outcome.wrong == []


async def test_every_route_answers_everybody_as_it_should_on_every_hub(served: World) -> None:
    outcome = await run(served, http_calls(), some(*FEW), every_place=False)

    assert outcome.wrong == []


async def test_no_stranger_gets_in_by_any_call(served: World) -> None:
    nobody, *_, last = strangers(PROVIDER)
    every = await run(served, [*grpc_calls(), *http_calls()], [nobody, last])
    calls = ["/TaskHubSidecarService/StartInstance", "scheduler GET /orchestrations/{id}"]
    tokens = await run(served, calls, callers(PROVIDER))

    assert every.wrong + tokens.wrong == []


async def test_each_check_that_is_left_out_is_noticed(served: World) -> None:
    calls = [*grpc_calls(), *http_calls()]

    assert [one async for one in planted_and_missed(served, calls, callers(PROVIDER))] == []


async def test_each_requirement_that_is_too_weak_is_noticed(served: World) -> None:
    gate, missed = served.gate, []
    for call, needs in REQUIREMENTS.items():
        if needs != CONNECT:
            gate._requirements = {**REQUIREMENTS, call: CONNECT}
            answers = {
                one.name: (await served.call(call, one, OWN), should_be(call, one, OWN))
                for one in some("reader", "worker", "worker everywhere")
            }
            if all(got == should for got, should in answers.values()):
                missed.append(call)

    assert missed == []
