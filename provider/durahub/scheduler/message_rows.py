"""Messages as rows of the tables ``inbox`` and ``tasks``."""

from collections.abc import Sequence
from dataclasses import replace

from durahub.engine.commit import Delivery
from durahub.errors import BadMessage, BadRow
from durahub.model.history import Execution
from durahub.model.message import Message
from durahub.scheduler.columns import (
    Column,
    from_tags,
    from_text,
    required_number,
    required_text,
    to_number,
    to_tags,
    to_text,
)
from durahub.scheduler.event_proto import decode as decode_event
from durahub.scheduler.event_proto import encode as encode_event

PARTITION = "0"
"""The only partition of a hub."""

RESULT = "r"
"""What the key of a result begins with whose twin is the row of its activity: ``"r17"``."""

COLUMNS = (
    "seq",
    "deliveries",
    "instance",
    "execution",
    "sender",
    "sender_execution",
    "episode",
    "tags",
    "event",
    "extra",
)
"""What `encode` fills and `decode` reads; ``deliveries`` counts those that came back."""


def encode(seq: int, message: Message, before: int = 0) -> tuple[Column, ...]:
    """Return the columns of *message*, numbered *seq*, which came back *before* times; without its time."""
    stored = encode_event(message.event)
    sender = message.sender
    return (
        seq,
        before,
        from_text(message.target.instance_id),
        from_text(message.target.execution_id),
        from_text(sender.instance_id) if sender is not None else None,
        from_text(sender.execution_id) if sender is not None else None,
        message.episode,
        from_tags(message.tags),
        stored.body,
        stored.extra,
    )


def decode(row: Sequence[Column], activity: bool) -> Delivery:
    """Return the delivery of a row of ``inbox``, or of an *activity* of ``tasks``. Raises `BadMessage`."""
    found = dict(zip(COLUMNS, row, strict=True))
    event = found["event"]
    location = location_of(found["seq"], activity=activity)
    try:
        if not isinstance(event, bytes):
            raise ValueError("its event is no blob")
        message = Message(
            event=decode_event(event, to_text(found["extra"]), location),
            target=Execution(required_text(found["instance"]), to_text(found["execution"])),
            sender=_sender(found["sender"], found["sender_execution"]),
            episode=to_number(found["episode"]),
            tags=to_tags(found["tags"]),
        )
        seq, before = required_number(found["seq"]), required_number(found["deliveries"])
    except BadRow as error:
        raise BadMessage(error.problem) from None
    except ValueError as error:
        raise BadMessage(str(error)) from None
    return delivery(seq, message, activity=activity, before=before)


def delivery(seq: int, message: Message, *, activity: bool, before: int = 0) -> Delivery:
    """Return the delivery of message *seq*, *before* of which came back.

    When it was due is not told: a message in hand is due.
    """
    partition = "" if activity else PARTITION
    due_now = message if message.due is None else replace(message, due=None)
    return Delivery(str(seq), partition, due_now, before + 1)


def delivery_of_result(activity: Delivery, result: Message) -> Delivery:
    """Return the delivery of the *result* of *activity*, whose row stands for it."""
    return Delivery(f"{RESULT}{activity.key}", PARTITION, result)


def is_result(key: str) -> bool:
    """Tell whether a key is that of a result whose twin is the activity's row."""
    return key.startswith(RESULT)


def seq_of(key: str) -> int:
    """Return the number of the row that a key names; a result has that of its activity, always."""
    return int(key.removeprefix(RESULT))


def location_of(seq: Column, *, activity: bool) -> str:
    """Return where message *seq* is: ``"table inbox message 17"``."""
    return f"table {'tasks' if activity else 'inbox'} message {seq!r}"


def _sender(instance: Column, execution: Column) -> Execution | None:
    return None if instance is None else Execution(required_text(instance), to_text(execution))
