"""What is read next of a hub: decided from values alone."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.monitor.hub import Health
from durahub_migrate.watching import sweeping
from durahub_migrate.watching.sweeping import (
    Changes,
    Intervals,
    Open,
    Rest,
    Sweep,
    Watching,
    next_step,
)

EVERY = Intervals()
SWEPT = Watching(
    health=Health.WATCHED,
    is_open=True,
    has_mark=True,
    swept=100.0,
    changed=100.0,
    asked_active=100.0,
)


def step(state: Watching, now: float, **how: object) -> sweeping.Step:
    return next_step(state, now, EVERY, watched=bool(how.pop("watched", False)), **how)  # type: ignore[arg-type]


def test_a_hub_is_found_first_then_swept_as_a_whole() -> None:
    state = Watching()
    assert step(state, 0.0) == Open()

    state = sweeping.opened(state, is_still=False, has_mark=False, under_way=False)
    assert step(state, 0.0) == Sweep(begins=True)

    state = sweeping.swept_page(state, 1.0, ended=False)
    assert (step(state, 1.0), state.health) == (Sweep(begins=False), Health.STARTING)

    state = sweeping.swept_page(state, 2.0, ended=True)
    assert (step(state, 2.0, watched=True), state.health) == (Rest(5.0), Health.WATCHED)


def test_changes_are_asked_for_often_while_somebody_looks_and_rarely_while_nobody_does() -> None:
    assert step(SWEPT, 104.0, watched=True) == Rest(1.0)
    assert step(SWEPT, 105.0, watched=True) == Changes(active=False)
    assert step(SWEPT, 105.0) == Rest(55.0)
    assert step(SWEPT, 160.0) == Changes(active=True)


def test_what_costs_many_requests_is_asked_for_less_often() -> None:
    costly = replace(SWEPT, took=50)

    assert step(costly, 105.0, watched=True, per_second=5.0) == Rest(15.0)
    assert step(costly, 120.0, watched=True, per_second=5.0) == Changes(active=False)


def test_what_costs_no_request_is_asked_for_every_second_while_somebody_looks() -> None:
    free = replace(SWEPT, took=0)

    assert step(free, 100.5, watched=True, per_second=5.0) == Rest(0.5)
    assert step(free, 101.0, watched=True, per_second=5.0) == Changes(active=False)
    assert step(free, 101.0, per_second=5.0) == Rest(59.0)


def test_a_whole_sweep_comes_again_and_changes_come_in_between_its_pages() -> None:
    later = replace(SWEPT, changed=1000.0)
    assert step(later, 1001.0, watched=True) == Sweep(begins=True)

    under_way = sweeping.swept_page(later, 1001.0, ended=False)
    assert step(under_way, 1004.0, watched=True) == Sweep(begins=False)
    assert step(under_way, 1005.0, watched=True) == Changes(active=True)


def test_who_asks_is_answered_at_once() -> None:
    assert step(SWEPT, 100.5, asked=True) == Changes(active=False)


def test_rows_that_are_missing_make_the_sweep_come_soon() -> None:
    missing = sweeping.read_changes(SWEPT, 100.0, took=1, active=False, sweep_again=True)

    assert step(missing, 129.0) == Rest(1.0)
    assert step(missing, 130.0) == Sweep(begins=True)


def test_a_bundle_is_read_once() -> None:
    state = sweeping.opened(Watching(), is_still=True, has_mark=False, under_way=False)
    state = sweeping.swept_page(state, 1.0, ended=True)

    assert step(state, 10_000.0) == Rest(EVERY.sweep)


def test_failures_make_pauses_that_grow_up_to_a_limit() -> None:
    state, pauses = SWEPT, []
    for _ in range(10):
        state = sweeping.failed(state, 0.0, Health.UNREACHABLE, "no", EVERY)
        pauses.append(state.resting)

    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0]
    assert pauses[-1] == sweeping.LONGEST_PAUSE
    assert step(state, 0.0) == Rest(sweeping.LONGEST_PAUSE)
    assert step(state, 0.0, asked=True) == Open()  # it may be well again: whoever asks finds out


def test_the_patience_that_storage_asks_for_is_kept_whoever_asks() -> None:
    state = sweeping.failed(SWEPT, 0.0, Health.THROTTLED, "busy", EVERY, patience=77.0)

    assert step(state, 1.0, asked=True, watched=True) == Rest(76.0)
    assert isinstance(step(state, 77.0, watched=True), Rest | Changes)
    assert state.is_open


def test_a_hub_that_is_gone_is_looked_for_rarely_and_swept_anew() -> None:
    state = sweeping.failed(sweeping.gone(SWEPT), 0.0, Health.GONE, "gone", EVERY)
    assert step(state, 1.0) == Rest(EVERY.gone - 1.0)

    state = sweeping.opened(state, is_still=False, has_mark=False, under_way=False)
    assert step(state, 60.0) == Sweep(begins=True)
    assert (state.problem, state.failures) == (None, 0)


EVENTS = st.lists(
    st.sampled_from(["open", "page", "end", "changes", "throttled", "lost", "gone"]), max_size=30
)


@given(EVENTS, st.lists(st.floats(0, 400, allow_nan=False), min_size=30, max_size=30))
def test_whatever_happens_a_hub_comes_to_be_watched_once_it_answers(
    events: list[str], pauses: list[float]
) -> None:
    state, now = Watching(), 0.0
    for event, pause in zip(events, pauses, strict=False):
        state = happened(state, now, event)
        now += pause
    for _ in range(10):
        step_now = step(state, now, watched=True)
        match step_now:
            case Rest(seconds):
                if state.health is Health.WATCHED:
                    break
                now += seconds
            case Open():
                state = happened(state, now, "open")
            case Sweep():
                state = happened(state, now, "end")
            case Changes():
                state = happened(state, now, "changes")
    assert state.health is Health.WATCHED
    assert state.problem is None


def happened(state: Watching, now: float, event: str) -> Watching:
    match event:
        case "open":
            return sweeping.opened(
                state, is_still=False, has_mark=state.has_mark, under_way=state.under_way
            )
        case "page" | "end":
            return sweeping.swept_page(state, now, ended=event == "end")
        case "changes":
            return sweeping.read_changes(state, now, took=1, active=False)
        case "throttled":
            return sweeping.failed(state, now, Health.THROTTLED, "busy", EVERY, patience=30.0)
        case "lost":
            return sweeping.failed(state, now, Health.UNREACHABLE, "no", EVERY)
    return sweeping.failed(sweeping.gone(state), now, Health.GONE, "gone", EVERY)
