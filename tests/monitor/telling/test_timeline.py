"""A timeline: spans in lanes, idle stretches to fold, as much work for each event however many there are."""

import sys
from collections.abc import Collection
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.histories import Idle, Timeline
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.event_views import event_page
from durahub_migrate.monitor.telling.idle import idle_stretches
from durahub_migrate.monitor.telling.lanes import lanes_of
from durahub_migrate.monitor.telling.timeline import timeline_of
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

SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20))).map(
    lambda found: sorted((start, start + length) for start, length in found)
)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_recorded_timeline_covers_its_history(hub: RecordedHub) -> None:
    for instance_id, history in recorded(hub):
        timeline = timeline_of(history)
        shown = {number for group in timeline.groups for number in group.events}
        turns = {n for n, one in enumerate(history.events) if one.type.name.startswith("Orchest")}
        assert shown | turns == set(range(len(history.events))), instance_id
        assert timeline.start is not None
        assert timeline.until is not None
        for group in timeline.groups:
            assert group.start is not None
            assert timeline.start <= group.start <= timeline.until
            assert group.end is None or group.end <= timeline.until
        assert_no_overlap(timeline)


def assert_no_overlap(timeline: Timeline) -> None:
    assert timeline.until is not None
    lanes: dict[int, list[tuple[int, int]]] = {}
    for group in timeline.groups:
        assert group.start is not None
        end = timeline.until if group.end is None else group.end
        lanes.setdefault(group.lane, []).append((group.start, max(end, group.start + 1)))
    assert set(lanes) == set(range(timeline.lanes))
    for spans in lanes.values():
        spans.sort()
        assert all(one[1] <= other[0] for one, other in pairwise(spans))


@given(SPANS)
def test_no_two_spans_of_a_lane_overlap_and_lanes_are_as_few_as_can_be(
    spans: list[tuple[int, int]],
) -> None:
    lanes = lanes_of(spans)
    wide = [(start, max(end, start + 1)) for start, end in spans]
    for lane in set(lanes):
        own = [span for span, other in zip(wide, lanes, strict=True) if other == lane]
        assert all(one[1] <= other[0] for one, other in pairwise(own))
    most = max((sum(a <= t < b for a, b in wide) for t in range(80)), default=0)
    assert max(lanes, default=-1) + 1 == most


@given(SPANS)
def test_a_history_that_grows_keeps_its_lanes(spans: list[tuple[int, int]]) -> None:
    assert lanes_of(spans)[:-1] == lanes_of(spans[:-1])


def test_a_long_pause_in_work_is_folded() -> None:
    history = live(
        (
            *turn(0, started(), TaskScheduled(timestamp=at(0), event_id=0, name="A")),
            *turn(
                2,
                TaskCompleted(timestamp=at(2), task_scheduled_id=0),
                TimerCreated(timestamp=at(2), event_id=1, fire_at=at(86_400)),
            ),
            *turn(
                86_400,
                TimerFired(timestamp=at(2), timer_id=1, fire_at=at(86_400)),
                TaskScheduled(timestamp=at(86_400), event_id=2, name="B"),
            ),
            *turn(86_403, TaskCompleted(timestamp=at(86_403), task_scheduled_id=2), ended(86_403)),
        )
    )
    assert timeline_of(history).idle == (Idle(start=at(2), end=at(86_400)),)


def test_a_pause_that_is_short_beside_the_work_is_not_folded() -> None:
    assert idle_stretches([(at(0), at(100))], [at(0), at(100), at(110)], at(0), at(110)) == ()


def test_where_nothing_but_waiting_happens_nothing_is_folded() -> None:
    assert idle_stretches([], [at(0), at(9)], at(0), at(9)) == ()


def test_what_is_open_reaches_to_now() -> None:
    history = live(turn(0, started(), TaskScheduled(timestamp=at(0), event_id=0, name="A")))
    timeline = timeline_of(history, now=at(60))
    assert (timeline.open, timeline.until) == (True, at(60))
    assert timeline.idle == ()


def test_what_has_ended_does_not() -> None:
    timeline = timeline_of(recorded_history("finished", "retries"), now=Ticks(sys.maxsize))
    assert timeline.open is False
    assert timeline.until == recorded_history("finished", "retries").events[-1].timestamp


def test_a_history_without_events_has_no_timeline() -> None:
    assert timeline_of(live([])).start is None


def test_of_too_many_groups_what_failed_is_kept_and_the_rest_counted() -> None:
    scheduled = TaskScheduled(timestamp=at(700), event_id=700, name="Last")
    failed = TaskFailed(timestamp=at(701), task_scheduled_id=700, reason="broke")
    events = fan_out(200).events
    timeline = timeline_of(live((*events[:-2], scheduled, failed, *events[-2:])), most=20)
    assert len(timeline.groups) == 20
    assert timeline.truncated == 203 - 20
    assert any(one.outcome == "failed" for one in timeline.groups)
    assert {"start", "end"} <= {one.kind for one in timeline.groups}
    assert_no_overlap(timeline)


@pytest.mark.parametrize("share_that_fails", [0.0, 0.5, 1.0])
def test_ten_times_the_events_are_ten_times_the_work(share_that_fails: float) -> None:
    small, large = (fan_out(n, range(int(n * share_that_fails))) for n in (300, 3000))
    timeline_of(small)
    assert len(large.events) > 9 * len(small.events)
    assert steps_of(lambda: timeline_of(large)) < 12 * steps_of(lambda: timeline_of(small))


def test_a_hundred_thousand_events_become_a_timeline_and_a_page() -> None:
    history = fan_out(20_000, range(20_000))
    assert len(history.events) > 100_000
    timeline = timeline_of(history)
    assert len(timeline.groups) + timeline.truncated == 20_002
    assert all(len(one.attempts) == 2 for one in timeline.groups if one.kind == "activity")
    assert [one.number for one in event_page(history, after=99_989, count=10).events][-1] == 99_999


def fan_out(count: int, fails: Collection[int] = ()) -> LiveHistory:
    """Return a history of *count* activities at once; those that fail are tried again once."""
    broke = Failure(error_type="E", message="m")
    asked: list[Event] = []
    done: list[Event] = []
    pauses: list[Event] = []
    fired: list[Event] = []
    again: list[Event] = []
    over: list[Event] = []
    for n in range(count):
        asked.append(TaskScheduled(timestamp=at(0), event_id=n, name="Work"))
        if n not in fails:
            done.append(TaskCompleted(timestamp=at(n / 7), task_scheduled_id=n))
            continue
        timer, retry = count + n, 2 * count + n
        due = at(2 * count)
        done.append(TaskFailed(timestamp=at(n / 7), task_scheduled_id=n, failure=broke))
        pauses.append(TimerCreated(timestamp=at(count), event_id=timer, fire_at=due))
        fired.append(TimerFired(timestamp=at(count), timer_id=timer, fire_at=due))
        again.append(TaskScheduled(timestamp=due, event_id=retry, name="Work"))
        over.append(TaskCompleted(timestamp=at(3 * count), task_scheduled_id=retry))
    return live(
        (
            *turn(0, started(), *asked),
            *turn(count, *done, *pauses),
            *turn(2 * count, *fired, *again),
            *turn(3 * count, *over, ended(3 * count)),
        )
    )
