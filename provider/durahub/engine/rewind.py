"""Rewinding: a failed execution goes on from before what failed it, under a new execution ID.

The backend rewrites the history itself: what failed is taken out, so that the orchestrator, replayed, asks
for it again under the same action IDs. Answers to the old execution cannot reach the new one, so
whatever was still open is asked for again, too: activities by the orchestrator, timers and children from
here. Semantics 4.8 (b); DTFx leaves open activities and timers behind, and such an instance never ends.

A failure after which the same action was tried again stays: the orchestrator has dealt with it. With the
last one goes the pause after it, if there is one: it would not be made again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.engine.effects import FIRE_AND_FORGET, Actor, tell_parent
from durahub.engine.numbering import numbers_in, with_numbers
from durahub.engine.readings import LastPauses, Reading
from durahub.engine.state import State, answer_of, read, same_execution
from durahub.model.history import (
    ContinueAsNew,
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionRewound,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks

REFUSED = "OrchestrationAlreadyExists"
"""The failure of a child whose ID belonged to another instance: that one is not ours to rewind."""


@dataclass(slots=True)
class _Try:
    """One attempt of an action: where its question stands in the history, and its answer if there is one."""

    number: int
    asked: int
    answered: int | None = None
    failed: bool = False


def concerned_children(events: Sequence[Event]) -> tuple[str, ...]:
    """Return the IDs of the children that a rewind concerns: they failed, or have not answered."""
    return tuple(dict.fromkeys(created.instance_id or "" for created, _ in _children(events)))


@dataclass(frozen=True, slots=True)
class Reruns:
    """What runs again after a rewind: activities, children that are rewound, and those started anew."""

    activities: tuple[TaskScheduled, ...] = ()
    rewound: tuple[SubOrchestrationInstanceCreated, ...] = ()
    anew: tuple[SubOrchestrationInstanceCreated, ...] = ()


def reruns(events: Sequence[Event], children: Mapping[str, Instance | None]) -> Reruns:
    """Return what a rewind of the failed history *events* lets run again.

    *children* are the rows of `concerned_children`.
    """
    anew = frozenset(_created_anew(events, children))
    asked = (events[place] for place in _failed_tasks(events))
    return Reruns(
        activities=tuple(one for one in asked if isinstance(one, TaskScheduled)),
        rewound=tuple(created for created, place in _children(events) if place not in anew),
        anew=tuple(created for created, place in _children(events) if place in anew),
    )


def rewound(
    instance_id: str,
    version: HistoryVersion,
    events: Sequence[Event],
    delivery: Delivery,
    row: Instance | None,
    children: Mapping[str, Instance | None],
    now: Ticks,
) -> Commit:
    """Return what the rewind message *delivery* makes of the history *events*.

    An execution that has not failed is only told that its parent has a new execution, to which it will
    answer, or answers again. *children* are the rows of `concerned_children`.
    """
    message, state = delivery.message, read(events)
    request = message.event
    assert isinstance(request, ExecutionRewound)  # noqa: S101 (for the types)
    if state.completed is not None and state.completed.status is Status.Failed:
        return _rewind(instance_id, version, events, delivery, row, children, now)
    return _adopt(instance_id, version, events, state, delivery, row, now)


def is_done(started: ExecutionStarted, request: ExecutionRewound) -> bool:
    """Tell whether the child *started* belongs already to the execution for which it is to be rewound."""
    return started.parent is not None and same_execution(
        started.parent.execution.execution_id, request.parent_execution_id
    )


def is_from_parent(message: Message, started: ExecutionStarted) -> bool:
    """Tell whether *message* comes from the instance that started this one."""
    sender, parent = message.sender, started.parent
    return (
        sender is not None
        and parent is not None
        and sender.instance_id == parent.execution.instance_id
    )


def rewound_execution_id(instance_id: str, execution_id: str | None) -> str:
    """Return the ID of the execution that a rewind makes of another: 32 hex digits, always the same."""
    text = "\n".join((instance_id, execution_id or "", "rewound"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _rewind(
    instance_id: str,
    version: HistoryVersion,
    events: Sequence[Event],
    delivery: Delivery,
    row: Instance | None,
    children: Mapping[str, Instance | None],
    now: Ticks,
) -> Commit:
    request = delivery.message.event
    assert isinstance(request, ExecutionRewound)  # noqa: S101 (for the types)
    execution = Execution(instance_id, rewound_execution_id(instance_id, version.execution_id))
    anew = frozenset(_created_anew(events, children))
    tasks = frozenset(_failed_tasks(events))
    dropped = tasks | anew | frozenset(_failures_of_children(events))
    dropped |= frozenset(_pauses_after(events, dropped))
    kept: Sequence[Event] = [
        event for place, event in enumerate(events) if place not in dropped and not _is_end(event)
    ]
    kept = with_numbers(kept, numbers_in(events))
    kept = [_restarted(event, execution, request) for event in kept]
    written = (
        *kept,
        OrchestratorStarted(timestamp=now),
        request,
        OrchestratorCompleted(timestamp=now),
    )
    state = read(written)
    assert state.started is not None  # noqa: S101 (for the types)
    asked = [created for created, place in _children(events) if place not in anew]
    outbound = [
        *(_child_message(created, execution, state, request, now) for created in asked),
        *(_timer_message(created, execution, state) for created in _open_timers(events)),
    ]
    if tasks or anew or not asked:  # there is more to do than to wait for children
        outbound.append(_wake_up(execution, state, now))
    return Commit(
        instance_id=instance_id,
        outbound=tuple(outbound),
        activities=(),
        execution_id=execution.execution_id or "",
        base=version,
        events=written,
        replaces=True,
        instance=InstanceUpdate(
            execution_id=execution.execution_id or "",
            last_updated=now,
            custom_status=row.custom_status if row is not None else None,
            tags=state.started.tags,
            started=state.started,
            status=state.status,
            sets_output=True,
        ),
        consumed=(delivery,),
    )


def _adopt(
    instance_id: str,
    version: HistoryVersion,
    events: Sequence[Event],
    state: State,
    delivery: Delivery,
    row: Instance | None,
    now: Ticks,
) -> Commit:
    request = delivery.message.event
    assert isinstance(request, ExecutionRewound)  # noqa: S101 (for the types)
    execution = Execution(instance_id, version.execution_id)
    written = tuple(_restarted(event, execution, request) for event in events)
    started = next(event for event in written if isinstance(event, ExecutionStarted))
    actor = Actor(execution=execution, started=started, episode=state.episodes, now=now)
    answer = tell_parent(state.completed, actor) if state.completed is not None else None
    return Commit(
        instance_id=instance_id,
        outbound=(answer,) if answer is not None else (),
        activities=(),
        execution_id=version.execution_id or "",
        base=version,
        events=written,
        replaces=True,
        instance=InstanceUpdate(
            execution_id=version.execution_id or "",
            last_updated=row.last_updated if row is not None else now,
            custom_status=row.custom_status if row is not None else None,
            tags=started.tags,
        ),
        consumed=(delivery,),
    )


# -- what is taken out -----------------------------------------------------------------------------


def _is_end(event: Event) -> bool:
    return isinstance(event, ExecutionCompleted) and not isinstance(event, ContinueAsNew)


def _last_tries(events: Sequence[Event], kind: str, question: type[Event]) -> Iterator[_Try]:
    """Yield the last try of each action of *kind*."""
    action_of = numbers_in(events)
    last: dict[int, _Try] = {}
    for place, event in enumerate(events):
        if isinstance(event, question):
            last[action_of(event.event_id)] = _Try(event.event_id, place)
            continue
        answer = answer_of(event)
        if answer is None or answer[0] != kind:
            continue
        one = last.get(action_of(answer[1]))
        if one is not None and one.number == answer[1] and one.answered is None:
            one.answered = place
            one.failed = isinstance(event, TaskFailed | SubOrchestrationInstanceFailed)
    yield from last.values()


def _failed_tasks(events: Sequence[Event]) -> Iterator[int]:
    """Yield the places of activities that failed or have not answered, and of their failures."""
    for one in _last_tries(events, "task", TaskScheduled):
        if one.failed or one.answered is None:
            yield one.asked
        if one.failed and one.answered is not None:
            yield one.answered


def _failures_of_children(events: Sequence[Event]) -> Iterator[int]:
    for one in _last_tries(events, "child", SubOrchestrationInstanceCreated):
        if one.failed and one.answered is not None:
            yield one.answered


def _pauses_after(events: Sequence[Event], dropped: frozenset[int]) -> Iterator[int]:
    """Yield the places of the pauses after last tries whose failures are *dropped*."""
    pauses = Reading(last_pauses=LastPauses.ALL).last_pauses_of(events)
    failed = {answer_of(events[place]) for place in dropped}
    for place, event in enumerate(events):
        timer = event.timer_id if isinstance(event, TimerFired) else event.event_id
        is_timer = isinstance(event, TimerCreated | TimerFired) and timer in pauses
        if is_timer and {("task", pauses[timer]), ("child", pauses[timer])} & failed:
            yield place


def _children(
    events: Sequence[Event],
) -> Iterator[tuple[SubOrchestrationInstanceCreated, int]]:
    """Yield the children that failed or have not answered, and where their starts stand."""
    for one in _last_tries(events, "child", SubOrchestrationInstanceCreated):
        created = events[one.asked]
        assert isinstance(created, SubOrchestrationInstanceCreated)  # noqa: S101 (for the types)
        if (one.failed or one.answered is None) and FIRE_AND_FORGET not in (created.tags or {}):
            yield created, one.asked


def _created_anew(
    events: Sequence[Event], children: Mapping[str, Instance | None]
) -> Iterator[int]:
    """Yield the places of children that cannot be rewound; the orchestrator starts them once more.

    They were purged or terminated, or their ID belonged to another instance.
    """
    refused = {
        event.task_scheduled_id
        for event in events
        if isinstance(event, SubOrchestrationInstanceFailed)
        and event.failure is not None
        and event.failure.error_type == REFUSED
    }
    for created, place in _children(events):
        row = children.get(created.instance_id or "")
        lost = row is None or row.status in (Status.Terminated, Status.Canceled)
        if lost or created.event_id in refused:
            yield place


def _restarted(event: Event, execution: Execution, request: ExecutionRewound) -> Event:
    """Return *event*; a start gets the new execution ID, and that of its parent."""
    if not isinstance(event, ExecutionStarted):
        return event
    parent = event.parent
    if parent is not None and request.parent_execution_id:
        above = Execution(parent.execution.instance_id, request.parent_execution_id)
        parent = replace(parent, execution=above)
    return replace(event, execution=execution, parent=parent)


# -- what is sent ----------------------------------------------------------------------------------


def _child_message(
    created: SubOrchestrationInstanceCreated,
    parent: Execution,
    state: State,
    request: ExecutionRewound,
    now: Ticks,
) -> Message:
    child = created.instance_id or ""
    return Message(
        event=ExecutionRewound(
            timestamp=now,
            reason=request.reason,
            parent_execution_id=parent.execution_id,
            instance_id=child,
        ),
        target=Execution(child),
        sender=parent,
        episode=state.episodes,
    )


def _open_timers(events: Iterable[Event]) -> tuple[TimerCreated, ...]:
    waiting: dict[int, TimerCreated] = {}
    for event in events:
        if isinstance(event, TimerCreated):
            waiting[event.event_id] = event
        elif isinstance(event, TimerFired):
            waiting.pop(event.timer_id, None)
    return tuple(waiting.values())


def _timer_message(created: TimerCreated, execution: Execution, state: State) -> Message:
    fired = TimerFired(
        timestamp=created.timestamp, timer_id=created.event_id, fire_at=created.fire_at
    )
    return Message(
        event=fired,
        target=execution,
        sender=execution,
        episode=state.episodes,
        due=created.fire_at,
    )


def _wake_up(execution: Execution, state: State, now: Ticks) -> Message:
    """Return a message that only causes an episode: the instance runs when it arrives."""
    return Message(
        event=ExecutionRewound(timestamp=now, reason=""),
        target=execution,
        sender=execution,
        episode=state.episodes,
    )
