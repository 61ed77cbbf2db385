"""Runs of one orchestration beside each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.model.history import TaskCompleted, TaskFailed, TaskScheduled
from durahub_migrate.monitor.histories import Group
from durahub_migrate.monitor.row import Row
from durahub_migrate.monitor.telling.grouping import groups_of
from durahub_migrate.monitor.telling.runs import runs_grid
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.telling.histories import at, ended, live, recorded, started, turn


def run(instance_id: str, created: float, *groups: Group) -> tuple[Row, tuple[Group, ...]]:
    row = Row(
        hub="h@a",
        instance_id=instance_id,
        status="Completed",
        created=at(created),
        completed=at(created + 9),
    )
    return row, groups


def group(name: str, start: float = 0, end: float | None = 1, outcome: str = "completed") -> Group:
    return Group(
        kind="activity",
        name=name,
        start=at(start),
        end=at(end) if end is not None else None,
        outcome=outcome,
        attempts=(),
        events=(1,),
        lane=0,
        episode=0,
    )


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_every_recorded_history_is_a_run(hub: RecordedHub) -> None:
    runs = [
        (Row(hub="h@a", instance_id=instance_id, created=at(number)), groups_of(history))
        for number, (instance_id, history) in enumerate(recorded(hub))
    ]
    grid = runs_grid("x", runs)
    assert len(grid.runs) == len(runs)
    assert set(grid.tasks) == set(grid.cells)


def test_the_newest_run_is_first() -> None:
    grid = runs_grid("Order", [run("old", 1), run("new", 50), run("mid", 20)])
    assert grid.runs == ("new", "mid", "old")
    assert grid.seconds == (9.0, 9.0, 9.0)


def test_tasks_stand_in_the_order_of_the_newest_run_with_those_of_others_between() -> None:
    newest = run("b", 9, group("A"), group("C"))
    older = run("a", 1, group("A"), group("B"), group("C"), group("D"))
    grid = runs_grid("Order", [older, newest])
    assert grid.tasks == ("A", "B", "C", "D")
    assert set(grid.cells["B"]) == {"a"}


def test_a_cell_takes_the_time_in_which_any_of_it_was_under_way() -> None:
    grid = runs_grid("Order", [run("a", 1, group("A", 0, 4), group("A", 2, 6), group("A", 8, 9))])
    assert grid.cells["A"]["a"].seconds == 7.0
    assert grid.cells["A"]["a"].attempts == 3


def test_a_cell_is_the_worst_that_came_of_it() -> None:
    grid = runs_grid("Order", [run("a", 1, group("A"), group("A", outcome="failed"))])
    assert grid.cells["A"]["a"].outcome == "failed"


def test_what_is_still_under_way_has_no_time_yet() -> None:
    cell = runs_grid("Order", [run("a", 1, group("A", end=None, outcome="open"))]).cells["A"]["a"]
    assert (cell.outcome, cell.seconds) == ("open", None)


def test_tries_are_counted() -> None:
    history = live(
        (
            *turn(0, started(), TaskScheduled(timestamp=at(0), event_id=1, name="A")),
            *turn(
                1,
                TaskFailed(timestamp=at(1), task_scheduled_id=1),
                TaskScheduled(timestamp=at(1), event_id=1, name="A"),
            ),
            *turn(2, TaskCompleted(timestamp=at(2), task_scheduled_id=1), ended(2)),
        )
    )
    assert runs_grid("Order", [run("a", 1, *groups_of(history))]).cells["A"]["a"].attempts == 2


@given(st.lists(st.lists(st.sampled_from("ABCDE"), max_size=5), max_size=4))
def test_every_task_stands_once(names: list[list[str]]) -> None:
    runs = [run(str(n), n, *map(group, found)) for n, found in enumerate(names)]
    grid = runs_grid("Order", runs)
    assert sorted(grid.tasks) == sorted({name for found in names for name in found})
    assert {task: set(found) for task, found in grid.cells.items()} == {
        task: {str(n) for n, found in enumerate(names) if task in found} for task in grid.tasks
    }
