"""Lines 14 to 18: continue-as-new."""

import json

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from tests.checklist.answers import Action, again, call, done, send
from tests.checklist.recording_worker import Held
from tests.checklist.served_hubs import ServedHub
from tests.checklist.turns import Script, Turn, in_turns, kinds, only

pytestmark = pytest.mark.asyncio(loop_scope="module")


def hold(given: object) -> object:
    raise Held


def by_input(**scripts: Script) -> Script:
    """Return the script that does what belongs to its input; *first* is for the input null."""
    return lambda turn: scripts[turn.given or "first"](turn)


def ends_on(name: str) -> Script:
    """Return the script that waits for an event."""
    return lambda turn: [done(9, turn.raised())] if name in turn.raised() else []


def external_events(turn: Turn) -> list[pb.HistoryEvent]:
    return [event for event in turn.new if event.HasField("eventRaised")]


@pytest.mark.line(14)
async def test_the_new_history_is_start_carried_events_and_then_the_new_actions(
    hub: ServedHub,
) -> None:
    charge = hub.activity(hold)
    order = await hub.start(
        by_input(
            first=lambda turn: (
                [again(0, "next", external_events(turn))] if turn.has("eventRaised") else []
            ),
            next=lambda turn: [call(0, charge)] if turn.number == 1 else [],
        )
    )
    first = (await hub.worker.turn(order)).request.executionId.value
    await hub.send(order, "Paid", 7)
    await hub.worker.task(order)
    await hub.stored(order, 6)

    assert await hub.kinds(order) == (
        "OrchestratorStarted ExecutionStarted EventRaised OrchestratorCompleted"
        " TaskScheduled OrchestratorCompleted"
    )
    row = await hub.row(order)
    assert (row.input, row.execution_id != first) == ('"next"', True)
    second = hub.worker.turns_of(order)[-1]
    assert second.past == []
    assert second.request.executionId.value == row.execution_id
    assert second.started.orchestrationInstance.executionId.value == row.execution_id


@pytest.mark.line(15)
async def test_an_event_sent_to_itself_while_continuing_is_received_by_the_new_generation(
    hub: ServedHub,
) -> None:
    order = await hub.start(
        by_input(
            first=lambda turn: [send(0, turn.instance_id, "Kept", 7), again(1, "next")],
            next=ends_on("Kept"),
        )
    )
    state = await hub.ended(order)

    assert json.loads(state.output.value) == ["Kept"]


@pytest.mark.line(16)
async def test_an_activity_of_the_continuing_episode_runs_and_its_answer_is_dropped(
    hub: ServedHub,
) -> None:
    charge = hub.activity(lambda given: "paid")
    order = await hub.start(
        by_input(first=lambda turn: [call(0, charge), again(1, "next")], next=ends_on("Go"))
    )
    await hub.worker.task(order)  # answered at once, before the event that comes now
    await hub.eventually(hub.nothing_waits)
    await hub.send(order, "Go")
    await hub.ended(order)

    assert not any(turn.has("taskCompleted") for turn in hub.worker.turns_of(order))
    assert "TaskCompleted" not in await hub.kinds(order)


@pytest.mark.line(17)
async def test_carried_events_keep_their_order_and_are_external_events_alone(
    hub: ServedHub,
) -> None:
    charge = hub.activity(lambda given: given)

    def carry_all(turn: Turn) -> list[Action]:
        if not turn.has("taskCompleted"):
            return [call(0, charge)] if turn.number == 1 else []
        found = [e for e in turn.events if e.HasField("eventRaised")]
        found.insert(1, only(turn.events, "taskCompleted"))
        return [again(1, "next", found)] if len(found) == 4 else []

    order = await hub.start(by_input(first=carry_all, next=ends_on("c")))
    await hub.worker.turn(order, 2)
    for name in "bac":  # not the order of the alphabet
        await hub.send(order, name)
    state = await hub.ended(order)

    assert json.loads(state.output.value) == ["b", "a", "c"]
    last = hub.worker.turns_of(order)[-1]
    assert "taskCompleted" not in kinds(last.events)
    assert all(e.eventId == -1 for e in external_events(last))


@pytest.mark.line(18)
async def test_an_event_raised_while_it_continues_reaches_one_generation(hub: ServedHub) -> None:
    order = await hub.start(
        by_input(
            first=lambda turn: None,  # the test answers
            next=in_turns(lambda turn: None, ends_on("Paid")),
        )
    )
    first = await hub.worker.turn(order)
    await hub.send(order, "Paid", 1)
    await hub.worker.answer(first, [again(0, "next")])
    second = await hub.worker.turn(order, 2)
    await hub.send(order, "Paid", 2)
    await hub.worker.answer(second, ends_on("Paid")(second))
    await hub.ended(order)
    await hub.eventually(hub.nothing_waits)

    inputs = [
        event.eventRaised.input.value
        for turn in hub.worker.turns_of(order)
        for event in external_events(turn)
    ]
    assert sorted(inputs) == ["1", "2"]
    generations = {
        turn.request.executionId.value for turn in hub.worker.turns_of(order) if turn.raised()
    }
    assert len(generations) == 1
