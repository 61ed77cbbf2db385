"""Section 8 of the semantics as a table: what an incoming message comes to, by the instance's status.

``deliver``: an episode with the event; ``run``: an episode that begins an execution; ``hold``: back to the
queue; ``refuse``: dropped, and the parent is told; ``mark``: dropped, and the row becomes Terminated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from durahub.engine.actions import Complete, CreateTimer, ScheduleTask, TurnResult
from durahub.engine.commit import Delivery
from durahub.engine.inbox import Verdict
from durahub.engine.state import read
from durahub.engine.turn import Outcome, Turn, finish
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.model.ticks import later
from tests.unit.engine.scenes import (
    NEXT,
    NOW,
    RUN,
    arrived,
    ended,
    first_turn,
    row,
    started,
    turn_of,
    verdict,
)

BEFORE = "0b" * 16  # an execution that was here before RUN
DONE = TaskCompleted(timestamp=NOW, task_scheduled_id=1)


def running(*, run: str = RUN) -> tuple[Event, ...]:
    """Return a history with two activities and a timer, of which the second activity has answered."""
    one = ended(
        first_turn_of(run),
        ScheduleTask(id=1, name="t"),
        ScheduleTask(id=2, name="t"),
        CreateTimer(id=3, fire_at=NOW),
    )
    answer = arrived(replace(DONE, task_scheduled_id=2), run=run)
    return (*one.events, *ended(turn_of(one.events, answer)).events)


def first_turn_of(run: str) -> Turn:
    return turn_of((), arrived(started(run=run)), row=row(run=run))


def with_more(events: Sequence[Event], *more: Event) -> tuple[Event, ...]:
    return (*events, *ended(turn_of(events, *(arrived(event) for event in more))).events)


def completed(status: Status, run: str = RUN) -> tuple[Event, ...]:
    return ended(first_turn_of(run), Complete(id=1, status=status, result="r")).events


@dataclass(frozen=True)
class Column:
    """An instance: its history and its row."""

    history: tuple[Event, ...]
    row: Instance | None


SUSPEND = ExecutionSuspended(timestamp=NOW, reason="wait")
ENDED = {
    status.name: Column(completed(status), row(status))
    for status in (Status.Completed, Status.Canceled, Status.Failed, Status.Terminated)
}
COLUMNS = {
    "none": Column((), None),
    "Pending": Column((), row()),
    "Pending, scheduled": Column((), row(scheduled_start=later(NOW, 60))),
    "Pending again": Column(completed(Status.Completed, BEFORE), row()),
    "Running": Column(running(), row(Status.Running)),
    "Suspended": Column(with_more(running(), SUSPEND), row(Status.Suspended)),
    **ENDED,
    "Terminated early": Column((), row(Status.Terminated)),
}


def child(run: str, parent: str = "a", parent_id: str = "shop") -> ExecutionStarted:
    owner = Parent(name="P", execution=Execution(parent_id, parent), task_schedule_id=4)
    return started(run=run, parent=owner)


UNKNOWN = 77
ANSWERS: Sequence[type[TaskCompleted | TaskFailed]] = (TaskCompleted, TaskFailed)
CHILD_ANSWERS = (SubOrchestrationInstanceCompleted, SubOrchestrationInstanceFailed)


def answers(task: int, timer: int, run: str | None) -> list[Delivery]:
    """Return one answer of each kind to the execution *run*."""
    found: list[Event] = [cls(timestamp=NOW, task_scheduled_id=task) for cls in ANSWERS]
    found += [cls(timestamp=NOW, task_scheduled_id=task) for cls in CHILD_ANSWERS]
    found.append(TimerFired(timestamp=NOW, timer_id=timer, fire_at=NOW))
    return [arrived(event, run=run) for event in found]


LIVE = ("Running", "Suspended")
BEGUN = (*LIVE, *ENDED)
PENDING = ("Pending", "Pending, scheduled", "Pending again")
OVER = (*ENDED, "Terminated early")


def by(words: Mapping[str | tuple[str, ...], str]) -> dict[str, str]:
    """Return the cells of a line, written for one column or several at once."""
    cells: dict[str, str] = {}
    for columns, word in words.items():
        cells |= dict.fromkeys((columns,) if isinstance(columns, str) else columns, word)
    return cells


RAISED = EventRaised(timestamp=NOW, name="e", input="1")
LINES: dict[str, tuple[list[Delivery], dict[str, str]]] = {
    "its start": (
        [arrived(started())],
        by(
            {
                "none": "hold",  # without a row nothing matches
                PENDING: "run",
                BEGUN: "drop",
                "Terminated early": "drop",
            }
        ),
    ),
    "its start, early": (
        [arrived(started(scheduled=later(NOW, 60)))],
        by({"none": "hold", PENDING: "hold", BEGUN: "drop", "Terminated early": "drop"}),
    ),
    "the start of another execution": (
        [arrived(started(run=NEXT))],
        by({tuple(COLUMNS): "hold"}),
    ),
    "the start of another execution, for the tenth time": (
        [arrived(started(run=NEXT), times=10)],
        by({tuple(COLUMNS): "drop"}),
    ),
    "a child's start": (
        [arrived(child(NEXT))],
        by({"none": "run", PENDING: "run", LIVE: "refuse", OVER: "run"}),
    ),
    "an answer, cause known": (
        answers(1, 3, RUN),
        by({LIVE: "deliver", OVER: "drop"}),
    ),
    "an answer, cause not yet in the history": (
        answers(UNKNOWN, UNKNOWN, RUN),
        by({"none": "hold", PENDING: "hold", LIVE: "hold", OVER: "drop"}),
    ),
    "an answer, for the fifth time": (
        [arrived(DONE, run=RUN, times=5)],
        by({"none": "hold", PENDING: "hold", LIVE: "deliver", OVER: "drop"}),
    ),
    "an answer, for the sixth time": (
        [arrived(DONE, run=RUN, times=6)],
        by({"none": "drop", PENDING: "drop", LIVE: "deliver", OVER: "drop"}),
    ),
    "an answer, already answered": (
        [arrived(replace(DONE, task_scheduled_id=2), run=RUN)],
        by({LIVE: "drop", OVER: "drop"}),
    ),
    "an answer to another execution": (
        answers(1, 3, NEXT),
        by({PENDING: "drop", BEGUN: "drop", "Terminated early": "drop"}),
    ),
    "EventRaised": (
        [arrived(RAISED), arrived(RAISED, run=RUN)],
        by({"none": "hold", PENDING: "hold", LIVE: "deliver", OVER: "drop"}),
    ),
    "EventRaised, delivered a few times": (
        [arrived(RAISED, times=4)],
        by({"none": "drop", PENDING: "hold", LIVE: "deliver", OVER: "drop"}),
    ),
    "EventRaised for another execution": (
        [arrived(RAISED, run=NEXT)],
        by({"none": "hold", PENDING: "drop", BEGUN: "drop", "Terminated early": "drop"}),
    ),
    "ExecutionSuspended": (
        [arrived(SUSPEND)],
        by({"none": "drop", PENDING: "hold", "Running": "deliver", "Suspended": "drop"})
        | by({OVER: "drop"}),
    ),
    "ExecutionResumed": (
        [arrived(ExecutionResumed(timestamp=NOW))],
        by({"none": "drop", PENDING: "hold", LIVE: "deliver", OVER: "drop"}),
    ),
    "ExecutionTerminated": (
        [arrived(ExecutionTerminated(timestamp=NOW, input="stop"))],
        by({"none": "hold", PENDING: "mark", LIVE: "deliver", OVER: "drop"}),
    ),
    "GenericEvent": (
        [arrived(GenericEvent(timestamp=NOW))],
        by({"none": "drop", PENDING: "drop", LIVE: "deliver", OVER: "drop"}),
    ),
}


def word_for(judged: Verdict) -> str:
    if judged.start is not None:
        return "run"
    if judged.take:
        return "deliver"
    if judged.defer:
        return "hold"
    if judged.replies:
        return "refuse"
    if judged.repair is not None and judged.repair.update.status is Status.Terminated:
        return "mark"
    return "drop"


CELLS = [
    pytest.param(column, delivery, word, id=f"{line} ({number}) × {name}")
    for line, (deliveries, words) in LINES.items()
    for name, word in words.items()
    for column in [COLUMNS[name]]
    for number, delivery in enumerate(deliveries)
]


@pytest.mark.parametrize(("column", "delivery", "word"), CELLS)
def test_a_message_comes_to_what_the_table_says(
    column: Column, delivery: Delivery, word: str
) -> None:
    judged = verdict(column.history, delivery, row=column.row)

    assert word_for(judged) == word
    settled = [*judged.take, *judged.drop, *(held for held, _ in judged.defer)]
    assert settled == [delivery]


STATUS_AFTER = {
    "ExecutionSuspended": {"Running": Status.Suspended},
    "ExecutionResumed": {"Running": Status.Running, "Suspended": Status.Running},
    "ExecutionTerminated": {"Running": Status.Terminated, "Suspended": Status.Terminated},
    "EventRaised": {"Running": Status.Running, "Suspended": Status.Suspended},
    "GenericEvent": {"Running": Status.Running, "Suspended": Status.Suspended},
}


@pytest.mark.parametrize(
    ("line", "name", "status"),
    [
        (line, name, status)
        for line, cells in STATUS_AFTER.items()
        for name, status in cells.items()
    ],
)
def test_what_is_delivered_leaves_the_status_that_the_table_says(  # [31] [32]
    line: str, name: str, status: Status
) -> None:
    (delivery, *_), _ = LINES[line]
    history = COLUMNS[name].history
    commit = ended(turn_of(history, delivery))

    after = read((*history, *commit.events))
    assert after.status is status
    changed = line not in ("EventRaised", "GenericEvent")
    assert commit.instance.status is (status if changed else None)


@pytest.mark.parametrize("name", LIVE)
@pytest.mark.parametrize(
    "status", [Status.Completed, Status.Failed, Status.Canceled, Status.Terminated]
)
def test_a_worker_ends_an_execution_with_the_status_it_names(name: str, status: Status) -> None:
    history = COLUMNS[name].history
    commit = ended(turn_of(history, arrived(RAISED)), Complete(id=9, status=status, result="r"))

    assert read((*history, *commit.events)).status is status
    assert (commit.instance.status, commit.instance.output) == (status, "r")
    assert commit.instance.completed == commit.events[-1].timestamp


@pytest.mark.parametrize("name", LIVE)
def test_a_worker_that_continues_as_new_leaves_a_running_new_execution(name: str) -> None:
    again = Complete(id=9, status=Status.ContinuedAsNew, result="2")
    turn = turn_of(COLUMNS[name].history, arrived(RAISED))
    following = finish(turn, TurnResult(actions=(again,)), NOW, NEXT)
    assert isinstance(following, Turn)
    outcome = finish(following, TurnResult(actions=()), NOW, "unused")
    assert isinstance(outcome, Outcome)

    commit = outcome.commit
    assert (commit.instance.status, commit.execution_id) == (Status.Running, NEXT)
    assert read(commit.events).status is Status.Running


@pytest.mark.parametrize(("name", "status"), [(n, Status[n]) for n in LIVE])
def test_a_worker_that_completes_nothing_leaves_the_status_as_it_is(
    name: str, status: Status
) -> None:
    history = COLUMNS[name].history
    commit = ended(turn_of(history, arrived(RAISED)))

    assert commit.instance.status is None
    assert read((*history, *commit.events)).status is status


def test_of_several_completions_terminated_is_the_strongest_and_the_last_other_the_weakest() -> (
    None
):
    def complete(*statuses: Status) -> object:
        ends = tuple(Complete(id=n, status=s, result=s.name) for n, s in enumerate(statuses))
        return finish(first_turn(), TurnResult(actions=ends), NOW, NEXT)

    def end_of(found: object) -> ExecutionCompleted:
        assert isinstance(found, Outcome)
        (end,) = [e for e in found.commit.events if isinstance(e, ExecutionCompleted)]
        return end

    new, failed, done = Status.ContinuedAsNew, Status.Failed, Status.Completed
    assert end_of(complete(Status.Terminated, new, done)).status is Status.Terminated
    assert isinstance(complete(new, failed, done), Turn)
    assert end_of(complete(failed, done)).status is done
    assert end_of(complete(done, failed)).status is failed
