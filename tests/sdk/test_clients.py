"""Every kind of client and worker that the Python SDK has; hubs side by side; workers that come and go."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import grpc
import pytest
from durabletask.azuremanaged.client import AsyncDurableTaskSchedulerClient
from durabletask.client import (
    AsyncTaskHubGrpcClient,
    OrchestrationQuery,
    OrchestrationStatus,
    TaskHubGrpcClient,
)
from durabletask.history import (
    ExecutionCompletedEvent,
    ExecutionStartedEvent,
    HistoryEvent,
    OrchestratorStartedEvent,
    TaskCompletedEvent,
    TaskScheduledEvent,
)

from tests.conftest import Storage
from tests.sdk.apps.travel import CITIES, CompactJson
from tests.sdk.travel_hub import QUIET, TRAVEL, TravelHub, refused, travel_hub, until

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

PLAIN = TRAVEL.with_name("plain_travel.py")
GREETINGS = [f"Hello, {city}!" for city in CITIES]
COMPLETED = OrchestrationStatus.COMPLETED


@pytest.fixture(scope="module")
def hub(azurite: Storage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TravelHub]:
    """Hubs on one server: the default one with a plain worker, one with a worker that names it.

    In a third one a worker is killed while its activities run, and another comes.
    """
    with travel_hub(azurite, tmp_path_factory.mktemp("state"), hubs=3) as hub:
        kill_a_busy_worker(hub, hub.names[2])
        hub.start_worker(app=PLAIN)
        hub.start_worker(hub=hub.names[1])
        yield hub


@pytest.fixture
def plain(hub: TravelHub) -> Iterator[TaskHubGrpcClient]:
    """A client that names no task hub."""
    with TaskHubGrpcClient(
        host_address=hub.server.ready.endpoint, data_converter=CompactJson(), logger=QUIET
    ) as client:
        yield client


def greet_and_ask(client: TaskHubGrpcClient) -> None:
    """Run an orchestration of activities, and one of events, to their ends."""
    greeting = client.schedule_new_orchestration("FiveCities")
    asking = client.schedule_new_orchestration("Waits", input={"twice": True})
    client.wait_for_orchestration_start(asking, timeout=30)
    for answer in ("yes", {"ja": 1}):
        client.raise_orchestration_event(asking, "Approval", data=answer)

    greeted = client.wait_for_orchestration_completion(greeting, timeout=30)
    asked = client.wait_for_orchestration_completion(asking, timeout=30)

    assert greeted is not None
    assert greeted.get_output() == GREETINGS
    assert asked is not None
    assert asked.get_output() == {"asked": {"twice": True}, "answer": "yes", "second": {"ja": 1}}


# --- clients --------------------------------------------------------------------------------------


def test_the_plain_client_and_worker_have_the_default_hub(
    plain: TaskHubGrpcClient, hub: TravelHub
) -> None:
    greet_and_ask(plain)

    seen = {state.instance_id for state in plain.get_all_orchestration_states()}
    assert seen == {state.instance_id for state in hub.client.get_all_orchestration_states()}


@pytest.mark.parametrize("which", [0, 1])
def test_the_scheduler_client_names_its_hub(which: int, hub: TravelHub) -> None:
    with hub.client_of(hub.names[which]) as client:
        greet_and_ask(client)


def test_the_case_of_a_hubs_name_does_not_matter(hub: TravelHub) -> None:
    with hub.client_of(hub.names[1].upper()) as client:
        greet_and_ask(client)


async def test_the_async_clients_do_the_same(hub: TravelHub) -> None:
    plain = AsyncTaskHubGrpcClient(host_address=hub.server.ready.endpoint, logger=QUIET)
    scheduler = AsyncDurableTaskSchedulerClient(
        host_address=hub.server.ready.endpoint,
        taskhub=hub.names[1],
        token_credential=None,
        secure_channel=False,
        logger=QUIET,
    )
    for client in (plain, scheduler):
        async with client:
            asking = await client.schedule_new_orchestration("Waits", input={"twice": False})
            await client.wait_for_orchestration_start(asking, timeout=30)
            await client.raise_orchestration_event(asking, "Approval", data=1)
            state = await client.wait_for_orchestration_completion(asking, timeout=30)
            assert state is not None
            assert state.get_output()["answer"] == 1


def test_two_hubs_do_not_see_each_others_instances(hub: TravelHub) -> None:
    with hub.client_of(hub.names[0]) as one, hub.client_of(hub.names[1]) as other:
        one.schedule_new_orchestration("Echo", input="one's", instance_id="in-both")
        other.schedule_new_orchestration("Echo", input="other's", instance_id="in-both")
        one.schedule_new_orchestration("Waits", input={"twice": False}, instance_id="in-one")

        outputs = [
            state.get_output()
            for client in (one, other)
            if (state := client.wait_for_orchestration_completion("in-both", timeout=30))
        ]
        assert outputs == ["one's", "other's"]
        assert other.get_orchestration_state("in-one") is None
        assert "in-one" not in {s.instance_id for s in other.get_all_orchestration_states()}
        with refused(grpc.StatusCode.NOT_FOUND):
            other.raise_orchestration_event("in-one", "Approval", data=1)
        assert other.purge_orchestration("in-both").deleted_instance_count == 1
        assert one.get_orchestration_state("in-both") is not None


def test_a_hub_that_the_server_does_not_have_is_not_found(hub: TravelHub) -> None:
    with hub.client_of("Elsewhere") as client, refused(grpc.StatusCode.NOT_FOUND):
        client.schedule_new_orchestration("Echo", input=1)


def test_a_child_that_fails_is_retried(plain: TaskHubGrpcClient) -> None:
    retrying = plain.schedule_new_orchestration("RetriesChild", instance_id="retrying")

    state = plain.wait_for_orchestration_completion(retrying, timeout=30)

    assert state is not None
    assert state.get_output() == "try 3"


# --- queries and histories ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def queried(hub: TravelHub) -> list[str]:
    """Seven instances of known IDs that have ended: five have completed, two have failed."""
    ids = [
        hub.client.schedule_new_orchestration("Echo", input=n, instance_id=f"q-{n}")
        for n in range(5)
    ]
    ids += [
        hub.client.schedule_new_orchestration("FailsItself", input=n, instance_id=f"q-{n}")
        for n in (5, 6)
    ]
    for instance_id in ids:
        hub.ended(instance_id)
    return ids


@pytest.mark.parametrize("page", [1, 2, 3, 7, 100])
def test_a_query_gives_every_instance_once_whatever_its_pages(
    page: int, hub: TravelHub, queried: list[str]
) -> None:
    query = OrchestrationQuery(instance_id_prefix="q-", max_instance_count=page)

    found = [state.instance_id for state in hub.client.get_all_orchestration_states(query)]

    assert sorted(found) == queried


def test_a_query_selects_by_status_and_time(hub: TravelHub, queried: list[str]) -> None:
    def found(**selection: object) -> list[str]:
        query = OrchestrationQuery(instance_id_prefix="q-", **selection)  # type: ignore[arg-type]
        return sorted(s.instance_id for s in hub.client.get_all_orchestration_states(query))

    an_hour = timedelta(hours=1)
    now = datetime.now(timezone.utc)
    assert found(runtime_status=[OrchestrationStatus.FAILED]) == ["q-5", "q-6"]
    assert found(runtime_status=[OrchestrationStatus.RUNNING]) == []
    assert found(created_time_from=now - an_hour, created_time_to=now) == queried
    assert found(created_time_from=now) == []
    assert found(created_time_to=now - an_hour) == []


@pytest.mark.parametrize("payloads", [False, True])
def test_a_query_has_payloads_if_asked(payloads: bool, hub: TravelHub, queried: list[str]) -> None:
    query = OrchestrationQuery(instance_id_prefix="q-3", fetch_inputs_and_outputs=payloads)

    [state] = hub.client.get_all_orchestration_states(query)

    expected = ("3", "3") if payloads else (None, None)
    assert (state.serialized_input, state.serialized_output) == expected


def test_a_history_is_told_in_order(hub: TravelHub) -> None:
    greeting = hub.client.schedule_new_orchestration("FiveCities")
    hub.ended(greeting)

    history = hub.history(greeting)

    assert [type(event) for event in history] == [
        *(OrchestratorStartedEvent, ExecutionStartedEvent),
        *(TaskScheduledEvent, OrchestratorStartedEvent, TaskCompletedEvent) * len(CITIES),
        ExecutionCompletedEvent,
    ]
    results = [e.result for e in history if isinstance(e, TaskCompletedEvent)]
    assert [json.loads(result or "") for result in results] == GREETINGS
    clock = [event.timestamp for event in history if isinstance(event, OrchestratorStartedEvent)]
    assert clock == sorted(clock)


# --- workers that come and go ---------------------------------------------------------------------


def kill_a_busy_worker(hub: TravelHub, name: str) -> None:
    first = hub.start_worker("--slow-never", hub=name)
    with hub.client_of(name) as client:
        for n in range(3):
            client.schedule_new_orchestration("Busy", input=n, instance_id=f"busy-{n}")
        until(lambda: all(tasks_of(client, n, TaskScheduledEvent) == 2 for n in range(3)))
    first.kill()
    hub.start_worker(hub=name)


def tasks_of(client: TaskHubGrpcClient, n: int, kind: type[HistoryEvent]) -> int:
    """Return how many events of a kind ``busy-n`` has."""
    return [type(event) for event in client.get_orchestration_history(f"busy-{n}")].count(kind)


def test_a_worker_is_back_at_work_when_the_server_is(azurite: Storage, tmp_path: Path) -> None:
    with travel_hub(azurite, tmp_path) as hub:
        hub.start_worker()
        asking = hub.client.schedule_new_orchestration("Waits", input={"twice": False})
        hub.begun(asking)

        hub.server.restart()

        with hub.client_of(hub.name) as client:
            client.raise_orchestration_event(asking, "Approval", data="after the restart")
            state = client.wait_for_orchestration_completion(asking, timeout=60)
        assert state is not None
        assert state.get_output()["answer"] == "after the restart"


def test_what_a_killed_worker_had_taken_another_finishes(hub: TravelHub) -> None:
    with hub.client_of(hub.names[2]) as client:
        for n in range(3):
            state = client.wait_for_orchestration_completion(f"busy-{n}", timeout=60)

            assert state is not None
            assert state.get_output() == ["Hello, first!", f"slow done {n}", "Hello, last!"]
            assert tasks_of(client, n, TaskScheduledEvent) == 3
            assert tasks_of(client, n, TaskCompletedEvent) == 3
