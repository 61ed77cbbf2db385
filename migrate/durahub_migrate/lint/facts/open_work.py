"""What an instance waits for, read off its history and its row."""

from collections.abc import Iterator

from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.state import answer_of, question_of
from durahub.model.history import (
    Event,
    ExecutionStarted,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.ticks import Ticks
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.target import Given


def open_actions(fact: InstanceFacts) -> tuple[Event, ...]:
    """Return the timers, activities and children that a live instance waits for, in order.

    Of two with one ID the later one counts: what failed may have been scheduled again.
    """
    if not fact.state.is_live:
        return ()
    return unanswered(fact)


def unanswered(fact: InstanceFacts) -> tuple[Event, ...]:
    """Return the same of any instance: of one that has ended, what it no longer waited for."""
    last = {}
    for event in fact.history:
        question = question_of(event)
        if question is not None and question not in fact.state.answers:
            last[question] = event
    return tuple(event for event in last.values() if not _is_forgotten(event))


def scheduled_start(fact: InstanceFacts) -> Ticks | None:
    """Return when an instance that has not begun is to begin, ``None`` for any other."""
    if fact.row is None or fact.row.status != "Pending" or fact.state.started is not None:
        return None
    return fact.row.scheduled_start


def dues(fact: InstanceFacts) -> Iterator[tuple[Ticks, Event | None]]:
    """Yield what is to happen at a time: timers, and a start (``None``)."""
    start = scheduled_start(fact)
    if start is not None:
        yield start, None
    for event in open_actions(fact):
        if isinstance(event, TimerCreated):
            yield event.fire_at, event


def is_lost(fact: InstanceFacts, event: Event | None, given: Given) -> bool:
    """Tell whether the message of an open action, or of a start (``None``), is certainly not there.

    The doctor tells of those, so nothing else needs to be said of them. In other hubs than Azure Storage's
    none is known to be lost.
    """
    hub = given.hub.classic if given.hub is not None else None
    if hub is None:
        return False
    is_activity = isinstance(event, TaskScheduled)
    if is_activity and fact.classic is not None and event.event_id in fact.classic.unposted:  # type: ignore[union-attr]
        return True
    own = hub.queue_of(fact.instance_id)
    if hub.unseen((hub.names.workitem_queue, own) if is_activity else (own,)):
        return False
    seen = (m.event for m in hub.messages_to(fact.instance_id) if m.event is not None)
    if event is None:
        return not any(isinstance(one, ExecutionStarted) for one in seen)
    wanted = question_of(event)
    return all(wanted not in (answer_of(one), question_of(one)) for one in seen)


def _is_forgotten(event: Event) -> bool:
    tags = event.tags if isinstance(event, SubOrchestrationInstanceCreated) else None
    return FIRE_AND_FORGET in (tags or {})
