"""Chooses the messages of an episode: what to take, drop, put back, answer or repair.

The rules are those of DTFx with the differences that lose nothing: an event for an instance that is
about to start waits for it, a second answer to one action is not stored, a start that was terminated
before its time never runs, and a child whose ID is taken tells its parent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from durahub.engine.commit import Delivery, HistoryVersion, InstanceUpdate
from durahub.engine.state import Answer, State, answer_of
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    Status,
    SubOrchestrationInstanceFailed,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks, seconds_between

LONGEST_DELAY = 600.0  # seconds; DTFx's
START_PATIENCE = 10  # deliveries of a start message that no row belongs to
ANSWER_PATIENCE = 5  # deliveries of an answer to an instance without history
EVENT_PATIENCE = 4  # deliveries of an event for an instance that does not exist (yet)


def backoff(deliveries: int) -> float:
    """Return the seconds for which a message is put back, after *deliveries* (from 1)."""
    return min(2.0 ** min(deliveries, 30), LONGEST_DELAY)


@dataclass(frozen=True, slots=True)
class Repair:
    """An instance row to be written without a checkpoint."""

    update: InstanceUpdate
    insert: bool  # also if there is no row


@dataclass(slots=True)
class Verdict:
    """What becomes of a batch. Every delivery of the batch is in exactly one of the three lists."""

    take: list[Delivery] = field(default_factory=list)
    drop: list[Delivery] = field(default_factory=list)
    defer: list[tuple[Delivery, float]] = field(default_factory=list)
    start: ExecutionStarted | None = None  # among ``take``: a new execution begins
    replies: list[Message] = field(default_factory=list)
    repair: Repair | None = None


def needs_row(state: State, batch: Sequence[Delivery]) -> bool:
    """Tell whether `judge` needs the instance row: for a root start, or where nothing is running."""
    if not state.is_live:
        return True
    return any(
        isinstance(delivery.message.event, ExecutionStarted)
        and delivery.message.event.parent is None
        for delivery in batch
    )


def judge(
    version: HistoryVersion,
    state: State,
    batch: Sequence[Delivery],
    row: Instance | None,
    now: Ticks,
    consumed: frozenset[str] = frozenset(),
) -> Verdict:
    """Return what becomes of *batch*, given the stored history and, where needed, the row.

    *consumed* are the keys of messages that the history holds already, though they came again.
    """
    verdict = Verdict()
    others: list[Delivery] = []
    for delivery in batch:
        event = delivery.message.event
        if delivery.key in consumed:
            verdict.drop.append(delivery)
        elif isinstance(event, ExecutionStarted):
            _judge_start(verdict, version, state, delivery, event, row, now)
        else:
            others.append(delivery)
    if verdict.start is not None:
        episode = _Episode(verdict.start.execution.execution_id, State(started=verdict.start))
        _judge_others(verdict, episode, others, now)
    elif state.is_live:
        _judge_others(verdict, _Episode(version.execution_id, state), others, now)
    elif state.started is not None:
        verdict.drop.extend(others)
        verdict.repair = _repair_of_ended(version, state, row)
    else:
        for delivery in others:
            _judge_without_history(verdict, delivery, row, now)
    return verdict


def _judge_start(
    verdict: Verdict,
    version: HistoryVersion,
    state: State,
    delivery: Delivery,
    event: ExecutionStarted,
    row: Instance | None,
    now: Ticks,
) -> None:
    execution_id = event.execution.execution_id
    if state.started is not None and _same(execution_id, version.execution_id):
        verdict.drop.append(delivery)  # it has begun: a redelivery
    elif verdict.start is not None:
        verdict.defer.append((delivery, 1.0))  # one execution at a time
    elif event.parent is not None:
        _judge_child_start(verdict, state, delivery, event)
    elif row is None:
        _hold(verdict, delivery, START_PATIENCE)
    elif row.execution_id is not None and not _same(execution_id, row.execution_id):
        if _lost_the_race(event, row):
            verdict.drop.append(delivery)
        else:
            _hold(verdict, delivery, START_PATIENCE)
    elif row.status.is_terminal and row.execution_id is not None:
        verdict.drop.append(delivery)  # terminated before it began; DTFx would run it after all
    elif event.scheduled_start is not None and event.scheduled_start > now:
        verdict.defer.append((delivery, seconds_between(now, event.scheduled_start)))
    else:
        _take_start(verdict, delivery, event)


def _judge_child_start(
    verdict: Verdict, state: State, delivery: Delivery, event: ExecutionStarted
) -> None:
    old = state.started
    if old is not None and _owner(old) == _owner(event):
        verdict.drop.append(delivery)  # sent again by a parent that ran again
    elif state.is_live:
        verdict.drop.append(delivery)
        verdict.replies.append(_refusal(event))
    else:
        _take_start(verdict, delivery, event)


def _take_start(verdict: Verdict, delivery: Delivery, event: ExecutionStarted) -> None:
    verdict.start = event
    verdict.take.insert(0, delivery)


@dataclass(slots=True)
class _Episode:
    """What the messages taken so far make of the execution."""

    execution_id: str | None
    state: State


def _judge_others(
    verdict: Verdict, episode: _Episode, others: Sequence[Delivery], now: Ticks
) -> None:
    state = episode.state
    answers: set[Answer | None] = set(state.answers)
    suspended = state.suspended
    for delivery in others:
        event = delivery.message.event
        target = delivery.message.target.execution_id
        answer = answer_of(event)
        foreign = target is not None and not _same(target, episode.execution_id)
        if foreign or answer in answers:
            verdict.drop.append(delivery)
        elif answer is not None and answer[1] not in state.action_ids:
            # the answer overtook the checkpoint that holds the question
            verdict.defer.append((delivery, backoff(delivery.deliveries)))
        elif isinstance(event, TimerFired) and event.fire_at > now:
            verdict.defer.append((delivery, seconds_between(now, event.fire_at)))
        elif isinstance(event, ExecutionSuspended) and suspended:
            verdict.drop.append(delivery)
        else:
            if answer is not None:
                answers.add(answer)
            suspended = _suspended_after(event, suspended)
            verdict.take.append(delivery)


def _suspended_after(event: Event, suspended: bool) -> bool:
    if isinstance(event, ExecutionSuspended):
        return True
    return suspended and not isinstance(event, ExecutionResumed)


def _judge_without_history(
    verdict: Verdict, delivery: Delivery, row: Instance | None, now: Ticks
) -> None:
    event = delivery.message.event
    if answer_of(event) is not None or delivery.message.target.execution_id is not None:
        _hold(verdict, delivery, ANSWER_PATIENCE)
    elif row is None:
        if isinstance(event, EventRaised | ExecutionTerminated):
            _hold(verdict, delivery, EVENT_PATIENCE)  # a child may be about to start
        else:
            verdict.drop.append(delivery)
    elif row.status is not Status.Pending:
        # a finished instance whose history was purged, or a row that was never followed by a start
        _hold(verdict, delivery, ANSWER_PATIENCE)
    elif isinstance(event, ExecutionTerminated):
        verdict.drop.append(delivery)
        verdict.repair = Repair(_terminated_before_start(row, event, now), insert=False)
    elif isinstance(event, EventRaised | ExecutionSuspended | ExecutionResumed):
        verdict.defer.append((delivery, _until_start(row, delivery, now)))
    else:
        verdict.drop.append(delivery)


def _hold(verdict: Verdict, delivery: Delivery, patience: int) -> None:
    """Put *delivery* back for a while; drop it for good at its *patience*-th delivery."""
    if delivery.deliveries >= patience:
        verdict.drop.append(delivery)
    else:
        verdict.defer.append((delivery, backoff(delivery.deliveries)))


def _until_start(row: Instance, delivery: Delivery, now: Ticks) -> float:
    """Return how long a message waits for a start that is to come."""
    if row.scheduled_start is not None and row.scheduled_start > now:
        return seconds_between(now, row.scheduled_start) + 1.0
    return backoff(delivery.deliveries)


def _lost_the_race(event: ExecutionStarted, row: Instance) -> bool:
    """Tell whether two clients started one ID at once and *row* is the other's."""
    same_generation = (event.generation or 0) == (row.generation or 0)
    return same_generation and row.status is Status.Pending and row.created < event.timestamp


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.casefold() == other.casefold()


def _owner(started: ExecutionStarted) -> tuple[str | None, int] | None:
    parent = started.parent
    return (parent.execution.execution_id, parent.task_schedule_id) if parent else None


def _refusal(event: ExecutionStarted) -> Message:
    """Return what a parent is told whose child's ID belongs to another running instance."""
    assert event.parent is not None
    problem = f"an orchestration with the ID '{event.execution.instance_id}' is already running"
    return Message(
        event=SubOrchestrationInstanceFailed(
            timestamp=event.timestamp,
            task_scheduled_id=event.parent.task_schedule_id,
            reason=problem,
            failure=Failure(error_type="OrchestrationAlreadyExists", message=problem),
        ),
        target=event.parent.execution,
        sender=Execution(event.execution.instance_id, event.execution.execution_id),
    )


def _terminated_before_start(
    row: Instance, event: ExecutionTerminated, now: Ticks
) -> InstanceUpdate:
    return InstanceUpdate(
        execution_id=row.execution_id or "",
        last_updated=event.timestamp,
        custom_status=row.custom_status,
        tags=row.tags,
        status=Status.Terminated,
        completed=now,
        sets_output=True,
        output=event.input,
    )


def _repair_of_ended(version: HistoryVersion, state: State, row: Instance | None) -> Repair | None:
    """Return the repair of a row that disagrees with an ended history: a crash came between them."""
    ended, started = state.completed, state.started
    assert ended is not None
    assert started is not None
    if row is not None and not _same(row.execution_id, version.execution_id):
        return None  # the row belongs to a start that is still to come
    if row is not None and row.status == ended.status:
        return None
    return Repair(
        InstanceUpdate(
            execution_id=version.execution_id or "",
            last_updated=max(ended.timestamp, state.clock),
            custom_status=row.custom_status if row is not None else None,
            tags=started.tags,
            started=started,
            status=ended.status,
            completed=ended.timestamp,
            sets_output=True,
            output=str(ended.failure) if ended.failure else ended.result,
        ),
        insert=row is None,
    )
