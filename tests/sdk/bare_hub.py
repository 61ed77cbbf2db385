"""A hub in storage through the plain Azure SDKs, as a program sees it that knows nothing of durahub."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableClient, UpdateMode
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient

from tests.conftest import Storage


@dataclass(frozen=True)
class BareHub:
    """The hub *name* in *storage*."""

    storage: Storage
    name: str

    def queues(self) -> list[str]:
        """The names of its queues."""
        with QueueServiceClient.from_connection_string(self.storage.connection_string) as service:
            listed = service.list_queues(name_starts_with=f"{self.name.lower()}-")
            return sorted(queue.name for queue in listed)

    def queue(self, name: str) -> QueueClient:
        return QueueClient.from_connection_string(self.storage.connection_string, name)

    def visible(self, name: str) -> list[dict[str, Any]]:
        """What is visible in a queue: the events of the messages."""
        with self.queue(name) as queue:
            return [event_of(one.content) for one in queue.peek_messages(max_messages=32)]

    def hidden(self, name: str) -> int:
        """How many messages of a queue are not visible."""
        with self.queue(name) as queue:
            count = queue.get_queue_properties().approximate_message_count or 0
            return count - len(queue.peek_messages(max_messages=32))

    def clear_queues(self) -> None:
        """Lose all messages."""
        for name in self.queues():
            with self.queue(name) as queue:
                queue.clear_messages()

    def table(self, kind: str) -> TableClient:
        return TableClient.from_connection_string(
            self.storage.connection_string, f"{self.name}{kind}"
        )

    def rows(self, kind: str, key: str | None = None) -> list[dict[str, Any]]:
        with self.table(kind) as table:
            if key is None:
                return [dict(row) for row in table.list_entities()]
            found = table.query_entities("PartitionKey eq @key", parameters={"key": key})
            return [dict(row) for row in found]

    def change(self, kind: str, key: str, row_key: str, **columns: Any) -> None:
        """Merge *columns* into a row."""
        with self.table(kind) as table:
            row = {"PartitionKey": key, "RowKey": row_key, **columns}
            table.update_entity(row, mode=UpdateMode.MERGE)

    def lose(self, kind: str, key: str) -> None:
        """Delete the rows of a partition key."""
        with self.table(kind) as table:
            for row in self.rows(kind, key):
                table.delete_entity(key, row["RowKey"])

    def write_payload(self, name: str, content: bytes = b"") -> None:
        """Write a blob among the large payloads."""
        with BlobServiceClient.from_connection_string(self.storage.connection_string) as service:
            container = service.get_container_client(f"{self.name.lower()}-largemessages")
            if not container.exists():
                container.create_container()
            container.upload_blob(name, content)

    def payloads(self) -> list[str]:
        with BlobServiceClient.from_connection_string(self.storage.connection_string) as service:
            container = service.get_container_client(f"{self.name.lower()}-largemessages")
            return sorted(blob.name for blob in container.list_blobs())


def event_of(text: str) -> dict[str, Any]:
    """Return the event in a message, plain or Base64; of one in a blob, the blob's name."""
    plain = text if text.startswith("{") else base64.b64decode(text).decode()
    found: dict[str, Any] = json.loads(plain)
    event: dict[str, Any] | None = (found["TaskMessage"] or {}).get("Event")
    return event if event is not None else {"blob": found["CompressedBlobName"]}


@dataclass(frozen=True)
class ForeignWorker:
    """Takes partitions and messages as the layout says a worker may, and nothing sooner."""

    hub: BareHub
    worker_id: str = "foreign"
    lease: float = 30.0  # seconds

    def claim(self) -> set[str]:
        """Claim the partitions that are free: nobody stands in their row, or the lease has run out."""
        taken = set()
        now = datetime.now(timezone.utc)
        with self.hub.table("Partitions") as table:
            for row in table.list_entities():
                free = not row.get("CurrentOwner") and not row.get("NextOwner")
                expires = row.get("ExpiresAt")
                if not free and not (expires is not None and now >= expires):
                    continue
                claimed = {
                    "PartitionKey": "",
                    "RowKey": row["RowKey"],
                    "CurrentOwner": self.worker_id,
                    "OwnedSince": now,
                    "LastRenewal": now,
                    "ExpiresAt": now + timedelta(seconds=self.lease),
                    "IsDraining": False,
                }
                table.update_entity(
                    claimed,
                    mode=UpdateMode.REPLACE,
                    etag=row.metadata["etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
                taken.add(str(row["RowKey"]))
        return taken

    def receive(self, name: str) -> list[dict[str, Any]]:
        """Receive all that is visible in a queue: the events."""
        with self.hub.queue(name) as queue:
            received = queue.receive_messages(messages_per_page=32, visibility_timeout=300)
            return [event_of(one.content) for one in received]
