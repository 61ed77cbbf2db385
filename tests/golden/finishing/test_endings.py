"""The comparison of endings finds what differs, and passes over what may."""

import copy
from collections import Counter
from typing import Any

import pytest

from tests.golden.finishing.endings import differences, id_of
from tests.golden.finishing.stored import StoredHub
from tests.golden.finishing.takeover import Takeover, run_again
from tests.golden.recorded import HUBS, RecordedHub

WAITING = RecordedHub("waiting")


def altered(line: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(line)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_every_ending_is_like_itself(hub: RecordedHub) -> None:
    assert not any(differences(line, altered(line)) for line in hub.finished.values())


@pytest.mark.parametrize("member", ["status", "output", "customStatus", "input", "name"])
def test_another_member_is_a_difference(member: str) -> None:
    line = WAITING.finished["awaits-event"]
    [found] = differences(line, {**altered(line), member: "another"})
    assert found.startswith(f"{member}: ")


def test_an_event_more_is_a_difference() -> None:
    line = altered(WAITING.finished["awaits-activity"])
    line["history"].insert(5, {**line["history"][2], "EventId": 7})
    assert differences(WAITING.finished["awaits-activity"], line)


def test_an_event_less_is_a_difference() -> None:
    line = altered(WAITING.finished["awaits-timer-soon"])
    line["history"] = [e for e in line["history"] if e["EventType"] != 11]
    assert differences(WAITING.finished["awaits-timer-soon"], line)


def test_another_number_of_an_action_is_a_difference() -> None:
    line = altered(WAITING.finished["awaits-activity"])
    line["history"][2]["EventId"] = 4
    assert differences(WAITING.finished["awaits-activity"], line)


def test_another_result_is_a_difference() -> None:
    line = altered(WAITING.finished["awaits-activity"])
    line["history"][5]["Result"] = '"Hello, nobody!"'
    assert differences(WAITING.finished["awaits-activity"], line)


def test_one_more_try_is_a_difference() -> None:
    line = altered(WAITING.finished["awaits-retry"])
    turn = line["history"][8:12]
    line["history"][12:12] = turn
    assert differences(WAITING.finished["awaits-retry"], line)


@pytest.mark.parametrize(("runs", "again"), [(3, set()), (4, {"awaits-retry"})])
def test_what_ran_more_often_than_its_history_tells_ran_again(runs: int, again: set[str]) -> None:
    nothing: dict[str, Any] = {"entities": {}, "depths": {}, "visible": (), "parts": frozenset()}
    takeover = Takeover(
        WAITING,
        WAITING.names,
        StoredHub(lines=WAITING.expected, **nothing),
        frozenset(),
        StoredHub(lines=WAITING.finished, **nothing),
        Counter({("awaits-retry", "Flaky"): runs}),
    )
    assert run_again(takeover, "Flaky") == again


def test_results_may_come_in_any_order_and_together() -> None:
    line = altered(WAITING.finished["awaits-many"])
    history = line["history"]
    fired = next(e for e in history if e["EventType"] == 11)
    raised = next(e for e in history if e["EventType"] == 15)
    one, other = history.index(fired), history.index(raised)
    history[one], history[other] = raised, fired
    assert not differences(WAITING.finished["awaits-many"], line)
    del history[one + 1 : other]  # the end of a turn, and the beginning of the next
    assert not differences(WAITING.finished["awaits-many"], line)


def test_a_result_that_came_twice_is_stored_once() -> None:
    [expected] = RecordedHub("crash-outbox").finished.values()
    line = altered(expected)
    results = [e for e in line["history"] if e["EventType"] == 5]
    first = {e["TaskScheduledId"]: e for e in reversed(results)}
    assert (len(results), len(first)) == (8, 5)
    line["history"] = [e for e in line["history"] if e not in results or e in first.values()]
    assert not differences(expected, line)


def test_a_child_without_a_name_is_known_as_such() -> None:
    named = {"parent", "a:0001"}
    assert id_of("49fb75c01f984ef7b7a278432e079c76:1", named) == id_of("parent:0001", named)
    assert id_of("a:0001", named) == "a:0001"
    assert id_of("parent:child-1", named) == "parent:child-1"
