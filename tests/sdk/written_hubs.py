"""Hubs that durahub alone has written: what clients and workers did in three recorded hubs, done again.

One server serves all three, each with a worker of the recorded app. When every instance has come as
far as the recorded one, workers and server are stopped, and clients go on by themselves; then all that is
in storage is read, also what is invisible.
"""

import asyncio
import contextlib
import json
import re
import urllib.request
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient
from durabletask.entities import EntityInstanceId

from durahub.classic.keys import escape
from durahub.dispatch.clients import Clients, StartRequest
from durahub.dispatch.clock import new_id, system_clock
from durahub.dispatch.entity_clients import EntityClients
from durahub.local.azurite import running_azurite
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.storage import StorageOptions, open_storage
from durahub.store import HubStore
from tests.conftest import Storage
from tests.golden.recorded import RecordedHub
from tests.sdk.apps.travel import FAR, compact
from tests.sdk.azurite_folder import StoredMessage, stored_messages
from tests.sdk.raw_tables import RawRow, raw_rows
from tests.sdk.recorded_plays import (
    STEPS,
    Recorded,
    Step,
    raises,
    recorded_event,
    recorded_in,
    start,
    suspends,
    take_steps,
)
from tests.sdk.recorded_plays import UNICODE as HOLD
from tests.sdk.travel_hub import TravelHub, travel_hub, until

SENTINEL = "sentinel"
GROUPS = {name: RecordedHub(name) for name in ("finished", "waiting", "entities")}
NOBODY = "nobody-of-that-name"


@dataclass(frozen=True)
class StoredBlob:
    """A blob with the properties that readers could look at."""

    content: bytes
    content_type: str | None
    content_encoding: str | None
    metadata: dict[str, str]


@dataclass(frozen=True)
class WrittenHub:
    """All that a hub consists of, but for its leases."""

    name: str
    read_at: datetime
    resources: set[str]  # names of tables, queues and containers, without the hub's, in lower case
    partitions: list[RawRow]
    history: list[RawRow]
    instances: list[RawRow]
    messages: list[StoredMessage]
    blobs: dict[str, StoredBlob]  # of the large-message container


class AllClients(Clients, EntityClients):
    """The operations of clients, on storage itself."""


def write_hubs(folder: Path) -> dict[str, WrittenHub]:
    """Play the recorded groups and return their hubs; *folder* takes the data of an Azurite."""
    state, data = folder / "state", folder / "azurite"
    state.mkdir()
    read: dict[str, WrittenHub] = {}
    with running_azurite(data) as azurite:
        storage = Storage(azurite.connection_string)
        with travel_hub(storage, state, hubs=len(GROUPS)) as first:
            names = dict(zip(GROUPS, first.names, strict=True))
            hubs = {group: first.beside(name) for group, name in names.items()}
            workers = {
                group: hub.start_worker(*(["--slow-never"] if group == "waiting" else []))
                for group, hub in hubs.items()
            }
            _write_waiting(hubs["waiting"])
            _await_recorded(storage, hubs["waiting"], GROUPS["waiting"])
            workers["waiting"].kill()  # its first timers are soon due
            _write_entities(hubs["entities"], storage)
            _write_finished(hubs["finished"])
            asyncio.run(_rewind(storage, names["finished"], "rewound"))
            for group in ("entities", "finished"):
                _await_recorded(storage, hubs[group], GROUPS[group])
                workers[group].kill()
            until(lambda: not _has_workers(first))
        asyncio.run(_without_worker(storage, names))
        for group, name in names.items():
            read[group] = _read(storage, name)
    messages = stored_messages(data)
    for hub_ in read.values():
        hub_.messages.extend(m for m in messages if m.queue.startswith(f"{hub_.name.lower()}-"))
    return read


def _has_workers(hub: TravelHub) -> bool:
    """Tell whether the server has not noticed yet that all workers are gone."""
    with urllib.request.urlopen(f"{hub.server.ready.http_url}/metrics", timeout=10) as answer:
        return bool(re.search(rb"^durahub_workers\{.*\} [^0]", answer.read(), re.MULTILINE))


def _read(storage: Storage, name: str) -> WrittenHub:
    return WrittenHub(
        name=name,
        read_at=datetime.now(timezone.utc),
        resources=_resources(storage, name),
        partitions=raw_rows(storage.connection_string, f"{name}Partitions"),
        history=raw_rows(storage.connection_string, f"{name}History"),
        instances=raw_rows(storage.connection_string, f"{name}Instances"),
        messages=[],
        blobs=_blobs(storage, f"{name.lower()}-largemessages"),
    )


def _resources(storage: Storage, hub: str) -> set[str]:
    with (
        TableServiceClient.from_connection_string(storage.connection_string) as tables,
        QueueServiceClient.from_connection_string(storage.connection_string) as queues,
        BlobServiceClient.from_connection_string(storage.connection_string) as blobs,
    ):
        found = (tables.list_tables(), queues.list_queues(), blobs.list_containers())
        names = [one.name.lower() for service in found for one in service]
    prefix = hub.lower()
    return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


def _blobs(storage: Storage, container: str) -> dict[str, StoredBlob]:
    found = {}
    with BlobServiceClient.from_connection_string(storage.connection_string) as service:
        client = service.get_container_client(container)
        for name in client.list_blob_names():
            read = client.download_blob(name)
            settings = read.properties.content_settings
            found[name] = StoredBlob(
                content=read.readall(),
                content_type=settings.content_type,
                content_encoding=settings.content_encoding,
                metadata=read.properties.metadata,
            )
    return found


# -- as far as the recorded one ------------------------------------------------------------------


def _await_recorded(storage: Storage, hub: TravelHub, recorded: RecordedHub) -> None:
    """Return when all rows of the recorded hub are there by number and kind."""
    by_clients = {
        row["PartitionKey"] for row in recorded.instances if row["RuntimeStatus"] == "Pending"
    }
    theirs = _stages(recorded.history, recorded.instances, by_clients)

    missing: dict[str, Any] = {}

    def as_far() -> bool:
        nonlocal missing
        history = raw_rows(storage.connection_string, f"{hub.name}History")
        instances = raw_rows(storage.connection_string, f"{hub.name}Instances")
        ours = _stages(history, instances, by_clients)
        missing = {key: (stage, ours.get(key)) for key, stage in theirs.items()}
        missing = {key: (their, our) for key, (their, our) in missing.items() if their != our}
        return not missing

    try:
        until(as_far)
    except AssertionError:
        raise AssertionError(f"not as recorded: {missing}") from None


def _stages(
    history: Iterable[Mapping[str, Any]],
    instances: Iterable[Mapping[str, Any]],
    but_not: set[str],
) -> dict[str, Any]:
    """Return how far each instance has come: the kinds of its events, status, an entity's state."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for row in history:
        if row["RowKey"] != SENTINEL and not row["EventType"].startswith("Orchestrator"):
            kinds[row["PartitionKey"]][row["EventType"]] += 1
    return {
        row["PartitionKey"]: (
            kinds[row["PartitionKey"]],
            row["RuntimeStatus"],
            row.get("CustomStatus"),
            _state(row),
        )
        for row in instances
        if row["PartitionKey"] not in but_not and not _is_made_up(row["PartitionKey"])
    }


def _state(row: Mapping[str, Any]) -> str | None:
    given = row.get("Input", "")
    if not row["PartitionKey"].startswith("@") or not given.startswith("{"):
        return None
    state: str | None = json.loads(given).get("state")
    return state


def _is_made_up(key: str) -> bool:
    """Tell whether an instance is a child to which the orchestration gave no ID."""
    return ":" in key and len(key.partition(":")[0]) == 32


# -- what was done -------------------------------------------------------------------------------


def _write_finished(hub: TravelHub) -> None:
    instances = recorded_in("finished")
    later = ("sender", "parent:child-1", "fails-in-child/failing")
    for instance_id, instance in instances.items():
        if instance_id not in later and not _is_made_up(instance_id):
            soon = datetime.now(timezone.utc) + timedelta(seconds=2)
            start(hub, instance, soon if instance_id == "scheduled-start" else None)
    hub.begun("event-target")
    start(hub, instances["sender"])
    for instance_id in STEPS.keys() & instances.keys():
        take_steps(hub, instance_id)
    for instance_id in instances:
        if not _is_made_up(instance_id):
            hub.ended(instance_id)


async def _rewind(storage: Storage, hub: str, instance_id: str) -> None:
    """Rewind as a client does that finds the partition in another's hands: as .NET does it."""
    async with _opened(storage, hub) as (clients, _):
        await clients.rewind(instance_id, "try again")


WAITING_STEPS: dict[str, tuple[Step, ...]] = {
    "awaits-second-event": (raises("first of two"),),
    "continued-as-new": (raises({"tick": 0}), raises({"tick": 1})),
    "suspended": (raises("before the pause"), suspends(f"hold {HOLD}"), raises("during the pause")),
}


def _write_waiting(hub: TravelHub) -> None:
    instances = recorded_in("waiting")
    for instance_id, instance in instances.items():
        if not instance_id.startswith("never-started") and instance_id != "awaits-many:waits":
            six_days = datetime.now(timezone.utc) + timedelta(days=6)
            start(hub, instance, six_days if instance_id == "scheduled-far" else None)
    for instance_id, steps in WAITING_STEPS.items():
        take_steps(hub, instance_id, steps)


def _write_entities(hub: TravelHub, storage: Storage) -> None:
    instances = recorded_in("entities")

    def signal(key: str, operation: str, given: Any = None, at: datetime | None = None) -> None:
        hub.client.signal_entity(EntityInstanceId("counter", key), operation, given, at)

    signal("plain", "add", 10)
    signal("plain", "add", 5)
    signal("key with spaces/and é", "add", 1)
    signal("big", "fill", 70_000)
    signal("deleted", "add", 1)
    signal("deleted", "delete")
    signal("failing", "add", 3)
    signal("delayed", "add", 9, FAR)
    signal("source", "forward", "@counter@sink")
    until(lambda: _custom_status(storage, hub.name, "@counter@source"))
    signal("source", "forward-later", "@counter@sink")
    signal("source", "start", "started-by-entity")
    for instance_id in ("calls", "locked-and-released", "holds-locks"):
        start(hub, instances[instance_id])
    until(lambda: _custom_status(storage, hub.name, "@counter@failing"))
    start(hub, instances["call-fails"])
    until(lambda: hub.begun("holds-locks").serialized_custom_status == '"locked"')
    until(lambda: _has_added(storage, hub.name, "@counter@y"))
    signal("x", "add", 1000)
    signal("x", "add", 2000)
    start(hub, instances["waits-for-locks"])
    until(lambda: '"queueSize":2' in _custom_status(storage, hub.name, "@counter@x"))
    start(hub, instances["call-waits-for-lock"])


def _custom_status(storage: Storage, hub: str, key: str) -> str:
    return str(_instance_row(storage, hub, key).get("CustomStatus", ""))


def _has_added(storage: Storage, hub: str, key: str) -> bool:
    return '"state"' in str(_instance_row(storage, hub, key).get("Input", ""))


def _instance_row(storage: Storage, hub: str, key: str) -> RawRow:
    rows = raw_rows(storage.connection_string, f"{hub}Instances")
    return next((row for row in rows if row["PartitionKey"] == escape(key)), {})


# -- what clients did while no worker ran --------------------------------------------------------


async def _without_worker(storage: Storage, names: Mapping[str, str]) -> None:
    waiting = recorded_in("waiting")
    async with _opened(storage, names["waiting"]) as (clients, store):
        await clients.start(_request(waiting["never-started"]))
        await clients.start(_request(waiting["never-started-parent"]))
        await clients.raise_event("awaits-event", "Approval", compact("sent while no worker ran"))
        await clients.start(_request(waiting["never-started-big"]))
        await clients.start(_request(waiting["never-started-terminated"]))
        await clients.terminate("never-started-terminated", "changed our mind", recursive=False)
        await clients.suspend("race-open", "queued suspend")
        await clients.raise_event("awaits-second-event", "Approval", recorded_event())
        # Our clients refuse it; one of .NET's could still send it to a hub that we serve.
        orphan = EventRaised(timestamp=system_clock(), name="Approval", input=compact("an orphan"))
        await store.send(Message(event=orphan, target=Execution(NOBODY)))
    async with _opened(storage, names["entities"]) as (clients, _):
        await clients.signal_entity("@counter@plain", "add", "100")
        await clients.signal_entity("@counter@brand-new", "add", "1")


@contextlib.asynccontextmanager
async def _opened(storage: Storage, hub: str) -> AsyncIterator[tuple[AllClients, HubStore]]:
    async with open_storage(storage.connection_string, StorageOptions()) as opened:
        store = opened.store(hub)
        await store.open(create=False)
        try:
            yield AllClients(store, system_clock, new_id), store
        finally:
            await store.close()


def _request(instance: Recorded) -> StartRequest:
    return StartRequest(
        name=instance.name,
        instance_id=instance.instance_id,
        version=instance.version,
        input=instance.input,
        tags=instance.tags,
    )
