"""What was moved into a hub in Azure Storage is equal, and changes to it are told."""

from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient, UpdateMode
from azure.storage.queue import QueueServiceClient

from durahub_migrate.bundle.reader import BundleReader
from tests.bundle.exports import exported
from tests.conftest import Storage
from tests.golden.loading import load as load_hub
from tests.golden.recorded import RecordedHub
from tests.moving.loaded import load
from tests.targets.stores.test_recorded_into_classic_hub import moved_into_hub
from tests.verifying.places import bundle_side, classic_side, compared

pytestmark = pytest.mark.azurite


async def moved(hub: str, azurite: Storage, name: str, folder: Path) -> str:
    """Move a recorded hub into another one; return that one's name."""
    target = f"{name}b"
    await load_hub(RecordedHub(hub), azurite.connection_string, name, hidden=3600)
    await exported(azurite.connection_string, name, folder / "bundle")
    await moved_into_hub(load(BundleReader(folder / "bundle")), azurite, target)
    return target


class Rows:
    """The rows of a hub, changed with the SDK of Azure Tables."""

    def __init__(self, azurite: Storage, hub: str) -> None:
        self._service = TableServiceClient.from_connection_string(azurite.connection_string)
        self._hub = hub

    def first(self, table: str, column: str) -> dict[str, Any]:
        rows = self._service.get_table_client(f"{self._hub}{table}").list_entities()
        return next(dict(row) for row in rows if row.get(column))

    def put(self, table: str, row: dict[str, Any]) -> None:
        client = self._service.get_table_client(f"{self._hub}{table}")
        client.update_entity(row, mode=UpdateMode.REPLACE)

    def delete(self, table: str, row: dict[str, Any]) -> None:
        client = self._service.get_table_client(f"{self._hub}{table}")
        client.delete_entity(row["PartitionKey"], row["RowKey"])


@pytest.mark.parametrize("hub", ["waiting", "entities"])
async def test_a_recorded_hub_is_equal_and_changes_to_it_are_told(
    hub: str, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    target = await moved(hub, azurite, hub_name, tmp_path)
    source = bundle_side(tmp_path / "bundle")
    here = classic_side(azurite.connection_string, target)
    result = await compared(source, here)
    assert {one: verdict.differences for one, verdict in result.faults.items()} == {}
    assert result.summary.is_equal

    rows = Rows(azurite, target)
    changed = rows.first("Instances", "Input")
    rows.put("Instances", {**changed, "Input": changed["Input"] + " "})
    event = rows.first("History", "Result" if hub == "waiting" else "Name")
    rows.delete("History", event)
    result = await compared(source, here)
    assert {changed["PartitionKey"], event["PartitionKey"]} <= result.faults.keys()


async def test_a_message_too_many_is_told(azurite: Storage, hub_name: str, tmp_path: Path) -> None:
    target = await moved("waiting", azurite, hub_name, tmp_path)
    queues = QueueServiceClient.from_connection_string(azurite.connection_string)
    names = [one.name for one in queues.list_queues(name_starts_with=f"{target.lower()}-control")]
    for name in names:
        queue = queues.get_queue_client(name)
        seen = queue.peek_messages(max_messages=1)
        if seen:
            queue.send_message(seen[0].content)
            break
    result = await compared(
        bundle_side(tmp_path / "bundle"), classic_side(azurite.connection_string, target)
    )
    assert len(result.faults) == 1
