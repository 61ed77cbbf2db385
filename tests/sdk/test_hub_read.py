"""``durahub hub read`` on a hub that durahub's own server and a worker made, on either store.

What it tells of an instance is what a client is told over gRPC; and it tells it while the server runs,
of a file afterwards.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from durabletask.client import OrchestrationState, OrchestrationStatus
from durabletask.entities import EntityInstanceId
from durabletask.history import HistoryEvent

from durahub.model.history import EventType
from tests.cli.command import Answer, durahub
from tests.conftest import STORE, Storage
from tests.sdk.travel_hub import TravelHub, travel_hub, until
from tests.sdk.two_stores import BOTH_STORES

pytestmark = pytest.mark.sdk

LONG = "long é " * 9000
STARTS: dict[str, tuple[str, Any]] = {
    "parent": ("Parent", None),
    "a/b#c": ("Child", "one"),
    "broken": ("FailsDeep", 3),
    "long": ("EchoBig", LONG),
    "open": ("Waits", {"twice": False}),
}
CHILDREN = 2  # of Parent


@dataclass(frozen=True)
class Told:
    """What clients were told over gRPC, and how the hub is read."""

    states: dict[str, OrchestrationState]
    histories: dict[str, list[HistoryEvent]]
    counter: str  # the state of the entity ``counter``
    instances: Answer
    entities: Answer

    @property
    def lines(self) -> dict[str, dict[str, Any]]:
        assert self.instances.status == 0, self.instances.err
        found = [json.loads(line) for line in self.instances.out.split("\n") if line]
        return {line["instanceId"]: line for line in found}


@pytest.fixture(scope="module", params=BOTH_STORES)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    storage: Storage | None = None
    if request.param == "classic":
        storage = request.getfixturevalue("azurite")
    state = tmp_path_factory.mktemp("state")
    with travel_hub(storage, state) as hub:
        hub.start_worker()
        states, histories = played(hub)
        hub.client.signal_entity(EntityInstanceId("counter", "shown"), "add", input=5)
        counter = until(lambda: counted(hub))
        if storage is not None:
            env = {STORE: storage.connection_string}
            answers = read(f"env:{STORE}/{hub.name}", state, env)
    if storage is None:  # a file is one process's
        answers = read(f"sqlite:{state / 'hubs.db'}/{hub.name}", state, {})
    return Told(states, histories, counter, *answers)


def played(
    hub: TravelHub,
) -> tuple[dict[str, OrchestrationState], dict[str, list[HistoryEvent]]]:
    for instance_id, (name, given) in STARTS.items():
        hub.client.schedule_new_orchestration(name, input=given, instance_id=instance_id)
    states = {i: hub.ended(i) for i in STARTS if i != "open"}
    states["open"] = until(lambda: waiting(hub))
    return states, {instance_id: hub.history(instance_id) for instance_id in STARTS}


def waiting(hub: TravelHub) -> OrchestrationState | None:
    state = hub.client.get_orchestration_state("open", fetch_payloads=True)
    return state if state is not None and state.serialized_custom_status else None


def counted(hub: TravelHub) -> str | None:
    entity = hub.client.get_entity(EntityInstanceId("counter", "shown"), include_state=True)
    return None if entity is None else str(entity.get_state())


def read(address: str, state: Path, env: dict[str, str]) -> tuple[Answer, Answer]:
    return (
        durahub("hub", "read", address, "--full", state=state, env=env),
        durahub("hub", "read", address, "--entities", state=state, env=env),
    )


def moment(text: str) -> datetime:
    return datetime.strptime(f"{text[:26]}+00:00", "%Y-%m-%dT%H:%M:%S.%f%z")


def test_every_instance_is_told_and_the_entity_among_them(told: Told) -> None:
    lines = told.lines
    assert set(STARTS) <= set(lines)
    assert "parent:child-1" in lines
    assert "@counter@shown" in lines
    assert len(lines) == len(STARTS) + CHILDREN + 1


def test_a_state_is_what_a_client_is_told_over_grpc(told: Told) -> None:
    for instance_id, state in told.states.items():
        line = told.lines[instance_id]
        assert line["name"] == state.name
        assert line["status"].upper() == state.runtime_status.name
        assert line["input"] == state.serialized_input
        if state.runtime_status is not OrchestrationStatus.FAILED:  # it is told in another member
            assert line["output"] == state.serialized_output
        assert line["customStatus"] in (state.serialized_custom_status, "null")
        created = state.created_at.replace(tzinfo=timezone.utc)
        assert moment(line["createdTime"]) == created
        assert (line["completedTime"] is None) == (instance_id == "open")


def test_a_history_is_the_one_that_a_client_is_told_over_grpc(told: Told) -> None:
    for instance_id, events in told.histories.items():
        line = told.lines[instance_id]["history"]
        names = [EventType(event["EventType"]).name for event in line]
        names = [name for name in names if name != "OrchestratorCompleted"]  # never told to SDKs
        assert names == [type(event).__name__.removesuffix("Event") for event in events]
        assert names


def test_a_long_text_is_whole(told: Told) -> None:
    assert json.loads(told.lines["long"]["output"]) == LONG


def test_an_app_of_ours_is_not_taken_for_one_of_durable_functions(told: Told) -> None:
    assert all("extension" not in line for line in told.lines.values())


def test_an_entity_is_told_with_its_state(told: Told) -> None:
    assert told.entities.status == 0, told.entities.err
    (line,) = (json.loads(line) for line in told.entities.out.split("\n") if line)
    assert line["entityId"] == "@counter@shown"
    assert json.loads(line["state"]) == json.loads(told.counter)
    assert line["lockedBy"] is None
