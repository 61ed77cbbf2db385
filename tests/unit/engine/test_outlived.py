"""A start that a lost turn sent once more comes when its child is over, and another has followed it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from durahub.engine.actions import Complete
from durahub.engine.commit import Commit
from durahub.engine.inbox import Verdict, judge
from durahub.engine.outlived import MOST, is_outlived, outlived_by
from durahub.engine.state import read
from durahub.engine.turn import begin
from durahub.model.history import Event, Execution, ExecutionStarted, Parent, Status
from durahub.model.ticks import later
from tests.unit.engine.scenes import ID, NOW, arrived, ended, row, started, version_of


def child(
    number: int, *, seconds: float = 0, parent: str = "shop", action: int = 4
) -> ExecutionStarted:
    """Return the start of a child by the *number*-th execution of its parent."""
    by = Execution(parent, f"generation-{number}")
    told = Parent(name="P", version="", execution=by, task_schedule_id=action)
    start = started(run=f"child-{number}-{action}", parent=told)
    return replace(start, timestamp=later(NOW, 60 * number + seconds))


def followed(
    history: Sequence[Event], start: ExecutionStarted, outlived: Sequence[str] = ()
) -> Commit:
    """Return the only turn of a child that follows the one of *history*, which has ended."""
    state, version = read(history), version_of(history)
    turn = begin(
        ID, version, history, state, start, [arrived(start)], later(NOW, 6000), (), outlived
    )
    return ended(turn, Complete(id=1, status=Status.Completed, result='"r"'))


def chain(*starts: ExecutionStarted) -> Commit:
    """Return the last of children that followed one another."""
    commit = followed((), starts[0])
    for start in starts[1:]:
        commit = followed(commit.events, start, commit.outlived)
    return commit


def judged(after: Commit, start: ExecutionStarted) -> Verdict:
    events = after.events
    return judge(
        version_of(events),
        read(events),
        [arrived(start, times=3)],
        row(Status.Completed),
        later(NOW, 6000),
        frozenset(),
        after.outlived,
    )


@pytest.mark.parametrize("again", [0, 1])
def test_a_start_of_one_that_is_over_is_dropped_when_the_parents_next_one_has_followed(
    again: int,
) -> None:
    found = judged(chain(child(0), child(1), child(2)), child(again, seconds=5))

    assert (len(found.drop), found.start, found.replies) == (1, None, [])


def test_while_the_next_one_runs_it_is_dropped_at_once() -> None:
    ends = chain(child(0), child(1))
    runs = replace(ends, events=(*ends.events[:-2], ends.events[-1]))
    assert read(runs.events).is_live

    assert len(judged(runs, child(0, seconds=5)).drop) == 1


def test_one_that_never_ran_runs_however_late_its_start_comes() -> None:
    assert judged(chain(child(0), child(2)), child(1)).start == child(1)


def test_the_next_one_of_the_parent_runs() -> None:
    assert judged(chain(child(0), child(1)), child(2)).start == child(2)


def test_what_a_turn_asks_for_that_runs_again_later_runs() -> None:
    again = child(0, seconds=600)  # though the one that had followed it was lost with its parent
    assert judged(chain(child(0), child(1)), again).start == again


def test_a_child_of_another_parent_is_no_follower() -> None:
    commit = chain(child(0), child(1, parent="another"))

    assert commit.outlived == ()
    assert judged(commit, child(0, seconds=5)).start is not None


def test_a_child_that_goes_on_names_nothing_new_and_forgets_nothing() -> None:
    commit = chain(child(0), child(1))
    turn = begin(
        ID, version_of(commit.events), commit.events, read(commit.events), None, [], NOW, (), ("x",)
    )

    assert commit.outlived == ("generation-0:4",)
    assert turn.outlived == ()


def test_only_the_latest_are_named() -> None:
    named: tuple[str, ...] = ()
    for number in range(MOST + 5):
        named = outlived_by(child(number + 1), child(number), named)

    assert named == tuple(f"generation-{n}:4" for n in range(5, MOST + 5))
    assert is_outlived(child(9), child(MOST + 5), named)
    assert not is_outlived(child(4), child(MOST + 5), named)


def test_one_that_comes_a_second_time_is_named_once() -> None:
    named = outlived_by(child(2), child(1), ("generation-1:4", "generation-0:4"))

    assert named == ("generation-0:4", "generation-1:4")
