"""Lines 29 to 33: events, early answers, pauses, terminations."""

import json

import grpc
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.clock import system_clock
from durahub.model.history import Execution, TaskCompleted
from durahub.model.message import Message
from tests.checklist.answers import Action, call, child, done, end_terminated, text
from tests.checklist.recording_worker import Held
from tests.checklist.served_hubs import ServedHub
from tests.checklist.turns import Turn, always, kinds, only

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUNNING = pb.ORCHESTRATION_STATUS_RUNNING
SUSPENDED = pb.ORCHESTRATION_STATUS_SUSPENDED
TERMINATED = pb.ORCHESTRATION_STATUS_TERMINATED


def hold(given: object) -> object:
    raise Held


async def suspend(hub: ServedHub, instance_id: str) -> None:
    await hub.client.SuspendInstance(pb.SuspendRequest(instanceId=instance_id))
    await hub.once(instance_id, SUSPENDED)


async def terminate(hub: ServedHub, instance_id: str, *, recursive: bool = False) -> None:
    await hub.client.TerminateInstance(
        pb.TerminateRequest(instanceId=instance_id, output=text('"enough"'), recursive=recursive)
    )


@pytest.mark.line(29)
async def test_an_event_for_a_missing_instance_is_refused(hub: ServedHub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.send("nobody", "Go")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.line(29)
async def test_an_event_for_an_instance_that_has_ended_is_taken_and_not_stored(
    hub: ServedHub,
) -> None:
    order = await hub.start(always(done(0)))
    await hub.ended(order)
    before = await hub.history(order)

    await hub.send(order, "Go")

    await hub.eventually(hub.nothing_waits)
    assert await hub.history(order) == before


@pytest.mark.line(30)
async def test_an_answer_before_its_question_is_put_back_and_delivered_later_once(
    hub: ServedHub,
) -> None:
    charge = hub.activity(hold)
    order = await hub.start(
        lambda turn: (
            [done(6)]
            if turn.has("taskCompleted")
            else [call(5, charge)]
            if turn.raised() and not turn.has("taskScheduled")
            else []
        )
    )
    first = await hub.worker.turn(order)
    await hub.stored(order, 3)
    execution = Execution(order, first.request.executionId.value)
    early = TaskCompleted(timestamp=system_clock(), task_scheduled_id=5, result='"early"')
    await hub.store.send(Message(event=early, target=execution, sender=execution, episode=1))
    await hub.eventually(lambda: received(hub))
    assert len(hub.worker.turns_of(order)) == 1

    await hub.send(order, "Go")
    await hub.ended(order)

    assert await hub.kinds(order) == (
        "OrchestratorStarted ExecutionStarted OrchestratorCompleted"
        " | OrchestratorStarted EventRaised TaskScheduled OrchestratorCompleted"
        " | OrchestratorStarted TaskCompleted ExecutionCompleted OrchestratorCompleted"
    )


async def received(hub: ServedHub) -> bool:
    """Tell whether a message is in the server's hands."""
    return hub.hub.messages_in_memory > 0


@pytest.mark.line(31)
async def test_while_suspended_nothing_advances_and_then_all_is_seen_in_its_order(
    hub: ServedHub,
) -> None:
    charge = hub.activity(hold)

    def order_of_arrival(turn: Turn) -> list[Action]:
        """Wait for both, as an SDK does: while suspended it does nothing."""
        if turn.number == 1:
            return [call(0, charge)]
        paused = turn.has("executionSuspended") and not turn.has("executionResumed")
        both = turn.has("eventRaised", "taskCompleted")
        return [done(1)] if both and not paused else []

    order = await hub.start(order_of_arrival)
    task = await hub.worker.task(order)
    await suspend(hub, order)
    await hub.send(order, "Paid")
    await hub.worker.until(lambda: hub.worker.turns_of(order)[-1].has("eventRaised"))
    await hub.worker.perform(task, lambda given: given)
    await hub.worker.until(lambda: hub.worker.turns_of(order)[-1].has("taskCompleted"))
    turns = len(hub.worker.turns_of(order))
    state = await hub.state(order)
    assert state.orchestrationStatus == SUSPENDED
    assert "ExecutionCompleted" not in await hub.kinds(order)

    await hub.client.ResumeInstance(pb.ResumeRequest(instanceId=order))
    await hub.ended(order)

    last = hub.worker.turns_of(order)[turns]
    arrived = [k for k in kinds(last.events) if not k.startswith(("orchestrator", "executionSt"))]
    assert arrived == [
        *("taskScheduled", "executionSuspended", "eventRaised", "taskCompleted"),
        "executionResumed",
    ]


@pytest.mark.line(32)
async def test_a_suspended_instance_ends_when_terminated_though_its_worker_does_nothing(
    hub: ServedHub,
) -> None:
    order = await hub.start(always())
    await suspend(hub, order)

    await terminate(hub, order)
    state = await hub.ended(order)

    assert (state.orchestrationStatus, state.output.value) == (TERMINATED, '"enough"')
    assert (await hub.kinds(order)).endswith(
        "| OrchestratorStarted ExecutionTerminated ExecutionCompleted OrchestratorCompleted"
    )


def waits_with(*children: Action) -> object:
    """Return the script that starts *children* and waits, until it is terminated."""

    def script(turn: Turn) -> list[Action]:
        if turn.has("executionTerminated"):
            return [end_terminated(9, "told")]
        if turn.has("subOrchestrationInstanceFailed"):
            failed = only(turn.events, "subOrchestrationInstanceFailed")
            return [done(8, failed.subOrchestrationInstanceFailed.failureDetails.errorMessage)]
        return list(children) if turn.number == 1 else []

    return script


async def family(hub: ServedHub) -> tuple[str, str, str]:
    """Start an instance with a child that has a child; return their IDs when all run."""
    order = hub.unique("family")
    ids = (order, f"{order}:child", f"{order}:grandchild")
    young = hub.orchestrator(waits_with())
    middle = hub.orchestrator(waits_with(child(0, young, ids[2])))
    await hub.start(waits_with(child(0, middle, ids[1])), instanceId=order)
    for instance_id in ids:
        await hub.once(instance_id, RUNNING)
    return ids


@pytest.mark.line(33)
async def test_a_recursive_terminate_ends_running_grandchildren(hub: ServedHub) -> None:
    ids = await family(hub)
    await terminate(hub, ids[0], recursive=True)
    for instance_id in ids:
        assert (await hub.ended(instance_id)).orchestrationStatus == TERMINATED


@pytest.mark.line(33)
async def test_a_terminate_that_is_not_recursive_leaves_them(hub: ServedHub) -> None:
    order, young, grandchild = await family(hub)
    await terminate(hub, order)
    await hub.ended(order)
    await hub.eventually(hub.nothing_waits)
    for instance_id in (young, grandchild):
        assert (await hub.state(instance_id)).orchestrationStatus == RUNNING


@pytest.mark.line(33)
async def test_a_terminated_child_is_a_failed_one_for_its_parent(hub: ServedHub) -> None:
    order, young, _ = await family(hub)
    await terminate(hub, young)
    assert (await hub.ended(young)).orchestrationStatus == TERMINATED
    state = await hub.ended(order)
    assert state.orchestrationStatus == pb.ORCHESTRATION_STATUS_COMPLETED
    assert "told" in json.loads(state.output.value)
    assert "SubOrchestrationInstanceFailed" in await hub.kinds(order)
