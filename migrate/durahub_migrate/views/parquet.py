"""Instances and events as flat tables of Parquet, for DuckDB, Spark, Fabric and the like.

Times are in nanoseconds, those before 1678 or after 2261 null; half of a surrogate pair in a text becomes
``?``. The column ``json`` of an event is its line in the .NET view. Needs pyarrow, of ``durahub[parquet]``.
"""

import importlib
import json
from pathlib import Path
from typing import Any

from durahub.errors import MissingPackage
from durahub.model.history import Event, ExecutionStarted, TimerFired
from durahub.model.ticks import Ticks, to_unix
from durahub.stored import StoredInstance
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.records import started_of
from durahub_migrate.views.dotnet import line

AT_ONCE = 5_000
"""Rows in memory, of each table; or events of so many bytes that they weigh as much."""

LARGEST = 16 * 1024 * 1024
_FARTHEST = 9_200_000_000  # seconds from 1970 that nanoseconds can tell

_TEXTS, _NUMBERS, _TIMES = "texts", "numbers", "times"
INSTANCE_COLUMNS = {
    "instance_id": _TEXTS,
    "execution_id": _TEXTS,
    "name": _TEXTS,
    "version": _TEXTS,
    "status": _TEXTS,
    "parent_instance_id": _TEXTS,
    "root_instance_id": _TEXTS,
    "depth": _NUMBERS,
    "generation": _NUMBERS,
    "created": _TIMES,
    "last_updated": _TIMES,
    "completed": _TIMES,
    "scheduled_start": _TIMES,
    "input": _TEXTS,
    "output": _TEXTS,
    "custom_status": _TEXTS,
    "tags": _TEXTS,  # JSON
    "events": _NUMBERS,
}
EVENT_COLUMNS = {
    "instance_id": _TEXTS,
    "execution_id": _TEXTS,
    "index": _NUMBERS,
    "event_type": _TEXTS,
    "event_id": _NUMBERS,
    "task_id": _NUMBERS,  # of the action that it answers
    "timestamp": _TIMES,
    "fire_at": _TIMES,
    "name": _TEXTS,
    "version": _TEXTS,
    "target_instance_id": _TEXTS,
    "input": _TEXTS,
    "result": _TEXTS,
    "error_type": _TEXTS,
    "error_message": _TEXTS,
    "json": _TEXTS,
}


def check_installed() -> None:
    """Raise `MissingPackage` where pyarrow is not installed."""
    try:
        importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise MissingPackage("the Parquet view", "pyarrow", "parquet") from None


class ParquetFiles:
    """Writes ``instances.parquet`` and ``events.parquet`` into *folder*, which is there."""

    def __init__(self, folder: Path) -> None:
        check_installed()
        self._instances = _Table(folder / "instances.parquet", INSTANCE_COLUMNS)
        self._events = _Table(folder / "events.parquet", EVENT_COLUMNS)

    def add(self, instance: StoredInstance, head: hb.InstanceHead) -> None:
        """Add an instance and its events."""
        self._instances.add(_instance_row(instance, head))
        started = started_of(instance)
        execution_id = started.execution.execution_id if started is not None else None
        for index, stored in enumerate(instance.history):
            row = _event_row(stored.event, index)
            self._events.add(
                {**row, "instance_id": instance.instance_id, "execution_id": execution_id}
            )

    def close(self) -> None:
        """Write the rest and end the files."""
        self._instances.close()
        self._events.close()


class _Table:
    """One file, row group by row group."""

    def __init__(self, file: Path, columns: dict[str, str]) -> None:
        self._arrow: Any = importlib.import_module("pyarrow")
        kinds = {
            _TEXTS: self._arrow.string(),
            _NUMBERS: self._arrow.int64(),
            _TIMES: self._arrow.timestamp("ns", tz="UTC"),
        }
        self._columns = columns
        self._schema = self._arrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
        parquet: Any = importlib.import_module("pyarrow.parquet")
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._size = 0

    def add(self, row: dict[str, Any]) -> None:
        made = {name: _put(row.get(name), kind) for name, kind in self._columns.items()}
        self._rows.append(made)
        self._size += sum(len(one) for one in made.values() if isinstance(one, str))
        if len(self._rows) >= AT_ONCE or self._size >= LARGEST:
            self._write()

    def close(self) -> None:
        self._write()
        self._writer.close()

    def _write(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
        self._rows, self._size = [], 0


def _put(found: Any, kind: str) -> Any:
    if found is None:
        return None
    if kind == _TEXTS:
        return str(found).encode("utf-8", "replace").decode()
    if kind == _NUMBERS:
        return found if -(2**63) <= found < 2**63 else None
    seconds, nanos = to_unix(Ticks(found))
    return seconds * 1_000_000_000 + nanos if abs(seconds) < _FARTHEST else None


def _instance_row(instance: StoredInstance, head: hb.InstanceHead) -> dict[str, Any]:
    row = {name: getattr(instance, name, None) for name in INSTANCE_COLUMNS}
    parent = head.state.parentInstanceId
    return {
        **row,
        "tags": json.dumps(dict(instance.tags), sort_keys=True) if instance.tags else None,
        "parent_instance_id": parent.value or None,
        "root_instance_id": head.root_instance_id or instance.instance_id,
        "depth": head.depth,
        "events": len(instance.history),
    }


def _event_row(event: Event, index: int) -> dict[str, Any]:
    names = ("event_id", "timestamp", "fire_at", "name", "version", "input", "result")
    row = {name: getattr(event, name, None) for name in names}
    failure = getattr(event, "failure", None)
    target = None if isinstance(event, ExecutionStarted) else getattr(event, "instance_id", None)
    answered = event.timer_id if isinstance(event, TimerFired) else None
    return {
        **row,
        "index": index,
        "event_type": event.type.name,
        "task_id": getattr(event, "task_scheduled_id", answered),
        "target_instance_id": target,
        "error_type": failure.error_type if failure is not None else None,
        "error_message": failure.message if failure is not None else None,
        "json": line(event),
    }
