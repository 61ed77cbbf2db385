"""What is read: each function one look at a hub, in a reader's thread.

What cannot be read is returned beside the rest, to be set aside; only what was asked for by name raises.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from durahub.engine.commit import NO_HISTORY, Delivery, HistoryVersion
from durahub.errors import BadRow, Malformed
from durahub.model.history import Event
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.scheduler import instance_rows, message_rows
from durahub.scheduler.columns import Column, from_text, required_text, to_text
from durahub.scheduler.event_proto import decode as decode_event
from durahub.scheduler.feed import Found, Want
from durahub.scheduler.instance_queries import ended_sql, make_token, page_sql
from durahub.scheduler.writes import Table, token_of
from durahub.store import Ended, EndedQuery, InstanceQuery, Page, SetAside, StoredHistory

T = TypeVar("T")

READ_BYTES = 8 * 1024 * 1024  # of messages, about: one look takes no more
HEAD = 200  # characters that are kept of what could not be read


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that could not be read: where it is, why, and how it begins."""

    location: str
    error: Malformed
    head: str = ""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of instances without those that could not be read."""

    page: Page
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True, slots=True)
class FoundMessages:
    """What a feed wanted, and what of it could not be read."""

    found: Found
    unreadable: tuple[Unreadable, ...]


def find_hub(connection: sqlite3.Connection, name: str) -> int | None:
    """Return the number of a hub, found without regard to case."""
    row = connection.execute("SELECT id FROM hubs WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row is not None else None


def hub_names(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the names of all hubs."""
    return tuple(name for (name,) in connection.execute("SELECT name FROM hubs ORDER BY name"))


def history(
    connection: sqlite3.Connection, hub: int, instance_id: str
) -> StoredHistory | Unreadable:
    """Return the current history of an instance."""
    rows = connection.execute(
        "SELECT number, revision, execution, length, event, extra FROM histories"
        " JOIN events ON history = number WHERE hub = ? AND instance = ? ORDER BY position",
        (hub, from_text(instance_id)),
    ).fetchall()
    if not rows:
        return StoredHistory(NO_HISTORY, ())
    number, revision, execution, length = rows[0][:4]
    where = f"table events {instance_id}"
    events: list[Event] = []
    for position, (*_, body, extra) in enumerate(rows):
        location = f"{where}/{position:016X}"
        event = _or_error(decode_event, body, extra, location)
        if isinstance(event, Malformed):
            return Unreadable(location, event, _head(body))
        events.append(event)
    if len(events) != length:
        problem = f"{len(events)} events where {length} were written"
        return Unreadable(where, BadRow(where, problem))
    version = HistoryVersion(to_text(execution), length, token_of(number, revision))
    return StoredHistory(version, tuple(events))


def instance(
    connection: sqlite3.Connection, hub: int, instance_id: str, *, payloads: bool
) -> Instance | Unreadable | None:
    """Return an instance, ``None`` for an unknown one."""
    columns = instance_rows.COLUMNS + (instance_rows.PAYLOADS if payloads else ())
    row = connection.execute(
        f"SELECT {', '.join(columns)} FROM instances WHERE hub = ? AND id = ?",  # noqa: S608 (names and marks of ours)
        (hub, from_text(instance_id)),
    ).fetchone()
    if row is None:
        return None
    found = _or_error(instance_rows.decode, row)
    return _unreadable(row, found) if isinstance(found, Malformed) else found


def instances(connection: sqlite3.Connection, hub: int, query: InstanceQuery) -> FoundPage:
    """Return a page of instances. Raises `BadRequest` for a token that is not ours."""
    asked = page_sql(hub, query)
    rows = connection.execute(asked.sql, asked.parameters).fetchall()
    found: list[Instance] = []
    unreadable: list[Unreadable] = []
    for row in rows[: asked.size]:
        one = _or_error(instance_rows.decode, row)
        if isinstance(one, Malformed):
            unreadable.append(_unreadable(row, one))
        else:
            found.append(one)
    token = None
    if len(rows) > asked.size:
        last = dict(zip(instance_rows.COLUMNS, rows[asked.size - 1], strict=False))
        token = make_token(last["created"], required_text(last["id"]))
    return FoundPage(Page(tuple(found), token), tuple(unreadable))


def ended(connection: sqlite3.Connection, hub: int, query: EndedQuery) -> tuple[Ended, ...]:
    """Return orchestrations that have ended, in the order of their ends."""
    rows = connection.execute(*ended_sql(hub, query))
    return tuple(Ended(Ticks(completed), required_text(found)) for completed, found in rows)


def messages(connection: sqlite3.Connection, hub: int, table: Table, want: Want) -> FoundMessages:
    """Return what a feed wants: first what has been due longest, then in the order of sending."""
    select = f"SELECT {', '.join(message_rows.COLUMNS)} FROM {table} WHERE hub = ?"  # noqa: S608 (names and marks of ours)
    timed = connection.execute(
        f"{select} AND due IS NOT NULL AND due <= ?"  # noqa: S608 (names and marks of ours)
        " AND seq NOT IN (SELECT value FROM json_each(?)) ORDER BY due, seq LIMIT ?",
        (hub, want.now, json.dumps(list(want.known)), want.limit),
    )
    found_timed, size = _at_most(timed, READ_BYTES)
    timeless = connection.execute(
        f"{select} AND due IS NULL AND seq > ? ORDER BY seq LIMIT ?",
        (hub, want.cursor, want.limit - len(found_timed) if size < READ_BYTES else 0),
    )
    found_timeless, more = _at_most(timeless, READ_BYTES - size)
    following = connection.execute(
        f"SELECT due FROM {table} WHERE hub = ? AND due IS NOT NULL AND due > ?"  # noqa: S608 (names and marks of ours)
        " ORDER BY due LIMIT 1",
        (hub, want.now),
    ).fetchone()
    unreadable: list[Unreadable] = []
    found = Found(
        timed=_decoded(found_timed, table, unreadable),
        timeless=_decoded(found_timeless, table, unreadable),
        next_due=Ticks(following[0]) if following is not None else None,
        more=size + more >= READ_BYTES,
    )
    return FoundMessages(found, tuple(unreadable))


def _at_most(
    rows: Iterable[Sequence[Column]], most_bytes: int
) -> tuple[list[Sequence[Column]], int]:
    """Return the first of *rows*, up to the one that makes them *most_bytes* large, and their size."""
    found: list[Sequence[Column]] = []
    size = 0
    for row in rows:
        found.append(row)
        size += sum(len(column) for column in row if isinstance(column, bytes))
        if size >= most_bytes:
            break
    return found, size


def _decoded(
    rows: Iterable[Sequence[Column]], table: Table, unreadable: list[Unreadable]
) -> list[tuple[int, Delivery | None]]:
    found: list[tuple[int, Delivery | None]] = []
    for row in rows:
        seq = row[0]
        assert isinstance(seq, int)  # noqa: S101 (for the types)
        activity = table == "tasks"
        delivery = _or_error(message_rows.decode, row, activity)
        if isinstance(delivery, Malformed):
            location = message_rows.location_of(seq, activity=activity)
            unreadable.append(Unreadable(location, delivery, _head(row[-2])))
            found.append((seq, None))
        else:
            found.append((seq, delivery))
    return found


def counts(connection: sqlite3.Connection, hub: int) -> dict[str, int]:
    """Return how many messages a hub has, by what they wait for."""

    def count(rows: str) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {rows}", (hub,)).fetchone()[0])  # noqa: S608 (names and marks of ours)

    return {
        "inbox": count("inbox WHERE hub = ? AND due IS NULL"),
        "timers": count("inbox WHERE hub = ? AND due IS NOT NULL"),
        "workitems": count("tasks WHERE hub = ?"),
    }


def set_aside(connection: sqlite3.Connection, hub: int) -> tuple[SetAside, ...]:
    """Return what could not be read, by place."""
    rows = connection.execute(
        "SELECT location, error, first_seen, head FROM set_aside WHERE hub = ? ORDER BY location",
        (hub,),
    )
    return tuple(SetAside(*row) for row in rows)


def _unreadable(row: Sequence[Column], error: Malformed) -> Unreadable:
    return Unreadable(instance_rows.location_of(row[0]), error)


def _or_error(decode: Callable[..., T], *stored: Any) -> T | Malformed:
    try:
        return decode(*stored)
    except Malformed as error:
        return error


def _head(found: object) -> str:
    raw = found if isinstance(found, bytes) else str(found).encode(errors="replace")
    return raw[:HEAD].decode(errors="replace")
