"""The column that names activities without messages, and the messages that are made of their rows."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durahub.classic import unposted
from durahub.classic.columns import Columns
from durahub.classic.dialect import DTFX_2_9
from durahub.classic.history_rows import HistoryRow, decode, encode
from durahub.classic.payloads import PROPERTY_LIMIT
from durahub.classic.unposted import COLUMN, Unposted, outstanding
from durahub.engine.actions import ScheduleTask
from durahub.engine.effects import Actor, carry_out
from durahub.errors import BadRow
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    TaskCompleted,
    TaskFailed,
    Trace,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks

NOW = Ticks(638_000_000_000_000_000)
ORDER = Execution("order-7", "e1")
STARTED = ExecutionStarted(timestamp=NOW, execution=ORDER, name="Order", tags={"shop": "1"})
TASKS = st.frozensets(st.integers(0, 10_000), max_size=60)


def guard(text: object, execution_id: str = "e1") -> Columns:
    return {"PartitionKey": "a", "RowKey": "sentinel", "ExecutionId": execution_id, COLUMN: text}  # type: ignore[dict-item]


@given(TASKS, st.text(min_size=1))
def test_what_is_written_is_read_again(tasks: frozenset[int], execution_id: str) -> None:
    written = Unposted(execution_id, tasks, "m-1")

    read = unposted.decode(guard(unposted.encode(written), execution_id))

    assert read == (written if tasks else None)


def test_neighbours_are_written_as_one_range() -> None:
    text = unposted.encode(Unposted("e1", frozenset({0, 1, 2, 3, 4, 7, 9, 10}), "m"))

    assert '"tasks":"0-4,7,9-10"' in text


@given(st.frozensets(st.integers(0, 2**31 - 1), min_size=900, max_size=unposted.MOST))
@settings(max_examples=5)
def test_so_many_numbers_have_room_in_a_column_in_any_order(tasks: frozenset[int]) -> None:
    text = unposted.encode(Unposted("e" * 36, tasks, "m" * 36))

    assert 2 * len(text) <= PROPERTY_LIMIT


def test_without_the_column_or_with_nothing_in_it_all_is_settled() -> None:
    assert unposted.decode({"PartitionKey": "a", "RowKey": "sentinel"}) is None
    assert unposted.decode(guard("")) is None


def test_what_another_worker_carried_on_to_another_execution_counts_no_more() -> None:
    text = unposted.encode(Unposted("e1", frozenset({0}), "m"))

    assert unposted.decode(guard(text, "e2")) is None
    assert unposted.decode(guard(text, "E1")) is not None  # DTFx does not mind capitals


@pytest.mark.parametrize("text", ["{", "7", "[]", "{}", '{"tasks": "1"}', 7, '{"execution":"e1"'])
def test_what_cannot_be_read_is_told_and_not_passed_over(text: object) -> None:
    with pytest.raises(BadRow):
        unposted.decode(guard(text))


@pytest.mark.parametrize("tasks", ["x", "1-", "-1", "4-2", "0-99999999999"])
def test_tasks_that_are_no_numbers_are_told(tasks: str) -> None:
    with pytest.raises(BadRow):
        unposted.decode(guard(f'{{"execution":"e1","tasks":"{tasks}","anchor":"m"}}'))


# -- the messages --------------------------------------------------------------------------------


def scheduled(
    action_id: int, episode: int, task_input: str | None, trace: Trace | None = None
) -> tuple[Event, Message]:
    """Return what an episode makes of an activity: its row's event with its input, and its message."""
    action = ScheduleTask(
        id=action_id, name="Pay", version="2", input=task_input, tags={"a": "b"}, trace=trace
    )
    effect = carry_out(action, Actor(execution=ORDER, started=STARTED, episode=episode, now=NOW))
    assert effect.event is not None
    assert effect.activity is not None
    stored = dataclasses.replace(effect.event, input=task_input, worker_number=9)  # type: ignore[call-arg]
    columns = encode(HistoryRow(stored, "e1", 3), ORDER.instance_id, DTFX_2_9)
    return decode(columns).event, effect.activity


@given(st.none() | st.text(), st.booleans())
def test_a_message_made_of_the_row_is_the_one_that_was_not_sent(
    task_input: str | None, traced: bool
) -> None:
    trace = Trace(trace_parent="00-0-1-01", trace_state="x") if traced else None
    row, message = scheduled(3, 2, task_input, trace)
    begun = OrchestratorStarted(timestamp=NOW)
    history = (begun, STARTED, begun, row)

    assert outstanding("order-7", history, Unposted("e1", frozenset({3}), "m")) == (message,)


@pytest.mark.parametrize(
    "answer",
    [
        TaskCompleted(timestamp=NOW, task_scheduled_id=0, result="1"),
        TaskFailed(timestamp=NOW, task_scheduled_id=0),
    ],
)
def test_neither_what_has_a_result_nor_what_the_column_does_not_name_is_outstanding(
    answer: Event,
) -> None:
    rows = [scheduled(number, 1, None) for number in range(3)]
    history = (OrchestratorStarted(timestamp=NOW), STARTED, *(row for row, _ in rows), answer)

    found = outstanding("order-7", history, Unposted("e1", frozenset({0, 2}), "m"))

    assert found == (rows[2][1],)
