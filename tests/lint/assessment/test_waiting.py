"""What an orchestration waits for, and whether it has continued as new, is read off its history."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.entities.messages import Request, delayed_name, request_text
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import later, parse
from durahub_migrate.assessment.waiting import has_begun_anew, waiting

NOW = parse("2026-11-01T12:00:00Z")
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
STARTED = ExecutionStarted(timestamp=NOW, execution=Execution("i", "e"), name="Order", generation=0)
ANEW = ExecutionStarted(timestamp=NOW, execution=Execution("i", "e"), name="Order")
TURN = (OrchestratorStarted(timestamp=NOW), OrchestratorCompleted(timestamp=NOW))


def asked(kind: str, number: int) -> Event:
    if kind == "task":
        return TaskScheduled(timestamp=NOW, event_id=number, name="a")
    if kind == "timer":
        return TimerCreated(timestamp=NOW, event_id=number, fire_at=NOW)
    return SubOrchestrationInstanceCreated(
        timestamp=NOW, event_id=number, instance_id="c", name="Child"
    )


def answered(kind: str, number: int) -> Event:
    if kind == "task":
        return TaskCompleted(timestamp=NOW, task_scheduled_id=number)
    if kind == "timer":
        return TimerFired(timestamp=NOW, timer_id=number, fire_at=NOW)
    return SubOrchestrationInstanceCompleted(timestamp=NOW, task_scheduled_id=number)


@given(
    st.lists(st.sampled_from(["task", "timer", "child"]), max_size=12),
    st.sets(st.integers(0, 11)),
)
def test_what_was_asked_and_not_answered_is_waited_for(kinds: list[str], done: set[int]) -> None:
    history = [asked(kind, number) for number, kind in enumerate(kinds)]
    history += [answered(kinds[number], number) for number in sorted(done) if number < len(kinds)]

    found = waiting(history, NOW)

    for kind, open_ones in (
        ("task", found.activities),
        ("timer", found.timers),
        ("child", found.children),
    ):
        expected = [n for n, one in enumerate(kinds) if one == kind and n not in done]
        assert list(open_ones) == expected


def test_nobody_waits_for_a_child_that_was_only_signalled() -> None:
    child = SubOrchestrationInstanceCreated(
        timestamp=NOW, event_id=0, instance_id="c", name="Child", tags={FIRE_AND_FORGET: ""}
    )

    assert not waiting([child], NOW).is_anything


def test_a_timer_that_is_set_again_under_its_number_is_waited_for() -> None:
    history = [asked("timer", 0), answered("timer", 0), asked("timer", 0)]

    assert waiting(history, NOW).timers == (0,)


def sent(name: str = "op", **fields: object) -> EventSent:
    request = Request(id=GUID, operation="add", **fields)  # type: ignore[arg-type]
    text = request_text(request)
    return EventSent(timestamp=NOW, event_id=0, instance_id="@counter@a", name=name, input=text)


def test_a_call_of_an_entity_is_waited_for_until_its_answer_is_raised() -> None:
    answer = EventRaised(timestamp=NOW, name=GUID.upper())

    assert waiting([sent()], NOW).calls == (GUID,)
    assert waiting([sent(), answer], NOW).calls == ()


@pytest.mark.parametrize(("seconds", "expected"), [(60.0, 1), (0.0, 0), (-60.0, 0)])
def test_a_signal_for_a_later_time_is_counted_until_it_is_due(
    seconds: float, expected: int
) -> None:
    due = later(NOW, seconds)
    signal = sent(delayed_name(due, NOW), signal=True, due=due)

    assert waiting([signal], NOW).signals == expected
    assert not waiting([signal], NOW).is_anything


@pytest.mark.parametrize(
    "history",
    [
        (*TURN, ContinueAsNew(timestamp=NOW, status=Status.ContinuedAsNew)),
        (TURN[0], ANEW, TURN[1], TaskScheduled(timestamp=NOW, event_id=0, name="a"), TURN[1]),
        (TURN[0], ANEW, TURN[1]),
    ],
    ids=["its event, in old hubs", "acts behind its first turn", "a start without generation"],
)
def test_a_generation_after_the_first_is_known(history: Sequence[Event]) -> None:
    assert has_begun_anew(tuple(history), 0, leftovers=False)


@pytest.mark.parametrize(
    "history",
    [
        (),
        (TURN[0], STARTED, TURN[1]),
        (TURN[0], STARTED, TaskScheduled(timestamp=NOW, event_id=0, name="a"), TURN[1]),
    ],
    ids=["nothing", "waits at once", "acts in its first turn"],
)
def test_a_first_generation_is_not_taken_for_another(history: Sequence[Event]) -> None:
    assert not has_begun_anew(tuple(history), 0, leftovers=False)
    assert has_begun_anew(tuple(history), 0, leftovers=True)
