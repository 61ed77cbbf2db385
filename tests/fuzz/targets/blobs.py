"""Small blobs of JSON: leases, claims, marks, freezes, the doctor's journal, things set aside."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from durahub import freezing
from durahub.classic import claims
from durahub.classic.aside import Aside
from durahub.classic.doctor.repairing import Repairing
from durahub.classic.move_mark import MoveMark
from durahub.classic.names import HubNames
from durahub.classic.partitioning import app_lease, lease_blob
from durahub.classic.resources import Resources
from durahub.model.ticks import Ticks
from tests.fuzz.target import JSON, TIMES, finished, target

WORDS = (*JSON, *TIMES)
NOW = Ticks(639_000_000_000_000_000)


class OneBlob:
    """A container's client for whom every blob holds the same."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def read(self, container: str, name: str) -> bytes:
        return self._content

    async def names(self, container: str, prefix: str) -> AsyncIterator[str]:
        yield f"{prefix}a.json"


def parts_with(content: bytes) -> Any:
    return SimpleNamespace(names=HubNames("hub"), blobs=OneBlob(content), hub="hub")


@target("lease-blob", words=(*WORDS, b"Owner", b"Token", b"Epoch", b"PartitionId"))
def lease_blob_(data: bytes) -> None:
    """A lease blob, and taskhub.json. What is not readable says nothing, and nothing is raised."""
    found = lease_blob.decode(data, "hub-control-00", leased=True)
    assert lease_blob.decode(lease_blob.encode(found), "hub-control-00", leased=True) == found
    lease_blob.is_stale(data, "hub", 4)


@target("app-lease-blob", words=(*WORDS, b"OwnerId", b"DesiredSwapId"))
def app_lease_blob(data: bytes) -> None:
    """The app lease's blob. What is not readable says nothing, and nothing is raised."""
    found = app_lease.decode(data)
    assert app_lease.decode(app_lease.encode(found)) == found


@target("claim-blob", words=(*WORDS, b"owner", b"until"))
def claim_blob(data: bytes) -> None:
    """Who does a hub's task. What is no claim is none, and nothing is raised."""
    claims.from_json(data)


@target("freeze-report", words=(*WORDS, b"durahub-freeze", b"frozen_at", b"samples", b"queues"))
def freeze_report(data: bytes) -> None:
    """What a freeze says of itself. What is none is none; one that is read is written again."""
    found = freezing.decode(data)
    if found is not None:
        freezing.encode(found)


@target("set-aside", words=(*WORDS, b"location", b"firstSeen"))
def set_aside(data: bytes) -> None:
    """What the container of things set aside holds."""
    blobs: Any = OneBlob(data)
    finished(Aside(blobs, "hub-setaside", lambda: NOW).all())


@target("doctor-journal", words=(*WORDS, b"places", b"at"))
def doctor_journal(data: bytes) -> None:
    """The doctor's journal of repairs that were not finished. What is none of ours says nothing."""
    found = finished(Repairing(parts_with(data), lambda: NOW).unfinished())
    assert all(isinstance(place, str) for place in found)


@target("move-mark", words=(*WORDS, b"job"))
def move_mark(data: bytes) -> None:
    """The mark of a hub that is moved into: whatever it holds, the hub counts as marked."""
    blobs: Any = OneBlob(data)
    assert finished(MoveMark("hub", blobs, "hub-setaside").job()) is not None


@target("task-hub-blob", words=(*WORDS, b"PartitionCount"))
def task_hub_blob(data: bytes) -> None:
    """How many partitions taskhub.json says that a hub has."""
    resources = Resources.__new__(Resources)
    resources._blobs, resources._names = parts_with(data).blobs, HubNames("hub")
    found = finished(resources._count_in_task_hub_json())
    assert found is None or isinstance(found, int)
