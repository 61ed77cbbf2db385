"""Protobuf's well-known types and what they are here: texts that may be null, ticks, JSON values.

A ``StringValue`` that is unset is null; one that holds "" is an empty text. That difference is kept
for payloads. A version is the exception: null and "" mean the same, and null is what is sent.
"""

import json
import math

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import ListValue, NullValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue

from durahub.errors import BadRequest
from durahub.model.failure import Json
from durahub.model.ticks import Ticks, from_unix, to_unix

DEEPEST_VALUE = 8
"""Levels of lists and maps that are sent as such. Parsers give up at 100 levels of messages, each of
ours takes three, and a message that a worker cannot parse breaks its whole stream."""

EXACT = 2**53
"""Below this every whole number is a double."""

_FIRST_SECOND = -62_135_596_800  # 0001-01-01, where ticks begin
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59


def text_of(message: Message, field: str) -> str | None:
    """Return the text of the ``StringValue`` in *field*, ``None`` if it is unset."""
    return str(getattr(message, field).value) if message.HasField(field) else None


def filled_text(message: Message, field: str) -> str | None:
    """Return the text of *field*, ``None`` if it is unset or empty: for IDs and tokens."""
    return text_of(message, field) or None


def string_value(text: str | None) -> StringValue | None:
    """Return *text* wrapped, ``None`` (unset) for null."""
    return None if text is None else StringValue(value=text)


def version_value(version: str | None) -> StringValue | None:
    """Return a version wrapped, ``None`` (unset) for null and for ""."""
    return StringValue(value=version) if version else None


def put_text(into: StringValue, text: str | None) -> None:
    """Set a field of a message to *text*; null leaves it unset."""
    if text is not None:
        into.value = text


def put_version(into: StringValue, version: str | None) -> None:
    """Set a field of a message to a version; null and "" leave it unset."""
    if version:
        into.value = version


def put_timestamp(into: Timestamp, ticks: Ticks) -> None:
    """Set a field of a message to *ticks*, exactly."""
    into.seconds, into.nanos = to_unix(ticks)


def timestamp(ticks: Ticks) -> Timestamp:
    """Return *ticks*, exactly."""
    seconds, nanos = to_unix(ticks)
    return Timestamp(seconds=seconds, nanos=nanos)


def optional_timestamp(ticks: Ticks | None) -> Timestamp | None:
    """Return *ticks*, ``None`` (unset) for none."""
    return None if ticks is None else timestamp(ticks)


def ticks_of(message: Message, field: str) -> Ticks | None:
    """Return the ticks of the ``Timestamp`` in *field*, ``None`` if it is unset.

    What is finer than a tick is cut off. Raises `BadRequest` outside the years 1 to 9999.
    """
    if not message.HasField(field):
        return None
    moment: Timestamp = getattr(message, field)
    if not _FIRST_SECOND <= moment.seconds <= _LAST_SECOND or not 0 <= moment.nanos < 10**9:
        raise BadRequest(f"{field} is not a time between the years 1 and 9999")
    return from_unix(moment.seconds, moment.nanos)


def json_of(value: Value) -> Json:
    """Return a ``Value`` as JSON; whole doubles become integers, so that no fraction is printed.

    NaN and the infinities, which JSON lacks, become texts.
    """
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            if not math.isfinite(number):
                return "NaN" if math.isnan(number) else f"{'-' if number < 0 else ''}Infinity"
            return int(number) if number.is_integer() and abs(number) <= EXACT else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return {key: json_of(inner) for key, inner in value.struct_value.fields.items()}
        case "list_value":
            return [json_of(inner) for inner in value.list_value.values]
        case _:
            return None


def value_of(content: Json, depth: int = 0) -> Value:
    """Return JSON as a ``Value``; what is nested too deep, or no double can hold, is sent as text."""
    match content:
        case None:
            return Value(null_value=NullValue.NULL_VALUE)
        case bool():
            return Value(bool_value=content)
        case int() | float():
            try:
                return Value(number_value=float(content))
            except OverflowError:
                return Value(string_value=str(content))
        case str():
            return Value(string_value=content)
    if depth == DEEPEST_VALUE:
        return Value(string_value=json.dumps(content, ensure_ascii=False))
    if isinstance(content, list):
        return Value(list_value=ListValue(values=[value_of(item, depth + 1) for item in content]))
    fields = {key: value_of(item, depth + 1) for key, item in content.items()}
    return Value(struct_value=Struct(fields=fields))
