"""How much of an instance is read: JSON has all of it, what people see has bounds."""

from durahub_migrate.watching.reading.limits import Limits

WHOLE = Limits(payload=1 << 31, payloads=1_000_000, events=10_000_000, kept=0)
"""For programs: no text and no event is left out."""

SEEN = Limits()
"""For people."""


def limits_for(output: str) -> Limits:
    """Return the bounds of what is read for an output."""
    return WHOLE if output == "json" else SEEN
