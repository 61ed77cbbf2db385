"""How a field of an event stands in a protobuf body, and as JSON where the body cannot hold it.

A field's ``put`` writes as much as the body can hold and tells whether that was all of it; only what
was not exact is stored as JSON besides. Protobuf texts are UTF-8: half of a surrogate pair, which .NET
lets through, becomes ``?`` in the body and stands in the JSON.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from durahub.model.history import Status
from durahub.model.ticks import Ticks, from_unix, to_unix


def _same(value: Any) -> Any:
    return value


def _text(found: Any) -> str | None:
    if found is not None and not isinstance(found, str):
        raise ValueError("no text where one belongs")
    return found


def _number(found: Any) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise ValueError("no whole number where one belongs")
    return found


@dataclass(frozen=True, slots=True)
class ProtoField:
    """A field: ``put(body, value)`` tells whether ``get(body)`` returns the same value.

    ``get`` raises `ValueError` for what no writer wrote. ``to_json`` returns what `json.dumps` takes,
    ``from_json`` undoes it.
    """

    put: Callable[[Any, Any], bool]
    get: Callable[[Any], Any]
    to_json: Callable[[Any], Any] = _same
    from_json: Callable[[Any], Any] = _same


def plain(name: str) -> ProtoField:
    """Return a text without presence: null is not told from ""."""

    def put(body: Any, value: str | None) -> bool:
        return write_text(body, name, value or "") and value is not None

    return ProtoField(put, lambda body: getattr(body, name), from_json=_text)


def text(name: str) -> ProtoField:
    """Return a ``StringValue``: unset is null."""

    def put(body: Any, value: str | None) -> bool:
        return value is None or write_text(getattr(body, name), "value", value)

    def get(body: Any) -> str | None:
        return str(getattr(body, name).value) if body.HasField(name) else None

    return ProtoField(put, get, from_json=_text)


def number(name: str) -> ProtoField:
    """Return an ``int32``; a number that does not fit goes beside it."""

    def put(body: Any, value: int) -> bool:
        try:
            setattr(body, name, value)
        except ValueError:
            return False
        return True

    return ProtoField(put, lambda body: getattr(body, name), from_json=_number)


def flag(name: str) -> ProtoField:
    """Return a ``bool``."""

    def put(body: Any, value: bool) -> bool:
        setattr(body, name, value)
        return True

    return ProtoField(put, lambda body: getattr(body, name))


def moment(name: str, *, optional: bool = False) -> ProtoField:
    """Return a ``Timestamp``: exact, for a tick is 100 of its nanoseconds."""

    def put(body: Any, value: Ticks | None) -> bool:
        if value is not None:
            stamp = getattr(body, name)
            stamp.seconds, stamp.nanos = to_unix(value)
        return True

    def get(body: Any) -> Ticks | None:
        if body.HasField(name):
            stamp = getattr(body, name)
            return from_unix(stamp.seconds, stamp.nanos)
        if optional:
            return None
        raise ValueError(f"{name} is not set")

    return ProtoField(put, get)


def status(name: str) -> ProtoField:
    """Return an ``OrchestrationStatus``; its numbers are ours."""

    def put(body: Any, value: Status) -> bool:
        setattr(body, name, int(value))
        return True

    return ProtoField(put, lambda body: Status(getattr(body, name)))


def tags(name: str) -> ProtoField:
    """Return a map of texts; an empty one is not told from none."""

    def put(body: Any, value: Mapping[str, str] | None) -> bool:
        if value is None:
            return True
        try:
            getattr(body, name).update(value)
        except UnicodeEncodeError:
            return False
        return bool(value)

    return ProtoField(put, lambda body: dict(getattr(body, name)) or None, to_json=dict)


def beyond(
    default: Any = None,
    to_json: Callable[[Any], Any] = _same,
    from_json: Callable[[Any], Any] = _same,
) -> ProtoField:
    """Return a field that the body has no place for; at its default nothing is stored."""
    return ProtoField(
        lambda _, value: bool(value == default), lambda _: default, to_json, from_json
    )


def write_text(target: Message, name: str, value: str) -> bool:
    """Write a text; tell whether it could be written as it is."""
    target.SetInParent()  # an empty text is not a missing one
    try:
        setattr(target, name, value)
    except UnicodeEncodeError:
        setattr(target, name, value.encode("utf-8", "replace").decode())
        return False
    return True
