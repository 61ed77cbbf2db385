"""A list of instances as a file of one of the formats."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum

from durahub_migrate.monitor.exporting.columns import Column, chosen
from durahub_migrate.monitor.exporting.comma_separated import comma_separated
from durahub_migrate.monitor.exporting.json_lines import json_lines
from durahub_migrate.monitor.exporting.parquet_file import parquet_file
from durahub_migrate.monitor.row import Row


class Format(Enum):
    """A format; the value is the ending of its files."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"

    @property
    def media_type(self) -> str:
        """What the format is called on the web."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSONL: "application/jsonl",
    Format.PARQUET: "application/vnd.apache.parquet",
}
_WRITERS: Mapping[Format, Callable[[Iterable[Row], Sequence[Column]], Iterator[bytes]]] = {
    Format.CSV: comma_separated,
    Format.JSONL: json_lines,
    Format.PARQUET: parquet_file,
}


def exported(
    rows: Iterable[Row], form: Format, columns: Iterable[str] | None = None
) -> Iterator[bytes]:
    """Return the file of *rows* piece by piece, its *columns* in that order, all without.

    Raises at once, before a row is taken: `BadRequest` for a column that there is not, `MissingPackage` for
    Parquet where pyarrow is not installed.
    """
    return _WRITERS[form](rows, chosen(columns))
