"""What the doctor reads of a hub in Azure Storage, as explanations take it. Nothing is asked here."""

from collections.abc import Sequence

from durahub.classic.doctor.rules.blobs import named
from durahub.classic.doctor.snapshot import HubFacts
from durahub.classic.doctor.snapshot import InstanceFacts as Read
from durahub.classic.doctor.snapshot import QueueFacts as ReadQueue
from durahub.classic.doctor.snapshot import SeenMessage as ReadMessage
from durahub.classic.queues import MOST_AT_ONCE
from durahub.classic.routing import control_index
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.scheduler_state import status_of
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.explaining import (
    Frozen,
    HubSeen,
    InstanceSeen,
    SeenMessage,
    SeenQueue,
    Thresholds,
)
from durahub_migrate.monitor.health.owners import Held
from durahub_migrate.monitor.row import Row


def queue_seen(queue: ReadQueue) -> SeenQueue:
    """Return a queue; of messages that a look took out of it, none is shown."""
    return SeenQueue(
        name=queue.name,
        depth=max(queue.depth, len(queue.seen)),
        messages=tuple(map(message_seen, queue.seen)),
        hidden=queue.unseen,
        cut=len(queue.seen) >= MOST_AT_ONCE and queue.unseen > 0,
    )


def message_seen(message: ReadMessage) -> SeenMessage:
    """Return a message. Of one that cannot be read its blob's name may tell whom it is for."""
    envelope = message.envelope
    target, execution = message.target, None
    if envelope is not None:
        execution = envelope.message.target.execution_id
    elif message.blob is not None and (told := named(message.blob)) is not None:
        target = told.folder
    return SeenMessage(
        queue=message.queue,
        message_id=message.message_id,
        event=message.event,
        target=target,
        execution_id=execution,
        deliveries=message.deliveries,
        inserted=message.inserted,
        problem=message.problem,
    )


def hub_seen(
    name: str,
    address: str,
    now: Ticks,
    queues: Sequence[SeenQueue],
    work_items: str,
    held: Held | None,
    frozen: Frozen | None,
    unread: tuple[str, ...] = (),
    thresholds: Thresholds | None = None,
) -> HubSeen:
    """Return a hub as explanations take it; without *held* its leases were not read."""
    return HubSeen(
        name=name,
        address=address,
        now=now,
        queues={queue.name: queue for queue in queues},
        owners=held.owners if held is not None else {},
        work_items=work_items,
        workers=tuple(held.workers) if held is not None else None,
        frozen=frozen,
        mends=True,
        unread=unread,
        thresholds=thresholds or Thresholds(),
    )


def instance_seen(found: Read, row: Row | None, queue: str | None) -> InstanceSeen:
    """Return an instance. *row* is that of its columns, *queue* its control queue."""
    unreadable = [f"history row {key}: {why}" for key, why in found.unreadable]
    if found.row_problem is not None:
        unreadable.append(f"instance row: {found.row_problem}")
    backlog = None
    if is_entity(found.instance_id) and found.row is not None:
        backlog = status_of(found.row.custom_status).backlog
    return InstanceSeen(
        instance_id=found.instance_id,
        row=row,
        history=found.events,
        execution_id=found.execution_id,
        queue=queue,
        checkpoint=found.sentinel.completed if found.sentinel is not None else None,
        unposted=frozenset(found.unposted),
        rewound=found.waits_for_wake_up,
        backlog=backlog,
        problems=tuple(unreadable),
    )


def queue_of(facts: HubFacts, instance_id: str) -> str:
    """Return an instance's control queue."""
    return facts.names.control_queue(control_index(instance_id, facts.partitions))
