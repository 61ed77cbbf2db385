"""A recorded hub as the doctor sees it, without any storage: every message visible, nobody at work."""

import json
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import quote

from durahub.classic.columns import from_odata
from durahub.classic.doctor import rules
from durahub.classic.doctor.findings import Finding
from durahub.classic.doctor.ledger import Ledger
from durahub.classic.doctor.rules import waiting
from durahub.classic.doctor.snapshot import (
    HubFacts,
    InstanceFacts,
    QueueFacts,
    SeenMessage,
    hub_facts,
    instance_facts,
)
from durahub.classic.envelope import Wrapper, decode, from_queue_text
from durahub.classic.keys import escape
from durahub.classic.partitioning import app_lease, lease_blob
from durahub.classic.partitioning import table as lease_rows
from durahub.classic.partitioning.app_lease import AppLeaseInfo
from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.classic.payloads import unpack
from durahub.model.ticks import later, parse
from tests.golden.recorded import FOLDER, RecordedHub, Row, lines_of


def hub_of(hub: RecordedHub) -> HubFacts:
    """Return the facts of a recorded hub, a day after it was recorded."""
    folder = FOLDER / hub.name / "hub"
    taken = json.loads((folder / "dump.json").read_bytes())["takenAt"]
    queues = [_queue(hub, name) for name in hub.queue_and_table_names()[0]]
    partitions = sum("-control-" in queue.name for queue in queues)
    tables = hub.queue_and_table_names()[1]
    leases = hub.table(hub.names.partitions_table) if hub.names.partitions_table in tables else []
    blobs, app = _leases(hub)
    return hub_facts(
        hub.names,
        partitions,
        later(parse(taken), 86_400),
        queues,
        leases=Evidence([lease_rows.decode(from_odata(row)) for row in leases], blobs),
        app_lease=app,
    )


def instances_of(hub: RecordedHub, facts: HubFacts) -> Iterator[InstanceFacts]:
    """Yield the instances of a recorded hub, and whatever messages are for that is not there."""
    rows = {str(row["PartitionKey"]): from_odata(row) for row in hub.instances}
    histories: dict[str, list[Row]] = defaultdict(list)
    for entity in hub.history:
        histories[entity["PartitionKey"]].append(from_odata(entity))
    keys = {*rows, *histories, *map(escape, facts.by_target)}
    found = {key: instance_facts(key, rows.get(key), histories[key]) for key in sorted(keys)}
    for one in found.values():
        related = {
            other: found.get(escape(other), instance_facts(escape(other), None, ()))
            for other in rules.related_ids(one, facts)
        }
        yield one.beside(related)


def findings_of(hub: RecordedHub) -> list[Finding]:
    """Return what the rules find in a recorded hub, but for its blobs."""
    facts = hub_of(hub)
    ledger = Ledger(facts)
    found = list(rules.of_hub(facts))
    for instance in instances_of(hub, facts):
        found += rules.of_instance(instance, facts)
        lost = (ledger.add(one) for one in waiting.awaited(instance, facts))
        found += [one for one in lost if one is not None]
    return found


def _queue(hub: RecordedHub, name: str) -> QueueFacts:
    path = FOLDER / hub.name / "hub" / "queues" / f"{name}.jsonl"
    seen = tuple(_seen(hub, name, line) for line in lines_of(path))
    return QueueFacts(name, len(seen), seen)


def _seen(hub: RecordedHub, queue: str, line: dict[str, object]) -> SeenMessage:
    found = decode(from_queue_text(str(line["text"])))
    blob = None
    if isinstance(found, Wrapper):
        blob = found.blob_name
        found = decode(unpack(hub.payloads[blob], blob))
    assert not isinstance(found, Wrapper)
    return SeenMessage(
        queue=queue,
        message_id=str(line["messageId"]),
        deliveries=int(str(line["dequeueCount"])),
        envelope=found,
        blob=blob,
    )


def _leases(hub: RecordedHub) -> tuple[dict[str, list[LeaseBlob]], AppLeaseInfo]:
    """Return the lease blobs by folder, and the app lease."""
    folder = FOLDER / hub.name / "hub"
    found: dict[str, list[LeaseBlob]] = defaultdict(list)
    app = AppLeaseInfo()
    for line in lines_of(folder / "blobs.jsonl"):
        name, container = line["name"], line["container"]
        if container not in (hub.names.leases_container, hub.names.app_lease_container):
            continue
        content = (folder / "blobs" / container / quote(name)).read_bytes()
        kind, _, partition = name.partition("/")
        if container == hub.names.app_lease_container:
            app = app_lease.decode(content)
        elif partition:
            leased = line.get("leaseState") == "leased"
            found[kind].append(lease_blob.decode(content, partition, leased=leased))
    return found, app
