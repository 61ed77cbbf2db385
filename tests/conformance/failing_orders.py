"""Orchestrators for the tests of rewinds: an order, its payment, its children."""

from collections.abc import Sequence

from durahub.engine.actions import Action, Complete, CreateSubOrchestration, ScheduleTask
from durahub.engine.state import answer_of
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    ExecutionCompleted,
    GenericEvent,
    Status,
    SubOrchestrationInstanceFailed,
    TaskFailed,
    TaskScheduled,
)


def answers(events: Sequence[Event]) -> dict[int, Event]:
    """Return what has been answered, by the action's ID."""
    found = [(answer_of(event), event) for event in events]
    return {answer[1]: event for answer, event in found if answer is not None}


def scheduled(events: Sequence[Event]) -> set[int]:
    seen = [event for event in events if not isinstance(event, GenericEvent)]  # as on the wire
    return {event.event_id for event in seen if event.event_id >= 0}


def completed(result: str) -> Complete:
    return Complete(id=99, status=Status.Completed, result=result)


def failed(message: str) -> Complete:
    failure = Failure(error_type="PaymentError", message=message)
    return Complete(id=99, status=Status.Failed, result=message, failure=failure)


def in_turn(events: Sequence[Event], *wanted: Action) -> list[Action]:
    """Do *wanted* one after the other, and fail with the first that fails."""
    assert not any(isinstance(event, ExecutionCompleted) for event in events)
    done = answers(events)
    results: list[str] = []
    for action in wanted:
        answer = done.get(action.id)
        if answer is None:
            return [] if action.id in scheduled(events) else [action]
        if isinstance(answer, TaskFailed | SubOrchestrationInstanceFailed):
            return [failed(answer.failure.message if answer.failure else answer.reason or "")]
        results.append(getattr(answer, "result", None) or "")
    return [completed(" ".join(results))]


def at_once(events: Sequence[Event], *wanted: Action) -> list[Action]:
    """Do *wanted* side by side, and fail as soon as one fails, as Python's ``when_all`` does."""
    done, asked = answers(events), scheduled(events)
    if any(isinstance(a, TaskFailed | SubOrchestrationInstanceFailed) for a in done.values()):
        return [failed("one of them failed")]
    if len(done) == len(wanted):
        return [completed(" ".join(str(getattr(done[a.id], "result", "")) for a in wanted))]
    return [action for action in wanted if action.id not in asked]


def order(events: Sequence[Event]) -> list[Action]:
    return in_turn(events, ScheduleTask(id=0, name="Reserve"), ScheduleTask(id=1, name="Pay"))


def shipment(events: Sequence[Event]) -> list[Action]:
    child = CreateSubOrchestration(id=0, name="Order", instance_id="child")
    return in_turn(events, child, ScheduleTask(id=1, name="Reserve"))


def both(events: Sequence[Event]) -> list[Action]:
    """Pay, and have something sent that takes long."""
    return at_once(events, ScheduleTask(id=0, name="Pay"), ScheduleTask(id=1, name="Send"))


def patient(events: Sequence[Event]) -> list[Action]:
    """Try to pay twice under one action ID, as Python retries."""
    tries = [event for event in events if isinstance(event, TaskScheduled)]
    answered = [event for event in events if answer_of(event) is not None]
    if len(tries) > len(answered):
        return []
    if answered and not isinstance(answered[-1], TaskFailed):
        return [completed(str(getattr(answered[-1], "result", "")))]
    if len(tries) == 2:
        return [failed("twice in vain")]
    return [ScheduleTask(id=0, name="Pay")]
