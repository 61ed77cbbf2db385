"""What is known of a history goes on from turn to turn: a turn costs what is new in it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from durahub.dispatch.known_history import KnownHistory, Showing, known
from durahub.engine.actions import Action, Complete, ScheduleTask, TurnResult
from durahub.engine.commit import Delivery, HistoryVersion
from durahub.engine.inbox import judge, needs_row
from durahub.engine.numbering import Counting, numbering
from durahub.engine.readings import AS_IT_SEEMS, LastPauses, Reading
from durahub.engine.repeated_events import raised_before
from durahub.engine.turn import Outcome, Turn, begin, finish
from durahub.model.appended import Appended
from durahub.model.history import Event, EventRaised, Status, TaskCompleted
from durahub.store import StoredHistory
from tests.unit.engine.scenes import ID, NEXT, NOW, RUN, arrived, ended, first_turn, row, started

STORED, PYTHON = Counting.AS_STORED, Counting.FROM_ONE_RETRIES_ALIKE
FIRST = {STORED: 0, PYTHON: 1}


class Counted(Appended[Event]):
    """Events that count how many of them are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[Event]:
        for event in super().__iter__():
            Counted.looks += 1
            yield event

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        Counted.looks += 1 if not isinstance(index, slice) else len(found)
        return found


def turn_on(history: KnownHistory, *batch: Delivery) -> Turn:
    """Return the turn that *batch* causes, as the sessions do it."""
    stored = history.stored
    unread = needs_row(history.state, batch, stored.consumed)
    again = raised_before(batch, history.raised)
    judged = judge(
        stored.version,
        history.state,
        batch,
        row() if unread else None,
        NOW,
        stored.consumed | again,
    )
    return begin(ID, stored.version, stored.events, history.state, judged.start, judged.take, NOW)


def after(
    history: KnownHistory, turn: Turn, counting: Counting, *actions: Action
) -> tuple[KnownHistory, Showing, Sequence[Event]]:
    """Return what is known when a worker has done so, how it was shown the turn, and its past."""
    numbers, showing = history.shown(turn, counting, AS_IT_SEEMS)
    past = numbers.view(turn.past)
    outcome = finish(turn, numbers.stored(TurnResult(actions=actions)), NOW, NEXT)
    assert isinstance(outcome, Outcome)
    commit = outcome.commit
    length = (0 if commit.replaces else len(turn.past)) + len(commit.events)
    version = HistoryVersion(commit.execution_id, length, "t")
    return history.extended(commit, version, turn, showing), showing, past


def begun(counting: Counting) -> KnownHistory:
    """Return an execution after its first turn, with one activity."""
    nothing = known(StoredHistory(HistoryVersion(None, 0, None), ()))
    turn = turn_on(nothing, arrived(started()))
    return after(nothing, turn, counting, ScheduleTask(id=FIRST[counting], name="A"))[0]


def done(number: int) -> Delivery:
    return arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=number), run=RUN)


def gone_on(history: KnownHistory, counting: Counting, number: int) -> KnownHistory:
    """Return what is known when the *number*-th activity has ended and the next one was scheduled."""
    next_one = ScheduleTask(id=FIRST[counting] + number + 1, name="A")
    return after(history, turn_on(history, done(number)), counting, next_one)[0]


@pytest.mark.parametrize("counting", [STORED, PYTHON])
def test_a_turn_looks_at_no_event_of_the_history_before_it(counting: Counting) -> None:
    history = begun(counting)
    history.stored = replace(history.stored, events=Counted(history.stored.events))
    for number in range(200):
        history = gone_on(history, counting, number)
    Counted.looks = 0
    turn = turn_on(history, done(200), arrived(EventRaised(timestamp=NOW, name="e")))
    longer, showing, past = after(
        history, turn, counting, ScheduleTask(id=FIRST[counting] + 201, name="A")
    )

    assert len(longer.stored.events) == len(history.stored.events) + 5
    assert showing.projected is history.showing.projected  # type: ignore[union-attr]
    assert list(past[len(history.stored.events) - 3 :])
    assert Counted.looks <= 3


@pytest.mark.parametrize("counting", [STORED, PYTHON])
def test_what_is_known_is_what_reading_the_history_anew_tells(counting: Counting) -> None:
    history = begun(counting)
    for number in range(3):
        history = gone_on(history, counting, number)
    anew = known(history.stored)
    turn = turn_on(history, done(3))
    _, _, past = after(history, turn, counting)

    assert history.state == anew.state
    assert history.size == anew.size
    scratch = numbering(counting, (*turn.past, *turn.new))
    assert list(past) == list(scratch.shown(turn.past))


def test_a_worker_that_counts_otherwise_is_shown_a_history_of_its_own() -> None:
    history = begun(PYTHON)
    turn = turn_on(history, done(0))
    python = history.shown(turn, PYTHON, AS_IT_SEEMS)[1].projected
    stored = history.shown(turn, STORED, AS_IT_SEEMS)[1].projected

    assert python is not stored
    assert history.shown(turn, STORED, AS_IT_SEEMS)[1].projected is stored
    assert history.shown(turn, PYTHON, AS_IT_SEEMS)[1].projected is not python


def test_another_reading_and_one_that_moves_events_are_projected_anew() -> None:
    history = begun(PYTHON)
    turn = turn_on(history, done(0))
    plain = history.shown(turn, PYTHON, AS_IT_SEEMS)[1].projected
    moved = Reading(last_pauses=LastPauses.ALL)

    assert history.shown(turn, PYTHON, moved)[1].projected is not plain
    assert history.shown(turn, PYTHON, Reading(retries=False))[1].projected is not plain


def test_a_turn_that_is_handed_out_again_has_the_same_numbers() -> None:
    history = begun(PYTHON)
    turn = turn_on(history, done(0))
    for _ in range(2):
        numbers, showing = history.shown(turn, PYTHON, AS_IT_SEEMS)
        assert numbers.shown(turn.new) == numbering(PYTHON, (*turn.past, *turn.new)).shown(turn.new)
        numbers.stored(TurnResult(actions=(ScheduleTask(id=2, name="A"),)))
    longer, _, _ = after(history, turn, PYTHON, ScheduleTask(id=2, name="A"))

    assert longer.showing is showing
    assert [e.event_id for e in numbers_of(longer)] == [1, 2]


def numbers_of(history: KnownHistory) -> list[Event]:
    turn = turn_on(history, done(1))
    _, _, past = after(history, turn, PYTHON)
    return [event for event in past if event.event_id >= 0]


def test_a_turn_of_which_a_part_was_given_back_is_forgotten() -> None:
    history = begun(PYTHON)
    turn = turn_on(history, done(0), arrived(EventRaised(timestamp=NOW, name="e")))
    numbers, showing = history.shown(turn, PYTHON, AS_IT_SEEMS)
    result = numbers.stored(TurnResult(actions=(), events_processed=2))
    outcome = finish(turn, result, NOW, NEXT)
    assert isinstance(outcome, Outcome)
    assert outcome.returned
    version = HistoryVersion(RUN, 7, "t")

    assert history.extended(outcome.commit, version, turn, showing).showing is None


def test_the_next_generation_begins_anew() -> None:
    history = begun(PYTHON)
    turn = turn_on(history, done(0))
    numbers, before = history.shown(turn, PYTHON, AS_IT_SEEMS)
    again = Complete(id=2, status=Status.ContinuedAsNew, result="1")
    following = finish(turn, numbers.stored(TurnResult(actions=(again,))), NOW, NEXT)
    assert isinstance(following, Turn)
    longer, showing, past = after(history, following, PYTHON, ScheduleTask(id=1, name="B"))

    assert list(past) == []
    assert showing.projected is not before.projected
    assert longer.showing is showing
    assert [e.event_id for e in longer.stored.events if e.event_id >= 0] == [0]
    assert longer.state == known(longer.stored).state


def test_only_events_that_were_read_are_taken_for_repeated() -> None:
    raised = EventRaised(timestamp=NOW, name="e")
    commit = ended(first_turn(started(), arrived(raised)))
    read = known(StoredHistory(HistoryVersion(RUN, len(commit.events), "t"), commit.events))
    own = begun(STORED)
    own, _, _ = after(own, turn_on(own, arrived(raised)), STORED)

    assert raised_before([arrived(raised, key="k")], read.raised) == {"k"}
    assert raised_before([arrived(raised, key="k")], own.raised) == frozenset()


def test_whose_children_were_there_before_is_known_until_others_follow() -> None:
    first = begun(STORED)
    first.stored = replace(first.stored, outlived=("a:1",))
    goes_on = gone_on(first, STORED, 0)
    version = goes_on.stored.version
    anew = replace(ended(turn_on(goes_on, done(1))), replaces=True)
    followed = replace(anew, outlived=("a:1", "b:1"))

    assert goes_on.stored.outlived == ("a:1",)
    assert goes_on.extended(anew, version, None, None).stored.outlived == ("a:1",)
    assert goes_on.extended(followed, version, None, None).stored.outlived == ("a:1", "b:1")
