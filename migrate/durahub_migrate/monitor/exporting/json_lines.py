"""Lists as JSON lines: an object a row, its members those of the API."""

import json
from collections.abc import Iterable, Iterator, Sequence

from durahub.model.ticks import Ticks, to_text
from durahub_migrate.monitor.exporting.columns import Column, Kind, batches
from durahub_migrate.monitor.row import Row


def json_lines(rows: Iterable[Row], columns: Sequence[Column]) -> Iterator[bytes]:
    """Yield the file piece by piece. What is not known is null; tags are an object."""
    for batch in batches(rows):
        lines = (json.dumps({one.name: _value(row, one) for one in columns}) for row in batch)
        yield "".join(f"{line}\n" for line in lines).encode()


def _value(row: Row, column: Column) -> object:
    value = column.value(row)
    if column.name == "tags":
        return dict(row.tags)
    if value is not None and column.kind is Kind.TIME:
        return to_text(Ticks(int(value)))
    return value
