"""Large texts of messages: taken out into files of their own, named by their digests, and put back."""

import hashlib
from collections.abc import Callable, MutableMapping
from typing import Any, Protocol

from google.protobuf.message import Message

from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.canonical import LARGE

Keep = Callable[[bytes, bytes], object]
"""Takes a payload's digest and its UTF-8."""

Fetch = Callable[[bytes, int], bytes]
"""Returns the payload with a digest, which has so many bytes."""


class Refs(Protocol):
    """A repeated field of `PayloadRef`."""

    def add(self, **fields: Any) -> hb.PayloadRef:
        """Add one."""


def move_out(
    message: Message, extras: MutableMapping[str, str] | None, refs: Refs, keep: Keep
) -> None:
    """Take the large texts out of *message* and *extras*; note in *refs* where they belong."""
    if message.ByteSize() >= LARGE:
        _move_out(message, [], refs, keep)
    for name, text in (extras or {}).items():
        if len(text) >= LARGE:  # JSON of ours is ASCII
            refs.add(extra=name, sha256=_kept(text.encode(), keep), size=len(text))
            assert extras is not None  # noqa: S101 (for the types)
            extras[name] = ""


def _move_out(message: Message, path: list[int], refs: Refs, keep: Keep) -> None:
    for field, value in message.ListFields():
        here = [*path, field.number]
        if isinstance(value, Message):
            if value.ByteSize() >= LARGE:
                _move_out(value, here, refs, keep)
        elif isinstance(value, str) and len(value) * 4 >= LARGE:
            content = value.encode("utf-8")  # protobuf takes whole characters only
            if len(content) >= LARGE:
                refs.add(path=here, sha256=_kept(content, keep), size=len(content))
                message.ClearField(field.name)


def put_back(
    message: Message, extras: MutableMapping[str, str] | None, refs: Any, fetch: Fetch
) -> None:
    """Undo `move_out`. Raises `ValueError`, `TypeError` for a place that *message* has not."""
    for ref in refs:
        text = fetch(ref.sha256, ref.size).decode("utf-8")
        if ref.extra:
            if extras is None:
                raise ValueError("a payload of an extra where there are none")
            extras[ref.extra] = text
            continue
        target = _at(message, ref.path)
        try:
            setattr(target, _field(target, ref.path[-1]).name, text)
        except AttributeError:
            raise ValueError("a payload where a message belongs") from None


def _at(message: Message, path: Any) -> Message:
    if not path:
        raise ValueError("a payload that belongs nowhere")
    for number in path[:-1]:
        found = getattr(message, _field(message, number).name)
        if not isinstance(found, Message):
            raise ValueError(f"field {number} is no message")
        message = found
    return message


def _field(message: Message, number: int) -> Any:
    found: Any = message.DESCRIPTOR.fields_by_number.get(number)
    if found is None:
        raise ValueError(f"there is no field {number}")
    return found


def _kept(content: bytes, keep: Keep) -> bytes:
    digest = hashlib.sha256(content).digest()
    keep(digest, content)
    return digest
