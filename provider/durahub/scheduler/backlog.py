"""What waits in a hub's tables: counted, and since when."""

import json
import sqlite3
from collections.abc import Iterable

from durahub.errors import BadRow
from durahub.model.ticks import Ticks
from durahub.scheduler.columns import to_text
from durahub.scheduler.event_proto import decode as decode_event
from durahub.scheduler.writes import Table
from durahub.store import Backlog, Waiting


def backlog(
    connection: sqlite3.Connection,
    hub: int,
    now: Ticks,
    inbox: Iterable[int],
    tasks: Iterable[int],
) -> Backlog:
    """Return what is due *now*, but for the messages of those numbers, which a listener has."""
    entity = "instance >= '@' AND instance < 'A'"
    count = "count(DISTINCT instance)"
    return Backlog(
        orchestrations=_waiting(connection, hub, now, "inbox", inbox, f"NOT ({entity})", count),
        entities=_waiting(connection, hub, now, "inbox", inbox, entity, count),
        activities=_waiting(connection, hub, now, "tasks", tasks, "true", "count(*)"),
    )


def _waiting(
    connection: sqlite3.Connection,
    hub: int,
    now: Ticks,
    table: Table,
    known: Iterable[int],
    which: str,
    count: str,
) -> Waiting:
    rows = (
        f"{table} WHERE hub = ? AND (due IS NULL OR due <= ?) AND {which}"  # noqa: S608 (names and marks of ours)
        " AND seq NOT IN (SELECT value FROM json_each(?))"
    )
    given = (hub, now, json.dumps(list(known)))
    (found,) = connection.execute(f"SELECT {count} FROM {rows}", given).fetchone()  # noqa: S608 (names and marks of ours)
    if not found:
        return Waiting()
    oldest = connection.execute(
        f"SELECT event, extra, due FROM {rows} ORDER BY seq LIMIT 1",  # noqa: S608 (names and marks of ours)
        given,
    ).fetchone()
    return Waiting(int(found), _since(*oldest))


def _since(event: bytes, extra: str | None, due: int | None) -> Ticks | None:
    """Return when a message came to be due: at its time, or when it was sent."""
    if due is not None:
        return Ticks(due)
    try:
        return decode_event(event, to_text(extra), "a message that waits").timestamp
    except BadRow:
        return None
