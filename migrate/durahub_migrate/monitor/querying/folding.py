"""Texts as they are compared: without regard to case, and without characters that a store cannot keep.

Both `matches` and the index fold by these functions, so they cannot disagree.
"""

import re
from collections.abc import Iterable

from durahub_migrate.monitor.row import Row

SEPARATOR = "\x1f"
"""Stands between the texts of a row in its haystack; `clean` leaves it in no text."""

_UNKEPT = re.compile("[\0\x1f\ud800-\udfff]")
_STAND_INS = {"\0": "\u2400", SEPARATOR: "\u241f"}


def clean(text: str) -> str:
    """Return *text* with stand-ins for NUL, the separator and halves of surrogate pairs."""
    return _UNKEPT.sub(lambda found: _STAND_INS.get(found[0], "\ufffd"), text)


def fold(text: str) -> str:
    """Return *text* clean, and the same for all cases of its letters."""
    return clean(text.casefold())


def haystack(row: Row) -> str:
    """Return the text, folded, in which bare words are looked for: ID, name and texts of *row*."""
    return joined_texts((row.instance_id, row.name, row.custom_status, row.output, row.input))


def joined_texts(parts: Iterable[str | None]) -> str:
    """Return the haystack of these texts."""
    return SEPARATOR.join(fold(part) for part in parts if part)
