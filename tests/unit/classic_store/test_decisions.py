"""The small decisions: pauses, delays, conditions of queries, what is remembered of instances."""

import contextlib
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.backoff import Backoff
from durahub.classic.due import CAPPED, due_of, queue_delay
from durahub.classic.history_table import LoadedHistory, WrittenHistory
from durahub.classic.instance_memory import CARRIED, InstanceMemory
from durahub.classic.instance_query import condition, decode_token, encode_token
from durahub.classic.keys import escape
from durahub.classic.options import ClassicOptions
from durahub.classic.tables import Continuation
from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.errors import BadRequest, BadSetting
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionStarted,
    Status,
    TaskCompleted,
    TaskFailed,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later, parse, seconds_between
from durahub.store import InstanceQuery

NOW = parse("2026-01-15T09:30:00Z")


# -- pauses and delays -------------------------------------------------------------------------


def test_pauses_begin_with_none_double_and_end_at_the_longest() -> None:
    pauses = Backoff(1.0, Random(7))
    found = [pauses.pause() for _ in range(8)]
    assert found[0] == 0
    for pause, plain in zip(found[1:], [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0], strict=True):
        assert 0.8 * plain <= pause <= 1.2 * plain
    pauses.reset()
    assert pauses.pause() == 0


@given(st.integers(-(10**9), 10**13))
def test_a_message_is_never_visible_before_it_is_due_nor_a_second_later(ticks: int) -> None:
    due = Ticks(NOW + ticks)
    delay = queue_delay(NOW, due)
    wait = max(0.0, seconds_between(NOW, due))
    if delay != CAPPED:
        assert wait <= delay < wait + 1


def test_what_the_service_does_not_allow_is_capped() -> None:
    week = 7 * 86_400
    assert queue_delay(NOW, later(NOW, week)) == week
    assert queue_delay(NOW, later(NOW, week + 1)) == CAPPED


def message(event: object, target: str = "@counter@a") -> Message:
    return Message(event=event, target=Execution(target))  # type: ignore[arg-type]


def test_timers_and_delayed_entity_messages_say_when_they_are_due() -> None:
    assert due_of(message(TimerFired(timestamp=NOW, timer_id=1, fire_at=Ticks(9)))) == 9
    delayed = EventRaised(timestamp=NOW, name="op@2026-01-15T09:30:00.0000000Z")
    assert due_of(message(delayed)) == NOW
    assert due_of(message(delayed, "order-1")) is None  # there it is an event's name like any other
    assert due_of(message(EventRaised(timestamp=NOW, name="op@soon"))) is None
    assert due_of(message(EventRaised(timestamp=NOW, name="op"))) is None


@pytest.mark.parametrize(
    "wrong", [{"partitions": 0}, {"partitions": 17}, {"visibility": 1}, {"control_batch": 33}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadSetting):
        ClassicOptions(**wrong)  # type: ignore[arg-type]


# -- queries -----------------------------------------------------------------------------------


def test_conditions_are_those_of_the_layout() -> None:
    query = InstanceQuery(
        statuses=frozenset({Status.Completed, Status.Running}),
        created_from=NOW,
        created_to=Ticks(NOW + 1),
        prefix="o'7/",
    )
    assert condition(query, "MyHub") == (
        "(CreatedTime ge datetime'2026-01-15T09:30:00.0000000Z') and "
        "(CreatedTime le datetime'2026-01-15T09:30:00.0000001Z') and "
        "(RuntimeStatus eq 'Completed' or RuntimeStatus eq 'ContinuedAsNew' "
        "or RuntimeStatus eq 'Running') and (TaskHubName eq 'MyHub') and "
        "(PartitionKey ge 'o''7^0') and (PartitionKey lt 'o''7^1')"
    )
    assert condition(InstanceQuery(), None) == "(PartitionKey lt '@' or PartitionKey ge 'A')"


@given(st.text(min_size=1), st.text())
def test_every_id_with_the_prefix_lies_in_the_range_that_is_asked_for(
    prefix: str, rest: str
) -> None:
    asked = condition(InstanceQuery(prefix=prefix, entities=True), None)
    key = escape(prefix + rest)
    bounds = [part for part in asked.split(") and (") if "PartitionKey lt" in part]
    for bound in bounds:
        after = bound.split("lt '", 1)[1].rsplit("'", 1)[0].replace("''", "'")
        if after != "A":
            assert _utf16(key) < _utf16(after)


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


@given(st.text(), st.none() | st.text())
def test_a_token_leads_back_to_its_page(partition_key: str, row_key: str | None) -> None:
    start = Continuation(partition_key, row_key)
    token = encode_token(start)
    assert token
    assert decode_token(token) == start


@given(st.text())
def test_no_token_crashes(token: str) -> None:
    with contextlib.suppress(BadRequest):
        decode_token(token)


# -- memory ------------------------------------------------------------------------------------


def commit(key: str = "k", event: object = None, **fields: object) -> Commit:
    event = event or EventRaised(timestamp=NOW, name="Approval")
    values: dict[str, object] = {
        "instance_id": "order-1",
        "outbound": (),
        "activities": (),
        "execution_id": "x",
        "base": HistoryVersion("x", 3, "e1"),
        "events": (),
        "replaces": False,
        "instance": InstanceUpdate(execution_id="x", last_updated=NOW, custom_status=None),
        "consumed": (Delivery(key, "p", message(event)),),
    }
    return Commit(**(values | fields))  # type: ignore[arg-type]


def written(token: str, *blobs: str) -> WrittenHistory:
    return WrittenHistory(HistoryVersion("x", 6, token), {}, frozenset(blobs))


def test_a_row_is_written_again_only_when_something_changes_or_after_a_while() -> None:
    memory = InstanceMemory(row_refresh=10)
    first = commit()
    assert not memory.row_is_current(first, 0)
    memory.written(first, written("e2"), 0)
    memory.row_written(first, 0)

    second = commit(base=HistoryVersion("x", 6, "e2"))
    assert memory.row_is_current(second, 9)
    assert not memory.row_is_current(second, 10)
    assert not memory.row_is_current(commit(base=HistoryVersion("x", 6, "other")), 9)
    for change in ({"custom_status": "1"}, {"status": Status.Completed}, {"sets_output": True}):
        changed = replace(second, instance=replace(second.instance, **change))  # type: ignore[arg-type]
        assert not memory.row_is_current(changed, 9)
    memory.row_changed("order-1")
    assert not memory.row_is_current(second, 9)


def test_the_blobs_of_a_replaced_generation_are_named_once() -> None:
    memory = InstanceMemory(row_refresh=10)
    version = HistoryVersion("x", 3, "e1")
    memory.loaded("order-1", LoadedHistory(version, (), frozenset({"a"})), 0)
    assert memory.written(commit(), written("e2", "b"), 0) == frozenset()
    replacing = commit(base=HistoryVersion("x", 6, "e2"), replaces=True)
    assert memory.written(replacing, written("e3", "c"), 0) == {"a", "b"}
    again = commit(base=HistoryVersion("x", 6, "e3"), replaces=True)
    assert memory.written(again, written("e4"), 0) == {"c"}


def test_blobs_of_a_history_that_another_server_wrote_on_are_left_alone() -> None:
    memory = InstanceMemory(row_refresh=10)
    memory.written(commit(), written("e2", "a"), 0)
    foreign = commit(base=HistoryVersion("y", 9, "theirs"), replaces=True)
    assert memory.written(foreign, written("e3", "b"), 0) == frozenset()


def test_consumed_events_are_carried_until_their_deletion_is_certain() -> None:
    memory = InstanceMemory(row_refresh=10)
    assert memory.consumed(commit("a"), 0) == ["a"]
    memory.written(commit("a"), written("e2"), 0)
    assert memory.consumed(commit("b"), 1) == ["a", "b"]
    memory.written(commit("b"), written("e3"), 1)
    memory.confirm("order-1", ["a"])
    assert memory.consumed(commit("c"), 2) == ["b", "c"]
    memory.written(commit("c"), written("e4"), 2)
    assert memory.consumed(commit("d"), CARRIED + 1.5) == ["c", "d"]


def test_a_checkpoint_that_is_lost_has_consumed_nothing() -> None:
    memory = InstanceMemory(row_refresh=10)
    assert memory.consumed(commit("lost"), 0) == ["lost"]
    assert memory.consumed(commit("next"), 1) == ["next"]


def test_answers_are_not_carried_for_the_history_shows_them() -> None:
    memory = InstanceMemory(row_refresh=10)
    answer = TaskCompleted(timestamp=NOW, task_scheduled_id=1)
    assert memory.consumed(commit("a", answer), 0) == []


def test_a_failure_is_carried_for_a_rewind_asks_again_under_the_same_number() -> None:
    memory = InstanceMemory(row_refresh=10)
    failure = TaskFailed(timestamp=NOW, task_scheduled_id=1)

    assert memory.consumed(commit("a", failure), 0) == ["a"]


def test_a_start_is_carried_if_its_execution_continued_as_new_at_once() -> None:
    memory = InstanceMemory(row_refresh=10)
    own = commit("a")
    shown = ExecutionStarted(
        timestamp=NOW, execution=Execution("i", own.execution_id), name="Order"
    )
    gone = replace(shown, execution=Execution("i", "another"))

    assert memory.consumed(commit("a", shown), 0) == []
    assert memory.consumed(commit("b", gone), 0) == ["b"]


def test_what_was_loaded_as_consumed_is_carried_on() -> None:
    memory = InstanceMemory(row_refresh=10)
    version = HistoryVersion("x", 3, "e1")
    loaded = LoadedHistory(version, (), frozenset(), frozenset({"old"}))
    memory.loaded("order-1", loaded, 0)
    assert memory.consumed(commit("new"), 1) == ["old", "new"]
    memory.forget("order-1")
    assert memory.consumed(commit("new"), 1) == ["new"]
