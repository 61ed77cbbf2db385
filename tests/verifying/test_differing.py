"""What is told of two instances whose digests differ."""

from dataclasses import replace

import pytest

from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionStarted,
    ExecutionSuspended,
    GenericEvent,
    TaskCompleted,
)
from durahub.model.ticks import later
from durahub.stored import StoredEvent, StoredInstance
from durahub_migrate.bundle.semantics import semantic_digest
from durahub_migrate.verifying.differing import explain
from durahub_migrate.verifying.prints import Sketch, sketch_of
from durahub_migrate.verifying.verdicts import Match, Symbol
from tests.bundle.bundles import NOON, a_history, an_instance

LIVE = an_instance(status="Running", completed=None, output=None, history=a_history("order-7")[:4])


def gone_on(instance: StoredInstance) -> StoredInstance:
    more = StoredEvent(EventRaised(timestamp=later(NOON, 9), name="go"))
    return replace(instance, history=(*instance.history, more), last_updated=later(NOON, 9))


def sketches(source: StoredInstance, target: StoredInstance) -> tuple[Sketch, Sketch]:
    return tuple(Sketch.decoded(sketch_of(one).encoded()) for one in (source, target))  # type: ignore[return-value]


@pytest.mark.parametrize("match", [Match.EXACT, Match.SEMANTIC])
def test_a_history_that_begins_with_the_sources_has_advanced(match: Match) -> None:
    assert explain(*sketches(LIVE, gone_on(LIVE)), match).symbol is Symbol.ADVANCED


def test_more_events_without_a_later_update_are_a_difference() -> None:
    target = replace(gone_on(LIVE), last_updated=LIVE.last_updated)
    found = explain(*sketches(LIVE, target), Match.EXACT)
    assert found.symbol is Symbol.DIFFERS
    assert found.differences[0].text == "1 event is too many at its end"
    assert found.differences[0].event == 4


def test_what_has_ended_cannot_have_advanced() -> None:
    ended = an_instance()
    assert explain(*sketches(ended, gone_on(ended)), Match.EXACT).symbol is Symbol.DIFFERS


def test_another_execution_that_began_later_has_advanced() -> None:
    again = ExecutionStarted(
        timestamp=later(NOON, 50), execution=Execution("order-7", "e2"), name="Order"
    )
    target = replace(
        LIVE, execution_id="e2", last_updated=later(NOON, 50), history=(StoredEvent(again),)
    )
    found = explain(*sketches(LIVE, target), Match.EXACT)
    assert found.symbol is Symbol.ADVANCED
    assert "another execution" in found.notes[0]


def paid(result: str | None, after: float = 0) -> StoredInstance:
    """Return `LIVE` with its activity's result; *after* seconds, it is made anew at an endpoint."""
    begun = [replace(one.event, timestamp=later(NOON, after)) for one in LIVE.history[:3]]
    done = TaskCompleted(timestamp=later(NOON, after), task_scheduled_id=0, result=result)
    history = tuple(map(StoredEvent, (*begun, done)))
    return replace(LIVE, execution_id="e2", last_updated=later(NOON, after), history=history)


def test_a_replay_with_another_result_is_no_later_execution() -> None:
    both = sketches(paid('"yes"'), paid('"no"', after=50))
    assert explain(*both, Match.SEMANTIC).symbol is Symbol.DIFFERS


def test_an_empty_result_means_none() -> None:
    assert semantic_digest(paid("")) == semantic_digest(paid(None))
    assert semantic_digest(paid("")) != semantic_digest(paid('""'))


def test_the_first_event_that_differs_is_named_with_its_fields() -> None:
    history = list(LIVE.history)
    history[2] = StoredEvent(replace(history[2].event, timestamp=later(NOON, 1)))
    found = explain(*sketches(LIVE, replace(LIVE, history=tuple(history))), Match.EXACT)
    (difference,) = found.differences
    assert (difference.event, difference.fields) == (2, ("timestamp",))
    assert "it means the same" in found.notes[0]


def test_an_activity_that_was_taken_back_is_no_difference_if_its_message_was_not_seen() -> None:
    history = list(LIVE.history)
    history[2] = StoredEvent(GenericEvent(timestamp=NOON, data="rewound"))
    both = sketches(LIVE, replace(LIVE, history=tuple(history)))
    assert explain(*both, Match.EXACT, unseen={0}).symbol is Symbol.EQUAL
    assert explain(*both, Match.EXACT).symbol is Symbol.DIFFERS


def test_a_row_that_says_now_what_its_history_said_is_no_difference() -> None:
    lagging = an_instance(status="Running", output=None, completed=None)
    mended = replace(lagging, status="Completed", output='"out"')
    assert explain(*sketches(lagging, mended), Match.EXACT).symbol is Symbol.EQUAL
    assert explain(*sketches(mended, lagging), Match.EXACT).symbol is Symbol.DIFFERS


def test_a_suspension_on_one_side_is_told() -> None:
    event = StoredEvent(ExecutionSuspended(timestamp=NOON, reason="wait"))
    target = replace(LIVE, history=(*LIVE.history, event))
    found = explain(*sketches(LIVE, target), Match.SEMANTIC)
    assert ("suspended",) in [one.fields for one in found.differences]
