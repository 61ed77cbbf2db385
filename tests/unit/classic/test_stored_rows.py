"""Rows as they are: which execution counts, which members a writer knew, whose hub it is."""

import pytest

from durahub.classic.columns import Columns, DateTime, Value
from durahub.classic.dialect import DTFX_1_17, DTFX_2_9
from durahub.classic.history_rows import HistoryRow, encode
from durahub.classic.instance_rows import decode
from durahub.classic.stored_rows import (
    current,
    is_of_hub,
    shows_functions,
    stored_event,
    stored_instance,
)
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    TaskFailed,
    TaskScheduled,
)
from durahub.model.ticks import Ticks, parse
from durahub.stored import StoredEvent

AT = parse("2026-03-01T10:00:00Z")
EVENTS: dict[str, Event] = {
    "GenerateNewTrace": ExecutionStarted(timestamp=AT, execution=Execution("a", "e"), name="A"),
    "Tags": TaskScheduled(timestamp=AT, name="B"),
    "Properties": TaskFailed(
        timestamp=AT, task_scheduled_id=0, failure=Failure(error_type="E", message="m")
    ),
}


@pytest.mark.parametrize("member", EVENTS)
def test_a_row_shows_which_members_its_writer_knew(member: str) -> None:
    row = HistoryRow(EVENTS[member], "e", 0)

    assert stored_event(encode(row, "a", DTFX_2_9))[1].lacks == frozenset()
    assert stored_event(encode(row, "a", DTFX_1_17))[1].lacks == {member}


def found(execution: str, second: int) -> tuple[str, StoredEvent]:
    return execution, StoredEvent(OrchestratorStarted(timestamp=Ticks(AT + second)))


def test_the_current_execution_is_the_sentinels_and_what_stands_behind_is_left_over() -> None:
    rows = [found("new", 0), found("new", 1), found("old", 2), found("new", 3)]

    assert current(rows, {"ExecutionId": "new"}) == (rows[0][1], rows[1][1])
    assert current(rows, {"ExecutionId": "old"}) == ()
    assert current(rows, None) == (rows[0][1], rows[1][1])
    assert current([], None) == ()


def test_what_durahub_reads_into_a_row_is_not_told() -> None:
    columns: dict[str, Value] = {
        "PartitionKey": "a^0b",
        "RowKey": "",
        "RuntimeStatus": "ContinuedAsNew",
        "CustomStatus": "null",
        "CompletedTime": DateTime(AT),
    }
    stored = stored_instance(columns, decode(columns), input_text=None, output_text=None)

    assert stored.instance_id == "a/b"
    assert (stored.status, stored.custom_status, stored.completed) == ("ContinuedAsNew", "null", AT)
    assert stored.created is None


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, True),
        ({"TaskHubName": "orders"}, True),
        ({"TaskHubName": "Orders"}, True),
        ({"TaskHubName": "others"}, False),
    ],
)
def test_a_row_in_shared_tables_is_anothers_only_if_it_says_so(
    columns: Columns, expected: bool
) -> None:
    assert is_of_hub(columns, "Orders") is expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"PartitionKey": "a", "Name": "A", "Generation": 0}, True),
        ({"PartitionKey": "a", "Name": "A", "Generation": 0, "Version": ""}, False),
        ({"PartitionKey": "a:1", "Name": "A"}, False),  # a child: its parent's SDK may leave it out
        ({"PartitionKey": "@a@b", "Input": '{"exists":true,"state":"1"}'}, True),
        ({"PartitionKey": "@a@b", "Input": '{"state":"1"}', "Generation": 0}, False),
    ],
)
def test_rows_of_durable_functions_can_be_told_from_others(
    columns: Columns, expected: bool
) -> None:
    assert shows_functions(columns) is expected
