"""Lines 13 and 34: rewinding."""

import json

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from tests.checklist.answers import Action, call, child, done, fail, failure
from tests.checklist.recording_worker import Failing
from tests.checklist.served_hubs import ServedHub
from tests.checklist.turns import Script, Turn, kinds, only

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAILED = pb.ORCHESTRATION_STATUS_FAILED


def replays(*steps: Action, result: str) -> Script:
    """Return an orchestrator that takes *steps* one after the other and fails with the first that fails.

    It replays as an SDK does: an action whose event is missing is issued again, under its ID.
    """

    def script(turn: Turn) -> list[Action]:
        answers = {}
        failed = None
        for event in turn.events:
            match event.WhichOneof("eventType"):
                case "taskCompleted":
                    answers[event.taskCompleted.taskScheduledId] = True
                case "subOrchestrationInstanceCompleted":
                    answers[event.subOrchestrationInstanceCompleted.taskScheduledId] = True
                case "taskFailed":
                    failed = event.taskFailed.failureDetails
                case "subOrchestrationInstanceFailed":
                    failed = event.subOrchestrationInstanceFailed.failureDetails
        if failed is not None:
            return [fail(len(steps), failed)]
        asked = {event.eventId for event in turn.events if event.eventId >= 0}
        for step in steps:
            if step.id not in answers:
                return [] if step.id in asked else [step]
        return [done(len(steps), result)]

    return script


async def broken_family(hub: ServedHub) -> tuple[str, list[str]]:
    """Run a parent whose child fails once; return its ID and what activities were called."""
    called: list[str] = []

    def works(given: str) -> str:
        called.append(given)
        return given

    def fails_once(given: str) -> str:
        called.append(given)
        if called.count(given) == 1:
            raise Failing(failure("ShopError", "out of stock"))
        return given

    good, bad = hub.activity(works), hub.activity(fails_once)
    young = hub.orchestrator(replays(call(0, good, "b"), call(1, bad, "c"), result="young"))
    order = hub.unique("family")
    script = replays(call(0, good, "a"), child(1, young, f"{order}:young"), result="whole")
    await hub.start(script, instanceId=order)
    assert (await hub.ended(order)).orchestrationStatus == FAILED
    assert called == ["a", "b", "c"]
    return order, called


async def rewind(hub: ServedHub, instance_id: str) -> None:
    await hub.client.RewindInstance(pb.RewindInstanceRequest(instanceId=instance_id))


async def completed(hub: ServedHub, instance_id: str) -> pb.OrchestrationState:
    return await hub.once(instance_id, pb.ORCHESTRATION_STATUS_COMPLETED)


@pytest.mark.line(34)
async def test_a_rewound_parent_runs_only_what_failed_in_its_child_again(hub: ServedHub) -> None:
    order, called = await broken_family(hub)

    await rewind(hub, order)
    state = await completed(hub, order)

    assert called == ["a", "b", "c", "c"]
    assert json.loads(state.output.value) == "whole"
    assert json.loads((await completed(hub, f"{order}:young")).output.value) == "young"


@pytest.mark.line(13)
async def test_the_end_of_an_execution_is_in_past_events_only_to_be_rewound(hub: ServedHub) -> None:
    order, _ = await broken_family(hub)
    await rewind(hub, order)
    await completed(hub, order)

    for turn in hub.worker.turns:
        if "executionCompleted" in kinds(turn.past):
            assert kinds(turn.new) == ["orchestratorStarted", "executionRewound"]
    last = hub.worker.turns_of(order)[-1]
    assert only(last.events, "executionStarted")
    assert "executionCompleted" not in kinds(last.events)
