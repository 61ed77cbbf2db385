"""What is written: each function one operation on a hub, within the writer's transaction.

An operation that is refused raises before it has written anything.
"""

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal

from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.engine.entities.ids import is_entity
from durahub.engine.inbox import is_told
from durahub.errors import BadMessage, CheckpointLost, InstanceExists, Malformed
from durahub.model.history import ExecutionStarted, Status
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.scheduler import instance_rows
from durahub.scheduler.columns import Column, from_text
from durahub.scheduler.event_proto import encode as encode_event
from durahub.scheduler.message_rows import COLUMNS, is_result, seq_of
from durahub.scheduler.message_rows import decode as decode_message
from durahub.scheduler.message_rows import encode as encode_message
from durahub.scheduler.transactions import INTO_INBOX, Transaction
from durahub.store import Purged

Table = Literal["inbox", "tasks"]

_KEYS = "(SELECT value FROM json_each(?))"


def commit(tx: Transaction, hub: int, checkpoint: Commit, now: Ticks) -> HistoryVersion:
    """Write a checkpoint and return the new version. Raises `CheckpointLost`."""
    history, version = _write_head(tx, hub, checkpoint)
    if checkpoint.replaces and checkpoint.base.token is not None:
        tx.change("DELETE FROM events WHERE history = ?", (history,))
    first = version.length - len(checkpoint.events)
    stored = [encode_event(event) for event in checkpoint.events]
    tx.insert(
        "INSERT INTO events (history, position, event, extra)",
        ((history, first + n, event.body, event.extra) for n, event in enumerate(stored)),
    )
    tx.post(hub, checkpoint.outbound, now)
    tx.post(hub, checkpoint.activities, now, activities=True)
    _put_instance(
        tx, hub, checkpoint.instance_id, instance_rows.changes(checkpoint.instance), insert=True
    )
    settle(tx, checkpoint.consumed)
    return version


def _write_head(tx: Transaction, hub: int, checkpoint: Commit) -> tuple[int, HistoryVersion]:
    """Give the history its new revision, if it still has the one that was read."""
    base = checkpoint.base
    length = (0 if checkpoint.replaces else base.length) + len(checkpoint.events)
    execution = from_text(checkpoint.execution_id)
    revision = next(tx.numbers)
    if base.token is None:
        number = revision
        changed = tx.change(
            "INSERT INTO histories (number, hub, instance, execution, length, revision)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (hub, instance) DO NOTHING",
            (number, hub, from_text(checkpoint.instance_id), execution, length, revision),
        )
    else:
        number, known = parse_token(base.token)
        changed = tx.change(
            "UPDATE histories SET execution = ?, length = ?, revision = ?"
            " WHERE number = ? AND revision = ? AND hub = ?",
            (execution, length, revision, number, known, hub),
        )
    if changed == 0:
        raise CheckpointLost(checkpoint.instance_id)
    return number, HistoryVersion(checkpoint.execution_id, length, token_of(number, revision))


def token_of(number: int, revision: int) -> str:
    """Return the token of a history's revision."""
    return f"{number}.{revision}"


def parse_token(token: str) -> tuple[int, int]:
    """Return the history and the revision of a token of `token_of`."""
    number, _, revision = token.partition(".")
    return int(number), int(revision)


def complete_activity(
    tx: Transaction, hub: int, activity: Delivery, result: Message, now: Ticks
) -> None:
    """Put an activity's result in its place. One that is gone was completed, or its hub deleted."""
    if tx.change("DELETE FROM tasks WHERE seq = ?", (int(activity.key),)):
        tx.post(hub, (result,), now)


def settle(tx: Transaction, deliveries: Iterable[Delivery]) -> None:
    """Delete messages. A result's twin is its activity, or it was moved to the inbox."""
    messages: list[int] = []
    activities: list[int] = []
    results: list[int] = []
    for delivery in deliveries:
        of_inbox = results if is_result(delivery.key) else messages
        (of_inbox if delivery.partition else activities).append(seq_of(delivery.key))
    if _delete(tx, "tasks", activities + results) < len(results):
        messages += results
    _delete(tx, "inbox", messages)


def _delete(tx: Transaction, table: Table, numbers: Sequence[int]) -> int:
    if not numbers:
        return 0
    if len(numbers) == 1:  # as good as always; it spares a table-valued function
        return tx.change(f"DELETE FROM {table} WHERE seq = ?", numbers)  # noqa: S608 (names and marks of ours)
    return tx.change(f"DELETE FROM {table} WHERE seq IN {_KEYS}", (json.dumps(numbers),))  # noqa: S608 (names and marks of ours)


def put_back(tx: Transaction, hub: int, deliveries: Iterable[Delivery], due: Ticks) -> None:
    """Make messages due at *due*, and count this delivery."""
    for delivery in deliveries:
        if is_result(delivery.key) and _move(tx, hub, delivery, due, delivery.deliveries):
            continue
        tx.change(
            f"UPDATE {'inbox' if delivery.partition else 'tasks'}"  # noqa: S608 (names and marks of ours)
            " SET due = ?, deliveries = ? WHERE seq = ?",
            (due, delivery.deliveries, seq_of(delivery.key)),
        )


def move_results(tx: Transaction, hub: int, results: Iterable[Delivery], now: Ticks) -> None:
    """Put results in the places of their activities, unless they were settled meanwhile.

    They have a time, so that no reader takes them for new because of their numbers.
    """
    for result in results:
        _move(tx, hub, result, now, result.deliveries - 1)


def _move(tx: Transaction, hub: int, result: Delivery, due: Ticks, before: int) -> bool:
    """Put a result in the place of its activity; tell whether that was there."""
    seq = seq_of(result.key)
    if not tx.change("DELETE FROM tasks WHERE seq = ?", (seq,)):
        return False
    tx.insert(INTO_INBOX, [(hub, due, *encode_message(seq, result.message, before))])
    return True


def start(
    tx: Transaction, hub: int, message: Message, replaces: Instance | None, now: Ticks
) -> Instance:
    """Store a start message and its Pending row, and return that without its input.

    Raises `InstanceExists` if the row has changed.
    """
    started = message.event
    assert isinstance(started, ExecutionStarted)  # noqa: S101 (for the types)
    instance_id = message.target.instance_id
    row = instance_rows.pending(started, now)
    etag = next(tx.numbers)
    if replaces is None:
        written = _insert_instance(tx, hub, instance_id, etag, row)
    else:
        written = _update_instance(tx, hub, instance_id, etag, row, replaces.etag or "0")
    if not written:
        raise InstanceExists(instance_id, _status_now(tx, hub, instance_id))
    tx.post(hub, (message,), now)
    return instance_rows.of_columns(
        {**row, "id": from_text(instance_id), "etag": etag, "input": None}
    )


def _status_now(tx: Transaction, hub: int, instance_id: str) -> str:
    found = tx.connection.execute(
        "SELECT status FROM instances WHERE hub = ? AND id = ?", (hub, from_text(instance_id))
    ).fetchone()
    names = {int(status): status.name for status in Status}
    return names.get(found[0], "in a state unknown here") if found else "being purged"


def repair(
    tx: Transaction,
    hub: int,
    instance_id: str,
    update: InstanceUpdate,
    *,
    insert: bool,
    etag: str | None,
) -> bool:
    """Write an instance row without a checkpoint: a new one, or that of *etag*; tell whether it was."""
    row, number = instance_rows.changes(update), next(tx.numbers)
    if insert:
        return bool(_insert_instance(tx, hub, instance_id, number, row))
    return bool(_update_instance(tx, hub, instance_id, number, row, etag))


def set_custom_status(
    tx: Transaction, hub: int, instance_id: str, text: str | None, etag: str
) -> bool:
    """Write a custom status into the row of that *etag*; tell whether there is one."""
    row = {"custom_status": from_text(text)}
    return bool(_update_instance(tx, hub, instance_id, next(tx.numbers), row, etag))


def _put_instance(
    tx: Transaction,
    hub: int,
    instance_id: str,
    row: Mapping[str, Column],
    *,
    insert: bool,
) -> None:
    if not _update_instance(tx, hub, instance_id, next(tx.numbers), row) and insert:
        _insert_instance(tx, hub, instance_id, next(tx.numbers), row)


def _update_instance(
    tx: Transaction,
    hub: int,
    instance_id: str,
    etag: int,
    row: Mapping[str, Column],
    replaced: str | None = None,
) -> int:
    values = (etag, *row.values(), hub, from_text(instance_id))
    if replaced is None:
        return tx.change(_update_sql(*row), values)
    return tx.change(f"{_update_sql(*row)} AND etag = ?", (*values, int(replaced)))


def _insert_instance(
    tx: Transaction, hub: int, instance_id: str, etag: int, row: Mapping[str, Column]
) -> int:
    is_entity = int(instance_id.startswith("@"))
    values = (hub, from_text(instance_id), is_entity, etag, *row.values())
    return tx.change(_insert_sql(*row), values)


# One text for each set of columns, of which there are some ten: SQLite finds a statement by its text.
@lru_cache
def _update_sql(*columns: str) -> str:
    places = ", ".join(f"{name} = ?" for name in columns)
    return f"UPDATE instances SET etag = ?, {places} WHERE hub = ? AND id = ?"  # noqa: S608 (names and marks of ours)


@lru_cache
def _insert_sql(*columns: str) -> str:
    names = ("hub", "id", "entity", "etag", *columns)
    return (
        f"INSERT INTO instances ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 (names and marks of ours)
        " ON CONFLICT (hub, id) DO NOTHING"
    )


def left_behind(tx: Transaction, hub: int, instance_id: str) -> list[Delivery]:
    """Delete what was told to an instance that is over, and return it: none that comes later may hear it.

    Answers stay: a grant that nobody took is given back by who finds it. So do starts, what cannot be read,
    and what is sent to entities, which are never over.
    """
    found: list[Delivery] = []
    if is_entity(instance_id):
        return found
    rows = tx.connection.execute(
        f"SELECT {', '.join(COLUMNS)} FROM inbox WHERE hub = ? AND instance = ?",  # noqa: S608 (names and marks of ours)
        (hub, from_text(instance_id)),
    ).fetchall()
    for row in rows:
        with contextlib.suppress(BadMessage):
            delivery = decode_message(row, activity=False)
            if is_told(delivery.message):
                found.append(delivery)
    _delete(tx, "inbox", [seq_of(delivery.key) for delivery in found])
    return found


def is_version(tx: Transaction, hub: int, instance_id: str, etag: str) -> bool:
    """Tell whether an instance's row is there in the version *etag*."""
    key = (hub, from_text(instance_id), int(etag))
    found = tx.connection.execute(
        "SELECT 1 FROM instances WHERE hub = ? AND id = ? AND etag = ?", key
    )
    return found.fetchone() is not None


def is_history(tx: Transaction, hub: int, instance_id: str, version: HistoryVersion) -> bool:
    """Tell whether an instance's history is *version*, or there is none if that is of none."""
    found = tx.connection.execute(
        "SELECT number, revision FROM histories WHERE hub = ? AND instance = ?",
        (hub, from_text(instance_id)),
    ).fetchone()
    return version.token == (token_of(*found) if found is not None else None)


def purge(tx: Transaction, hub: int, instance_id: str) -> Purged:
    """Delete an instance's row and history."""
    key = (hub, from_text(instance_id))
    rows = tx.change(
        "DELETE FROM events WHERE history ="
        " (SELECT number FROM histories WHERE hub = ? AND instance = ?)",
        key,
    )
    tx.change("DELETE FROM histories WHERE hub = ? AND instance = ?", key)
    instances = tx.change("DELETE FROM instances WHERE hub = ? AND id = ?", key)
    return Purged(instances, rows + instances)


def make_hub(tx: Transaction, name: str, now: Ticks) -> None:
    """Make a hub, unless there is one of that name."""
    tx.change(
        "INSERT INTO hubs (id, name, created) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (next(tx.numbers), name, now),
    )


def delete_hub(tx: Transaction, hub: int) -> None:
    """Delete a hub with everything in it."""
    tx.change(
        "DELETE FROM events WHERE history IN (SELECT number FROM histories WHERE hub = ?)", (hub,)
    )
    for table in ("histories", "instances", "inbox", "tasks", "set_aside", "moved", "moves"):
        tx.change(f"DELETE FROM {table} WHERE hub = ?", (hub,))  # noqa: S608 (names and marks of ours)
    tx.change("DELETE FROM hubs WHERE id = ?", (hub,))


def note_aside(
    tx: Transaction, hub: int, location: str, error: Malformed, head: str, now: Ticks
) -> bool:
    """Take note of something that could not be read; tell whether it is new."""
    return bool(
        tx.change(
            "INSERT INTO set_aside (hub, location, error, first_seen, head)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (hub, location, str(error), now, head),
        )
    )
