"""Two servers on one hub: they share its partitions, and one takes over when the other dies."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.data.tables import TableClient
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.local.child import Child
from durahub.local.server import ServerProcess
from tests.conftest import Storage

pytestmark = [pytest.mark.fault, pytest.mark.sdk, pytest.mark.azurite]

APP = Path(__file__).with_name("counting_app.py")
QUICK = {"DURAHUB_VISIBILITY_SECONDS": "5"}


@pytest.mark.timeout(300)
def test_partitions_are_shared_and_a_dead_servers_work_goes_on_elsewhere(
    start_server: Callable[..., ServerProcess],
    start_worker: Callable[..., Child],
    azurite: Storage,
    hub_name: str,
    tmp_path: Path,
) -> None:
    def serve(worker_id: str) -> ServerProcess:
        env = {
            **QUICK,
            "SHARED_STORE": azurite.connection_string,
            "DURAHUB_WORKER_ID": worker_id,
            "DURAHUB_STATE_DIR": str(tmp_path / worker_id),
        }
        return start_server("--store", "env:SHARED_STORE", "--hub", hub_name, env=env)

    notes = tmp_path / "notes"
    notes.touch()
    one = serve("one")
    start_worker(APP, one.ready.endpoint, hub_name, str(notes))
    other = serve("other")
    start_worker(APP, other.ready.endpoint, hub_name, str(notes))
    wait_until(lambda: sorted(owners(azurite, hub_name)) == ["one", "one", "other", "other"])

    with client(one, hub_name) as caller:
        shared = [caller.schedule_new_orchestration("Chain", input=4) for _ in range(12)]
        for instance in shared:
            state = caller.wait_for_orchestration_completion(instance, timeout=60)
            assert state is not None
            assert state.runtime_status is OrchestrationStatus.COMPLETED

    with client(other, hub_name) as caller:
        orphans = [caller.schedule_new_orchestration("Chain", input=12) for _ in range(12)]
        one.kill()
        for instance in orphans:
            state = caller.wait_for_orchestration_completion(instance, timeout=120)
            assert state is not None
            assert state.runtime_status is OrchestrationStatus.COMPLETED
    wait_until(lambda: owners(azurite, hub_name) == ["other"] * 4)


def test_a_server_that_stops_lets_its_partitions_go_at_once(
    server: ServerProcess,
    start_worker: Callable[..., Child],
    azurite: Storage,
    hub_name: str,
    tmp_path: Path,
) -> None:
    notes = tmp_path / "notes"
    notes.touch()
    start_worker(APP, server.ready.endpoint, hub_name, str(notes))
    wait_until(lambda: len(owners(azurite, hub_name)) == 4)

    assert server.stop() == 0

    assert owners(azurite, hub_name) == []


def owners(azurite: Storage, hub: str) -> list[str]:
    with TableClient.from_connection_string(azurite.connection_string, f"{hub}Partitions") as table:
        return [
            str(row["CurrentOwner"]) for row in table.list_entities() if row.get("CurrentOwner")
        ]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.3)


def client(server: ServerProcess, hub: str) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        host_address=server.ready.endpoint, taskhub=hub, token_credential=None, secure_channel=False
    )
