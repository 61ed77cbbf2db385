"""The end of a turn whose worker computed the history by itself, as DTFx does, on to the `Commit`.

The worker hands over finished events; what was sent to it comes back among them. Of those the stored
form counts, which holds more than the protocol can say. Nothing else is made up anew: the events are
written as they stand, less what a hub's rows never hold (the inputs of activities and children, which
travel in their messages).

A continue-as-new shows as the start of another execution. The worker has run that generation already, so
it replaces the history; where only the end of the old one is told, the next one is a turn of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from durahub.engine.actions import Action, Complete, TurnResult
from durahub.engine.dtfx_history import as_written
from durahub.engine.dtfx_messages import Posted, activities, is_own_start, messages
from durahub.engine.effects import Actor, carry_out
from durahub.engine.state import State, same_execution
from durahub.engine.turn import (
    Outcome,
    Turn,
    actor_of,
    finish,
    give_back,
    next_execution_id,
    outcome_of,
    owed_at_end,
    terminate_children,
    with_span,
)
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorStarted,
    Status,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryResult:
    """A worker's whole answer, as history.

    ``new_history`` holds all events of the episode in order, also those that came with it. An action
    among them stands for the event that it makes, and for its message: so are messages to entities
    told, whose stored form the worker does not know. ``sent`` are actions that left no event.
    ``new_timers`` are told as they were created or as they will fire. ``events_processed`` counts
    the messages that were used, from the front; ``None`` means all. The rest is as in `TurnResult`.
    """

    new_history: tuple[Event | Action, ...]
    sent: tuple[Action, ...] = ()
    new_tasks: tuple[TaskScheduled, ...] = ()
    new_timers: tuple[TimerCreated | TimerFired, ...] = ()
    new_messages: tuple[Posted, ...] = ()
    status: Status = Status.Running
    custom_status: str | None = None
    events_processed: int | None = None
    span_id: str | None = None
    span_start: str | None = None


TurnAnswer: TypeAlias = TurnResult | HistoryResult
"""What a worker answers: actions, or the history that they make."""


def accept(turn: Turn, result: HistoryResult, now: Ticks) -> Outcome | Turn:
    """Return what the worker's *result* makes of *turn*, or the turn that runs next.

    A worker that used no message and wrote nothing has given the turn back: it is returned as it was.
    """
    if result.events_processed == 0 and not result.new_history and not turn.generation:
        return turn
    if result.events_processed is not None:
        turn = give_back(turn, result.events_processed + 1)  # with the OrchestratorStarted
    given: Sequence[Event | Action] = result.new_history
    index = _start_of_next(turn, given, result.status)
    if index is not None:
        turn, given = _next_generation(turn, given, index)
    turn = with_span(turn, result.span_id, result.span_start)
    state = turn.state.extended(turn.new)
    actor = actor_of(turn, state, (*given, *result.sent), now)
    events, told_by_actions = _carried_out(given, result.sent, actor)
    outbound = (*messages(result.new_timers, result.new_messages, actor), *told_by_actions)
    scheduled = tuple(activities(result.new_tasks, actor))
    end = next((e for e in events if isinstance(e, ExecutionCompleted)), None)
    told = _continuation(turn, result, end)
    if told is not None and index is None:
        sent = replace(
            turn,
            outbound=(*turn.outbound, *outbound),
            activities=(*turn.activities, *scheduled),
        )
        again = TurnResult(actions=(told,), custom_status=result.custom_status)
        return finish(sent, again, now, next_execution_id(turn), events)
    stored = as_written(turn, events, result.status, actor.now)
    if result.status is Status.Terminated:
        outbound = (*outbound, *terminate_children(turn, stored, actor))
    if result.status.is_terminal:
        outbound = (*outbound, *owed_at_end(turn, stored, actor))
    return outcome_of(turn, outbound, scheduled, stored, result.custom_status, actor.now)


# -- generations ---------------------------------------------------------------------------------


def _start_of_next(turn: Turn, events: Sequence[Event | Action], status: Status) -> int | None:
    """Return where the last start of another execution stands, ``None`` if there is none."""
    own_is_due = turn.replaces
    found = None
    for index, event in enumerate(events):
        if not isinstance(event, ExecutionStarted):
            continue
        named = event.execution.execution_id or None
        is_own = named is None or same_execution(named, turn.execution_id)
        if is_own and own_is_due:
            own_is_due = False
        elif not is_own or named is None or status is Status.ContinuedAsNew:
            found = index
    return found


def _next_generation(
    turn: Turn, events: Sequence[Event | Action], index: int
) -> tuple[Turn, Sequence[Event | Action]]:
    """Return the turn that begins with the start at *index*, and its events."""
    start = events[index]
    assert isinstance(start, ExecutionStarted)  # noqa: S101 (for the types)
    named = start.execution.execution_id or None
    if named is None or same_execution(named, turn.execution_id):
        named = next_execution_id(turn)
    old = turn.started
    started = replace(
        start,
        execution=Execution(turn.instance_id, named),
        parent=start.parent or old.parent,
    )
    before = events[index - 1] if index else None
    head = before if isinstance(before, OrchestratorStarted) else turn.new[0]
    raised = [event for event in turn.new if isinstance(event, EventRaised)]
    continued = replace(
        turn,
        execution_id=named,
        replaces=True,
        started=started,
        state=State(),
        past=(),
        new=(head, started, *raised),  # what may have been carried over
        generation=turn.generation + 1,
    )
    return continued, (head, started, *events[index + 1 :])


def _continuation(
    turn: Turn, result: HistoryResult, end: ExecutionCompleted | None
) -> Complete | None:
    """Return the continue-as-new that is told by its end, or by a start for the instance itself."""
    if end is not None and end.status is not Status.ContinuedAsNew:
        return None
    for posted in result.new_messages:
        if is_own_start(posted, turn.instance_id) and isinstance(posted.event, ExecutionStarted):
            start = posted.event
            return Complete(
                id=-1,
                status=Status.ContinuedAsNew,
                result=start.input,
                new_version=start.version,
            )
    if end is None:
        return None
    return Complete(id=end.event_id, status=Status.ContinuedAsNew, result=end.result)


# -- entities ------------------------------------------------------------------------------------


def _carried_out(
    given: Iterable[Event | Action], sent: Iterable[Action], actor: Actor
) -> tuple[list[Event], list[Message]]:
    """Return the events, those of actions in their places, and the messages of the actions."""
    events: list[Event] = []
    messages: list[Message] = []
    for one in given:
        if not isinstance(one, Action):
            events.append(one)
            continue
        effect = carry_out(one, actor)
        events += [effect.event] if effect.event is not None else []
        messages += [effect.outbound] if effect.outbound is not None else []
    for action in sent:
        message = carry_out(action, actor).outbound
        messages += [message] if message is not None else []
    return events, messages
