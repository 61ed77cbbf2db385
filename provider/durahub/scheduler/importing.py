"""Instances that a job moves into a hub: each is written with its messages in one transaction.

Beside them stands which job has put them there. So a write that was interrupted has happened or not, one that
is repeated finds that it has, and what a job has put there can be taken away again.

While a job is at it nothing may run: the file's lock keeps servers away as long as the job's process lives,
and the row in ``moves`` does so between two runs of it, until the hub is handed over.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from sqlite3 import Connection

from durahub.engine import state as states
from durahub.errors import BadRow, HubBeingMoved, InstanceExists
from durahub.model.history import Event, ExecutionStarted, Status
from durahub.model.ticks import Ticks
from durahub.scheduler import reads, writes
from durahub.scheduler.columns import Column, from_tags, from_text, required_text
from durahub.scheduler.event_proto import encode as encode_event
from durahub.scheduler.message_rows import encode as encode_message
from durahub.scheduler.reader import stored_instance
from durahub.scheduler.transactions import INTO_INBOX, INTO_TASKS, Transaction
from durahub.stored import StoredEvent, StoredInstance, StoredMessage

AT_ONCE = 500  # numbers in a statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What is to stand in a hub of one instance. ``None``: messages to instances that are not there yet.

    *messages* go into the inbox, *activities* to workers; each has the time at which it is due in ``due``.
    """

    instance: StoredInstance | None
    messages: tuple[StoredMessage, ...] = ()
    activities: tuple[StoredMessage, ...] = ()


# -- the job -------------------------------------------------------------------------------------


def begin(tx: Transaction, name: str, job: str, now: Ticks) -> int:
    """Make the hub called *name* if there is none, mark it as the job's, and return its number.

    Raises `HubBeingMoved` where another job has it.
    """
    number = reads.find_hub(tx.connection, name)
    if number is None:
        number = next(tx.numbers)
        tx.change("INSERT INTO hubs (id, name, created) VALUES (?, ?, ?)", (number, name, now))
        _mark(tx, number, job, now, made_hub=True)
        return number
    found = tx.connection.execute(
        "SELECT job, handed_over FROM moves WHERE hub = ?", (number,)
    ).fetchone()
    if found is None:
        _mark(tx, number, job, now, made_hub=False)
    elif found[1] is None and found[0] != job:
        raise HubBeingMoved(name, found[0])
    elif found[1] is not None:
        tx.change(
            "UPDATE moves SET job = ?, begun = ?, handed_over = NULL,"
            " made_hub = CASE WHEN job = ? THEN made_hub ELSE 0 END WHERE hub = ?",
            (job, now, job, number),
        )
    return number


def _mark(tx: Transaction, hub: int, job: str, now: Ticks, *, made_hub: bool) -> None:
    tx.change(
        "INSERT INTO moves (hub, job, begun, made_hub) VALUES (?, ?, ?, ?)",
        (hub, job, now, int(made_hub)),
    )


def hand_over(tx: Transaction, hub: int, job: str, now: Ticks) -> None:
    """Let servers have the hub; doing it twice is fine."""
    tx.change(
        "UPDATE moves SET handed_over = ? WHERE hub = ? AND job = ? AND handed_over IS NULL",
        (now, hub, job),
    )


def mover_of(connection: Connection, hub: int) -> str | None:
    """Return the job that has the hub, ``None`` if nobody moves anything into it."""
    row = connection.execute(
        "SELECT job FROM moves WHERE hub = ? AND handed_over IS NULL", (hub,)
    ).fetchone()
    return str(row[0]) if row is not None else None


# -- one instance --------------------------------------------------------------------------------


def put(tx: Transaction, hub: int, job: str, unit: str, key: str, whole: Whole) -> bool:
    """Write *whole*, which the job calls *key*; tell whether that was new.

    It is not if the job has done it already, or if the same stands there. Raises `InstanceExists` where
    another instance has the ID, and `BadRow` for a status that the store does not know.
    """
    known = "SELECT 1 FROM moved WHERE hub = ? AND job = ? AND unit = ? AND instance = ?"
    marked = (hub, job, from_text(unit), from_text(key))
    if tx.connection.execute(known, marked).fetchone() is not None:
        return False
    etag: int | None = None
    if whole.instance is not None:
        status = _status(whole.instance)
        if _is_there(tx.connection, hub, whole.instance):
            return False
        etag = _put_instance(tx, hub, whole.instance, status)
    messages = _post(tx, hub, whole.messages, INTO_INBOX)
    activities = _post(tx, hub, whole.activities, INTO_TASKS)
    tx.change(
        "INSERT INTO moved (hub, job, unit, instance, etag, messages, activities)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*marked, etag, json.dumps(messages), json.dumps(activities)),
    )
    return True


def written(connection: Connection, hub: int, job: str, unit: str, key: str) -> int | None:
    """Return how many messages the job has put with *key*, ``None`` if it has put nothing of that name."""
    row = connection.execute(
        "SELECT messages, activities FROM moved WHERE hub = ? AND job = ? AND unit = ? AND instance = ?",
        (hub, job, from_text(unit), from_text(key)),
    ).fetchone()
    return sum(len(json.loads(numbers)) for numbers in row) if row is not None else None


def _is_there(connection: Connection, hub: int, instance: StoredInstance) -> bool:
    """Tell whether the same stands there. Raises `InstanceExists` for something else."""
    instance_id = instance.instance_id
    found = stored(connection, hub, instance_id)
    if found is None:
        return False
    if isinstance(found, reads.Unreadable):
        raise InstanceExists(instance_id, "cannot be read")
    if found != as_stored(instance):
        raise InstanceExists(instance_id, found.status)
    return True


def stored(
    connection: Connection, hub: int, instance_id: str
) -> StoredInstance | reads.Unreadable | None:
    """Return what stands there of an instance, with the history of whichever execution it has."""
    row = reads.instance(connection, hub, instance_id, payloads=True)
    if row is None or isinstance(row, reads.Unreadable):
        return row
    history = reads.history(connection, hub, instance_id)
    if isinstance(history, reads.Unreadable):
        return history
    return replace(stored_instance(row), history=tuple(map(StoredEvent, history.events)))


def as_stored(instance: StoredInstance) -> StoredInstance:
    """Return *instance* as the store gives it back: its rows know the times that a row must have."""
    history = (
        StoredEvent(replace(one.event, is_played=False))
        if one.event.is_played or one.lacks
        else one
        for one in instance.history
    )
    return replace(
        instance,
        created=_created(instance),
        last_updated=_last_updated(instance),
        history=tuple(history),
    )


def _status(instance: StoredInstance) -> Status:
    try:
        return Status[instance.status]
    except KeyError:
        raise BadRow(
            f"instance {instance.instance_id!r}", "its status is none that is known here"
        ) from None


def _put_instance(tx: Transaction, hub: int, instance: StoredInstance, status: Status) -> int:
    """Write row and history; return the row's version."""
    events = [one.event for one in instance.history]
    started = next((one for one in events if isinstance(one, ExecutionStarted)), None)
    row = _row(instance, status, started)
    names = ("hub", "id", "entity", "etag", *row)
    key = from_text(instance.instance_id)
    is_entity = int(instance.instance_id.startswith("@"))
    etag = next(tx.numbers)
    tx.insert(
        f"INSERT INTO instances ({', '.join(names)})",
        [(hub, key, is_entity, etag, *row.values())],
    )
    if events:
        execution = started.execution.execution_id if started is not None else None
        _put_history(tx, hub, key, from_text(execution or instance.execution_id or ""), events)
    return etag


def _row(
    instance: StoredInstance, status: Status, started: ExecutionStarted | None
) -> dict[str, Column]:
    parent = started.parent if started is not None else None
    return {
        "execution": from_text(instance.execution_id),
        "name": from_text(instance.name),
        "version": from_text(instance.version),
        "status": int(status),
        "created": _created(instance),
        "last_updated": _last_updated(instance),
        "completed": instance.completed,
        "scheduled_start": instance.scheduled_start,
        "generation": instance.generation,
        "tags": from_tags(instance.tags),
        "custom_status": from_text(instance.custom_status),
        "parent": from_text(parent.execution.instance_id) if parent is not None else None,
        "input": from_text(instance.input),
        "output": from_text(instance.output),
    }


def _created(instance: StoredInstance) -> Ticks:
    if instance.created is not None:
        return instance.created
    return next((one.event.timestamp for one in instance.history), Ticks(0))


def _last_updated(instance: StoredInstance) -> Ticks:
    if instance.last_updated is not None:
        return instance.last_updated
    return states.read(one.event for one in instance.history).last


def _put_history(
    tx: Transaction, hub: int, key: Column, execution: Column, events: Sequence[Event]
) -> None:
    number = next(tx.numbers)
    tx.change(
        "INSERT INTO histories (number, hub, instance, execution, length, revision)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (number, hub, key, execution, len(events), next(tx.numbers)),
    )
    encoded = (
        encode_event(replace(event, is_played=False) if event.is_played else event)
        for event in events
    )
    tx.insert(
        "INSERT INTO events (history, position, event, extra)",
        ((number, position, one.body, one.extra) for position, one in enumerate(encoded)),
    )


def _post(
    tx: Transaction, hub: int, messages: Iterable[StoredMessage], into: str
) -> tuple[int, ...]:
    """Store messages as they are, in their order; return their numbers."""
    rows: list[tuple[Column, ...]] = []
    numbers: list[int] = []
    for one in messages:
        seq = next(tx.numbers)
        numbers.append(seq)
        event = replace(one.message.event, is_played=False)
        rows.append(
            (hub, one.due, *encode_message(seq, replace(one.message, event=event), one.deliveries))
        )
    tx.insert(into, rows)
    return tuple(numbers)


# -- and back ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was taken away."""

    instances: int = 0
    messages: int = 0


def withdraw(tx: Transaction, hub: int, job: str, unit: str, *, goes_on: bool = False) -> Withdrawn:
    """Take away what *job* has put there of *unit*, and what its instances have started since.

    When nothing of the job is left, its mark goes, and the hub if the job has made it and it is empty;
    unless the job *goes_on*.
    """
    rows = tx.connection.execute(
        "SELECT instance, messages, activities FROM moved WHERE hub = ? AND job = ? AND unit = ?",
        (hub, job, from_text(unit)),
    ).fetchall()
    ids = [required_text(instance) for instance, _, _ in rows if instance != STRAYS]
    instances = messages = 0
    for instance_id in _with_descendants(tx.connection, hub, ids):
        instances += writes.purge(tx, hub, instance_id).instances
    for _, inbox, tasks in rows:
        messages += _delete(tx, "inbox", json.loads(inbox)) + _delete(
            tx, "tasks", json.loads(tasks)
        )
    tx.change(
        "DELETE FROM moved WHERE hub = ? AND job = ? AND unit = ?", (hub, job, from_text(unit))
    )
    if not goes_on:
        _unmark_if_empty(tx, hub, job)
    return Withdrawn(instances, messages)


def has_run(connection: Connection, hub: int, job: str, unit: str) -> bool:
    """Tell whether an instance that *job* has put there of *unit* was written since, or is gone."""
    row = connection.execute(
        "SELECT 1 FROM moved LEFT JOIN instances"
        " ON instances.hub = moved.hub AND instances.id = moved.instance"
        " WHERE moved.hub = ? AND job = ? AND unit = ?"
        " AND moved.etag IS NOT NULL AND instances.etag IS NOT moved.etag LIMIT 1",
        (hub, job, from_text(unit)),
    ).fetchone()
    return row is not None


STRAYS = ""
"""The key of messages to instances that are not there: no instance has it."""


def _with_descendants(connection: Connection, hub: int, ids: Iterable[str]) -> Iterator[str]:
    """Yield *ids*, and the instances below them: more than the job's if a server has had the hub."""
    ran = connection.execute(
        "SELECT 1 FROM instances WHERE hub = ? AND parent IS NOT NULL LIMIT 1", (hub,)
    ).fetchone()
    seen = dict.fromkeys(ids)
    waiting = list(seen)
    while waiting:
        one = waiting.pop()
        yield one
        if ran is None:
            continue
        for (child,) in connection.execute(
            "SELECT id FROM instances WHERE hub = ? AND parent = ?", (hub, from_text(one))
        ).fetchall():
            child_id = required_text(child)
            if child_id not in seen:
                seen[child_id] = None
                waiting.append(child_id)


def _delete(tx: Transaction, table: writes.Table, numbers: Sequence[int]) -> int:
    deleted = 0
    for first in range(0, len(numbers), AT_ONCE):
        some = numbers[first : first + AT_ONCE]
        places = ", ".join("?" * len(some))
        deleted += tx.change(f"DELETE FROM {table} WHERE seq IN ({places})", some)  # noqa: S608 (names and marks of ours)
    return deleted


def _unmark_if_empty(tx: Transaction, hub: int, job: str) -> None:
    left = tx.connection.execute(
        "SELECT 1 FROM moved WHERE hub = ? AND job = ? LIMIT 1", (hub, job)
    ).fetchone()
    if left is not None:
        return
    made = tx.connection.execute(
        "SELECT made_hub FROM moves WHERE hub = ? AND job = ?", (hub, job)
    ).fetchone()
    tx.change("DELETE FROM moves WHERE hub = ? AND job = ?", (hub, job))
    if made is None or not made[0]:
        return
    used = tx.connection.execute("SELECT 1 FROM instances WHERE hub = ? LIMIT 1", (hub,)).fetchone()
    if used is None:
        writes.delete_hub(tx, hub)
