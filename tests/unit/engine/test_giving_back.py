"""Section 2.8: a worker may use fewer events than it was sent; the rest is delivered again."""

import pytest

from durahub.engine.actions import CreateTimer, ScheduleTask, TurnResult
from durahub.engine.commit import Commit
from durahub.engine.turn import Outcome, Turn, finish
from durahub.model.history import EventRaised
from tests.unit.engine.scenes import NEXT, NOW, arrived, ended, first_turn, kinds, turn_of

BATCH = [arrived(EventRaised(timestamp=NOW, name=name), key=name) for name in "abc"]
TASK = ScheduleTask(id=5, name="t")


def turn() -> Turn:
    return turn_of(ended(first_turn()).events, *BATCH)


def outcome(turn: Turn, processed: int | None) -> tuple[Commit, list[str]]:
    found = finish(turn, TurnResult(actions=(TASK,), events_processed=processed), NOW, NEXT)
    assert isinstance(found, Outcome)
    return found.commit, [delivery.key for delivery in found.returned]


@pytest.mark.parametrize(
    ("processed", "used", "returned"),
    [
        (None, ["a", "b", "c"], []),
        (9, ["a", "b", "c"], []),
        (4, ["a", "b", "c"], []),
        (3, ["a", "b"], ["c"]),
        (1, [], ["a", "b", "c"]),
        (0, [], ["a", "b", "c"]),
    ],
)
def test_the_orchestrator_started_counts_and_the_rest_goes_back_in_order(
    processed: int | None, used: list[str], returned: list[str]
) -> None:
    commit, back = outcome(turn(), processed)

    assert [delivery.key for delivery in commit.consumed] == used
    assert back == returned
    assert kinds(commit.events) == [
        "OrchestratorStarted",
        *["EventRaised"] * len(used),
        *("TaskScheduled", "OrchestratorCompleted"),
    ]


@pytest.mark.parametrize("processed", [0, 1, 2])
def test_the_start_of_an_execution_is_always_used(processed: int) -> None:
    commit, back = outcome(first_turn(None, *BATCH), processed)

    assert kinds(commit.events)[:2] == ["OrchestratorStarted", "ExecutionStarted"]
    assert back == ["a", "b", "c"]


def test_a_worker_that_used_nothing_and_did_nothing_has_given_the_turn_back() -> None:
    given = turn()

    assert finish(given, TurnResult(actions=(), events_processed=0), NOW, NEXT) is given


def test_what_was_given_back_makes_no_difference_to_this_episode() -> None:
    timer = CreateTimer(id=1, fire_at=NOW)
    result = TurnResult(actions=(timer,), events_processed=1)
    found = finish(turn(), result, NOW, NEXT)

    assert isinstance(found, Outcome)
    assert kinds(found.commit.events) == [
        *("OrchestratorStarted", "TimerCreated", "OrchestratorCompleted")
    ]
