"""Messages on their way as records: those that were seen in queues, and those that rows speak of."""

from collections.abc import Iterator
from typing import Any

from durahub.engine import state as states
from durahub.errors import BadRow
from durahub.model.history import Event, Execution, TimerCreated, TimerFired
from durahub.model.message import Message
from durahub.model.ticks import Ticks, from_unix, to_unix
from durahub.scheduler.proto_fields import write_text
from durahub.stored import StoredEvent, StoredInstance, StoredMessage
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.fields import extras_of, values_of
from durahub_migrate.bundle.records import event_extras, event_of, start_of_row

QUEUE, TABLE = hb.InFlight.QUEUE, hb.InFlight.TABLE
MESSAGE = "message"
"""The extra of what a message has beside its event."""

PENDING = "Pending"


def seen(stored: StoredMessage) -> hb.InFlight:
    """Return the record of a message that was seen in a queue."""
    message = stored.message
    record = hb.InFlight(evidence=QUEUE, dequeue_count=stored.deliveries, raw=stored.raw)
    write_text(record, "queue", stored.queue)
    write_text(record, "message_id", stored.message_id)
    if message.sender is not None:
        write_text(record, "sender_instance_id", message.sender.instance_id)
    beyond: dict[str, Any] = {
        "target": [message.target.instance_id, message.target.execution_id],
        "sender": [message.sender.instance_id, message.sender.execution_id]
        if message.sender is not None
        else None,
        "episode": message.episode,
        "tags": dict(message.tags) if message.tags is not None else None,
        "blob": stored.blob,
    }
    record.extras[MESSAGE] = extras_of({MESSAGE: beyond})[MESSAGE]
    return _filled(record, message.event, message.target, stored.due)


def implied(instance: StoredInstance) -> Iterator[hb.InFlight]:
    """Yield what rows say is on its way to *instance*: its start while it is pending, its open timers."""
    target = Execution(instance.instance_id, instance.execution_id)
    if instance.status == PENDING and not instance.history:
        start = start_of_row(instance)
        yield _filled(hb.InFlight(evidence=TABLE), start, target, instance.scheduled_start)
        return
    events = [stored.event for stored in instance.history]
    if not any(isinstance(event, TimerCreated) for event in events):
        return
    found = states.read(events)
    if not found.is_live:
        return
    for event in events:
        if isinstance(event, TimerCreated) and ("timer", event.event_id) not in found.answers:
            fired = TimerFired(
                timestamp=event.timestamp, timer_id=event.event_id, fire_at=event.fire_at
            )
            yield _filled(hb.InFlight(evidence=TABLE), fired, target, event.fire_at)


def _filled(record: hb.InFlight, event: Event, target: Execution, due: Ticks | None) -> hb.InFlight:
    if not write_text(record, "instance_id", target.instance_id) and MESSAGE not in record.extras:
        beyond = {"target": [target.instance_id, target.execution_id], "sender": None}
        record.extras[MESSAGE] = extras_of({MESSAGE: beyond})[MESSAGE]
    write_text(record, "execution_id", target.execution_id or "")
    record.extras.update(event_extras(record.event, StoredEvent(event)))
    if due is not None:
        record.visible_at.seconds, record.visible_at.nanos = to_unix(due)
    return record


def message_of(record: hb.InFlight) -> StoredMessage:
    """Return the message of a record. Raises `BadRow`."""
    location = f"message to instance {record.instance_id!r}"
    extras = dict(record.extras)
    beyond = extras.pop(MESSAGE, None)
    event = event_of(record.event, extras, location).event
    found = _beyond(beyond, location) if beyond is not None else {}
    try:
        sender = found.get("sender", ("", ""))
        message = Message(
            event=event,
            target=Execution(
                *found.get("target", (record.instance_id, record.execution_id or None))
            ),
            sender=Execution(*sender) if sender is not None else None,
            episode=found.get("episode"),
            tags=found.get("tags"),
        )
    except TypeError:
        raise BadRow(location, "it cannot be read: TypeError") from None
    stamp = record.visible_at
    return StoredMessage(
        queue=record.queue,
        message_id=record.message_id,
        message=message,
        deliveries=record.dequeue_count,
        due=from_unix(stamp.seconds, stamp.nanos) if record.HasField("visible_at") else None,
        raw=record.raw,
        blob=found.get("blob"),
    )


def target_of(record: hb.InFlight) -> str:
    """Return whom a record is for: exact where protobuf has a ``?`` for half of a surrogate pair.

    Raises `BadRow`.
    """
    if "?" not in record.instance_id or MESSAGE not in record.extras:
        return record.instance_id
    location = f"message to instance {record.instance_id!r}"
    target = _beyond(record.extras[MESSAGE], location).get("target")
    if not isinstance(target, list) or not target or not isinstance(target[0], str):
        return record.instance_id
    return target[0]


def _beyond(text: str, location: str) -> dict[str, Any]:
    try:
        return dict(values_of({MESSAGE: text})[MESSAGE])
    except (TypeError, ValueError):
        raise BadRow(location, "an extra of it cannot be read") from None
