"""Entities of the recorded app, served by a worker of the Python SDK, on both stores."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import grpc
import pytest
from durabletask.client import EntityQuery, OrchestrationStatus
from durabletask.entities import EntityInstanceId, EntityMetadata
from durabletask.history import EventRaisedEvent

from tests.conftest import Storage
from tests.sdk.travel_hub import TravelHub, refused, travel_hub, until

pytestmark = pytest.mark.sdk

COMPLETED = OrchestrationStatus.COMPLETED


@pytest.fixture(
    scope="module", params=[pytest.param("classic", marks=pytest.mark.azurite), "scheduler"]
)
def hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TravelHub]:
    storage: Storage | None = None
    if request.param == "classic":
        storage = request.getfixturevalue("azurite")
    with travel_hub(storage, tmp_path_factory.mktemp("state")) as hub:
        hub.start_worker()
        yield hub


def entity(key: str | None = None) -> EntityInstanceId:
    return EntityInstanceId("counter", key or uuid.uuid4().hex)


def signal(
    hub: TravelHub, target: EntityInstanceId, name: str, given: Any = None, **more: Any
) -> None:
    hub.client.signal_entity(target, name, input=given, **more)


def value_of(hub: TravelHub, target: EntityInstanceId) -> int | None:
    found = hub.client.get_entity(target)
    state = found.get_typed_state(dict) if found is not None else None
    return None if state is None else state["value"]


def has(hub: TravelHub, target: EntityInstanceId, value: int | None) -> bool:
    return until(lambda: value_of(hub, target) == value)


def run(hub: TravelHub, name: str, given: Any) -> Any:
    started = hub.client.schedule_new_orchestration(name, input=given)
    state = hub.ended(started)
    assert state.runtime_status is COMPLETED, state.failure_details
    return state


def start(hub: TravelHub, name: str, given: Any) -> str:
    return hub.client.schedule_new_orchestration(name, input=given)


def test_signals_of_a_client_are_all_applied(hub: TravelHub) -> None:
    target = entity()
    for _ in range(10):
        signal(hub, target, "add", 3)

    assert has(hub, target, 30)
    found = hub.client.get_entity(target)
    assert found is not None
    assert (found.id, found.backlog_queue_size, found._locked_by or None) == (target, 0, None)
    assert datetime.now(timezone.utc) - found.last_modified < timedelta(minutes=1)


def test_an_orchestration_signals_and_calls_an_entity_in_order(hub: TravelHub) -> None:
    state = run(hub, "CallsEntity", {"entity": str(entity())})

    assert state.serialized_output == '{"value":12,"get":12}'


def test_a_failed_operation_fails_its_call_and_keeps_the_state(hub: TravelHub) -> None:
    target = entity()
    signal(hub, target, "add", 3)

    state = run(hub, "FailsEntity", str(target))

    assert state.serialized_output == '"entity refused: on purpose"'
    assert value_of(hub, target) == 3


@pytest.mark.feature("entities: who holds a lock", sdk="python")
def test_two_orchestrations_that_lock_the_same_entities_take_turns(hub: TravelHub) -> None:
    both = [str(entity()), str(entity())]
    first = start(hub, "Locks", {"entities": both, "amount": 2, "wait": True})
    until(lambda: hub.begun(first).serialized_custom_status == '"locked"')
    holder = hub.client.get_entity(EntityInstanceId.parse(min(both)))
    second = start(hub, "Locks", {"entities": both[::-1], "amount": 3, "wait": False})
    signal(hub, EntityInstanceId.parse(both[0]), "add", 100)
    until(lambda: _backlog(hub, both[0]))

    assert holder is None or holder._locked_by == first  # it has no state yet, so it may not exist
    assert hub.begun(second).serialized_custom_status is None
    hub.client.raise_orchestration_event(first, "Approval", data="go")
    assert hub.ended(first).serialized_output == "[2,2]"
    ended = hub.ended(second)
    assert ended.runtime_status is COMPLETED
    # what was sent to the locked entity meanwhile came before or after the second section as a whole
    assert ended.serialized_output in ("[5,5]", "[5,105]")
    assert has(hub, EntityInstanceId.parse(both[0]), 105)


def _backlog(hub: TravelHub, target: str) -> bool:
    found = hub.client.get_entity(EntityInstanceId.parse(target), include_state=False)
    return found is not None and found.backlog_queue_size > 0


def test_a_delayed_signal_comes_at_its_time(hub: TravelHub) -> None:
    target = entity()
    due = datetime.now(timezone.utc) + timedelta(seconds=2)
    signal(hub, target, "add", 1, signal_time=due)

    found = hub.client.get_entity(target)
    assert found is None or datetime.now(timezone.utc) >= due  # a busy machine looks late
    assert has(hub, target, 1)
    assert datetime.now(timezone.utc) >= due


@pytest.mark.feature("entities: signals between entities", sdk="python")
@pytest.mark.feature("entities: starting orchestrations", sdk="python")
def test_an_entity_signals_another_and_starts_an_orchestration(hub: TravelHub) -> None:
    source, sink, started = entity(), entity(), uuid.uuid4().hex
    signal(hub, source, "forward", str(sink))
    signal(hub, source, "start", started)

    assert has(hub, sink, 1)
    assert hub.ended(started).serialized_output == '"started by an entity"'


def test_an_entity_that_deleted_its_state_does_not_exist(hub: TravelHub) -> None:
    target = entity()
    signal(hub, target, "add", 1)
    assert has(hub, target, 1)

    signal(hub, target, "delete")

    until(lambda: hub.client.get_entity(target) is None)
    signal(hub, target, "add", 4)
    assert has(hub, target, 4)


@pytest.mark.feature("entities: large state", sdk="python")
def test_a_large_state_is_kept(hub: TravelHub) -> None:
    target = entity()
    signal(hub, target, "fill", 200_000)

    found = until(lambda: hub.client.get_entity(target))
    state = found.get_typed_state(dict)
    assert state is not None
    assert len(state["blob"]) == 200_000


def test_entities_are_listed_by_page_and_prefix(hub: TravelHub) -> None:
    group = uuid.uuid4().hex
    targets = sorted(str(entity(f"{group}-{number}")) for number in range(5))
    for target in targets:
        signal(hub, EntityInstanceId.parse(target), "add", 1)
    for target in targets:
        has(hub, EntityInstanceId.parse(target), 1)
    query = EntityQuery(instance_id_starts_with=f"counter@{group}", page_size=2)

    found = list(hub.client.get_all_entities(query))

    assert sorted(str(one.id) for one in found) == targets
    assert all(_value(one) == 1 for one in found)


def _value(one: EntityMetadata) -> int | None:
    state = one.get_typed_state(dict)
    return None if state is None else state["value"]


def test_orchestrations_and_entities_are_listed_apart(hub: TravelHub) -> None:
    target = entity()
    signal(hub, target, "add", 1)
    has(hub, target, 1)

    ids = [state.instance_id for state in hub.client.get_all_orchestration_states()]
    assert not [one for one in ids if one.startswith("@")]
    assert hub.client.get_orchestration_state(str(target)) is None


def test_a_worker_that_is_killed_in_a_critical_section_loses_nothing(hub: TravelHub) -> None:
    both = [str(entity()), str(entity())]
    held = start(hub, "Locks", {"entities": both, "amount": 1, "wait": True})
    until(lambda: hub.begun(held).serialized_custom_status == '"locked"')
    worker = hub.start_worker()
    worker.kill()

    hub.client.raise_orchestration_event(held, "Approval")

    assert hub.ended(held).serialized_output == "[1,1]"
    raised = [event for event in hub.history(held) if isinstance(event, EventRaisedEvent)]
    assert len(raised) == 1  # the approval alone: entity answers are events of their own


def test_a_terminated_holder_gives_its_locks_back(hub: TravelHub) -> None:
    both = [str(entity()), str(entity())]
    held = start(hub, "Locks", {"entities": both, "amount": 1, "wait": True})
    until(lambda: hub.begun(held).serialized_custom_status == '"locked"')

    hub.client.terminate_orchestration(held)

    hub.ended(held)
    state = run(hub, "Locks", {"entities": both, "amount": 1, "wait": False})
    assert state.serialized_output == "[2,2]"


@pytest.mark.feature("entities: unknown and malformed IDs", sdk="python")
def test_a_malformed_entity_id_is_refused(hub: TravelHub) -> None:
    from durabletask.internal import orchestrator_service_pb2 as pb

    for bad in ("counter@a", "@", "@counter", "@@key", ""):
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            hub.client._stub.SignalEntity(pb.SignalEntityRequest(instanceId=bad, name="add"))
