"""One turn of an orchestrator: from the messages taken to the work for a worker, and on to the `Commit`.

`begin` puts the messages behind an ``OrchestratorStarted``. `finish` takes the worker's answer and
returns either the `Commit` or, when the orchestrator continues as new, the next `Turn`: the generations
of one work item run one after another, and only the last one is written.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from durahub.engine.actions import Action, Complete, SendEntityMessage, TurnResult
from durahub.engine.commit import Commit, Delivery, HistoryVersion, Standing
from durahub.engine.effects import FIRE_AND_FORGET, Actor, carry_out
from durahub.engine.entities.releases import missing_releases
from durahub.engine.entities.sending import Calls
from durahub.engine.instance_updates import update_of
from durahub.engine.outlived import outlived_by
from durahub.engine.state import State, open_children
from durahub.model.history import (
    ActionEvent,
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionTerminated,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
)
from durahub.model.message import Message
from durahub.model.ticks import MINIMUM, Ticks

MICROSECOND = 10  # ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The work of one turn. ``new`` begins with its ``OrchestratorStarted``.

    ``sources`` are the deliveries behind ``new[1:]``, in the same order; after a continue-as-new
    they are those of the first generation. ``outbound`` and ``activities`` were sent by earlier
    generations of the same work item, ``inherited_status`` is the last one's custom status.
    ``returned`` are the deliveries that the first generation did not use, ``wake_ups`` those that
    only caused the turn and leave no event.
    """

    instance_id: str
    execution_id: str
    base: HistoryVersion
    replaces: bool
    started: ExecutionStarted
    state: State  # after ``past``
    past: Sequence[Event]
    new: tuple[Event, ...]
    sources: tuple[Delivery, ...]
    generation: int = 0
    outbound: tuple[Message, ...] = ()
    activities: tuple[Message, ...] = ()
    inherited_status: str | None = None
    returned: tuple[Delivery, ...] = ()
    wake_ups: tuple[Delivery, ...] = ()
    outlived: tuple[str, ...] = ()  # whose children this one follows, where it begins

    @property
    def consumed(self) -> tuple[Delivery, ...]:
        """The deliveries that need not come again once the turn is written."""
        return (*self.sources, *self.wake_ups)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a work item: what is written, and the deliveries whose events were not used."""

    commit: Commit
    returned: tuple[Delivery, ...] = ()


def begin(
    instance_id: str,
    version: HistoryVersion,
    past: Sequence[Event],
    state: State,
    start: ExecutionStarted | None,
    taken: Sequence[Delivery],
    now: Ticks,
    stored: Sequence[Delivery] = (),
    outlived: Sequence[str] = (),
) -> Turn:
    """Return the turn that the *taken* messages cause; with *start* it begins a new execution.

    The events of the *stored* ones are in the history: they cause it, and nothing else. *outlived* is what
    the history names so far.
    """
    started = start or state.started
    assert started is not None  # noqa: S101 (for the types)
    clock = now if start is not None else _after(state.clock, now)
    execution_id = started.execution.execution_id or ""
    rewinds = tuple(one for one in taken if isinstance(one.message.event, ExecutionRewound))
    sources = tuple(one for one in taken if one not in rewinds) if rewinds else tuple(taken)
    return Turn(
        instance_id=instance_id,
        execution_id=execution_id if start is not None else version.execution_id or execution_id,
        base=version,
        replaces=start is not None,
        started=started,
        state=State() if start is not None else state,
        past=() if start is not None else past,
        new=(OrchestratorStarted(timestamp=clock), *(one.message.event for one in sources)),
        sources=sources,
        wake_ups=(*rewinds, *stored),
        outlived=outlived_by(start, state.started, outlived) if start is not None else (),
    )


def finish(
    turn: Turn,
    result: TurnResult,
    now: Ticks,
    new_execution_id: str,
    given: Sequence[Event] = (),
) -> Outcome | Turn:
    """Return what the worker's *result* makes of *turn*; *new_execution_id* is for a continue-as-new.

    A worker that used no event and did nothing has given the turn back: it is returned as it was.
    *given* are the events of a worker that writes them itself.
    """
    if result.events_processed == 0 and not result.actions and not turn.generation:
        return turn
    turn = give_back(turn, result.events_processed)
    turn = with_span(turn, result.span_id, result.span_start)
    state = turn.state.extended(turn.new)
    actor = actor_of(turn, state, result.actions, now)
    actions, completion = _in_order(result.actions)
    completion = _obey_terminate(state, actions, completion)
    effects = [carry_out(action, actor) for action in actions]
    outbound = [effect.outbound for effect in effects if effect.outbound is not None]
    activities = [effect.activity for effect in effects if effect.activity is not None]
    events = [_noted(e.event, result.noted) for e in effects if e.event is not None]
    owed = owed_at_end(turn, (*turn.new, *given, *events), actor) if completion else ()
    if completion is not None and completion.status is Status.ContinuedAsNew:
        sent = replace(
            turn,
            outbound=(*turn.outbound, *outbound, *owed),
            activities=(*turn.activities, *activities),
        )
        clock = _after(max(state.clock, turn.started.timestamp), now)
        return _continue_as_new(sent, completion, result.custom_status, clock, new_execution_id)
    if completion is not None:
        end = carry_out(completion, actor)
        assert end.event is not None  # noqa: S101 (for the types)
        events.append(end.event)
        if end.outbound is not None:
            outbound.append(end.outbound)
        if completion.status is Status.Terminated:
            outbound.extend(terminate_children(turn, events, actor))
        outbound.extend(owed)
    written = close((*turn.new, *events), actor.now)
    return outcome_of(turn, outbound, activities, written, result.custom_status, actor.now)


def outcome_of(
    turn: Turn,
    outbound: Iterable[Message],
    activities: Iterable[Message],
    written: tuple[Event, ...],
    custom_status: str | None,
    now: Ticks,
) -> Outcome:
    """Return the end of a work item: its last *turn* has *written* these events and sends these messages."""
    status = turn.inherited_status if custom_status is None else custom_status
    commit = Commit(
        instance_id=turn.instance_id,
        execution_id=turn.execution_id,
        base=turn.base,
        outbound=(*turn.outbound, *outbound),
        activities=(*turn.activities, *activities),
        events=written,
        replaces=turn.replaces,
        instance=update_of(
            turn.execution_id, turn.started, written, status, now, standing_of(turn)
        ),
        consumed=turn.consumed,
        causes=_causes_among(turn, written),
        outlived=turn.outlived,
    )
    return Outcome(commit, turn.returned)


def _causes_among(turn: Turn, written: Sequence[Event]) -> int:
    """Return how many of the *written* events, from the front, are what caused *turn*.

    Those of a turn that replaces the history are not: they are in no history, or in the replaced one.
    """
    count = len(turn.new)
    is_known = not turn.replaces and tuple(written[:count]) == turn.new
    return count if is_known else 0


def actor_of(turn: Turn, state: State, given: Iterable[Event | Action], now: Ticks) -> Actor:
    """Return who carries out what a worker has *given*; *state* is the one after the turn's events."""
    sends = any(isinstance(one, SendEntityMessage) for one in given)
    return Actor(
        execution=Execution(turn.instance_id, turn.execution_id),
        started=turn.started,
        episode=state.episodes,
        now=max(now, state.clock),
        calls=state.calls() if sends else Calls(),
    )


def owed_at_end(turn: Turn, events: Iterable[Event], actor: Actor) -> tuple[Message, ...]:
    """Return the releases of what an execution still holds that ends with *events* of its last turn."""
    sent = (*turn.state.sent, *(event for event in events if isinstance(event, EventSent)))
    return missing_releases(sent, actor.execution, actor.now, actor.episode)


def next_execution_id(turn: Turn) -> str:
    """Return an execution ID for the generation that follows *turn*: 32 hex digits.

    It is the same when the same events cause the turn again, because its commit was lost: the new
    generation then recognises the children that the lost one has started already as its own.
    """
    causes = (repr(replace(event, timestamp=MINIMUM)) for event in turn.new[1:])
    text = "\n".join((turn.instance_id, turn.execution_id, *causes))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _after(last: Ticks, now: Ticks) -> Ticks:
    """Return *now*, or where the clock was set back the next whole microsecond after *last*."""
    return max(now, Ticks((last // MICROSECOND + 1) * MICROSECOND))


def give_back(turn: Turn, processed: int | None) -> Turn:
    """Split off the new events that the worker did not use; they are delivered again."""
    if processed is None or processed >= len(turn.new) or turn.generation:
        return turn
    used = max(processed, 2 if turn.replaces else 1)  # with the OrchestratorStarted, and the start
    return replace(
        turn,
        new=turn.new[:used],
        sources=turn.sources[: used - 1],
        returned=turn.sources[used - 1 :],
    )


def with_span(turn: Turn, span_id: str | None, span_start: str | None) -> Turn:
    """Note the orchestration's own span in its start, if this turn is the one that writes it."""
    trace = turn.started.trace
    if trace is None or not turn.replaces or span_id is None:
        return turn
    spanned = replace(trace, span_id=span_id, activity_start_time=span_start)
    started = replace(turn.started, trace=spanned)
    return replace(turn, started=started, new=(turn.new[0], started, *turn.new[2:]))


def _noted(event: Event, numbers: Mapping[int, int]) -> Event:
    """Return *event* with its worker's number, if that is to be kept."""
    if isinstance(event, ActionEvent) and event.event_id in numbers:
        return replace(event, worker_number=numbers[event.event_id])
    return event


def _in_order(actions: Sequence[Action]) -> tuple[list[Action], Complete | None]:
    """Return the actions by ID (a Go worker sends them in map order), and the end that counts."""
    others: list[Action] = [a for a in actions if not isinstance(a, Complete)]
    rest = sorted(others, key=lambda a: a.id)
    ends = [a for a in actions if isinstance(a, Complete)]
    for strongest in (Status.Terminated, Status.ContinuedAsNew):
        for end in reversed(ends):
            if end.status is strongest:
                return rest, end
    return rest, ends[-1] if ends else None


def _obey_terminate(
    state: State, actions: Sequence[Action], completion: Complete | None
) -> Complete | None:
    """End a terminated execution whose worker did not (a suspended Go worker, for one)."""
    if completion is not None and completion.status is not Status.ContinuedAsNew:
        return completion
    if state.terminated is None:
        return completion
    highest = max([-1, *state.action_ids, *(a.id for a in actions)])
    return Complete(id=highest + 1, status=Status.Terminated, result=state.terminated.input)


def _continue_as_new(
    turn: Turn, completion: Complete, custom_status: str | None, now: Ticks, execution_id: str
) -> Turn:
    old = turn.started
    started = ExecutionStarted(
        timestamp=now,
        execution=Execution(turn.instance_id, execution_id),
        name=old.name,
        version=completion.new_version if completion.new_version is not None else old.version,
        input=completion.result,
        tags=old.tags,
        parent=old.parent,
        trace=old.trace,
    )
    spelled = _spelled(turn)
    carried = tuple(
        replace(
            event,
            event_id=-1,
            timestamp=event.timestamp or now,
            name=spelled.get((event.name or "").casefold(), event.name),
        )
        for event in completion.carry_over
    )
    inherited = custom_status if custom_status is not None else turn.inherited_status
    return replace(
        turn,
        execution_id=execution_id,
        replaces=True,
        started=started,
        state=State(),
        past=(),
        new=(
            OrchestratorStarted(timestamp=now),
            started,
            *carried,
            OrchestratorCompleted(timestamp=now),
        ),
        generation=turn.generation + 1,
        inherited_status=inherited,
    )


def _spelled(turn: Turn) -> dict[str, str]:
    """Return the names of the events that were raised, by their folded names.

    Python carries an event over under its folded name, and not every SDK takes that for the same.
    """
    raised = (event for event in chain(turn.past, turn.new) if isinstance(event, EventRaised))
    return {event.name.casefold(): event.name for event in raised if event.name}


def terminate_children(turn: Turn, events: Sequence[Event], actor: Actor) -> list[Message]:
    """Return the terminations of open children, if the termination was asked to go down the tree."""
    cause = next((e for e in turn.new if isinstance(e, ExecutionTerminated) and e.recurse), None)
    if cause is None:
        return []
    return [
        Message(
            event=ExecutionTerminated(timestamp=actor.now, input=cause.input, recurse=True),
            target=Execution(child.instance_id or ""),
            sender=actor.execution,
            episode=actor.episode,
        )
        for child in open_children(chain(turn.past, turn.new, events))
        if FIRE_AND_FORGET not in (child.tags or {})
    ]


def close(events: tuple[Event, ...], now: Ticks) -> tuple[Event, ...]:
    """Return *events* with an ``OrchestratorCompleted`` at the end."""
    if isinstance(events[-1], OrchestratorCompleted):
        return events
    return (*events, OrchestratorCompleted(timestamp=now))


def standing_of(turn: Turn) -> Standing | None:
    """Return how the execution stood before *turn*."""
    if turn.replaces or turn.state.terminated is not None:
        return None  # DTFx writes Terminated into the row even if the execution goes on
    return Standing(turn.started, Status.Suspended if turn.state.suspended else Status.Running)
