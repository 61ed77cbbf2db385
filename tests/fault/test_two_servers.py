"""Two servers on one hub: they share its partitions, and one takes over when the other dies."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.classic.names import HubNames
from durahub.local.child import Child
from durahub.local.server import ServerProcess
from tests.conftest import Storage
from tests.sdk.travel_hub import until

pytestmark = [pytest.mark.fault, pytest.mark.sdk, pytest.mark.azurite]

APP = Path(__file__).with_name("counting_app.py")
WITHIN = 90.0  # seconds
QUICK = {"DURAHUB_VISIBILITY_SECONDS": "5"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("manager", ["table", "safe", "legacy"])
def test_partitions_are_shared_and_a_dead_servers_work_goes_on_elsewhere(
    start_server: Callable[..., ServerProcess],
    start_worker: Callable[..., Child],
    azurite: Storage,
    hub_name: str,
    tmp_path: Path,
    manager: str,
) -> None:
    names = HubNames(hub_name)

    def who() -> list[str]:
        return sorted(owners(azurite, names, manager))

    def serve(worker_id: str) -> ServerProcess:
        env = {
            **QUICK,
            "SHARED_STORE": azurite.connection_string,
            "DURAHUB_PARTITION_MANAGER": manager,
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
    until(lambda: who() == ["one", "one", "other", "other"], WITHIN)

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
    until(lambda: who() == ["other"] * 4, WITHIN)
    assert runs_of(notes, shared) == {f"{one}/{step}" for one in shared for step in range(4)}
    assert runs_of(notes, orphans) == {f"{one}/{step}" for one in orphans for step in range(12)}


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
    names = HubNames(hub_name)
    until(lambda: len(owners(azurite, names, "table")) == 4, WITHIN)

    assert server.stop() == 0

    assert owners(azurite, names, "table") == []


def owners(azurite: Storage, names: HubNames, manager: str) -> list[str]:
    """Return who holds each partition that is held, as the leases tell."""
    if manager == "table":
        return owners_in_table(azurite, names)
    folder = {"safe": "ownership/", "legacy": "default/"}[manager]
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        container = service.get_container_client(names.leases_container)
        if not container.exists():
            return []
        held = [b for b in container.list_blobs(folder) if b.lease.state == "leased"]
        found = [json.loads(container.download_blob(b.name).readall())["Owner"] for b in held]
    return [str(owner) for owner in found if owner]


def owners_in_table(azurite: Storage, names: HubNames) -> list[str]:
    with TableClient.from_connection_string(
        azurite.connection_string, names.partitions_table
    ) as table:
        return [
            str(row["CurrentOwner"]) for row in table.list_entities() if row.get("CurrentOwner")
        ]


def runs_of(notes: Path, instances: list[str]) -> set[str]:
    """Return which activities of *instances* ran, be it twice: delivery is at least once."""
    lines = notes.read_text("utf-8").splitlines()
    return {line for line in lines if line.partition("/")[0] in instances}


def client(server: ServerProcess, hub: str) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        host_address=server.ready.endpoint, taskhub=hub, token_credential=None, secure_channel=False
    )
