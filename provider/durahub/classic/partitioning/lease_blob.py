"""Lease blobs, as the legacy and the safe manager keep them: whose a partition is, in JSON.

One blob a partition and folder, ``default/myhub-control-00``. Who has the blob's lease has the partition.
``Token`` is the ID of that lease, in clear: who knows it can *change* the lease to an ID of its own, and
this is how a partition is taken from a living owner. So what stands there must be true.

Source: DurableTask.AzureStorage, ``Partitioning/BlobPartitionLeaseManager.cs``; classic layout 4.4, 5.3.
"""

from dataclasses import dataclass
from typing import Any

from durahub.model import json_text
from durahub.model.ticks import Ticks, to_text

TASK_HUB_BLOB = "taskhub.json"


@dataclass(frozen=True, slots=True)
class LeaseBlob:
    """A lease blob and the state of its lease, as read at one moment.

    ``partition`` is the control queue's name. ``epoch`` counts how often the lease was taken.
    """

    partition: str
    owner: str | None = None
    token: str | None = None
    epoch: int = 0
    leased: bool = False

    @property
    def is_free(self) -> bool:
        """Whether nobody has it. A lease without an owner is being given up."""
        return not self.leased or not self.owner

    def is_of(self, worker: str) -> bool:
        """Tell whether *worker* is its owner; case does not matter."""
        return self.owner is not None and self.owner.casefold() == worker.casefold()


def encode(blob: LeaseBlob) -> bytes:
    """Return the content of *blob*."""
    return _compact(
        {
            "PartitionId": blob.partition,
            "Owner": blob.owner,
            "Token": blob.token,
            "Epoch": blob.epoch,
        }
    )


def decode(content: bytes, partition: str, *, leased: bool) -> LeaseBlob:
    """Return the lease blob of *partition*.

    What is not readable says nothing: such a blob is taken when nobody has its lease, and written anew.
    """
    found = _object(content)
    epoch = json_text.member(found, "Epoch")
    return LeaseBlob(
        partition,
        owner=_text(json_text.member(found, "Owner")),
        token=_text(json_text.member(found, "Token")),
        epoch=epoch if isinstance(epoch, int) and not isinstance(epoch, bool) else 0,
        leased=leased,
    )


def task_hub_json(hub: str, created_at: Ticks, partitions: int) -> bytes:
    """Return what ``taskhub.json`` holds: what a blob manager's hub was made as."""
    return _compact(
        {"TaskHubName": hub, "CreatedAt": to_text(created_at), "PartitionCount": partitions}
    )


def is_stale(content: bytes, hub: str, partitions: int) -> bool:
    """Tell whether a ``taskhub.json`` speaks of another hub or number of partitions."""
    found = _object(content)
    name = _text(json_text.member(found, "TaskHubName")) or ""
    count = json_text.member(found, "PartitionCount")
    return name.casefold() != hub.casefold() or count != partitions


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json_text.read(content.decode("utf-8-sig"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _compact(value: dict[str, object]) -> bytes:
    return json_text.write(value).encode("utf-8", "replace")
