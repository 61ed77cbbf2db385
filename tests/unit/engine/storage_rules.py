"""The slow and obvious reading of what is stored: a well-formed history, a row after an update."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from durahub.engine.commit import InstanceUpdate
from durahub.engine.state import answer_of
from durahub.model.history import (
    Event,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.instance import Instance

QUESTIONS = {TaskScheduled: "task", SubOrchestrationInstanceCreated: "child", TimerCreated: "timer"}


def check_history(events: Sequence[Event], execution_id: str | None) -> None:
    """Assert that *events* are a history that DTFx could have written."""
    assert isinstance(events[0], OrchestratorStarted)
    assert isinstance(events[1], ExecutionStarted)
    assert events[1].execution.execution_id == execution_id
    assert isinstance(events[-1], OrchestratorCompleted)
    assert sum(isinstance(event, ExecutionStarted) for event in events) == 1
    clocks = [event.timestamp for event in events if isinstance(event, OrchestratorStarted)]
    assert clocks == sorted(set(clocks))
    ends = [n for n, event in enumerate(events) if isinstance(event, ExecutionCompleted)]
    assert ends in ([], [len(events) - 2])
    _check_answers(events)
    _check_episodes(events)


def _check_answers(events: Sequence[Event]) -> None:
    asked: Counter[tuple[str, int]] = Counter()
    for number, event in enumerate(events):
        if type(event) in QUESTIONS:
            asked[QUESTIONS[type(event)], event.event_id] += 1
        answer = answer_of(event)
        if answer in asked:
            asked[answer] -= 1
            assert asked[answer] >= 0, f"{answer} is answered more often than asked"
        elif answer is not None:  # of a lost episode, whose number went to another kind of action
            assert any(earlier.event_id == answer[1] for earlier in events[:number])


def _check_episodes(events: Sequence[Event]) -> None:
    open_ = False
    for number, event in enumerate(events):
        if isinstance(event, OrchestratorStarted):
            assert not open_
            open_ = True
        elif isinstance(event, OrchestratorCompleted):
            open_ = False
        elif not open_:  # only behind the first episode of a continued generation
            first = [e for e in events[:number] if isinstance(e, OrchestratorStarted)]
            assert len(first) == 1
    assert not open_


def status_of(events: Sequence[Event]) -> Status:
    """Return the status that *events* imply."""
    status = Status.Pending
    for event in events:
        match event:
            case ExecutionStarted() | ExecutionResumed():
                status = Status.Running
            case ExecutionSuspended():
                status = Status.Suspended
            case ExecutionCompleted():
                return event.status
            case _:
                pass
    return status


def merged(row: Instance | None, instance_id: str, update: InstanceUpdate) -> Instance:
    """Return *row* after *update*: what the update does not say stays as it was."""
    found = row or Instance(
        instance_id=instance_id,
        execution_id=None,
        name=None,
        version=None,
        status=Status.Pending,
        created=update.last_updated,
        last_updated=update.last_updated,
    )
    found = replace(
        found,
        execution_id=update.execution_id,
        last_updated=update.last_updated,
        custom_status=update.custom_status,
    )
    if update.started is not None:
        start = update.started
        found = replace(
            found,
            name=start.name,
            version=start.version,
            created=start.timestamp,
            input=start.input,
            tags=start.tags,
            status=Status.Running,
        )
    if update.status is not None:
        found = replace(found, status=update.status)
    if update.completed is not None:
        found = replace(found, completed=update.completed)
    if update.sets_output and update.output is not None:
        found = replace(found, output=update.output)
    return found
