"""Bundles for tests: written from values, without any hub."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from durahub.model.history import (
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
    Status,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.ticks import Ticks, later, parse
from durahub.stored import NotRead, StoredEvent, StoredInstance, StoredMessage
from durahub_migrate.bundle.manifest import Manifest, SourceHub
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.writer import BundleWriter, Given

NOON = Ticks(parse("2026-11-01T12:00:00Z") + 3)  # 100 ns are seen in the last digit
GIVEN = Given(tool="durahub test", started=NOON)
HUB = SourceHub(kind="classic", hub="orders", address_sha256="0" * 64, partitions=4)


def an_instance(
    instance_id: str = "order-7",
    *,
    history: Iterable[Event | StoredEvent] | None = None,
    parent: str | None = None,
    **others: Any,
) -> StoredInstance:
    """Return an instance that has run one activity, with *others* as fields of its row."""
    fields: dict[str, Any] = {
        "execution_id": "e1",
        "name": "Order",
        "version": "",
        "status": "Completed",
        "created": NOON,
        "last_updated": later(NOON, 2),
        "completed": later(NOON, 2),
        "scheduled_start": None,
        "input": '"in"',
        "output": '"out"',
        "custom_status": "null",
        "tags": None,
        "generation": 0,
    }
    told = a_history(instance_id, parent) if history is None else history
    events = (one if isinstance(one, StoredEvent) else StoredEvent(one) for one in told)
    return StoredInstance(**{**fields, **others, "instance_id": instance_id}, history=tuple(events))


def a_history(instance_id: str, parent: str | None = None, text: str = '"in"') -> tuple[Event, ...]:
    """Return the history of an orchestration with one activity."""
    by = (
        Parent(name="Day", execution=Execution(parent, "e0"), task_schedule_id=0)
        if parent
        else None
    )
    return (
        OrchestratorStarted(timestamp=NOON),
        ExecutionStarted(
            timestamp=NOON,
            execution=Execution(instance_id, "e1"),
            name="Order",
            input=text,
            parent=by,
            generation=0,
        ),
        TaskScheduled(event_id=0, timestamp=NOON, name="Pay"),
        OrchestratorCompleted(timestamp=NOON),
        OrchestratorStarted(timestamp=later(NOON, 1)),
        TaskCompleted(timestamp=later(NOON, 1), task_scheduled_id=0, result='"paid"'),
        ExecutionCompleted(
            event_id=1, timestamp=later(NOON, 2), status=Status.Completed, result='"out"'
        ),
        OrchestratorCompleted(timestamp=later(NOON, 2)),
    )


def written(
    folder: Path,
    instances: Iterable[StoredInstance] = (),
    messages: Iterable[StoredMessage] = (),
    rejects: Iterable[NotRead] = (),
) -> Manifest:
    """Write a bundle of these."""
    with BundleWriter(folder, GIVEN) as writer:
        for instance in instances:
            writer.add_instance(instance, f"table ordersInstances, row {instance.instance_id!r}")
        for message in messages:
            writer.add_message(message)
        for reject in rejects:
            writer.add_reject(reject)
        return writer.finish(HUB, later(NOON, 60))


def read(folder: Path) -> list[StoredInstance]:
    """Return the instances in a bundle, in its order."""
    return [one.whole() for one in BundleReader(folder).instances()]
