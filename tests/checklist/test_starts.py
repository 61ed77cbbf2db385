"""Lines 23 to 28: starting instances and children."""

import asyncio
import json
from typing import Any

import grpc
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.clock import system_clock
from durahub.edge.wellknown import timestamp
from durahub.model.ticks import later
from tests.checklist.answers import Action, Answer, child, done, end_terminated
from tests.checklist.served_hubs import ServedHub
from tests.checklist.turns import Turn, always, in_turns, only

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUNNING = pb.ORCHESTRATION_STATUS_RUNNING
PENDING = pb.ORCHESTRATION_STATUS_PENDING
TERMINATED = pb.ORCHESTRATION_STATUS_TERMINATED


def ends_when_told(turn: Turn) -> list[Action]:
    """Do nothing until it is terminated."""
    return [end_terminated(0, "told")] if turn.has("executionTerminated") else []


def replaceable(*statuses: "pb.OrchestrationStatus") -> dict[str, Any]:
    policy = pb.OrchestrationIdReusePolicy(replaceableStatus=statuses)
    return {"orchestrationIdReusePolicy": policy}


async def refused(code: grpc.StatusCode, call: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is code, caught.value.details()


def executions(hub: ServedHub, instance_id: str) -> list[str]:
    """Return the executions of an instance that the worker has seen, in order."""
    seen = [turn.request.executionId.value for turn in hub.worker.turns_of(instance_id)]
    return list(dict.fromkeys(seen))


@pytest.mark.line(23)
async def test_a_start_on_a_running_id_is_refused_and_on_a_completed_one_a_new_generation(
    hub: ServedHub,
) -> None:
    order = await hub.start(lambda turn: [done(0)] if turn.raised() else [])
    await hub.once(order, RUNNING)
    await refused(grpc.StatusCode.ALREADY_EXISTS, hub.start(always(), instanceId=order))
    await hub.send(order, "Go")
    await hub.ended(order)
    before = await hub.row(order)

    await hub.start(always(done(0)), instanceId=order)
    await hub.ended(order)

    after = await hub.row(order)
    assert after.execution_id != before.execution_id
    assert (before.generation, after.generation) == (0, 1)


@pytest.mark.line(24)
async def test_a_running_instance_that_may_be_replaced_is_terminated_first(hub: ServedHub) -> None:
    order = await hub.start(ends_when_told)
    await hub.once(order, RUNNING)

    await hub.start(always(done(0, "new")), instanceId=order, **replaceable(RUNNING, TERMINATED))
    state = await hub.ended(order)

    old, new = executions(hub, order)
    last_of_old = [t for t in hub.worker.turns_of(order) if t.request.executionId.value == old][-1]
    assert last_of_old.has("executionTerminated")
    assert hub.worker.turns_of(order)[-1].request.executionId.value == new
    assert json.loads(state.output.value) == "new"


@pytest.mark.line(24)
async def test_replacing_what_runs_but_not_what_was_terminated_is_a_contradiction(
    hub: ServedHub,
) -> None:
    order = await hub.start(ends_when_told)
    await hub.once(order, RUNNING)

    start = hub.start(always(), instanceId=order, **replaceable(RUNNING))
    await refused(grpc.StatusCode.INVALID_ARGUMENT, start)

    assert (await hub.state(order)).orchestrationStatus == RUNNING


@pytest.mark.line(25)
async def test_of_two_concurrent_starts_one_succeeds_and_is_executed(hub: ServedHub) -> None:
    order = hub.unique("raced")
    starts = [hub.start(always(done(0)), instanceId=order, given=n) for n in range(2)]
    results = await asyncio.gather(*starts, return_exceptions=True)
    await hub.ended(order)
    await hub.eventually(hub.nothing_waits)

    (error,) = [r for r in results if not isinstance(r, str)]
    assert isinstance(error, grpc.aio.AioRpcError)
    assert error.code() is grpc.StatusCode.ALREADY_EXISTS
    assert len(executions(hub, order)) == 1


def in_a_while(seconds: float = 1.2) -> dict[str, Any]:
    return {"scheduledStartTimestamp": timestamp(later(system_clock(), seconds))}


@pytest.mark.line(26)
async def test_a_scheduled_start_is_pending_until_due_and_keeps_events_raised_meanwhile(
    hub: ServedHub,
) -> None:
    due = in_a_while()
    order = await hub.start(lambda turn: [done(0, turn.raised())] if turn.raised() else [], **due)
    await hub.send(order, "Early")
    status, turns = (await hub.state(order)).orchestrationStatus, hub.worker.turns_of(order)
    if timestamp(system_clock()).ToNanoseconds() < due["scheduledStartTimestamp"].ToNanoseconds():
        assert (status, turns) == (PENDING, [])  # else this machine is too busy to look in time

    state = await hub.ended(order)

    assert json.loads(state.output.value) == ["Early"]
    first = hub.worker.turns_of(order)[0]
    assert (
        first.new[0].timestamp.ToNanoseconds()
        >= first.started.scheduledStartTimestamp.ToNanoseconds()
    )


@pytest.mark.line(26)
async def test_a_scheduled_start_that_was_terminated_early_never_runs(hub: ServedHub) -> None:
    order = await hub.start(always(done(0)), **in_a_while(5))  # a busy machine tells it late
    request = pb.TerminateRequest(instanceId=order)
    request.output.value = '"not needed"'
    await hub.client.TerminateInstance(request)
    state = await hub.ended(order)
    assert state.orchestrationStatus == TERMINATED

    later_one = await hub.start(always(done(0)), **in_a_while(5))  # due after it
    await hub.ended(later_one)
    await hub.eventually(hub.nothing_waits)

    assert hub.worker.turns_of(order) == []
    state = await hub.state(order)
    assert (state.orchestrationStatus, state.output.value) == (TERMINATED, '"not needed"')


def starts_child(name: str, instance_id: str, **tags: str) -> Any:
    """Return the script that starts a child and ends with what is said of it."""

    def script(turn: Turn) -> Answer | list[Action]:
        if turn.number == 1:
            return [child(0, name, instance_id, None, **tags)]
        if turn.has("subOrchestrationInstanceFailed"):
            failed = only(turn.new, "subOrchestrationInstanceFailed")
            return [done(1, failed.subOrchestrationInstanceFailed.failureDetails.errorType)]
        return [done(1, "completed")] if turn.has("subOrchestrationInstanceCompleted") else []

    return script


@pytest.mark.line(27)
async def test_a_child_with_the_id_of_a_running_stranger_fails_for_its_parent(
    hub: ServedHub,
) -> None:
    stranger = await hub.start(ends_when_told)
    await hub.once(stranger, RUNNING)

    order = await hub.start(starts_child(hub.orchestrator(always(done(0))), stranger))
    state = await hub.ended(order)

    assert json.loads(state.output.value) == "OrchestrationAlreadyExists"
    assert (await hub.state(stranger)).orchestrationStatus == RUNNING
    assert len(executions(hub, stranger)) == 1


@pytest.mark.line(27)
async def test_a_child_with_the_id_of_a_finished_stranger_replaces_it(hub: ServedHub) -> None:
    stranger = await hub.start(always(done(0, "stranger")))
    await hub.ended(stranger)

    order = await hub.start(starts_child(hub.orchestrator(always(done(0, "child"))), stranger))
    state = await hub.ended(order)

    assert json.loads(state.output.value) == "completed"
    assert json.loads((await hub.ended(stranger)).output.value) == "child"


@pytest.mark.line(28)
async def test_a_child_has_its_parents_tags_overlaid_by_its_own(hub: ServedHub) -> None:
    leaf = hub.orchestrator(always(done(0)))
    order = hub.unique("tagged")
    tags = {"shop": "north", "kind": "order"}
    await hub.start(
        starts_child(leaf, f"{order}:leaf", kind="leaf", own="1"), instanceId=order, tags=tags
    )
    await hub.ended(order)

    expected = {"shop": "north", "kind": "leaf", "own": "1"}
    turn = await hub.worker.turn(f"{order}:leaf")
    assert dict(turn.started.tags) == expected
    assert dict((await hub.state(f"{order}:leaf")).tags) == expected
    created = only((await hub.worker.turn(order, 2)).past, "subOrchestrationInstanceCreated")
    assert dict(created.subOrchestrationInstanceCreated.tags) == expected


@pytest.mark.line(28)
async def test_a_child_that_was_fired_and_forgotten_tells_its_parent_nothing(
    hub: ServedHub,
) -> None:
    leaf = hub.orchestrator(always(done(0)))
    order = hub.unique("detached")
    await hub.start(
        in_turns(
            always(child(0, leaf, f"{order}:leaf", None, FireAndForget="")),
            lambda turn: [done(1)] if turn.raised() else [],
        ),
        instanceId=order,
    )
    await hub.ended(f"{order}:leaf")
    await hub.eventually(hub.nothing_waits)
    await hub.send(order, "Go")
    await hub.ended(order)

    assert "SubOrchestrationInstanceCompleted" not in await hub.kinds(order)
    assert len(hub.worker.turns_of(order)) == 2
