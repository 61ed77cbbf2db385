"""What a rule says of a place."""

import hashlib
from dataclasses import dataclass
from enum import Enum

from durahub_migrate.lint.place import Place

HEAD = 60  # characters that are shown of an offending value


class Severity(Enum):
    """How bad it is. An error breaks, a warning may, info is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return ("error", "warning", "info").index(self.value)


class Confidence(Enum):
    """How sure it is: documented or tried; said by one source; inferred, or sources disagree."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Edit:
    """The bytes from *start* to *stop* of a file's UTF-8 text become *text*."""

    start: int
    stop: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What repairs a file. A *safe* one changes nothing of what the file means today, or only a mistake."""

    title: str  # "remove partitionCount"
    file: str
    edits: tuple[Edit, ...]
    safe: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place where a rule does not hold.

    *detail* is one sentence without its full stop. *head* is the beginning of the offending value, at most
    `HEAD` characters; a *private* one is a user's payload and shown only on demand. Secrets are in
    neither. *discriminator* tells apart findings of one rule in one place; line numbers are none. A finding
    that does not count says in *suppressed* why; rules leave that alone.
    """

    code: str
    severity: Severity
    place: Place
    detail: str
    head: str | None = None
    private: bool = False
    discriminator: str = ""
    fix: Fix | None = None
    suppressed: str | None = None

    @property
    def fingerprint(self) -> str:
        """What a baseline file remembers: SHA-256 of rule, kind, key and discriminator, in hex.

        A file counts by its path, a thing in a hub without the address: a copied hub has the same.
        """
        place = self.place
        source = place.source if place.span is not None or place.kind.value == "file" else ""
        parts = (self.code, place.kind.value, source, place.key, self.discriminator)
        text = "\0".join(parts)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def head_of(value: object) -> str:
    """Return the beginning of *value* as text of one line."""
    text = " ".join(str(value)[: HEAD * 2].split())
    return text if len(text) <= HEAD else text[: HEAD - 1] + "…"
