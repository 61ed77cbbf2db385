"""Cuts a checkpoint into the transactions that the table service takes; classic layout 7.5."""

from collections.abc import Sequence

from durahub.classic.columns import Columns
from durahub.classic.payloads import MOVABLE, utf16_size
from durahub.model.json_text import write

MOST_ROWS = 99  # event rows; the sentinel is the hundredth
MOST_BYTES = 3 * 1024 * 1024  # of the estimate: the service takes 4 MiB
ROW_BYTES = 1024  # a row apart from its payloads


def estimate(columns: Columns) -> int:
    """Return about how many bytes a row adds to a transaction.

    Never less than DTFx's estimate, which is too low where a text takes more bytes in the request than
    in UTF-16: Chinese takes half as many again, control characters three times as many.
    """
    size = ROW_BYTES
    for name in MOVABLE:
        text = columns.get(name)
        if isinstance(text, str):
            size += _text_bytes(text)
    return size


def _text_bytes(text: str) -> int:
    if text.isascii() and text.isprintable():
        return 2 * len(text)  # even if every character needs a backslash
    return max(utf16_size(text), len(write(text).encode("utf-8")))


def cut(rows: Sequence[Columns]) -> list[Sequence[Columns]]:
    """Return *rows* in batches; there is always one, for the sentinel alone if need be."""
    batches: list[Sequence[Columns]] = []
    start, size = 0, 0
    for index, row in enumerate(rows):
        size += estimate(row)
        if index - start + 1 == MOST_ROWS or size > MOST_BYTES:
            batches.append(rows[start : index + 1])
            start, size = index + 1, 0
    if start < len(rows) or not batches:
        batches.append(rows[start:])
    return batches
