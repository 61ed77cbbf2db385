"""A history that a worker wrote, as it is stored: begun, ended and closed, each event in its stored form.

What was sent to the worker comes back among its events; what was sent is stored, for it holds more than
the protocol can say. Rows leave out the inputs of activities and children, which travel in their messages.
"""

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from itertools import chain

from durahub.engine.state import answer_of
from durahub.engine.turn import Turn, close
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
)
from durahub.model.ticks import Ticks


def as_written(turn: Turn, given: Sequence[Event], status: Status, now: Ticks) -> tuple[Event, ...]:
    """Return the events as they are stored: begun, ended and closed, each in its stored form."""
    events = [_as_stored(event) for event in _as_sent(turn, given) if _is_kept(event)]
    if not events or not isinstance(events[0], OrchestratorStarted):
        events.insert(0, turn.new[0])
    if turn.replaces and not any(isinstance(event, ExecutionStarted) for event in events):
        events.insert(1, turn.started)
    if status.is_terminal:
        events = _ended(turn, events, status, now)
    return close(tuple(events), now)


def _as_sent(turn: Turn, given: Iterable[Event]) -> Iterable[Event]:
    """Yield *given*, but for each event that was sent to the worker what was sent.

    A start that comes twice is left out the second time.
    """
    sent: defaultdict[Hashable, deque[Event]] = defaultdict(deque)
    for event in turn.new[1:]:
        sent[_key(event)].append(event)
    for event in given:
        same = sent.get(_key(event))
        if same:
            yield same.popleft()
        elif not isinstance(event, ExecutionStarted):
            yield event


def _key(event: Event) -> Hashable:
    """Return what tells an event that arrived from the others of its batch."""
    match event:
        case EventRaised():
            return event.type, (event.name or "").casefold()
        case OrchestratorStarted() | OrchestratorCompleted():
            return id(event)  # the worker's own, always
        case _:
            return event.type, answer_of(event), event.event_id


def _as_stored(event: Event) -> Event:
    match event:
        case TaskScheduled() | SubOrchestrationInstanceCreated():
            return replace(event, input=None)
        case _:
            return event


def _is_kept(event: Event) -> bool:
    return not isinstance(event, ContinueAsNew)


def _ended(turn: Turn, events: list[Event], status: Status, now: Ticks) -> list[Event]:
    """Return *events* with an end that agrees with *status*.

    Some converters of .NET write every end as Completed; the status beside it is the true one.
    """
    ends = [event for event in events if isinstance(event, ExecutionCompleted)]
    if ends:
        return [
            replace(event, status=status) if isinstance(event, ExecutionCompleted) else event
            for event in events
        ]
    highest = max([-1, *(event.event_id for event in chain(turn.past, events))])
    end = ExecutionCompleted(event_id=highest + 1, timestamp=now, status=status)
    place = len(events) - 1 if isinstance(events[-1], OrchestratorCompleted) else len(events)
    return [*events[:place], end, *events[place:]]
