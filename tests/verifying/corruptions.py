"""Corruptions of a hub in a file: made with SQL alone, of named kinds, each from a seed.

Each function changes one thing of one instance, chosen by chance among those that have it, and returns
its ID; ``None`` where no instance of the hub has such a thing.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.model.ticks import PER_SECOND

Db = sqlite3.Connection
Corruption = Callable[[Db, Random], "str | None"]
KINDS: dict[str, Corruption] = {}
HOUR = 3600 * PER_SECOND


def corruption(made: Corruption) -> Corruption:
    KINDS[made.__name__] = made
    return made


def corrupt(file: Path, kind: str, seed: int) -> str | None:
    """Corrupt the hub in *file*; return whose instance it was."""
    with closing(sqlite3.connect(file)) as db, db:
        return KINDS[kind](db, Random(seed))


# -- what there is ---------------------------------------------------------------------------------


def _pick(db: Db, random: Random, sql: str) -> Any:
    rows = db.execute(sql).fetchall()
    return random.choice(rows) if rows else None


def _text(found: object) -> str:
    return found.decode() if isinstance(found, bytes) else str(found)


def _other(text: str, random: Random) -> str:
    """Return *text* with one character changed."""
    if not text:
        return "x"
    at = random.randrange(len(text))
    return text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]


def _shift(stamp: Any) -> None:
    """Change a time by 100 ns."""
    stamp.nanos += 100 if stamp.nanos < 999_999_900 else -100


def _row(
    db: Db, random: Random, column: str, change: Callable[[Any], Any], where: str
) -> str | None:
    row = _pick(db, random, f"SELECT id, {column} FROM instances WHERE {where} ORDER BY id")
    if row is None:
        return None
    db.execute(f"UPDATE instances SET {column} = ? WHERE id = ?", (change(row[1]), row[0]))
    return _text(row[0])


_EVENTS = (
    "SELECT instance, history, position, event FROM events JOIN histories ON history = number"
    " ORDER BY instance, position"
)


def _events(db: Db) -> Iterator[tuple[Any, int, int, pb.HistoryEvent]]:
    for instance, history, position, event in db.execute(_EVENTS).fetchall():
        yield instance, history, position, pb.HistoryEvent.FromString(event)


def _event(
    db: Db,
    random: Random,
    has: Callable[[pb.HistoryEvent], bool],
    change: Callable[[pb.HistoryEvent], object],
) -> str | None:
    """Change an event that has something."""
    found = [one for one in _events(db) if has(one[3])]
    if not found:
        return None
    instance, history, position, event = random.choice(found)
    change(event)
    sql = "UPDATE events SET event = ? WHERE history = ? AND position = ?"
    db.execute(sql, (event.SerializeToString(), history, position))
    return _text(instance)


def _message(
    db: Db,
    random: Random,
    table: str,
    has: Callable[[pb.HistoryEvent], bool],
    change: Callable[[pb.HistoryEvent], object],
) -> str | None:
    rows = [
        (seq, instance, event)
        for seq, instance, body in db.execute(f"SELECT seq, instance, event FROM {table}")
        if has(event := pb.HistoryEvent.FromString(body))
    ]
    if not rows:
        return None
    seq, instance, event = random.choice(rows)
    change(event)
    db.execute(f"UPDATE {table} SET event = ? WHERE seq = ?", (event.SerializeToString(), seq))
    return _text(instance)


# -- rows ------------------------------------------------------------------------------------------


@corruption
def input_changed(db: Db, random: Random) -> str | None:
    return _row(
        db, random, "input", lambda text: _other(text, random), "input != '' AND entity = 0"
    )


@corruption
def output_changed(db: Db, random: Random) -> str | None:
    return _row(db, random, "output", lambda text: _other(text, random), "output != ''")


@corruption
def output_lost(db: Db, random: Random) -> str | None:
    return _row(db, random, "output", lambda text: None, "output IS NOT NULL")


@corruption
def custom_status_changed(db: Db, random: Random) -> str | None:
    return _row(db, random, "custom_status", lambda text: _other(text or "", random), "entity = 0")


@corruption
def status_changed(db: Db, random: Random) -> str | None:
    return _row(db, random, "status", lambda status: 5 if status != 5 else 1, "entity = 0")


@corruption
def suspended_flipped(db: Db, random: Random) -> str | None:
    return _row(db, random, "status", lambda status: 0 if status == 7 else 7, "status IN (0, 7)")


@corruption
def execution_id_changed(db: Db, random: Random) -> str | None:
    row = _pick(db, random, "SELECT id, execution FROM instances WHERE execution != '' ORDER BY id")
    other = _other(row[1], random)
    db.execute("UPDATE instances SET execution = ? WHERE id = ?", (other, row[0]))
    db.execute("UPDATE histories SET execution = ? WHERE instance = ?", (other, row[0]))
    return _text(row[0])


@corruption
def created_100_ns_later(db: Db, random: Random) -> str | None:
    return _row(db, random, "created", lambda ticks: ticks + 1, "created > 0")


@corruption
def completed_100_ns_earlier(db: Db, random: Random) -> str | None:
    return _row(db, random, "completed", lambda ticks: ticks - 1, "completed IS NOT NULL")


@corruption
def updated_100_ns_later(db: Db, random: Random) -> str | None:
    return _row(db, random, "last_updated", lambda ticks: ticks + 1, "1")


@corruption
def name_changed(db: Db, random: Random) -> str | None:
    return _row(db, random, "name", lambda text: _other(text, random), "name != ''")


@corruption
def version_changed(db: Db, random: Random) -> str | None:
    return _row(db, random, "version", lambda text: _other(text or "", random), "1")


@corruption
def tag_changed(db: Db, random: Random) -> str | None:
    return _row(db, random, "tags", lambda text: '{"a":"b"}', "entity = 0")


@corruption
def generation_changed(db: Db, random: Random) -> str | None:
    return _row(db, random, "generation", lambda number: (number or 0) + 1, "1")


@corruption
def scheduled_start_shifted(db: Db, random: Random) -> str | None:
    where = "scheduled_start IS NOT NULL"
    return _row(db, random, "scheduled_start", lambda ticks: ticks + HOUR, where)


# -- instances -------------------------------------------------------------------------------------


@corruption
def instance_lost(db: Db, random: Random) -> str | None:
    (found,) = _pick(db, random, "SELECT id FROM instances ORDER BY id")
    _remove_history(db, found)
    db.execute("DELETE FROM instances WHERE id = ?", (found,))
    return _text(found)


@corruption
def instance_too_many(db: Db, random: Random) -> str | None:
    columns = [one[1] for one in db.execute("PRAGMA table_info(instances)") if one[1] != "id"]
    (found,) = _pick(db, random, "SELECT id FROM instances WHERE entity = 0 ORDER BY id")
    names = ", ".join(columns)
    db.execute(
        f"INSERT INTO instances (id, {names}) SELECT 'another', {names} FROM instances WHERE id = ?",
        (found,),
    )
    return "another"


@corruption
def instance_renamed(db: Db, random: Random) -> str | None:
    (found,) = _pick(db, random, "SELECT id FROM instances WHERE entity = 0 ORDER BY id")
    db.execute("UPDATE instances SET id = 'renamed' WHERE id = ?", (found,))
    db.execute("UPDATE histories SET instance = 'renamed' WHERE instance = ?", (found,))
    return _text(found)


@corruption
def history_lost(db: Db, random: Random) -> str | None:
    (found,) = _pick(
        db, random, "SELECT instance FROM histories WHERE length > 0 ORDER BY instance"
    )
    _remove_history(db, found)
    return _text(found)


def _remove_history(db: Db, instance: object) -> None:
    db.execute(
        "DELETE FROM events WHERE history IN (SELECT number FROM histories WHERE instance = ?)",
        (instance,),
    )
    db.execute("DELETE FROM histories WHERE instance = ?", (instance,))


# -- events ----------------------------------------------------------------------------------------


def _rewrite(db: Db, history: int, events: list[tuple[bytes, str | None]]) -> None:
    db.execute("DELETE FROM events WHERE history = ?", (history,))
    db.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?)",
        [(history, place, *event) for place, event in enumerate(events)],
    )
    db.execute("UPDATE histories SET length = ? WHERE number = ?", (len(events), history))


def _one_history(
    db: Db, random: Random, least: int = 2
) -> tuple[str, int, list[tuple[bytes, str | None]]]:
    sql = f"SELECT instance, number FROM histories WHERE length >= {least} ORDER BY instance"
    instance, number = _pick(db, random, sql)
    sql = "SELECT event, extra FROM events WHERE history = ? ORDER BY position"
    return _text(instance), number, db.execute(sql, (number,)).fetchall()


@corruption
def event_dropped(db: Db, random: Random) -> str | None:
    instance, number, events = _one_history(db, random)
    events.pop(random.randrange(len(events)))
    _rewrite(db, number, events)
    return instance


@corruption
def event_doubled(db: Db, random: Random) -> str | None:
    instance, number, events = _one_history(db, random)
    at = random.randrange(len(events))
    events.insert(at, events[at])
    _rewrite(db, number, events)
    return instance


@corruption
def events_changed_places(db: Db, random: Random) -> str | None:
    instance, number, events = _one_history(db, random)
    places = [at for at in range(len(events) - 1) if events[at] != events[at + 1]]
    at = random.choice(places)
    events[at : at + 2] = reversed(events[at : at + 2])
    _rewrite(db, number, events)
    return instance


@corruption
def last_event_lost(db: Db, random: Random) -> str | None:
    instance, number, events = _one_history(db, random)
    _rewrite(db, number, events[:-1])
    return instance


@corruption
def event_100_ns_later(db: Db, random: Random) -> str | None:
    def later(event: pb.HistoryEvent) -> None:
        _shift(event.timestamp)

    return _event(db, random, lambda event: True, later)


@corruption
def result_changed(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        result = event.taskCompleted.result
        result.value = _other(result.value, random)

    return _event(db, random, lambda event: event.HasField("taskCompleted"), change)


@corruption
def raised_event_changed(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        event.eventRaised.input.value = _other(event.eventRaised.input.value, random)

    return _event(db, random, lambda event: event.HasField("eventRaised"), change)


@corruption
def activity_renamed(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        event.taskScheduled.name = _other(event.taskScheduled.name, random)

    return _event(db, random, lambda event: event.HasField("taskScheduled"), change)


@corruption
def answer_to_another_action(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        event.taskCompleted.taskScheduledId += 1

    return _event(db, random, lambda event: event.HasField("taskCompleted"), change)


@corruption
def failure_message_changed(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        details = event.taskFailed.failureDetails
        details.errorMessage = _other(details.errorMessage, random)

    return _event(
        db,
        random,
        lambda event: event.HasField("taskFailed") and event.taskFailed.HasField("failureDetails"),
        change,
    )


@corruption
def parent_changed(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        parent = event.executionStarted.parentInstance.orchestrationInstance
        parent.instanceId = _other(parent.instanceId, random)

    return _event(
        db, random, lambda event: event.executionStarted.HasField("parentInstance"), change
    )


@corruption
def timer_100_ns_later(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        _shift(event.timerCreated.fireAt)

    return _event(db, random, lambda event: event.HasField("timerCreated"), change)


@corruption
def child_renamed(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        child = event.subOrchestrationInstanceCreated
        child.instanceId = _other(child.instanceId, random)

    return _event(
        db, random, lambda event: event.HasField("subOrchestrationInstanceCreated"), change
    )


@corruption
def event_sent_changed(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        event.eventSent.input.value = _other(event.eventSent.input.value, random)

    return _event(db, random, lambda event: event.HasField("eventSent"), change)


# -- entities --------------------------------------------------------------------------------------


def _entity(db: Db, random: Random, old: str, new: str) -> str | None:
    """Replace a part of what an entity's start holds, in its history and in its row."""
    found = []
    for instance, history, position, event in _events(db):
        text = event.executionStarted.input.value
        if _text(instance).startswith("@") and old in text:
            found.append((instance, history, position, event, text))
    if not found:
        return None
    instance, history, position, event, text = random.choice(found)
    event.executionStarted.input.value = text.replace(old, new, 1)
    sql = "UPDATE events SET event = ? WHERE history = ? AND position = ?"
    db.execute(sql, (event.SerializeToString(), history, position))
    return _text(instance)


@corruption
def entity_state_changed(db: Db, random: Random) -> str | None:
    return _entity(db, random, '"state":"', '"state":"1')


@corruption
def entity_lock_lost(db: Db, random: Random) -> str | None:
    return _entity(db, random, '"lockedBy":', '"notLockedBy":')


@corruption
def entity_backlog_lost(db: Db, random: Random) -> str | None:
    return _entity(db, random, '"queue":', '"noQueue":')


# -- messages --------------------------------------------------------------------------------------


@corruption
def message_lost(db: Db, random: Random) -> str | None:
    row = _pick(db, random, "SELECT seq, instance FROM inbox ORDER BY seq")
    if row is None:
        return None
    db.execute("DELETE FROM inbox WHERE seq = ?", (row[0],))
    return _text(row[1])


@corruption
def message_doubled(db: Db, random: Random) -> str | None:
    return _doubled(db, random, "inbox")


@corruption
def activity_lost(db: Db, random: Random) -> str | None:
    row = _pick(db, random, "SELECT seq, instance FROM tasks ORDER BY seq")
    if row is None:
        return None
    db.execute("DELETE FROM tasks WHERE seq = ?", (row[0],))
    return _text(row[1])


@corruption
def activity_doubled(db: Db, random: Random) -> str | None:
    return _doubled(db, random, "tasks")


def _doubled(db: Db, random: Random, table: str) -> str | None:
    row = _pick(db, random, f"SELECT seq, instance FROM {table} ORDER BY seq")
    if row is None:
        return None
    columns = [one[1] for one in db.execute(f"PRAGMA table_info({table})") if one[1] != "seq"]
    names = ", ".join(columns)
    db.execute(
        f"INSERT INTO {table} (seq, {names}) SELECT 1000000, {names} FROM {table} WHERE seq = ?",
        (row[0],),
    )
    return _text(row[1])


@corruption
def message_too_many(db: Db, random: Random) -> str | None:
    row = _pick(db, random, "SELECT hub, id FROM instances WHERE status = 0 AND entity = 0")
    event = pb.HistoryEvent(eventId=-1)
    event.timestamp.seconds = 1_800_000_000
    event.eventRaised.name = "Go"
    event.eventRaised.input.value = '"on"'
    db.execute(
        "INSERT INTO inbox (seq, hub, deliveries, instance, event) VALUES (1000000, ?, 0, ?, ?)",
        (*row, event.SerializeToString()),
    )
    return _text(row[1])


@corruption
def message_changed(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        event.eventRaised.input.value += " "

    return _message(db, random, "inbox", lambda event: event.HasField("eventRaised"), change)


@corruption
def message_100_ns_later(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        _shift(event.timestamp)

    return _message(db, random, "inbox", lambda event: event.HasField("eventRaised"), change)


@corruption
def message_to_another(db: Db, random: Random) -> str | None:
    row = _pick(db, random, "SELECT seq, instance FROM inbox ORDER BY seq")
    if row is None:
        return None
    db.execute("UPDATE inbox SET instance = 'nobody' WHERE seq = ?", (row[0],))
    return _text(row[1])


@corruption
def message_of_another_execution(db: Db, random: Random) -> str | None:
    sql = "SELECT seq, instance FROM inbox WHERE execution != '' ORDER BY seq"
    row = _pick(db, random, sql)
    if row is None:
        return None
    db.execute("UPDATE inbox SET execution = 'another' WHERE seq = ?", (row[0],))
    return _text(row[1])


@corruption
def activity_input_changed(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        event.taskScheduled.input.value = _other(event.taskScheduled.input.value, random)

    return _message(db, random, "tasks", lambda event: True, change)


@corruption
def due_time_shifted(db: Db, random: Random) -> str | None:
    row = _pick(db, random, "SELECT seq, instance FROM inbox WHERE due IS NOT NULL ORDER BY seq")
    if row is None:
        return None
    db.execute("UPDATE inbox SET due = due + ? WHERE seq = ?", (HOUR, row[0]))
    return _text(row[1])


@corruption
def timer_fires_for_another(db: Db, random: Random) -> str | None:
    def change(event: pb.HistoryEvent) -> None:
        event.timerFired.timerId += 1

    return _message(db, random, "inbox", lambda event: event.HasField("timerFired"), change)
