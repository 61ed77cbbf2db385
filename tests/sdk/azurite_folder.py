"""Reads the queues of an Azurite that has stopped: what is invisible in them can be seen nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class StoredMessage:
    """A message as the service keeps it. ``visible_at`` is when it appears, perhaps long ago."""

    queue: str
    text: str
    inserted: datetime
    visible_at: datetime
    dequeue_count: int


def stored_messages(folder: Path) -> list[StoredMessage]:
    """Return every message in the data folder of a stopped Azurite, those of a queue in their order."""
    database = json.loads((folder / "__azurite_db_queue__.json").read_bytes())
    found = [
        StoredMessage(
            queue=message["queueName"],
            text=_content(folder, message["persistency"]).decode("utf-8"),
            inserted=_time(message["insertionTime"]),
            visible_at=_time(message["timeNextVisible"]),
            dequeue_count=message["dequeueCount"],
        )
        for collection in database["collections"]
        if collection["name"] == "$MESSAGES_COLLECTION$"
        for message in collection["data"]
    ]
    return sorted(found, key=lambda message: (message.queue, message.inserted))


def _content(folder: Path, part: Mapping[str, Any]) -> bytes:
    with (folder / "__queuestorage__" / part["id"]).open("rb") as extent:
        extent.seek(part["offset"])
        return extent.read(part["count"])


def _time(found: Any) -> datetime:
    if isinstance(found, int | float):  # milliseconds in some versions, text in others
        return datetime.fromtimestamp(found / 1000, timezone.utc)
    return datetime.fromisoformat(str(found).replace("Z", "+00:00"))
