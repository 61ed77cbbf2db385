"""An external event is raised once, though its message comes to us after another worker has taken it."""

from dataclasses import replace

import pytest

from durahub.engine.commit import Delivery
from durahub.engine.repeated_events import raised_before, stamps_of
from durahub.model.history import EventRaised, Execution, ExecutionResumed, ExecutionSuspended
from durahub.model.ticks import Ticks
from tests.unit.engine.scenes import NOW, arrived, ended, first_turn, turn_of

RAISED = EventRaised(timestamp=NOW, name="Approval", input="1")
STORED = stamps_of(
    (
        *ended(first_turn()).events,
        *ended(turn_of(ended(first_turn()).events, arrived(RAISED))).events,
    )
)


def test_an_event_that_the_stored_history_holds_comes_again() -> None:
    again, other = arrived(RAISED, key="again"), arrived(RAISED, key="copy")

    assert raised_before([again, other], STORED) == {"again", "copy"}


@pytest.mark.parametrize(
    "change", [{"timestamp": Ticks(NOW + 1)}, {"name": "Refusal"}, {"input": "2"}, {"input": None}]
)
def test_an_event_of_another_time_name_or_content_is_another(change: dict[str, object]) -> None:
    other = replace(RAISED, **change)  # type: ignore[arg-type]

    assert raised_before([arrived(other)], STORED) == frozenset()


@pytest.mark.parametrize("kind", [ExecutionSuspended, ExecutionResumed])
def test_a_request_to_pause_or_to_go_on_that_comes_late_is_known(
    kind: type[ExecutionSuspended | ExecutionResumed],
) -> None:
    asked = kind(timestamp=NOW, reason="why")
    stored = stamps_of(ended(turn_of(ended(first_turn()).events, arrived(asked))).events)
    later = replace(asked, timestamp=Ticks(NOW + 1))

    found = raised_before([arrived(asked, key="copy"), arrived(later, key="new")], stored)

    assert found == {"copy"}


def test_what_an_orchestration_sends_at_once_may_be_alike() -> None:
    message = replace(arrived(RAISED).message, sender=Execution("another", "run"))

    assert raised_before([Delivery("k", "q", message)], STORED) == frozenset()


def test_what_is_alike_may_come_for_the_first_time() -> None:
    both = [arrived(RAISED, key="one"), arrived(RAISED, key="two")]

    assert raised_before(both, stamps_of(ended(first_turn()).events)) == frozenset()
