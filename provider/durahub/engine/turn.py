"""One turn of an orchestrator: from the messages taken to the work for a worker, and on to the `Commit`.

`begin` puts the messages behind an ``OrchestratorStarted``. `finish` takes the worker's answer and
returns either the `Commit` or, when the orchestrator continues as new, the next `Turn`: the generations
of one work item run one after another, and only the last one is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from durahub.engine.actions import Action, Complete, TurnResult
from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.engine.effects import Actor, carry_out
from durahub.engine.state import State, open_children, read
from durahub.model.history import (
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks

MICROSECOND = 10  # ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The work of one turn. ``new`` begins with its ``OrchestratorStarted``.

    ``sources`` are the deliveries behind ``new[1:]``, in the same order; after a continue-as-new
    they are those of the first generation. ``outbound`` and ``activities`` were sent by earlier
    generations of the same work item, ``inherited_status`` is the last one's custom status.
    """

    instance_id: str
    execution_id: str
    base: HistoryVersion
    replaces: bool
    started: ExecutionStarted
    past: tuple[Event, ...]
    new: tuple[Event, ...]
    sources: tuple[Delivery, ...]
    generation: int = 0
    outbound: tuple[Message, ...] = ()
    activities: tuple[Message, ...] = ()
    inherited_status: str | None = None


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
) -> Turn:
    """Return the turn that the *taken* messages cause; with *start* it begins a new execution."""
    started = start or state.started
    assert started is not None
    clock = now if start is not None else max(now, Ticks(state.clock + MICROSECOND))
    execution_id = started.execution.execution_id or ""
    return Turn(
        instance_id=instance_id,
        execution_id=execution_id if start is not None else version.execution_id or execution_id,
        base=version,
        replaces=start is not None,
        started=started,
        past=() if start is not None else tuple(past),
        new=(OrchestratorStarted(timestamp=clock), *(taken_.message.event for taken_ in taken)),
        sources=tuple(taken),
    )


def finish(turn: Turn, result: TurnResult, now: Ticks, new_execution_id: str) -> Outcome | Turn:
    """Return what the worker's *result* makes of *turn*; *new_execution_id* is for a continue-as-new."""
    turn, returned = _give_back(turn, result.events_processed)
    state = read((*turn.past, *turn.new))
    actor = Actor(
        execution=Execution(turn.instance_id, turn.execution_id),
        started=turn.started,
        episode=state.episodes,
        now=max(now, state.clock),
    )
    actions, completion = _in_order(result.actions)
    completion = _obey_terminate(turn, state, actions, completion)
    effects = [carry_out(action, actor) for action in actions]
    outbound = [effect.outbound for effect in effects if effect.outbound is not None]
    activities = [effect.activity for effect in effects if effect.activity is not None]
    events = [effect.event for effect in effects if effect.event is not None]
    if completion is not None and completion.status is Status.ContinuedAsNew:
        sent = replace(
            turn,
            outbound=(*turn.outbound, *outbound),
            activities=(*turn.activities, *activities),
        )
        return _continue_as_new(sent, completion, result.custom_status, actor.now, new_execution_id)
    if completion is not None:
        end = carry_out(completion, actor)
        assert end.event is not None
        events.append(end.event)
        if end.outbound is not None:
            outbound.append(end.outbound)
        if completion.status is Status.Terminated:
            outbound.extend(_terminate_children(turn, events, actor))
    written = _close((*turn.new, *events), actor.now)
    status = result.custom_status
    if status is None and turn.generation:
        status = turn.inherited_status
    commit = Commit(
        instance_id=turn.instance_id,
        execution_id=turn.execution_id,
        base=turn.base,
        outbound=(*turn.outbound, *outbound),
        activities=(*turn.activities, *activities),
        events=written,
        replaces=turn.replaces,
        instance=update_of(turn.execution_id, turn.started, written, status, now),
        consumed=turn.sources,
    )
    return Outcome(commit, returned)


def _give_back(turn: Turn, processed: int | None) -> tuple[Turn, tuple[Delivery, ...]]:
    """Split off the new events that the worker did not use; they are delivered again."""
    if processed is None or processed >= len(turn.new) or turn.generation:
        return turn, ()
    used = max(processed, 1)  # the first is the OrchestratorStarted
    kept = replace(turn, new=turn.new[:used], sources=turn.sources[: used - 1])
    return kept, turn.sources[used - 1 :]


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
    turn: Turn, state: State, actions: Sequence[Action], completion: Complete | None
) -> Complete | None:
    """End a terminated execution whose worker did not (a suspended Go worker, for one)."""
    if completion is not None and completion.status is not Status.ContinuedAsNew:
        return completion
    for event in turn.new:
        if isinstance(event, ExecutionTerminated):
            highest = max([-1, *state.action_ids, *(a.id for a in actions)])
            return Complete(id=highest + 1, status=Status.Terminated, result=event.input)
    return completion


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
    carried = tuple(
        replace(event, event_id=-1, timestamp=event.timestamp or now)
        for event in completion.carry_over
    )
    inherited = custom_status if custom_status is not None else turn.inherited_status
    return replace(
        turn,
        execution_id=execution_id,
        replaces=True,
        started=started,
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


def _terminate_children(turn: Turn, events: Sequence[Event], actor: Actor) -> list[Message]:
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
        for child in open_children((*turn.past, *turn.new, *events))
    ]


def _close(events: tuple[Event, ...], now: Ticks) -> tuple[Event, ...]:
    if isinstance(events[-1], OrchestratorCompleted):
        return events
    return (*events, OrchestratorCompleted(timestamp=now))


def update_of(
    execution_id: str,
    started: ExecutionStarted,
    written: Sequence[Event],
    custom_status: str | None,
    now: Ticks,
) -> InstanceUpdate:
    """Return what the *written* events of an episode change in the instance row."""
    begun: ExecutionStarted | None = None
    status: Status | None = None
    completed: Ticks | None = None
    output: str | None = None
    sets_output = False
    for event in written:
        match event:
            case ExecutionStarted():
                begun = event
                status = Status.Running
            case ExecutionCompleted():
                status, completed, sets_output = event.status, now, True
                output = str(event.failure) if event.failure else event.result
            case ExecutionTerminated():
                status, completed, sets_output = Status.Terminated, now, True
                output = event.input
            case ExecutionSuspended() | ExecutionResumed() if completed is None:
                suspends = isinstance(event, ExecutionSuspended)
                status = Status.Suspended if suspends else Status.Running
                output, sets_output = event.reason, True
            case _:
                pass
    return InstanceUpdate(
        execution_id=execution_id,
        last_updated=written[-1].timestamp,
        custom_status=custom_status,
        tags=started.tags,
        started=begun,
        status=status,
        completed=completed,
        sets_output=sets_output,
        output=output,
    )
