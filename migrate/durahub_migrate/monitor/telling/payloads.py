"""Texts of events and rows as views show them: cut to a length, their whole size told, redacted."""

from dataclasses import dataclass, field

from durahub_migrate.monitor.histories import Payload
from durahub_migrate.monitor.telling.redaction import Redact, RedactionPlace, nothing

SHOWN = 2_000
"""Characters of a text that a view shows unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Showing:
    """How texts are shown: *text* characters of each at most, ``None`` for all, after *redact*."""

    text: int | None = SHOWN
    redact: Redact = field(default=nothing)


def payload_of(
    text: str | None,
    place: RedactionPlace,
    showing: Showing,
    *,
    blob: str | None = None,
    missing: str | None = None,
) -> Payload | None:
    """Return a text as it is shown, ``None`` if there is none. *missing* says why it could not be read."""
    if missing is not None:
        return Payload(text=None, size=0, blob=blob, missing=missing)
    if text is None:
        return None
    shown = showing.redact(place, text)
    is_cut = showing.text is not None and len(shown) > showing.text
    return Payload(
        text=shown[: showing.text] if is_cut else shown,
        size=len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")),
        cut=is_cut,
        redacted=shown != text,
        blob=blob,
    )


def shown_text(text: str | None, place: RedactionPlace, showing: Showing) -> str | None:
    """Return a text as it is shown where its size does not matter; one that was cut ends in ``…``."""
    payload = payload_of(text, place, showing)
    if payload is None or payload.text is None:
        return None
    return payload.text + "…" if payload.cut else payload.text
