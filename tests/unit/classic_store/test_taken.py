"""What a sentinel names of what clients have sent: only what nothing else shows, and never too much."""

from collections.abc import Callable

import pytest

from durahub.classic.history_table import LoadedHistory, WrittenHistory
from durahub.classic.instance_memory import CARRIED, InstanceMemory
from durahub.classic.taken import MOST, sent_ids, taken_of
from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionResumed,
    ExecutionSuspended,
    ExecutionTerminated,
    TaskCompleted,
)
from durahub.model.message import Message
from durahub.model.ticks import parse

NOW = parse("2026-01-15T09:30:00Z")
ID = "orders/7"
RAISED = EventRaised(timestamp=NOW, name="op", input="1")
VERSION = HistoryVersion("x", 3, "e1")


def commit(event: Event = RAISED, sender: Execution | None = None, *, replaces: bool) -> Commit:
    message = Message(event=event, target=Execution(ID), sender=sender)
    return Commit(
        instance_id=ID,
        outbound=(),
        activities=(),
        execution_id="x",
        base=VERSION,
        events=(),
        replaces=replaces,
        instance=InstanceUpdate(execution_id="x", last_updated=NOW, custom_status=None),
        consumed=(Delivery("k", "p", message),),
    )


def envelope(named: str) -> Callable[[str], str | None]:
    return {"k": f"{named}/{ID}"}.get


@pytest.mark.parametrize("sender", [None, Execution("", "")])
@pytest.mark.parametrize(
    "event", [RAISED, ExecutionSuspended(timestamp=NOW), ExecutionResumed(timestamp=NOW)]
)
def test_what_a_client_has_asked_is_named_without_the_instance(
    event: Event, sender: Execution | None
) -> None:
    names = taken_of(commit(event, sender, replaces=True), envelope("guid/3"))

    assert names == ["guid/3"]
    assert sent_ids(ID, names) == {f"guid/3/{ID}"}


@pytest.mark.parametrize(
    ("event", "sender"),
    [
        (RAISED, Execution("another", "y")),  # a sorter or the history knows it
        (TaskCompleted(timestamp=NOW, task_scheduled_id=1), None),
        (ExecutionTerminated(timestamp=NOW), None),
    ],
)
def test_nothing_else_is_named(event: Event, sender: Execution | None) -> None:
    assert taken_of(commit(event, sender, replaces=True), envelope("guid/3")) == []


def test_what_can_have_no_copy_is_not_named() -> None:
    assert taken_of(commit(replaces=True), {}.get) == []


def test_what_was_taken_is_named_when_the_history_is_replaced_and_for_a_while() -> None:
    memory = InstanceMemory(row_refresh=10)
    first = commit(replaces=False)
    assert memory.taken(first, ["a"], 0) == []
    memory.written(first, WrittenHistory(VERSION, {}, frozenset()), 0, ["a"])

    again = commit(replaces=True)
    assert memory.taken(again, ["b"], 1) == ["a", "b"]
    memory.written(again, WrittenHistory(VERSION, {}, frozenset()), 1, ["b"])
    assert memory.taken(again, [], CARRIED + 0.5) == ["b"]
    assert memory.taken(again, [], CARRIED + 2) == []


def test_what_is_named_by_a_history_that_was_read_is_named_on() -> None:
    memory = InstanceMemory(row_refresh=10)
    memory.loaded(ID, LoadedHistory(VERSION, (), taken=("old",)), 0)

    assert memory.taken(commit(replaces=True), ["new"], 1) == ["old", "new"]


def test_of_what_was_taken_only_the_latest_is_remembered() -> None:
    memory = InstanceMemory(row_refresh=10)
    for n in range(2 * MOST):
        memory.written(
            commit(replaces=False), WrittenHistory(VERSION, {}, frozenset()), 0, [f"{n}"]
        )

    named = memory.taken(commit(replaces=True), [], 1)
    assert named == [f"{n}" for n in range(MOST, 2 * MOST)]


def test_a_checkpoint_that_is_lost_has_taken_nothing() -> None:
    memory = InstanceMemory(row_refresh=10)
    memory.taken(commit(replaces=True), ["lost"], 0)

    assert memory.taken(commit(replaces=True), ["next"], 1) == ["next"]
