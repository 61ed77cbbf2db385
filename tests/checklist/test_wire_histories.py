"""Lines 12 and 35: what of a stored history never reaches a worker."""

import json

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.model.history import (
    ContinueAsNew,
    GenericEvent,
    HistoryState,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TimerCreated,
    TimerFired,
)
from durahub.model.message import Message
from tests.checklist.answers import done
from tests.checklist.served_hubs import ServedHub
from tests.checklist.stored_histories import begun, episodes, put_history, recorded
from tests.checklist.turns import Turn, always, kinds

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.line(12)
async def test_what_some_sdk_does_not_survive_never_reaches_the_wire(hub: ServedHub) -> None:
    order = hub.unique("old")
    first, started = begun(order, hub.orchestrator(always(done(5))))
    now = started.timestamp
    await put_history(
        hub,
        order,
        [
            first,
            started,
            TimerCreated(event_id=-100, timestamp=now, fire_at=now),
            OrchestratorCompleted(timestamp=now),
            OrchestratorStarted(timestamp=now),
            TimerFired(timestamp=now, timer_id=-100, fire_at=now),
            GenericEvent(timestamp=now, data="Rewound: TaskFailed"),
            HistoryState(timestamp=now, state="{}"),
            ContinueAsNew(timestamp=now, status=Status.ContinuedAsNew, result="{}"),
            OrchestratorCompleted(timestamp=now),
        ],
    )
    await hub.send(order, "Go")
    await hub.ended(order)

    (turn,) = hub.worker.turns_of(order)
    assert kinds(turn.past) == ["orchestratorStarted", "executionStarted", "orchestratorStarted"]
    client_sees = await client_history(hub, order)
    assert not {"genericEvent", "historyState", "continueAsNew"} & set(kinds(client_sees))
    assert not any(e.HasField("timerCreated") or e.HasField("timerFired") for e in client_sees)


async def client_history(hub: ServedHub, instance_id: str) -> list[pb.HistoryEvent]:
    request = pb.StreamInstanceHistoryRequest(instanceId=instance_id)
    return [e async for chunk in hub.client.StreamInstanceHistory(request) for e in chunk.events]


@pytest.mark.line(35)
async def test_a_history_that_dotnet_rewound_is_replayed_without_its_generic_events(
    hub: ServedHub,
) -> None:
    """The golden instance up to where its second try is out; its result comes here."""
    events = episodes(recorded("finished", "rewound"), 3)
    assert sum(isinstance(event, GenericEvent) for event in events) == 4
    order = hub.unique("rewound")
    await put_history(hub, order, events)
    hub.worker.orchestrators["FailsDeep"] = replays_one_activity

    execution = (await hub.row(order)).execution_id
    result = TaskCompleted(timestamp=events[-1].timestamp, task_scheduled_id=0, result='"saved"')
    target = next(e.execution for e in await hub.history(order) if hasattr(e, "execution"))
    await hub.store.send(Message(event=result, target=target))
    state = await hub.ended(order)

    assert target.execution_id == execution
    assert json.loads(state.output.value) == "saved"
    (turn,) = hub.worker.turns_of(order)
    assert set(kinds(turn.past)) == {"orchestratorStarted", "executionStarted", "taskScheduled"}


def replays_one_activity(turn: Turn) -> object:
    """Replay as the SDKs do: each action once, and only a result of what was scheduled."""
    scheduled = [e.eventId for e in turn.events if e.HasField("taskScheduled")]
    results = {
        e.taskCompleted.taskScheduledId: e.taskCompleted.result.value
        for e in turn.events
        if e.HasField("taskCompleted")
    }
    assert scheduled == [0]
    return [done(1, json.loads(results[0]))]
