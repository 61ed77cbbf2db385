"""What the comparison of one instance comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import orjson


class Symbol(Enum):
    """The result for one instance, as rclone writes it; the last is our own."""

    EQUAL = "="
    ADVANCED = ">"  # the target's app has gone on from where the source stood
    ONLY_TARGET = "+"
    ONLY_SOURCE = "-"
    DIFFERS = "*"
    UNREADABLE = "!"


class Match(Enum):
    """How two instances are compared."""

    EXACT = "exact"  # everything, to the 100 ns
    SEMANTIC = "semantic"  # what two runs have in common
    START = "start"  # what a client gave when it started it


class Fate(Enum):
    """What has become of an instance of the source, for the sum that has to come out."""

    IMPORTED = "imported"
    ARCHIVED = "archived"
    DRAINED = "drained"
    REJECTED = "rejected"  # it could not be read
    PURGED = "purged"  # by the target's retention, it seems
    SKIPPED = "skipped"  # by the plan: it is blocked, or was left out
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where two sides differ: *part* is ``row``, ``history`` or ``open work``, *text* names no payload.

    *event* is the number of the first event that differs, from 0; *fields* are names of the protocol's.
    """

    part: str
    text: str
    event: int | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something of which no instance or message could be made."""

    instance_id: str
    place: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result for one instance. *instance_id* is the source's; *target_id* is told where it is another.

    *fate* is ``None`` for what the source does not have. *is_fault* tells whether it makes the whole differ.
    """

    instance_id: str
    kind: str
    symbol: Symbol
    name: str = ""
    target_id: str = ""
    root: str = ""  # of its tree, at the source
    match: Match | None = None
    fate: Fate | None = None
    is_fault: bool = False
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()

    def but(self, **changes: Any) -> "Verdict":
        """Return it with other fields."""
        return replace(self, **changes)

    def encoded(self) -> bytes:
        """Return it as JSON."""
        return orjson.dumps(self)

    @classmethod
    def decoded(cls, text: bytes) -> "Verdict":
        """Undo `encoded`."""
        return cls.of(orjson.loads(text))

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "Verdict":
        """Return the verdict of a JSON object. Raises `KeyError`, `TypeError`, `ValueError`."""
        differences = tuple(
            Difference(**{**one, "fields": tuple(one["fields"])}) for one in found["differences"]
        )
        return cls(
            **{
                **found,
                "symbol": Symbol(found["symbol"]),
                "match": Match(found["match"]) if found["match"] is not None else None,
                "fate": Fate(found["fate"]) if found["fate"] is not None else None,
                "differences": differences,
                "notes": tuple(found["notes"]),
            }
        )
