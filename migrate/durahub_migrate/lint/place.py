"""Where something stands: in a file, or in a hub."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class PlaceKind(Enum):
    """What kind of thing stands there."""

    FILE = "file"
    HUB = "hub"
    INSTANCE = "instance"
    ENTITY = "entity"
    MESSAGE = "message"
    QUEUE = "queue"
    BLOB = "blob"
    LEASE = "lease"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A piece of a file. Lines and columns count from 1; the end is behind the last character.

    *start* and *stop* are the same piece in bytes of its UTF-8 text, from 0.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place. *source* is the address or the file's path as the user gave it: ``azurite:orders``.

    *key* is what tells the thing from others of its kind: the instance ID, ``QUEUE/MESSAGE-ID``, the blob's
    name; in a file the path of the value, e.g. ``extensions.durableTask.hubName``. *part* is a piece of
    it: ``event 7, Result``.
    """

    source: str
    kind: PlaceKind
    key: str = ""
    part: str = ""
    span: Span | None = None

    def __str__(self) -> str:
        """Return the place as people read it: ``host.json:4:7``, ``azurite:orders instance 'a' event 7``."""
        if self.kind is PlaceKind.FILE:
            at = f":{self.span.line}:{self.span.column}" if self.span is not None else ""
            return f"{self.source}{at}"
        if self.kind is PlaceKind.HUB:
            return " ".join(filter(None, (self.source, self.part)))
        return " ".join(filter(None, (self.source, self.kind.value, repr(self.key), self.part)))

    @property
    def key_hash(self) -> str:
        """The key where it may not be shown: the first 16 hex digits of its SHA-256."""
        return hashlib.sha256(self.key.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def plain(place: Place) -> dict[str, Any]:
    """Return a place as JSON can hold it."""
    return {
        "source": place.source,
        "kind": place.kind.value,
        "key": place.key,
        "part": place.part,
        "span": asdict(place.span) if place.span is not None else None,
    }


def place_of(found: Mapping[str, Any]) -> Place:
    """Return the place that `plain` made *found* of."""
    span = found["span"]
    others = {"kind": PlaceKind(found["kind"]), "span": Span(**span) if span is not None else None}
    return Place(**{**found, **others})
