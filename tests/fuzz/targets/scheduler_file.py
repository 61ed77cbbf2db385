"""The rows of a scheduler's file, which anybody may have written into: events, instances, messages, tags."""

import json
from collections.abc import Callable
from typing import Any

from durahub.errors import DurahubError
from durahub.scheduler import event_proto, instance_rows, message_rows
from durahub.scheduler.columns import from_tags, from_text, to_tags, to_text
from durahub.scheduler.proto_structures import failure_from_json, failure_to_json
from tests.fuzz.target import JSON, TIMES, clean_text_of, target, text_of

BETWEEN = b"\n--\n"  # the parts of an input of several columns


def parts(data: bytes, count: int) -> list[bytes | None]:
    """Return the columns that an input stands for; one that is missing is null."""
    found: list[bytes | None] = [*data.split(BETWEEN, count - 1)]
    return found + [None] * (count - len(found))


def columns(data: bytes) -> list[Any] | None:
    """Return the columns of a row from JSON: texts, numbers, nulls, and ``{"b": "hex"}`` for bytes."""
    try:
        found = json.loads(clean_text_of(data))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list):
        return None
    return [_column(one) for one in found]


def _column(one: Any) -> Any:
    if isinstance(one, dict):
        try:
            return bytes.fromhex(str(one.get("b")))
        except ValueError:
            return b""
    return one if isinstance(one, str | int | float | None) else None


@target("event-proto", words=(*JSON, *TIMES, BETWEEN, b'{"timestamp":', b'"worker_number":'))
def event_proto_(data: bytes) -> None:
    """A stored event: a protobuf message, and JSON of what that lacks. It is written and read the same."""
    body, extra = parts(data, 2)
    text = None if extra is None else clean_text_of(extra)
    event = event_proto.decode(body or b"", text, "here")
    stored = event_proto.encode(event)
    assert event_proto.decode(stored.body, stored.extra, "here") == event


def exact(decode: Callable[[Any], Any], row: list[Any]) -> None:
    """Decode *row*, and again with bytes in the place of texts."""
    decode(row)
    decode([one.encode(errors="replace") if isinstance(one, str) else one for one in row])


@target("scheduler-instance", words=(*JSON, b'{"b":"c3a9"}'))
def scheduler_instance(data: bytes) -> None:
    """The row of an instance."""
    row = columns(data)
    wanted = len((*instance_rows.COLUMNS, *instance_rows.PAYLOADS))
    if row is not None:
        exact(instance_rows.decode, (row + [None] * wanted)[:wanted])


@target("scheduler-message", words=(*JSON, b'{"b":"0a00"}'))
def scheduler_message(data: bytes) -> None:
    """The row of a message, or of an activity."""
    row = columns(data)
    if row is not None:
        full = (row + [None] * len(message_rows.COLUMNS))[: len(message_rows.COLUMNS)]
        try:
            exact(lambda one: message_rows.decode(one, activity=True), full)
        except DurahubError:
            message_rows.decode(full, activity=False)


@target("scheduler-columns", words=JSON, may_raise=(ValueError,))
def scheduler_columns(data: bytes) -> None:
    """Texts and tags as columns. What was written is read the same. Raises `ValueError`, as documented."""
    text = text_of(data)
    assert to_text(from_text(text)) == text
    tags = to_tags(clean_text_of(data))
    assert to_tags(from_tags(tags)) == tags


@target("failure-json", words=JSON, may_raise=(ValueError, TypeError, KeyError, RecursionError))
def failure_json(data: bytes) -> None:
    """A failure beside an event, whose reader turns these errors into one of its own."""
    found = failure_from_json(json.loads(clean_text_of(data)))
    if found is not None:
        assert failure_from_json(json.loads(json.dumps(failure_to_json(found)))) == found
