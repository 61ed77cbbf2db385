"""Lines 19 to 21: what a worker's answer changes, and what changes nothing."""

import json
from typing import Any

import grpc
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.wrappers_pb2 import Int32Value

from tests.checklist.answers import Answer, again, call, done
from tests.checklist.recording_worker import Held
from tests.checklist.served_hubs import ServedHub
from tests.checklist.turns import Turn, in_turns

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUNNING = pb.ORCHESTRATION_STATUS_RUNNING


def hold(given: object) -> object:
    raise Held


async def refused(code: grpc.StatusCode, completing: Any) -> None:
    """Expect a completion to be refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await completing
    assert caught.value.code() is code


async def give_back(hub: ServedHub, turn: Turn) -> None:
    await hub.client.AbandonTaskOrchestratorWorkItem(
        pb.AbandonOrchestrationTaskRequest(completionToken=turn.token)
    )


def part(number: int, *actions: Any, last: bool = False) -> Answer:
    """Return a chunk of an answer."""
    return Answer(actions, fields={"isPartial": not last, "chunkIndex": Int32Value(value=number)})


@pytest.mark.line(19)
async def test_a_custom_status_is_replaced_by_each_episode_and_cleared_when_unset(
    hub: ServedHub,
) -> None:
    order = await hub.start(
        in_turns(
            lambda turn: Answer(status='"a"'),
            lambda turn: Answer(status='{"b":1}'),
            lambda turn: Answer([done(0)]),
        )
    )
    await hub.stored(order, 3)
    assert (await hub.once(order, RUNNING)).customStatus.value == '"a"'
    await hub.send(order, "Go")
    await hub.stored(order, 6)
    assert (await hub.state(order)).customStatus.value == '{"b":1}'
    await hub.send(order, "Go")
    assert not (await hub.ended(order)).HasField("customStatus")


@pytest.mark.line(19)
async def test_a_custom_status_is_untouched_by_an_abandoned_turn_and_by_one_that_wants_history(
    hub: ServedHub,
) -> None:
    order = await hub.start(in_turns(lambda turn: Answer(status='"a"'), lambda turn: None))
    await hub.send(order, "Go")
    turn = await hub.worker.turn(order, 2)
    await give_back(hub, turn)

    turn = await hub.worker.turn(order, 3)  # the same again
    assert (await hub.state(order)).customStatus.value == '"a"'
    wants = Answer([done(0)], '"x"', {"requiresHistory": True})
    await hub.worker.answer(turn, wants)

    again_ = await hub.worker.turn(order, 4)
    assert (again_.new, again_.past) == (turn.new, turn.past)
    state = await hub.state(order)
    assert (state.customStatus.value, state.orchestrationStatus) == ('"a"', RUNNING)


@pytest.mark.line(19)
async def test_a_custom_status_is_inherited_once_by_a_new_generation(hub: ServedHub) -> None:
    order = await hub.start(
        lambda turn: Answer([again(0, "next")], '"a"') if turn.given is None else Answer()
    )
    await hub.stored(order, 3)
    assert (await hub.once(order, RUNNING)).customStatus.value == '"a"'
    await hub.send(order, "Go")
    await hub.stored(order, 6)
    assert not (await hub.state(order)).HasField("customStatus")


@pytest.mark.line(20)
async def test_an_answer_in_chunks_has_the_effect_of_one(hub: ServedHub) -> None:
    charge = hub.activity(hold)
    order = await hub.start(lambda turn: None)
    turn = await hub.worker.turn(order)

    await hub.worker.answer(turn, part(0, call(0, charge, "a")))
    await hub.worker.answer(turn, part(1, call(1, charge, "b")))
    assert await hub.history(order) == ()
    await hub.worker.answer(turn, part(2, call(2, charge, "c"), done(3, "all"), last=True))
    state = await hub.ended(order)

    assert json.loads(state.output.value) == "all"
    assert await hub.kinds(order) == (
        "OrchestratorStarted ExecutionStarted TaskScheduled TaskScheduled TaskScheduled"
        " ExecutionCompleted OrchestratorCompleted"
    )
    await hub.worker.task(order, 3)
    assert [json.loads(t.input.value) for t in hub.worker.tasks_of(order)] == ["a", "b", "c"]


@pytest.mark.line(20)
async def test_a_broken_series_of_chunks_changes_nothing(hub: ServedHub) -> None:
    charge = hub.activity(hold)
    order = await hub.start(lambda turn: None)
    turn = await hub.worker.turn(order)

    await hub.worker.answer(turn, part(0, call(0, charge)))
    await refused(
        grpc.StatusCode.INVALID_ARGUMENT, hub.worker.answer(turn, part(2, done(1), last=True))
    )

    same = await hub.worker.turn(order, 2)  # it is given out again
    assert (same.new, same.token != turn.token) == (turn.new, True)
    assert await hub.history(order) == ()
    await hub.worker.answer(same, [done(0)])
    await hub.ended(order)
    assert hub.worker.tasks_of(order) == []


@pytest.mark.line(21)
async def test_a_stale_token_is_not_found_and_changes_nothing(hub: ServedHub) -> None:
    order = await hub.start(lambda turn: None)
    stale = await hub.worker.turn(order)
    await give_back(hub, stale)
    fresh = await hub.worker.turn(order, 2)

    wrong = hub.worker.answer(stale, Answer([done(0, "wrong")], '"wrong"'))
    await refused(grpc.StatusCode.NOT_FOUND, wrong)

    assert await hub.history(order) == ()
    await hub.worker.answer(fresh, [done(0, "right")])
    state = await hub.ended(order)
    assert (state.output.value, state.HasField("customStatus")) == ('"right"', False)
