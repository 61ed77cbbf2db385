"""Messages and instances as rows: through a real SQLite and back."""

import sqlite3
from collections.abc import Sequence
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scheduler_values import any_ticks, instances, messages, tags, texts

from durahub.engine.commit import InstanceUpdate
from durahub.errors import BadRow
from durahub.model.history import Execution, ExecutionStarted, Status
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.scheduler import instance_rows, message_rows
from durahub.scheduler.columns import Column, from_tags, from_text, to_tags, to_text

NOON = Ticks(638_000_000_000_000_003)


def through_sqlite(row: Sequence[Column]) -> Sequence[Column]:
    connection = sqlite3.connect(":memory:")
    try:
        names = [f"c{number}" for number in range(len(row))]
        connection.execute(f"CREATE TABLE t ({', '.join(names)})")
        connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(row))})", row)
        found: Sequence[Column] = connection.execute("SELECT * FROM t").fetchone()
        return found
    finally:
        connection.close()


@given(st.none() | texts)
def test_a_text_survives_its_column(text: str | None) -> None:
    (column,) = through_sqlite([from_text(text)])
    assert to_text(column) == text


@given(st.none() | tags)
def test_tags_survive_their_column(found: dict[str, str] | None) -> None:
    (column,) = through_sqlite([from_tags(found)])
    assert to_tags(column) == found


@given(messages, st.booleans())
def test_a_message_survives_its_row(message: Message, activity: bool) -> None:
    row = through_sqlite(message_rows.encode(17, message))
    delivery = message_rows.decode(row, activity)
    assert delivery.message == message
    assert delivery.key == "17"
    assert delivery.partition == ("" if activity else message_rows.PARTITION)
    assert delivery.deliveries == 1


@given(instances)
def test_an_instance_is_read_as_its_row_says(instance: Instance) -> None:
    row: dict[str, Column] = {
        "id": from_text(instance.instance_id),
        "etag": int(instance.etag or 0),
        "execution": from_text(instance.execution_id),
        "status": int(instance.status),
        "created": instance.created,
        "last_updated": instance.last_updated,
        "completed": instance.completed,
        "scheduled_start": instance.scheduled_start,
        "generation": instance.generation,
        "tags": from_tags(instance.tags),
        "parent": from_text(instance.parent_id),
    }
    for name in ("name", "version", "custom_status", "input", "output"):
        row[name] = from_text(getattr(instance, name))
    columns = [*instance_rows.COLUMNS, *instance_rows.PAYLOADS]
    assert set(columns) == set(row)
    assert len(fields(Instance)) == len(row)
    found = through_sqlite([row[name] for name in columns])
    assert instance_rows.decode(found) == instance
    light = found[: len(instance_rows.COLUMNS)]
    assert instance_rows.decode(light) == replace(instance, input=None, output=None)


@pytest.mark.parametrize(
    ("column", "value"), [("status", 99), ("tags", "[]"), ("created", "noon"), ("name", 5)]
)
def test_an_instance_row_with_something_else_in_it_is_a_bad_row(column: str, value: Column) -> None:
    row: dict[str, Column] = dict.fromkeys(instance_rows.COLUMNS)
    row |= {"id": "order-1", "etag": 1, "status": 0, "created": NOON, "last_updated": NOON}
    assert instance_rows.decode(list(row.values())).instance_id == "order-1"
    with pytest.raises(BadRow, match="order-1"):
        instance_rows.decode(list((row | {column: value}).values()))


@given(any_ticks, st.none() | texts)
def test_an_update_without_a_start_leaves_the_start_alone(now: Ticks, status: str | None) -> None:
    columns = instance_rows.changes(
        InstanceUpdate(execution_id="e", last_updated=now, custom_status=status)
    )
    assert set(columns) == {"execution", "last_updated", "custom_status"}


def test_a_start_clears_what_the_execution_before_has_left() -> None:
    started = ExecutionStarted(timestamp=NOON, execution=Execution("order-1", "e"), name="O")
    columns = instance_rows.changes(
        InstanceUpdate(
            execution_id="e",
            last_updated=NOON,
            custom_status=None,
            started=started,
            status=Status.Running,
        )
    )
    assert columns["output"] is None
    assert columns["completed"] is None
    assert columns["created"] == NOON
    assert "generation" not in columns  # a continue-as-new does not know it
