"""kill -9 of the server in the middle of work: nothing is lost, nothing in a history is doubled."""

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.local.child import Child
from durahub.local.server import ServerProcess
from tests.conftest import Storage
from tests.fault.stored import events_of

pytestmark = [pytest.mark.fault, pytest.mark.sdk, pytest.mark.azurite]

APP = Path(__file__).with_name("counting_app.py")
QUICK = {"DURAHUB_VISIBILITY_SECONDS": "4", "DURAHUB_WORKER_ID": "crash-test"}
TICKS = 3


@pytest.mark.timeout(600)
def test_killing_the_server_again_and_again_loses_and_doubles_nothing(
    start_server: Callable[..., ServerProcess],
    start_worker: Callable[..., Child],
    azurite: Storage,
    hub_name: str,
    tmp_path: Path,
) -> None:
    store = {"CRASH_TEST_STORE": azurite.connection_string}
    server = start_server(
        "--store", "env:CRASH_TEST_STORE", "--hub", hub_name, env={**QUICK, **store}
    )
    notes = tmp_path / "notes"
    notes.touch()
    start_worker(APP, server.ready.endpoint, hub_name, str(notes))
    chance = random.Random(20261121)

    chains = [f"chain-{n}" for n in range(12)]
    fans = [f"fan-{n}" for n in range(4)]
    mixed = [f"mixed-{n}" for n in range(8)]
    with _client(server, hub_name) as client:
        for one in chains:
            client.schedule_new_orchestration("Chain", input=8, instance_id=one)
        for one in fans:
            client.schedule_new_orchestration("Fan", input=40, instance_id=one)
        for one in mixed:
            client.schedule_new_orchestration("Mixed", input=TICKS, instance_id=one)
            for tick in range(TICKS):
                client.raise_orchestration_event(one, "Tick", data=tick)

    for _ in range(6):
        time.sleep(chance.uniform(0.4, 2.5))
        server.kill()
        server.start()

    with _client(server, hub_name) as client:
        for one in (*chains, *fans, *mixed):
            state = client.wait_for_orchestration_completion(one, timeout=120)
            assert state is not None, one
            assert state.runtime_status is OrchestrationStatus.COMPLETED, (one, state)

    ran = Counter(notes.read_text().split())
    for one in chains:
        assert [f"{one}/{n}" for n in range(8)] == sorted(k for k in ran if k.startswith(f"{one}/"))
    for one in fans:
        assert {f"{one}/{n}" for n in range(40)} == {k for k in ran if k.startswith(f"{one}/")}
    for one in (*chains, *fans, *mixed):
        _check_history(events_of(azurite.connection_string, hub_name, one))
    for one in mixed:
        with _client(server, hub_name) as client:
            state = client.get_orchestration_state(one)
        assert state is not None
        assert state.serialized_output is not None
        events = events_of(azurite.connection_string, hub_name, one)
        raised = [e for e in events if e["EventType"] == "EventRaised"]
        assert sorted(e["Input"] for e in raised) == [str(n) for n in range(TICKS)]


def _check_history(events: list[dict[str, object]]) -> None:
    kinds = [event["EventType"] for event in events]
    assert kinds[0] == "OrchestratorStarted"
    assert kinds[1] == "ExecutionStarted"
    assert kinds.count("ExecutionStarted") == 1
    assert kinds.count("ExecutionCompleted") == 1
    answers = Counter(
        (event["EventType"], event["TaskScheduledId"])
        for event in events
        if "TaskScheduledId" in event
    )
    assert not [answer for answer, count in answers.items() if count > 1]
    actions = [e["EventId"] for e in events if isinstance(e["EventId"], int) and e["EventId"] >= 0]
    assert len(actions) == len(set(actions))


def _client(server: ServerProcess, hub: str) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        host_address=server.ready.endpoint, taskhub=hub, token_credential=None, secure_channel=False
    )
