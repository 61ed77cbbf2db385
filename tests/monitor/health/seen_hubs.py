"""Hubs as looks find them, made by hand."""

from dataclasses import replace
from typing import Any

from durahub.model.history import Event, EventRaised, Execution, ExecutionStarted, TaskScheduled
from durahub.model.ticks import Ticks, later, parse
from durahub_migrate.monitor.explaining import HubSeen, Owner, SeenMessage, SeenQueue
from durahub_migrate.monitor.health.look import HubLook
from durahub_migrate.monitor.health.owners import Held
from durahub_migrate.monitor.partitions import Holding
from durahub_migrate.monitor.row import Row

NOW = parse("2026-11-20T12:00:00Z")
CONTROL = tuple(f"orders-control-{index:02d}" for index in range(4))
WORK = "orders-workitems"


def ago(seconds: float) -> Ticks:
    return later(NOW, -seconds)


def event(name: str = "Go") -> EventRaised:
    return EventRaised(timestamp=ago(60), name=name)


def activity(name: str = "Charge", number: int = 0) -> TaskScheduled:
    return TaskScheduled(event_id=number, timestamp=ago(60), name=name)


def start(instance_id: str) -> ExecutionStarted:
    return ExecutionStarted(timestamp=ago(60), execution=Execution(instance_id, "e"), name="Order")


def message(
    target: str | None, brings: Event | None, *, queue: str = CONTROL[0], **others: Any
) -> SeenMessage:
    number = others.pop("number", "m")
    told = {"inserted": ago(10), **others}
    return SeenMessage(queue=queue, message_id=number, event=brings, target=target, **told)


def queue(name: str, *messages: SeenMessage, hidden: int = 0) -> SeenQueue:
    found = tuple(replace(one, queue=name) for one in messages)
    return SeenQueue(name=name, depth=len(found) + hidden, messages=found, hidden=hidden)


def owned(by: str = "w1", **others: Any) -> Owner:
    told: dict[str, Any] = {"holding": Holding.HELD, "owner": by, "renewed": ago(5), **others}
    return Owner(**told)


def seen(*queues: SeenQueue, at: Ticks = NOW, owners: Any = None, **others: Any) -> HubSeen:
    every = {name: queue(name) for name in (WORK, *CONTROL)} | {one.name: one for one in queues}
    held = dict.fromkeys(CONTROL, owned()) if owners is None else owners
    told: dict[str, Any] = {"workers": ("w1",), "mends": True, **others}
    return HubSeen(
        name="orders@local",
        address="orders",
        now=at,
        queues=every,
        owners=held,
        work_items=WORK,
        **told,
    )


def look(found: HubSeen, **others: Any) -> HubLook:
    workers: dict[str, tuple[str, ...]] = {}
    for name, owner in found.owners.items():
        if owner.owner is not None:
            workers[owner.owner] = (*workers.get(owner.owner, ()), name)
    held = Held(manager="table", owners=dict(found.owners), workers=workers)
    return HubLook(seen=found, control=CONTROL, held=held, **others)


def row(instance_id: str = "a", **others: Any) -> Row:
    told: dict[str, Any] = {
        "name": "Order",
        "status": "Running",
        "created": ago(3600),
        "updated": ago(3600),
        **others,
    }
    return Row(hub="orders@local", instance_id=instance_id, **told)
