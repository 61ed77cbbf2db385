"""Two histories are compared by what they did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.model.history import (
    Event,
    EventRaised,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub_migrate.monitor.histories import DiffLine
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.aligning import aligned
from durahub_migrate.monitor.telling.differing import differences
from durahub_migrate.monitor.telling.payloads import Showing
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.telling.counting import steps_of
from tests.monitor.telling.histories import (
    at,
    ended,
    live,
    recorded,
    recorded_history,
    started,
    turn,
)

KEYS = st.lists(st.sampled_from("abc"), max_size=12)


def told(lines: tuple[DiffLine, ...]) -> list[tuple[str, str, str]]:
    """Return lines as their change, type and name."""
    found = []
    for line in lines:
        view = line.left or line.right
        assert view is not None
        found.append((line.change, view.type, view.name or ""))
    return found


def different(lines: tuple[DiffLine, ...]) -> list[tuple[str, str, str]]:
    return [one for one in told(lines) if one[0] != "same"]


def task(seconds: float, number: int, name: str) -> TaskScheduled:
    return TaskScheduled(timestamp=at(seconds), event_id=number, name=name)


def done(seconds: float, number: int, result: str = "1") -> TaskCompleted:
    return TaskCompleted(timestamp=at(seconds), task_scheduled_id=number, result=result)


def in_order(*names: str, result: str = "1", start: float = 0) -> LiveHistory:
    """Return a history of activities one after the other."""
    events: list[Event] = []
    arrived: list[Event] = [started(start)]
    for number, name in enumerate(names):
        seconds = start + 10 * number
        events += turn(seconds, *arrived, task(seconds, number, name))
        arrived = [done(seconds + 5, number, result)]
    end = start + 10 * len(names)
    return live((*events, *turn(end, *arrived, ended(end))))


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_recorded_history_does_not_differ_from_itself(hub: RecordedHub) -> None:
    for instance_id, history in recorded(hub):
        assert not different(differences(history, history, times=True)), instance_id


def test_two_recorded_runs_of_the_same_differ_in_nothing_but_time() -> None:
    runs = recorded_history("finished", "fan-out"), recorded_history("extended", "fan-out")
    assert not different(differences(*runs))
    assert different(differences(*runs, times=True))


def test_a_step_more_stands_behind_what_it_follows() -> None:
    lines = differences(in_order("A", "C"), in_order("A", "B", "C"))
    assert told(lines) == [
        ("same", "ExecutionStarted", "Order"),
        ("same", "TaskScheduled", "A"),
        ("same", "TaskCompleted", "A"),
        ("right", "TaskScheduled", "B"),
        ("right", "TaskCompleted", "B"),
        ("same", "TaskScheduled", "C"),
        ("same", "TaskCompleted", "C"),
        ("same", "ExecutionCompleted", ""),
    ]


def test_a_step_less_stands_where_it_was() -> None:
    lines = differences(in_order("A", "B", "C"), in_order("A", "C"))
    assert different(lines) == [("left", "TaskScheduled", "B"), ("left", "TaskCompleted", "B")]
    assert [one[2] for one in told(lines)][3:5] == ["B", "B"]


def test_a_result_that_differs_is_told_whatever_is_shown_of_it() -> None:
    one, other = in_order("A", result="x" * 50 + "1"), in_order("A", result="x" * 50 + "2")
    (line,) = [
        line for line in differences(one, other, showing=Showing(text=5)) if line.change != "same"
    ]
    assert (line.change, line.members) == ("changed", {"result": ("xxxxx", "xxxxx")})
    to_json(line)


def test_times_are_told_only_where_they_are_asked_for() -> None:
    one, other = in_order("A"), in_order("A", start=7)
    assert not different(differences(one, other))
    line = differences(one, other, times=True)[0]
    assert line.members == {"timestamp": ("2026-01-02T03:04:05Z", "2026-01-02T03:04:12Z")}


def test_answers_of_parallel_branches_may_come_in_any_order() -> None:
    asked = turn(0, started(), task(0, 0, "A1"), task(0, 1, "B1"))
    a_first = live(
        (
            *asked,
            *turn(1, done(1, 0), task(1, 2, "A2")),
            *turn(2, done(2, 1), task(2, 3, "B2")),
        )
    )
    b_first = live(
        (
            *asked,
            *turn(1, done(1, 1), task(1, 2, "B2")),
            *turn(2, done(2, 0), task(2, 3, "A2")),
        )
    )
    assert not different(differences(a_first, b_first))


def test_a_step_that_something_else_caused_is_told() -> None:
    lines = differences(in_order("A", "B", "C"), in_order("C", "A", "B"))
    (line,) = [line for line in lines if line.change != "same"]
    assert line.left is not None
    assert (line.left.name, line.members) == ("C", {"after": ("B", "Order")})


def test_tries_more_are_a_member_of_the_answer() -> None:
    retried = live(
        (
            *turn(0, started(), task(0, 0, "A")),
            *turn(
                5,
                TaskFailed(timestamp=at(5), task_scheduled_id=0, reason="broke"),
                TimerCreated(timestamp=at(5), event_id=1, fire_at=at(8)),
            ),
            *turn(8, TimerFired(timestamp=at(5), timer_id=1, fire_at=at(8)), task(8, 2, "A")),
            *turn(10, done(9, 2), ended(10)),
        )
    )
    (line,) = [line for line in differences(in_order("A"), retried) if line.change != "same"]
    assert line.members == {"attempts": (1, 2)}


def test_an_activity_that_failed_in_one_and_not_in_the_other_has_changed() -> None:
    failed = live(
        (
            *turn(0, started(), task(0, 0, "A")),
            *turn(5, TaskFailed(timestamp=at(5), task_scheduled_id=0, reason="broke"), ended(10)),
        )
    )
    (line,) = [line for line in differences(in_order("A"), failed) if line.change != "same"]
    assert line.members["type"] == ("TaskCompleted", "TaskFailed")
    assert line.members["outcome"] == ("completed", "failed")
    assert line.members["failure"] == (None, "broke")


def test_a_step_that_has_ended_in_one_only_has_an_end_there_alone() -> None:
    open_one = live(turn(0, started(), task(0, 0, "A")))
    lines = differences(open_one, in_order("A"))
    assert different(lines) == [
        ("changed", "TaskScheduled", "A"),
        ("right", "TaskCompleted", "A"),
        ("right", "ExecutionCompleted", ""),
    ]


def test_ids_that_are_made_of_the_instances_own_are_the_same() -> None:
    def with_child(child: str) -> LiveHistory:
        created = SubOrchestrationInstanceCreated(
            timestamp=at(0), event_id=0, name="Ship", instance_id=child
        )
        over = SubOrchestrationInstanceCompleted(timestamp=at(1), task_scheduled_id=0)
        return live((*turn(0, started(), created), *turn(1, over, ended(1))))

    one = with_child("9011297df5e043ffbdd392692437194c:1")
    other = with_child("416e01069f654ea182bb1ee9daab46b0:1")
    third = with_child("ship-of-7")
    assert not different(differences(one, other))
    assert [one[0] for one in different(differences(one, third))] == ["changed"]


def test_external_events_may_come_at_any_time() -> None:
    raised = EventRaised(timestamp=at(1), name="Approval")
    early = live((*turn(0, started(), task(0, 0, "A")), *turn(1, raised), *turn(2, done(2, 0))))
    late = live((*turn(0, started(), task(0, 0, "A")), *turn(1, done(1, 0)), *turn(2, raised)))
    assert not different(differences(early, late))


@given(KEYS, KEYS)
def test_what_is_aligned_is_the_same_in_the_same_order_and_as_much_as_can_be(
    left: list[str], right: list[str]
) -> None:
    pairs = aligned(left, right)
    assert all(left[one] == right[other] for one, other in pairs)
    assert pairs == sorted(pairs)
    assert len({one for one, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)
    assert len(pairs) == longest(left, right)


def longest(left: list[str], right: list[str]) -> int:
    """Return the length of the longest common subsequence, by the slow and obvious way."""
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for n, one in enumerate(left):
        for m, other in enumerate(right):
            best[n + 1][m + 1] = (
                best[n][m] + 1 if one == other else max(best[n][m + 1], best[n + 1][m])
            )
    return best[-1][-1]


@given(KEYS, KEYS)
def test_what_differs_too_much_is_aligned_by_occurrences(left: list[str], right: list[str]) -> None:
    pairs = aligned(left, right, most=0)
    assert all(left[one] == right[other] for one, other in pairs)
    assert pairs == sorted(pairs)


@given(st.lists(st.sampled_from("ABCD"), max_size=6), st.lists(st.sampled_from("ABCD"), max_size=6))
def test_every_step_of_both_is_told_once(left: list[str], right: list[str]) -> None:
    lines = differences(in_order(*left), in_order(*right))
    for side, names in (("left", left), ("right", right)):
        views = [view for line in lines if (view := getattr(line, side)) is not None]
        assert sorted(one.name for one in views if one.type == "TaskScheduled") == sorted(names)
        assert len({one.number for one in views}) == len(views)


@pytest.mark.parametrize(
    "alike", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["alike", "different"]
)
def test_ten_times_the_events_are_about_ten_times_the_work(*, alike: bool) -> None:
    def pair(count: int) -> tuple[LiveHistory, LiveHistory]:
        names = [f"Task{n % 7}" for n in range(count)]
        others = (
            (n for i, n in enumerate(names) if i % 50) if alike else map("Other{}".format, names)
        )
        return in_order(*names), in_order(*others)

    small, large = pair(250), pair(2500)
    differences(*small)
    assert len(large[0].events) >= 10_000
    few, many = (steps_of(lambda one=one: differences(*one)) for one in (small, large))
    assert many < 25 * few
