r"""What digests are made of: one spelling for each value, whatever wrote it.

Protobuf does not promise that two libraries serialise a message to the same bytes, so digests are over a form
of our own. It is this, with ``varint`` as in protobuf and ``zigzag`` before it where numbers have signs:

=============  ==========================================================================
null           ``n``
number, flag   ``i``, zigzag varint
double         ``d``, 8 bytes, big-endian
text           ``s``, varint of its bytes, its UTF-8; from 1 MiB on ``p``, SHA-256 of its UTF-8
bytes          ``b``, varint of their count, the bytes
time           ``t``, zigzag varint of the 100 ns since 1970
list           ``r``, varint of its count, its values
map            ``k``, varint of its count, then key and value, in the order of the keys' UTF-8
message        ``m``, for each field that is set varint of its number and its value, by number, ``\0``
=============  ==========================================================================

A ``google.protobuf.StringValue`` counts as its text. Half of a surrogate pair is encoded as three bytes.
"""

import hashlib
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from durahub.model.ticks import PER_SECOND

LARGE = 1_048_576
"""Bytes of UTF-8 from which on a text is a payload of its own."""

_Write = Callable[[list[bytes], Any], None]

_BYTES = tuple(bytes((number,)) for number in range(0x80))
_SHORT_TEXTS = tuple(b"s" + size for size in _BYTES)
"""How texts of less than 128 bytes begin."""


def varint(number: int) -> bytes:
    """Return *number*, not negative, as a varint."""
    if number < 0x80:
        return _BYTES[number]
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def digest(parts: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of *parts* behind each other."""
    return hashlib.sha256(b"".join(parts)).digest()


def utf8(text: str) -> bytes:
    """Return the UTF-8 of *text*, with three bytes for half of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass")


# -- plain values --------------------------------------------------------------------------------


def value(found: object) -> bytes:
    """Return the canonical form of a value of ``None``, numbers, texts, bytes, sequences and mappings."""
    out: list[bytes] = []
    _value(out, found)
    return b"".join(out)


def list_head(count: int) -> bytes:
    """Return what the canonical form of a list of *count* values begins with; theirs come behind it."""
    return b"r" + varint(count)


def _value(out: list[bytes], found: object) -> None:
    write = _OF_VALUES.get(type(found))
    if write is not None:
        write(out, found)
        return
    match found:
        case int():
            _number(out, found)
        case float():
            _double(out, found)
        case str():
            _text(out, found)
        case bytes():
            _bytes(out, found)
        case Mapping():
            _mapping(out, found)
        case Sequence():
            _sequence(out, found)
        case _:
            raise TypeError(f"no canonical form for {type(found).__name__}")


def _null(out: list[bytes], _: None) -> None:
    out.append(b"n")


def _number(out: list[bytes], found: int) -> None:
    out.append(b"i" + varint(found << 1 if found >= 0 else (~found << 1) | 1))


def _double(out: list[bytes], found: float) -> None:
    out.append(b"d" + struct.pack(">d", found))


def _bytes(out: list[bytes], found: bytes) -> None:
    out.append(b"b" + varint(len(found)))
    out.append(found)


def _text(out: list[bytes], found: str) -> None:
    encoded = found.encode("utf-8", "surrogatepass")
    if len(encoded) < 0x80:
        out.append(_SHORT_TEXTS[len(encoded)])
        out.append(encoded)
    elif len(encoded) >= LARGE:
        out.append(b"p" + hashlib.sha256(encoded).digest())
    else:
        out.append(b"s" + varint(len(encoded)))
        out.append(encoded)


def _mapping(out: list[bytes], found: Mapping[str, object]) -> None:
    out.append(b"k" + varint(len(found)))
    for key in sorted(found, key=utf8) if len(found) > 1 else found:
        _text(out, key)
        _value(out, found[key])


def _sequence(out: list[bytes], found: Sequence[object]) -> None:
    out.append(list_head(len(found)))
    for one in found:
        _value(out, one)


_OF_VALUES: Mapping[type, _Write] = {
    type(None): _null,
    bool: _number,
    int: _number,
    float: _double,
    str: _text,
    bytes: _bytes,
    dict: _mapping,
    list: _sequence,
    tuple: _sequence,
}
"""By the types that values mostly have; others are of one of the kinds as well."""


# -- messages ------------------------------------------------------------------------------------


def message(found: Message) -> bytes:
    """Return the canonical form of a protobuf message."""
    out: list[bytes] = []
    _message(out, found)
    return b"".join(out)


def _message(out: list[bytes], found: Message) -> None:
    out.append(b"m")
    for field, held in found.ListFields():
        known = _FIELDS.get(field)
        if known is None:
            known = _FIELDS[field] = varint(field.number), _writer(field)
        number, write = known
        out.append(number)
        write(out, held)
    out.append(b"\0")


def _string_value(out: list[bytes], found: Any) -> None:
    _text(out, found.value)


def _timestamp(out: list[bytes], found: Any) -> None:
    ticks = found.seconds * PER_SECOND + found.nanos // 100
    out.append(b"t" + varint(ticks << 1 if ticks >= 0 else (~ticks << 1) | 1))


_FIELDS: dict[FieldDescriptor, tuple[bytes, _Write]] = {}
"""What is known of the fields that were met: their numbers, and how their values are written."""

_OF_MESSAGES: Mapping[str, _Write] = {
    "google.protobuf.StringValue": _string_value,
    "google.protobuf.Timestamp": _timestamp,
}
_OF_TYPES: Mapping[int, _Write] = {
    FieldDescriptor.CPPTYPE_STRING: _text,
    FieldDescriptor.CPPTYPE_DOUBLE: _double,
    FieldDescriptor.CPPTYPE_FLOAT: _double,
}


def _writer(field: FieldDescriptor) -> _Write:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        return _map_of(_single(entry.fields_by_name["value"]))
    single = _single(field)
    return _list_of(single) if _is_repeated(field) else single


def _single(field: FieldDescriptor) -> _Write:
    if field.message_type is not None:
        return _OF_MESSAGES.get(field.message_type.full_name, _message)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes
    return _OF_TYPES.get(field.cpp_type, _number)


def _is_repeated(field: FieldDescriptor) -> bool:
    told = getattr(field, "is_repeated", None)
    if told is not None:
        return bool(told)
    label: int = getattr(field, "label")  # noqa: B009 (protobuf 5; later ones warn of it, and lack it)
    return label == FieldDescriptor.LABEL_REPEATED


def _list_of(write: _Write) -> _Write:
    def written(out: list[bytes], found: Any) -> None:
        out.append(b"r" + varint(len(found)))
        for one in found:
            write(out, one)

    return written


def _map_of(write: _Write) -> _Write:
    def written(out: list[bytes], found: Any) -> None:
        out.append(b"k" + varint(len(found)))
        for key in sorted(found, key=utf8):
            _text(out, key)
            write(out, found[key])

    return written
