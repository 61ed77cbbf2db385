"""Lists as Parquet, for DuckDB, Spark, Fabric and the like. Needs pyarrow, of ``durahub[parquet]``.

Times are in microseconds, in UTC; half of a surrogate pair in a text becomes ``?``; tags are a JSON text.
"""

import importlib
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from durahub.errors import MissingPackage
from durahub.model.ticks import UNIX_EPOCH
from durahub_migrate.monitor.exporting.columns import Column, Kind, Value, batches
from durahub_migrate.monitor.row import Row

_PER_MICROSECOND = 10  # ticks


def parquet_file(rows: Iterable[Row], columns: Sequence[Column]) -> Iterator[bytes]:
    """Return the file piece by piece. Raises `MissingPackage`, before the first piece."""
    return _pieces(rows, columns, _module("pyarrow"), _module("pyarrow.parquet"))


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingPackage("a list as Parquet", "pyarrow", "parquet") from None


def _pieces(
    rows: Iterable[Row], columns: Sequence[Column], arrow: Any, parquet: Any
) -> Iterator[bytes]:
    types = {
        Kind.TEXT: arrow.string(),
        Kind.NUMBER: arrow.int64(),
        Kind.TIME: arrow.timestamp("us", tz="UTC"),
    }
    schema = arrow.schema([(column.name, types[column.kind]) for column in columns])
    sink = _Sink()
    with parquet.ParquetWriter(sink, schema) as writer:
        for batch in batches(rows):
            values = [[_put(column.value(row), column.kind) for row in batch] for column in columns]
            arrays = [
                arrow.array(found, type=types[column.kind])
                for found, column in zip(values, columns, strict=True)
            ]
            writer.write_table(arrow.table(arrays, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _put(value: Value, kind: Kind) -> Value:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if value is not None and kind is Kind.TIME:
        return (value - UNIX_EPOCH) // _PER_MICROSECOND
    return value


class _Sink(io.RawIOBase):
    """Takes what is written, until somebody takes it away."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._size

    def write(self, data: Any) -> int:
        """Take some bytes."""
        piece = bytes(data)
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found
