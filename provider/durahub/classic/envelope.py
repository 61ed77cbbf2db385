"""Queue messages: the envelope ``MessageData`` around an event; classic layout 2.2-2.4.

The text is plain JSON or its Base64, by the hub's setting; both are read. A message that is too large
stands in a blob, and the queue holds a *wrapper* that names it.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from durahub.classic.dialect import Dialect
from durahub.classic.event_fields import Shape
from durahub.classic.event_json import read_event, write_event
from durahub.classic.event_objects import (
    NotThis,
    read_execution,
    read_tags,
    tags_object,
    write_object,
)
from durahub.errors import BadMessage
from durahub.model.history import Execution, Tags
from durahub.model.json_text import member, read_object, write, write_plain
from durahub.model.message import Message

_NO_GUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message as it is stored.

    ``activity_id`` is a GUID with dashes, new for each message; ``sequence_number`` counts what the
    sending process sends, from 1. ``trace_context`` is the legacy correlation's, kept as it came.
    """

    message: Message
    activity_id: str
    sequence_number: int
    trace_context: str | None = None

    @property
    def sent_id(self) -> str | None:
        """What names the message in all copies of it, ``None`` if its sender gave it no ID."""
        if self.activity_id == _NO_GUID:
            return None
        return f"{self.activity_id}/{self.sequence_number}/{self.message.target.instance_id}"


@dataclass(frozen=True, slots=True)
class Wrapper:
    """Stands in the queue for a message in the blob *blob_name* of the large-message container."""

    blob_name: str


def encode(envelope: Envelope, dialect: Dialect) -> str:
    """Return the envelope as JSON text."""
    message = envelope.message
    written: dict[str, Any] = {
        "$type": "DurableTask.AzureStorage.MessageData",
        "ActivityId": envelope.activity_id,
        "TaskMessage": {
            "$type": "DurableTask.Core.TaskMessage",
            "Event": write_event(message.event, dialect),
            "SequenceNumber": 0,
            "OrchestrationInstance": write_object(
                message.target, Shape.EXECUTION, dialect, typed=True
            ),
            "OrchestrationExecutionContext": _context(message.tags, dialect),
        },
        "CompressedBlobName": None,
        "SequenceNumber": envelope.sequence_number,
    }
    if message.episode is not None:
        written["Episode"] = message.episode
    written["Sender"] = write_object(message.sender, Shape.EXECUTION, dialect, typed=False)
    written["SerializableTraceContext"] = envelope.trace_context
    # only failures hold what others have thought up, fractions perhaps
    text = write if getattr(message.event, "failure", None) is not None else write_plain
    return text(written)


def _context(tags: Tags | None, dialect: Dialect) -> dict[str, Any] | None:
    if tags is None:
        return None
    return {
        "$type": "DurableTask.Core.OrchestrationExecutionContext",
        "OrchestrationTags": tags_object(tags, dialect, typed=True),
    }


def encode_wrapper(blob_name: str) -> str:
    """Return the text of a wrapper."""
    return write(
        {
            "$type": "DurableTask.AzureStorage.MessageData",
            "ActivityId": _NO_GUID,
            "TaskMessage": None,
            "CompressedBlobName": blob_name,
            "SequenceNumber": 0,
            "Sender": None,
            "SerializableTraceContext": None,
        }
    )


def decode(text: str) -> Envelope | Wrapper:
    """Return what JSON *text* holds. Raises `BadMessage`."""
    found = read_object(text)
    blob_name = member(found, "CompressedBlobName")
    if isinstance(blob_name, str) and blob_name:
        return Wrapper(blob_name)
    task_message = member(found, "TaskMessage")
    if not isinstance(task_message, dict):
        raise BadMessage("TaskMessage is missing")
    target = member(task_message, "OrchestrationInstance")
    if not isinstance(target, dict):
        raise BadMessage("the target instance is missing")
    try:
        message = Message(
            event=read_event(member(task_message, "Event")),
            target=read_execution(target),
            sender=_sender(member(found, "Sender")),
            episode=_number(found, "Episode"),
            tags=_tags(member(task_message, "OrchestrationExecutionContext")),
        )
    except NotThis as error:
        raise BadMessage(str(error)) from None
    trace_context = member(found, "SerializableTraceContext")
    return Envelope(
        message=message,
        activity_id=str(member(found, "ActivityId") or _NO_GUID),
        sequence_number=_number(found, "SequenceNumber") or 0,
        trace_context=trace_context if isinstance(trace_context, str) else None,
    )


def _sender(found: Any) -> Execution | None:
    return read_execution(found) if isinstance(found, dict) else None


def _number(found: dict[str, Any], name: str) -> int | None:
    value = member(found, name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise BadMessage(f"{name} is not a number")
    return value


def _tags(context: Any) -> Tags | None:
    if not isinstance(context, dict):
        return None
    tags = member(context, "OrchestrationTags")
    return read_tags(tags) if isinstance(tags, dict) else None


def to_queue_text(json_text: str, dialect: Dialect) -> str:
    """Return what is put into the queue."""
    if not dialect.base64_queue_text:
        return json_text
    return base64.b64encode(json_text.encode("utf-8")).decode("ascii")


def from_queue_text(text: str) -> str:
    """Return the JSON text of what lies in a queue: itself, or what its Base64 holds.

    Raises `BadMessage` where it is neither.
    """
    if text.startswith("{"):
        return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise BadMessage("neither JSON nor Base64 of UTF-8 text") from None
