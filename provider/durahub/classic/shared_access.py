"""What a shared access signature says of itself: for which services, until when, with which permissions.

A hub needs an *account* signature. The service checks it all again; here it is told early, and by name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import parse_qsl

from durahub.classic.connection import SharedAccess
from durahub.model.ticks import Ticks, from_datetime

SERVING = "rwdlacup"
READING = "rl"
RESOURCE_TYPES = {"s": "service", "c": "container", "o": "object"}
PERMISSIONS = {
    "r": "read",
    "w": "write",
    "d": "delete",
    "l": "list",
    "a": "add",
    "c": "create",
    "u": "update",
    "p": "process",
}


@dataclass(frozen=True, slots=True)
class Signature:
    """The fields of a signature by their names in the query: ``sp``, ``ss``, ``srt``, ``st``, ``se``."""

    fields: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, access: SharedAccess) -> "Signature":
        """Return what is in a token."""
        return cls(dict(parse_qsl(access.token)))

    def problem(self, now: Ticks, services: Iterable[str], *, writing: bool) -> str | None:
        """Return why it will not do for *services*, ``None`` if nothing is known to be wrong."""
        fields = self.fields
        if "sig" not in fields:
            return "the shared access signature has no sig"
        if "ss" not in fields:
            return (
                "the shared access signature is for one container, queue or table; a hub needs one of "
                "the account (ss=bqt, srt=sco)"
            )
        ended, begins = _ticks(fields.get("se")), _ticks(fields.get("st"))
        if ended is not None and ended <= now:
            return f"the shared access signature expired at {fields['se']}"
        if begins is not None and begins > now:
            return f"the shared access signature is not valid before {fields['st']}"
        return self._missing(services, writing)

    def _missing(self, services: Iterable[str], writing: bool) -> str | None:
        fields = self.fields
        without = [
            f"{name} service (ss={name[0]})" for name in services if name[0] not in fields["ss"]
        ]
        if "srt" in fields:
            without += [
                f"resource type {name} (srt={letter})"
                for letter, name in RESOURCE_TYPES.items()
                if letter not in fields["srt"]
            ]
        if "sp" in fields:
            without += [
                f"permission {PERMISSIONS[letter]} (sp={letter})"
                for letter in (SERVING if writing else READING)
                if letter not in fields["sp"]
            ]
        return f"the shared access signature lacks {', '.join(without)}" if without else None


def _ticks(text: str | None) -> Ticks | None:
    """Return the time of ``2026-01-15T09:30:00Z`` or ``2026-01-15``; ``None`` if there is none."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return from_datetime(found if found.tzinfo else found.replace(tzinfo=timezone.utc))
