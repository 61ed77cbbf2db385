"""Lines 1 to 4: the shape of a history, and what of it comes back to the worker."""

import pytest

from durahub.edge.wellknown import ticks_of
from durahub.model.history import EventType, OrchestratorStarted
from tests.checklist.answers import call, child, done, send, timer
from tests.checklist.served_hubs import ServedHub
from tests.checklist.turns import Turn, always, in_turns

pytestmark = pytest.mark.asyncio(loop_scope="module")


def echo(given: object) -> object:
    return given


@pytest.mark.line(1)
async def test_a_sequence_of_two_activities_leaves_exactly_these_events(hub: ServedHub) -> None:
    charge = hub.activity(echo)
    order = await hub.start(
        in_turns(always(call(0, charge)), always(call(1, charge)), always(done(2)))
    )
    await hub.ended(order)

    assert await hub.kinds(order) == (
        "OrchestratorStarted ExecutionStarted TaskScheduled OrchestratorCompleted"
        " | OrchestratorStarted TaskCompleted TaskScheduled OrchestratorCompleted"
        " | OrchestratorStarted TaskCompleted ExecutionCompleted OrchestratorCompleted"
    )


@pytest.mark.line(2)
@pytest.mark.parametrize("first", [0, 1])
async def test_action_ids_in_history_are_those_of_the_response(hub: ServedHub, first: int) -> None:
    charge = hub.activity(echo)
    listener = await hub.start(always())

    order = await hub.start(
        in_turns(
            always(call(first, charge), send(first + 1, listener, "Ping")),
            always(done(first + 2)),
        )
    )
    await hub.ended(order)

    ids = {e.type: e.event_id for e in await hub.history(order) if e.event_id >= 0}
    assert ids == {
        EventType.TaskScheduled: first,
        EventType.EventSent: first + 1,
        EventType.ExecutionCompleted: first + 2,
    }


@pytest.mark.line(3)
async def test_shuffled_actions_are_stored_by_id_with_the_completion_last(hub: ServedHub) -> None:
    charge, listener = hub.activity(echo), await hub.start(always())
    leaf = hub.orchestrator(always(done(0)))

    def everything(turn: Turn) -> list[object]:
        now = turn.new[0].timestamp
        return [
            send(3, listener, "Ping"),
            done(1),  # its ID is not the highest, as that of a worker that counts otherwise
            call(4, charge),
            child(0, leaf, f"{turn.instance_id}:leaf"),
            timer(2, now),
        ]

    order = await hub.start(everything)
    await hub.ended(order)

    stored = [(e.event_id, e.type.name) for e in await hub.history(order) if e.event_id >= 0]
    assert stored == [
        (0, "SubOrchestrationInstanceCreated"),
        (2, "TimerCreated"),
        (3, "EventSent"),
        (4, "TaskScheduled"),
        (1, "ExecutionCompleted"),
    ]


@pytest.mark.line(4)
async def test_the_times_of_episodes_are_the_same_to_the_nanosecond_on_replay(
    hub: ServedHub,
) -> None:
    order = await hub.start(
        lambda turn: [done(0)] if len(turn.raised()) == 3 else [],
    )
    for number in range(3):
        await hub.worker.turn(order, number + 1)
        await hub.send(order, f"event-{number}")
    await hub.ended(order)

    turns = hub.worker.turns_of(order)
    first_seen = [turn.new[0].timestamp for turn in turns]
    replayed = [e.timestamp for e in turns[-1].past if e.HasField("orchestratorStarted")]
    assert [(t.seconds, t.nanos) for t in replayed] == [
        (t.seconds, t.nanos) for t in first_seen[:-1]
    ]
    stored = [e.timestamp for e in await hub.history(order) if isinstance(e, OrchestratorStarted)]
    assert stored == [ticks_of(turn.new[0], "timestamp") for turn in turns]
