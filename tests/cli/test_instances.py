"""``durahub hub`` and ``durahub instance``: what a newcomer types to see what happened."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from durahub.local.child import Child
from durahub.local.server import ServerProcess
from tests.cli.command import Answer, durahub
from tests.conftest import Storage

pytestmark = [pytest.mark.azurite, pytest.mark.sdk]

TRAVEL = Path(__file__).parents[1] / "sdk" / "apps" / "travel.py"
STORE = "CLI_TEST_STORE"


@pytest.fixture
def run(azurite: Storage, hub_name: str, tmp_path: Path) -> Callable[..., Answer]:
    def run(*arguments: str) -> Answer:
        env = {STORE: azurite.connection_string, "DURAHUB_HUB": f"env:{STORE}/{hub_name}"}
        return durahub(*arguments, state=tmp_path, env=env)

    return run


def rows(answer: Answer) -> list[dict[str, object]]:
    assert answer.status == 0, answer.err
    return [json.loads(line) for line in answer.out.splitlines()]


def test_an_instance_is_started_watched_and_ended_from_the_command_line(
    server: ServerProcess,
    start_worker: Callable[..., Child],
    hub_name: str,
    run: Callable[..., Answer],
) -> None:
    start_worker(TRAVEL, server.ready.endpoint, hub_name)

    started = run("instance", "start", "Waits", "--id", "asked", "--input", '{"twice":false}')
    assert started.out.strip() == "asked"
    assert run("instance", "start", "Waits", "--id", "dropped", "--input", "{}").status == 0
    wait_for(run, "asked", "Running")
    wait_for(run, "dropped", "Running")

    assert run("instance", "raise-event", "asked", "Approval", '"yes"').status == 0
    assert run("instance", "terminate", "dropped", "--reason", "not needed").status == 0

    assert wait_for(run, "asked", "Completed")["customStatus"] == '{"answered":true}'
    assert wait_for(run, "dropped", "Terminated")["output"] == "not needed"
    listed = rows(run("instance", "list", "--format", "json"))
    assert {row["instanceId"]: row["status"] for row in listed} == {
        "asked": "Completed",
        "dropped": "Terminated",
    }
    only = rows(run("instance", "list", "--status", "completed", "--format", "json"))
    assert [row["instanceId"] for row in only] == ["asked"]
    events = rows(run("instance", "history", "asked", "--format", "json"))
    assert [event["event"] for event in events] == [
        *("OrchestratorStarted", "ExecutionStarted", "OrchestratorCompleted"),
        *("OrchestratorStarted", "EventRaised", "ExecutionCompleted", "OrchestratorCompleted"),
    ]

    assert run("instance", "purge", "dropped").status == 0
    gone = run("instance", "show", "dropped")
    assert gone.status == 2
    assert "DH202" in gone.err


def test_a_hub_is_created_shown_listed_and_deleted(
    run: Callable[..., Answer], hub_name: str, tmp_path: Path, azurite: Storage
) -> None:
    address = f"env:{STORE}/{hub_name}"
    assert run("hub", "create", address, "--partitions", "2").status == 0

    (shown,) = rows(run("hub", "show", address, "--format", "json"))
    assert shown["partitions"] == 2
    assert shown["queues"] == {
        f"{hub_name.lower()}-control-00": 0,
        f"{hub_name.lower()}-control-01": 0,
        f"{hub_name.lower()}-workitems": 0,
    }
    listed = rows(run("hub", "list", f"env:{STORE}", "--format", "json"))
    assert {"name": hub_name, "partitions": 2} in listed
    assert run("hub", "set-aside", address).status == 0

    assert run("hub", "delete", address, "--yes").status == 0
    after = run("hub", "list", f"env:{STORE}", "--format", "json")
    assert hub_name not in after.out


def test_a_hub_is_created_for_the_partition_manager_that_is_named_and_shows_it(
    run: Callable[..., Answer], hub_name: str
) -> None:
    address = f"env:{STORE}/{hub_name}"
    assert run("hub", "create", address, "--partition-manager", "legacy").status == 0

    (shown,) = rows(run("hub", "show", address, "--format", "json"))
    assert shown["manager"] == "legacy"
    assert shown["owners"] == {f"{hub_name.lower()}-control-0{n}": None for n in range(4)}
    assert shown.get("appLease") is None
    assert "manager     legacy" in run("hub", "show", address).out


def test_deleting_a_hub_asks_first(run: Callable[..., Answer], hub_name: str) -> None:
    address = f"env:{STORE}/{hub_name}"
    run("hub", "create", address)

    assert run("hub", "delete", address).status != 0
    assert run("hub", "show", address).status == 0


def wait_for(run: Callable[..., Answer], instance_id: str, status: str) -> dict[str, object]:
    """Look until the instance is in that state; the command itself takes the time of a pause."""
    for _ in range(60):
        answer = run("instance", "show", instance_id, "--format", "json")
        if answer.status == 0 and json.loads(answer.out)["status"] == status:
            found: dict[str, object] = json.loads(answer.out)
            return found
    pytest.fail(f"{instance_id} did not become {status}: {answer}")
