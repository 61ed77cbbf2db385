"""What cannot be read is set aside, listed, and stops nobody."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.local.child import Child
from durahub.local.server import ServerProcess
from tests.cli.command import durahub
from tests.conftest import Storage

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

TRAVEL = Path(__file__).parent / "apps" / "travel.py"
UNKNOWN_TYPE = json.dumps(
    {
        "$type": "DurableTask.AzureStorage.MessageData",
        "TaskMessage": {
            "Event": {"$type": "System.Diagnostics.Process", "EventId": -1},
            "OrchestrationInstance": {"InstanceId": "x", "ExecutionId": None},
        },
    }
)
NO_BLOB = json.dumps({"CompressedBlobName": "gone/message-1-EventRaised.json.gz"})


def test_unreadable_messages_and_rows_are_set_aside_and_stop_nobody(
    server: ServerProcess,
    start_worker: Callable[..., Child],
    azurite: Storage,
    hub_name: str,
    tmp_path: Path,
) -> None:
    queues = [f"{hub_name.lower()}-control-{n:02d}" for n in range(4)]
    queues.append(f"{hub_name.lower()}-workitems")
    for queue in queues:
        with QueueClient.from_connection_string(azurite.connection_string, queue) as client:
            for text in ("not JSON at all", UNKNOWN_TYPE, NO_BLOB):
                client.send_message(text)
    start_worker(TRAVEL, server.ready.endpoint, hub_name)

    with DurableTaskSchedulerClient(
        host_address=server.ready.endpoint,
        taskhub=hub_name,
        token_credential=None,
        secure_channel=False,
    ) as caller:
        damaged = caller.schedule_new_orchestration("Waits", input={"twice": False})
        caller.wait_for_orchestration_start(damaged, timeout=30)
        server.restart()  # forget its history
        damage_a_row(azurite, hub_name, damaged)
        caller.raise_orchestration_event(damaged, "Approval", data="unheard")
        healthy = [caller.schedule_new_orchestration("FiveCities") for _ in range(12)]
        for instance in healthy:
            state = caller.wait_for_orchestration_completion(instance, timeout=90)
            assert state is not None
            assert state.runtime_status is OrchestrationStatus.COMPLETED

    listed = durahub(
        *("hub", "set-aside", f"env:MALFORMED_STORE/{hub_name}", "--format", "json"),
        state=tmp_path / "cli",
        env={"MALFORMED_STORE": azurite.connection_string},
    )
    assert listed.status == 1
    found = [json.loads(line) for line in listed.out.splitlines()]
    for queue in queues:
        assert sum(queue in one["location"] for one in found) == 3
    assert [one for one in found if damaged in one["location"]]
    assert "not JSON at all" in {one["head"] for one in found}
    for queue in queues:
        with QueueClient.from_connection_string(azurite.connection_string, queue) as client:
            assert (client.get_queue_properties().approximate_message_count or 0) >= 3
    with urllib.request.urlopen(f"{server.ready.http_url}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    assert f'durahub_set_aside_total{{hub="{hub_name}"}}' in metrics
    assert f'durahub_set_aside_total{{hub="{hub_name}"}} 0.0' not in metrics


def damage_a_row(azurite: Storage, hub: str, instance_id: str) -> None:
    with TableClient.from_connection_string(azurite.connection_string, f"{hub}History") as table:
        row = table.get_entity(instance_id, "0000000000000001")
        row["EventType"] = "NobodyKnowsThis"
        table.update_entity(row)
