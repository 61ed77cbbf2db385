"""Payloads as a client measures them: the UTF-8 bytes of the serialized text, wherever it is stored.

Source: research, section 2.1: ``LargePayloadStorageOptions.cs``, ``PayloadInterceptor.cs``.
"""

import re
from dataclasses import dataclass
from enum import Enum

from durahub_migrate.lint.finding import head_of

_LONE = re.compile("[\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_TYPE_NAME = re.compile(r'"\$type"\s*:')
_DOTNET_DATE = re.compile(r'"\\?/Date\(-?\d+')
_BLOB_ADDRESS = re.compile(r"https?://\S+-largemessages/\S+\.json\.gz", re.ASCII)
_LONGEST_ADDRESS = 2048  # characters; blob names have 1024 at most
_TOKENS = ("blob:v1:", "blob:v2:", '"blob:v1:', '"blob:v2:')


class PayloadKind(Enum):
    """What of an instance it is; the limit of the scheduler holds for each one."""

    INPUT = "orchestration input"
    OUTPUT = "orchestration output"
    ACTIVITY_INPUT = "activity input"
    ACTIVITY_OUTPUT = "activity output"
    EVENT = "event data"
    CUSTOM_STATUS = "custom status"
    ENTITY_STATE = "entity state"
    ENTITY_OPERATION = "entity operation"
    FAILURE = "failure details"


class Mark(Enum):
    """What was seen in a payload while it was measured."""

    LONE_SURROGATE = "lone surrogate"
    ESCAPED_SURROGATE = "escaped lone surrogate"  # in JSON text
    TYPE_NAME = "$type"
    DOTNET_DATE = "/Date(…)/"
    PAYLOAD_TOKEN = "payload token"  # noqa: S105 (a name)
    BLOB_ADDRESS = "address of a large-message blob"
    NOT_JSON = "not JSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One payload, measured. *where* names the piece of the instance: ``event 7, Result``.

    *event* is the index of the event that carries it, ``None`` where none does. *name* is the
    activity's, event's or operation's. *blob* is where it is stored, if not in its row. Where it cannot
    be read, *problem* says why and *size* is 0.
    """

    kind: PayloadKind
    where: str
    size: int
    event: int | None = None
    name: str = ""
    head: str = ""
    marks: frozenset[Mark] = frozenset()
    blob: str | None = None
    problem: str | None = None


def measure(
    kind: PayloadKind,
    where: str,
    text: str,
    *,
    event: int | None = None,
    name: str = "",
    blob: str | None = None,
) -> Payload:
    """Return the payload that *text* is."""
    marks = set()
    if text.isascii():
        size = len(text)
    else:
        size = len(text.encode("utf-8", "surrogatepass"))
        if _LONE.search(text):
            marks.add(Mark.LONE_SURROGATE)
    if ("\\ud" in text or "\\uD" in text) and _has_lone_escape(text):
        marks.add(Mark.ESCAPED_SURROGATE)
    if _TYPE_NAME.search(text):
        marks.add(Mark.TYPE_NAME)
    if _DOTNET_DATE.search(text):
        marks.add(Mark.DOTNET_DATE)
    if text.startswith(_TOKENS):
        marks.add(Mark.PAYLOAD_TOKEN)
    if text.startswith(("http", '"http')) and _is_blob_address(text):
        marks.add(Mark.BLOB_ADDRESS)
    return Payload(
        kind=kind,
        where=where,
        size=size,
        event=event,
        name=name,
        head=head_of(text),
        marks=frozenset(marks),
        blob=blob,
    )


def _is_blob_address(text: str) -> bool:
    address = text.strip('"')
    return len(address) <= _LONGEST_ADDRESS and _BLOB_ADDRESS.fullmatch(address) is not None


def _has_lone_escape(text: str) -> bool:
    """Tell whether JSON text escapes half of a surrogate pair without the other behind it."""
    behind_high = -1  # where the low half has to begin
    for escape in _ESCAPE.finditer(text):
        unit = int(escape[1], 16) if escape[1] else 0
        is_low = 0xDC00 <= unit <= 0xDFFF
        if behind_high != -1 and not (is_low and escape.start() == behind_high):
            return True
        if is_low and behind_high == -1:
            return True
        behind_high = escape.end() if 0xD800 <= unit <= 0xDBFF else -1
    return behind_high != -1
