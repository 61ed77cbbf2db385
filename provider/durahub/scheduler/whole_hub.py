"""Everything of a hub in a file, for whoever copies it; see `durahub.scheduler.connections.looking`."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from sqlite3 import Connection

from durahub.errors import Malformed
from durahub.model.ticks import Ticks
from durahub.scheduler import instance_rows, message_rows, reads
from durahub.scheduler.columns import Column, from_text, required_text
from durahub.scheduler.reader import stored_instance
from durahub.scheduler.writes import Table
from durahub.stored import NotRead, StoredEvent, StoredInstance, StoredMessage

TABLES: tuple[Table, ...] = ("inbox", "tasks")
_IDS = 1000  # read at a time


def whole_instances(connection: Connection, hub: int) -> Iterator[StoredInstance | NotRead]:
    """Yield every instance by ID with its history, which may be of an execution before its row's."""
    sql = "SELECT id FROM instances WHERE hub = ? AND id > ? ORDER BY id LIMIT ?"
    last: Column = ""
    while ids := [one for (one,) in connection.execute(sql, (hub, last, _IDS))]:
        for instance_id in map(required_text, ids):
            found = whole_instance(connection, hub, instance_id)
            if found is not None:  # it was purged meanwhile
                yield found
        last = ids[-1]


def whole_messages(connection: Connection, hub: int) -> Iterator[StoredMessage | NotRead]:
    """Yield every message, those that are not due yet too: of ``inbox``, then of ``tasks``."""
    columns = ", ".join(message_rows.COLUMNS)
    for table in TABLES:
        sql = f"SELECT due, {columns} FROM {table} WHERE hub = ? AND seq > ? ORDER BY seq LIMIT 1"  # noqa: S608 (names and marks of ours)
        seq = -1
        while (row := connection.execute(sql, (hub, seq)).fetchone()) is not None:
            due, *stored = row
            seq = int(stored[0])
            try:
                found = message_rows.decode(stored, table == "tasks")
            except Malformed as error:
                place = message_rows.location_of(seq, activity=table == "tasks")
                yield NotRead(
                    place, error, _raw(dict(zip(message_rows.COLUMNS, stored, strict=True)))
                )
                continue
            yield StoredMessage(
                queue=table,
                message_id=str(seq),
                message=found.message,
                deliveries=found.deliveries - 1,
                due=Ticks(due) if due is not None else None,
            )


def whole_instance(
    connection: Connection, hub: int, instance_id: str
) -> StoredInstance | NotRead | None:
    """Return one instance with its history, ``None`` if there is none."""
    found = reads.instance(connection, hub, instance_id, payloads=True)
    if found is None:
        return None
    if isinstance(found, reads.Unreadable):
        return _not_read(found, instance_id, lambda: _rows_of(connection, hub, instance_id))
    history = reads.history(connection, hub, instance_id)
    if isinstance(history, reads.Unreadable):
        return _not_read(history, instance_id, lambda: _rows_of(connection, hub, instance_id))
    return replace(stored_instance(found), history=tuple(map(StoredEvent, history.events)))


def _not_read(found: reads.Unreadable, instance_id: str, raw: Callable[[], bytes]) -> NotRead:
    return NotRead(found.location, found.error, raw(), instance_id)


def _rows_of(connection: Connection, hub: int, instance_id: str) -> bytes:
    """Return the rows of an instance, a line of JSON each."""
    columns = (*instance_rows.COLUMNS, *instance_rows.PAYLOADS)
    sql = f"SELECT {', '.join(columns)} FROM instances WHERE hub = ? AND id = ?"  # noqa: S608 (names and marks of ours)
    key = (hub, from_text(instance_id))
    lines = [_raw(dict(zip(columns, row, strict=True))) for row in connection.execute(sql, key)]
    sql = (
        "SELECT execution, position, event, extra FROM histories JOIN events ON history = number"
        " WHERE hub = ? AND instance = ? ORDER BY position"
    )
    names = ("execution", "position", "event", "extra")
    lines += [_raw(dict(zip(names, row, strict=True))) for row in connection.execute(sql, key)]
    return b"".join(lines)


def _raw(columns: dict[str, Column]) -> bytes:
    """Return a row as a line of JSON, its blobs in Base64 under ``base64``."""

    def plain(value: Column) -> object:
        return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value

    written = {name: plain(value) for name, value in columns.items()}
    return (json.dumps(written, sort_keys=True) + "\n").encode()
