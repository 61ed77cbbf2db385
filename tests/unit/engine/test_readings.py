"""A history of .NET is shown to Python otherwise when a first guess was wrong."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from durahub.engine.actions import (
    Complete,
    CreateTimer,
    ScheduleTask,
    SendEntityMessage,
    TurnResult,
)
from durahub.engine.critical_sections import CriticalSections
from durahub.engine.entities.messages import Release, Request, release_text, request_text
from durahub.engine.numbering import Counting, numbering
from durahub.engine.readings import AS_IT_SEEMS, LastPauses, Reading, second_reading
from durahub.model.failure import Failure
from durahub.model.history import Event, EventRaised, EventSent, Status
from tests.unit.engine.scenes import NOW
from tests.unit.engine.test_numbering import (
    PYTHON,
    RETRIED,
    STARTED,
    done,
    failed,
    fired,
    history,
    task,
    timer,
)

GAVE_UP = history(*RETRIED[:4], [fired(3), task(4, "Undo")], [done(4), timer(5)])
"""A last try has failed: .NET pauses once more, and only then goes on."""

ENDED = Reading(last_pauses=LastPauses.ENDED)
ALL = Reading(last_pauses=LastPauses.ALL)
BY_HAND = Reading(retries=False)
NONDETERMINISTIC = "durabletask.task.NonDeterminismError"
MINE, THEIRS = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


def failing(message: str = "", kind: str = NONDETERMINISTIC) -> TurnResult:
    failure = Failure(error_type=kind, message=message)
    return TurnResult(actions=(Complete(id=9, status=Status.Failed, failure=failure),))


def shown(events: Sequence[Event], reading: Reading) -> list[Event]:
    found = numbering(PYTHON, events, reading).shown(events)
    return [event for event in found if type(event) in SHOWN]


SHOWN = tuple(map(type, (task(0), timer(0), fired(0), failed(0), done(0))))


def test_a_pause_after_a_last_try_is_left_out_and_the_failure_comes_after_it() -> None:
    assert shown(GAVE_UP, ENDED) == [
        task(1),
        *(failed(1), timer(2)),
        *(fired(2), task(1)),
        *(failed(1), task(3, "Undo")),
        *(done(3), timer(4)),
    ]


def test_a_failure_waits_for_a_pause_that_has_not_ended() -> None:
    waiting = history(*RETRIED[:4])
    assert shown(waiting, ENDED) == shown(waiting, AS_IT_SEEMS)
    assert shown(waiting, ALL) == [task(1), failed(1), timer(2), fired(2), task(1)]


def test_new_actions_after_a_last_pause_are_stored_behind_it() -> None:
    events = [*history(*RETRIED[:4]), fired(3)]
    result = numbering(PYTHON, events, ALL).stored(
        TurnResult(actions=(ScheduleTask(id=3, name="B"), CreateTimer(id=4, fire_at=NOW)))
    )
    assert [action.id for action in result.actions] == [4, 5]
    assert result.noted == {}


def test_only_the_action_with_the_most_tries_is_taken_for_given_up() -> None:
    events = history(
        [STARTED, task(0, "A"), task(1, "B")],
        [failed(0), timer(2)],
        [fired(2), task(3, "A")],
        [failed(3), timer(4)],
        [failed(1), timer(5)],
    )
    assert timer(4) in shown(events, ENDED)
    assert [e for e in shown(events, ALL) if isinstance(e, type(timer(0)))] == [timer(3), timer(4)]


def test_what_was_misread_is_read_otherwise_until_nothing_is_left() -> None:
    readings: list[Reading | None] = [AS_IT_SEEMS]
    while (last := readings[-1]) is not None:
        readings.append(second_reading(last, GAVE_UP, failing()))
    assert readings == [AS_IT_SEEMS, ENDED, BY_HAND, None]


def test_an_open_pause_is_taken_for_the_last_one_when_nothing_else_helps() -> None:
    assert second_reading(AS_IT_SEEMS, history(*RETRIED[:4]), failing()) == ALL


def test_a_history_without_guesses_is_not_read_again() -> None:
    assert second_reading(AS_IT_SEEMS, history([STARTED, task(0)], [done(0)]), failing()) is None


def test_other_failures_say_nothing_of_the_reading() -> None:
    assert second_reading(AS_IT_SEEMS, GAVE_UP, failing(kind="builtins.ValueError")) is None
    assert second_reading(AS_IT_SEEMS, GAVE_UP, TurnResult(actions=())) is None


def test_by_hand_nothing_is_a_retry() -> None:
    events = history(*RETRIED[:3])
    assert shown(events, BY_HAND)[-1] == task(3)


@pytest.mark.parametrize("counting", [Counting.AS_STORED, Counting.FROM_ONE])
def test_of_a_worker_that_numbers_every_schedule_nothing_is_guessed(counting: Counting) -> None:
    assert numbering(counting, GAVE_UP).otherwise(failing()) is None


# -- critical sections -----------------------------------------------------------------------------

UNKNOWN = failing(
    f"Unexpected lock acquire for critical section ID '{THEIRS}' (expected '{MINE}')",
    kind="builtins.RuntimeError",
)
LOCKS = Request(id=THEIRS, operation=None, parent="i", lock_set=("@e@x",))


def lock_request(request: Request) -> EventSent:
    text = request_text(request)
    return EventSent(event_id=0, timestamp=NOW, instance_id="@e@x", name="op", input=text)


def release(section: str) -> EventSent:
    text = release_text(Release(parent="i", id=section))
    return EventSent(event_id=1, timestamp=NOW, instance_id="@e@x", name="release", input=text)


def test_the_worker_tells_the_id_of_its_critical_section() -> None:
    reading = second_reading(AS_IT_SEEMS, [STARTED], UNKNOWN)

    assert reading == replace(AS_IT_SEEMS, sections=CriticalSections({THEIRS: MINE}))
    assert second_reading(reading, [STARTED], UNKNOWN) is None


def test_a_critical_section_has_the_worker_s_id_where_the_worker_sees_it() -> None:
    sections = CriticalSections({THEIRS: MINE})
    granted = EventRaised(timestamp=NOW, name=THEIRS.upper())

    assert sections.shown(lock_request(LOCKS)) == lock_request(replace(LOCKS, id=MINE))
    assert sections.shown(granted) == replace(granted, name=MINE)
    assert sections.shown(release(THEIRS)) == release(MINE)
    assert sections.shown(release("fix-orphaned-lock")) == release("fix-orphaned-lock")
    assert sections.shown(STARTED) is STARTED
    other = replace(LOCKS, id="33333333-3333-3333-3333-333333333333")
    assert sections.shown(lock_request(other)) == lock_request(other)


def test_locks_are_released_under_the_id_that_is_stored() -> None:
    unlock = SendEntityMessage(id=1, kind="unlock", request_id=MINE, target="@e@x")
    [released] = (
        numbering(PYTHON, [STARTED], Reading(sections=CriticalSections({THEIRS: MINE})))
        .stored(TurnResult(actions=(unlock,)))
        .actions
    )
    assert released == replace(unlock, id=0, request_id=THEIRS)
