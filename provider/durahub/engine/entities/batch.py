"""One batch of an entity: from the messages taken to the operations for a worker, and on to the `Commit`.

`begin_batch` sorts the messages into the entity's queue and takes from it what may run now; nothing of
that is stored before `finish_batch`. Until then the messages are still queued, so a batch that is lost
is simply begun again. Every batch ends with a new execution whose start holds the scheduler state.

Source: DurableTask.Core, ``TaskEntityDispatcher.cs``; orchestration semantics 5.4 to 5.7.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.engine.entities.intake import Intake, is_readable
from durahub.engine.entities.messages import Request
from durahub.engine.entities.outbox import Outbox
from durahub.engine.entities.scheduler_state import (
    SchedulerState,
    scheduler_state_of,
    scheduler_state_text,
    status_text,
)
from durahub.engine.entities.sorter import REORDER_WINDOW
from durahub.engine.entities.work import (
    EntityAnswer,
    EntityBatchDone,
    EntityResult,
    EntityStatus,
    Operation,
)
from durahub.errors import BadMessage, BadRequest, BadRow
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
)
from durahub.model.instance import Instance
from durahub.model.ticks import MINIMUM, Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityLimits:
    """How many operations a batch has at most (``None``: any number), and the sorter's window.

    ``for_functions``: states are written so that Durable Functions finds their entities.
    """

    operations: int | None = 5000
    reorder_window: float = REORDER_WINDOW  # seconds; 0 turns the sorting off
    for_functions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityTurn:
    """The work of one batch. Without ``operations`` no worker is needed.

    ``execution_id`` is that of the history read, ``""`` if there is none; ``base`` is that history,
    ``sources`` the deliveries behind the batch. ``requests`` are the operations as they were sent,
    ``scheduler`` is the state without them. ``early`` came before they were due.
    """

    instance_id: str
    execution_id: str
    state: str | None
    operations: tuple[Operation, ...]
    base: HistoryVersion
    sources: tuple[Delivery, ...]
    episode: int
    next_execution_id: str
    scheduler: SchedulerState
    requests: tuple[Request, ...]
    lock: Request | None
    early: tuple[Request, ...]
    is_cut: bool  # by the limit of operations
    limits: EntityLimits


def judge_batch(
    version: HistoryVersion,  # noqa: ARG001 (as `inbox.judge` has it)
    events: Sequence[Event],  # noqa: ARG001
    deliveries: Iterable[Delivery],
    consumed: AbstractSet[str],
) -> tuple[list[Delivery], list[Delivery]]:
    """Return which messages to an entity are taken, and which mean nothing and are dropped.

    Only raised events mean anything here. Those whose keys are in *consumed* have been in a batch that
    was written; one that nobody can read would stop the entity for ever.
    """
    take: list[Delivery] = []
    drop: list[Delivery] = []
    for delivery in deliveries:
        event = delivery.message.event
        is_new = isinstance(event, EventRaised) and delivery.key not in consumed
        (take if is_new and is_readable(event) else drop).append(delivery)
    return take, drop


def begin_batch(
    instance_id: str,
    version: HistoryVersion,
    events: Sequence[Event],
    taken: Sequence[Delivery],
    now: Ticks,
    *,
    limits: EntityLimits,
) -> EntityTurn:
    """Return the batch that the *taken* messages make. Raises `BadRow` if the state is unreadable.

    Raised events in the history belong to a batch that Durable Functions 2.x had not finished.
    """
    started = next((event for event in events if isinstance(event, ExecutionStarted)), None)
    try:
        before = scheduler_state_of(started.input if started is not None else None)
        if limits.for_functions:
            before = replace(before, writes_exists=True)
        intake = Intake(before, now, limits.reorder_window)
        for event in (*events, *(delivery.message.event for delivery in taken)):
            if isinstance(event, EventRaised):
                intake.add(event)
    except BadMessage as error:
        raise BadRow(instance_id, error.problem) from None
    scheduler = intake.finished()
    queue = list(scheduler.queue)
    requests, lock, is_cut = _take_from(queue, scheduler, limits.operations)
    return EntityTurn(
        instance_id=instance_id,
        execution_id=version.execution_id or "",
        state=scheduler.state,
        operations=tuple(operation_of(request) for request in requests),
        base=version,
        sources=tuple(taken),
        episode=1 + sum(isinstance(event, OrchestratorStarted) for event in events),
        next_execution_id=_next_execution_id(instance_id, version, taken),
        scheduler=replace(scheduler, queue=tuple(queue)),
        requests=tuple(requests),
        lock=lock,
        early=intake.early,
        is_cut=is_cut,
        limits=limits,
    )


def _take_from(
    queue: list[Request], scheduler: SchedulerState, most: int | None
) -> tuple[list[Request], Request | None, bool]:
    """Take from *queue* what may run: operations, then perhaps a lock; whether the limit ended it."""
    requests: list[Request] = []
    taken = 0
    lock = None
    is_cut = False
    for request in queue if not scheduler.suspended else ():
        if scheduler.locked_by is not None and scheduler.locked_by != request.parent:
            break
        if most is not None and len(requests) >= most:
            is_cut = True
            break
        taken += 1
        if request.is_lock:
            lock = request
            break
        requests.append(request)
    del queue[:taken]
    return requests, lock, is_cut


def operation_of(request: Request) -> Operation:
    """Return a request as the operation that a worker runs."""
    return Operation(
        request_id=request.id,
        name=request.operation or "",
        signal=request.signal,
        input=request.input,
        scheduled=request.due,
        parent_instance_id=request.parent,
        parent_execution_id=request.parent_execution,
        trace=request.trace,
        requested=request.requested,
    )


def _next_execution_id(instance_id: str, version: HistoryVersion, taken: Sequence[Delivery]) -> str:
    """Return the ID of the execution that follows: the same when the same messages come again."""
    causes = (repr(replace(d.message.event, timestamp=MINIMUM)) for d in taken)
    text = "\n".join((instance_id, version.execution_id or "", *causes))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def finish_batch(
    turn: EntityTurn, answer: EntityAnswer, now: Ticks, new_id: Callable[[], str]
) -> Commit:
    """Return what a worker's *answer* makes of *turn*; of one without operations it is not looked at.

    *new_id* returns GUIDs: the IDs of signals, and of orchestrations whose ID is left to the backend.
    Raises `BadRequest` if the answer has results of more operations than there were, or of none: a
    worker that could do nothing at all is asked again later.
    """
    executed = _executed(turn, answer)
    outbox = Outbox(
        sender=Execution(turn.instance_id, turn.execution_id or turn.next_execution_id),
        episode=turn.episode,
        now=now,
        sorting=turn.scheduler.sorting,
        window=turn.limits.reorder_window,
        new_id=new_id,
        next_execution_id=turn.next_execution_id,
    )
    scheduler = turn.scheduler
    deferred = turn.requests[executed:]
    lock = turn.lock
    if deferred:
        put_back = (*deferred, lock) if lock is not None else deferred
        scheduler = replace(scheduler, queue=(*put_back, *scheduler.queue))
        lock = None
    if turn.requests:
        scheduler = replace(scheduler, state=answer.state)
        _send_what_it_did(outbox, turn, answer)
    if lock is not None:
        queue = _holder_first(scheduler.queue, lock.parent)
        scheduler = replace(scheduler, locked_by=lock.parent, queue=queue)
        outbox.pass_lock(lock.at_next_lock())
    for request in turn.early:
        outbox.send_again(request)
    if deferred or turn.is_cut or (lock is not None and _may_go_on(scheduler)):
        outbox.go_on()
    return _commit(turn, replace(scheduler, sorting=outbox.sorting), outbox, now)


def _holder_first(queue: Sequence[Request], holder: str | None) -> tuple[Request, ...]:
    """Return *queue* with the holder's operations before all others.

    There are some if the lock was granted by a batch whose checkpoint was lost: the holder went on, and waits
    for what stands behind those whom the lock keeps waiting.
    """
    own = (request for request in queue if request.parent == holder)
    return (*own, *(request for request in queue if request.parent != holder))


def _may_go_on(scheduler: SchedulerState) -> bool:
    """Tell whether the first in the queue may run: the holder's own, behind a lock that came twice."""
    return bool(scheduler.queue) and scheduler.queue[0].parent == scheduler.locked_by


def _executed(turn: EntityTurn, answer: EntityAnswer) -> int:
    if not turn.requests:
        return 0
    executed = answer.executed if isinstance(answer, EntityBatchDone) else len(answer.results)
    if not 0 < executed <= len(turn.requests):
        raise BadRequest(
            f"entity {turn.instance_id!r} was given {len(turn.requests)} operations"
            f" and answered with {executed}"
        )
    return executed


def _send_what_it_did(outbox: Outbox, turn: EntityTurn, answer: EntityAnswer) -> None:
    match answer:
        case EntityResult():
            for request, result in zip(turn.requests, answer.results, strict=False):
                outbox.respond(request, result)
            for action in answer.actions:
                outbox.act(action)
        case EntityBatchDone():
            for message in answer.messages:
                outbox.forward(message)


def repair_of_entity(
    version: HistoryVersion, events: Sequence[Event], row: Instance | None
) -> InstanceUpdate | None:
    """Return what brings an entity's *row* in line with its history, ``None`` where they agree.

    Each batch is an execution of its own: a row of another one is that of a batch before.
    """
    started = next((event for event in events if isinstance(event, ExecutionStarted)), None)
    if started is None or (row is not None and row.execution_id == version.execution_id):
        return None
    try:
        status = scheduler_state_of(started.input).status
    except BadMessage:
        return None
    return _update(version.execution_id or "", started, status)


def _update(execution_id: str, started: ExecutionStarted, status: EntityStatus) -> InstanceUpdate:
    return InstanceUpdate(
        execution_id=execution_id,
        last_updated=started.timestamp,
        custom_status=status_text(status),
        started=started,
        status=Status.Running,
    )


def _commit(turn: EntityTurn, scheduler: SchedulerState, outbox: Outbox, now: Ticks) -> Commit:
    execution_id = turn.next_execution_id
    started = ExecutionStarted(
        timestamp=now,
        execution=Execution(turn.instance_id, execution_id),
        name=turn.instance_id,
        version="",
        input=scheduler_state_text(scheduler),
    )
    return Commit(
        instance_id=turn.instance_id,
        execution_id=execution_id,
        base=turn.base,
        outbound=tuple(outbox.messages),
        activities=(),
        events=(
            OrchestratorStarted(timestamp=now),
            started,
            OrchestratorCompleted(timestamp=now),
        ),
        replaces=True,
        instance=_update(execution_id, started, scheduler.status),
        consumed=turn.sources,
    )
