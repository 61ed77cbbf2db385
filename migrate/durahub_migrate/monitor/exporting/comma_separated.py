r"""Lists as CSV by RFC 4180: UTF-8, lines end in CR LF, a header, cells quoted where they must be.

A spreadsheet takes a cell that begins with ``= + - @``, a tab or a carriage return for a formula and runs it.
Texts that begin so, IDs of entities among them, get an apostrophe in front, which spreadsheets hide. Whoever
needs the texts as they are takes JSON lines.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from durahub.model.ticks import Ticks, to_text
from durahub_migrate.monitor.exporting.columns import Column, Kind, batches
from durahub_migrate.monitor.row import Row

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def comma_separated(
    rows: Iterable[Row], columns: Sequence[Column], *, header: bool = True
) -> Iterator[bytes]:
    """Yield the file piece by piece; without *header* one that goes on."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    if header:
        writer.writerow(column.name for column in columns)
    for batch in batches(rows):
        writer.writerows([_cell(row, column) for column in columns] for row in batch)
        yield _taken(buffer)
    yield _taken(buffer)


def _cell(row: Row, column: Column) -> str:
    value = column.value(row)
    if value is None:
        return ""
    if column.kind is Kind.TIME:
        return to_text(Ticks(int(value)))
    return guarded(value) if isinstance(value, str) else str(value)


def guarded(text: str) -> str:
    """Return *text* as a spreadsheet takes it for a text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "replace")
