"""Scenes for entities: counters, what is sent to them, and a worker that runs them."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion
from durahub.engine.entities.batch import EntityLimits, EntityTurn, begin_batch, finish_batch
from durahub.engine.entities.messages import (
    RELEASE,
    REQUEST,
    Release,
    Request,
    release_text,
    request_text,
)
from durahub.engine.entities.scheduler_state import SchedulerState, scheduler_state_of
from durahub.engine.entities.stamps import NONE, Stamp
from durahub.engine.entities.work import (
    EntityAnswer,
    EntityResult,
    Operation,
    OperationResult,
)
from durahub.model.history import Event, EventRaised, Execution, ExecutionStarted
from durahub.model.message import Message
from durahub.model.ticks import Ticks, parse

NOW = parse("2026-11-21T12:00:00Z")
ENTITY = "@counter@a"
CALLER = "order-7"
RUN = "5a0f1b0a3d5c4c1f8a58a3d2f06b9d11"

_keys = count()


def guid(number: int) -> str:
    return str(uuid.UUID(int=number))


def guids() -> Callable[[], str]:
    numbers: Iterator[int] = count(1)
    return lambda: guid(next(numbers) + (0xABC << 100))


def signal(name: str = "add", value: str | None = "1", *, number: int = 1) -> Request:
    """Return what a client sends."""
    return Request(id=guid(number), operation=name, signal=True, input=value)


def call(
    name: str = "add",
    value: str | None = "1",
    *,
    number: int = 2,
    parent: str = CALLER,
    run: str | None = RUN,
    at: Ticks | None = None,
    after: Ticks | None = None,
) -> Request:
    """Return a call of an orchestration, labelled with its time and that of the call before it."""
    return Request(
        id=guid(number),
        operation=name,
        input=value,
        parent=parent,
        parent_execution=run,
        timestamp=Stamp(at) if at is not None else Stamp(NOW),
        predecessor=Stamp(after) if after is not None else NONE,
    )


def lock(*entities: str, number: int = 3, parent: str = CALLER, at: Ticks = NOW) -> Request:
    return Request(
        id=guid(number),
        operation=None,
        parent=parent,
        parent_execution=RUN,
        timestamp=Stamp(at),
        lock_set=entities,
    )


def raised(name: str, text: str | None, *, entity: str = ENTITY, key: str = "") -> Delivery:
    event = EventRaised(timestamp=NOW, name=name, input=text)
    message = Message(event=event, target=Execution(entity))
    return Delivery(key or f"m-{next(_keys)}", "hub-control-00", message)


def sent(request: Request, *, name: str = REQUEST, key: str = "") -> Delivery:
    return raised(name, request_text(request), key=key)


def released(parent: str = CALLER, number: int = 3) -> Delivery:
    return raised(RELEASE, release_text(Release(parent, guid(number))))


def turn_of(
    events: Sequence[Event],
    *deliveries: Delivery,
    now: Ticks = NOW,
    operations: int | None = None,
    window: float = 1800.0,
    entity: str = ENTITY,
) -> EntityTurn:
    """Return the batch that *deliveries* make behind a history of *events*."""
    limits = EntityLimits(operations=operations, reorder_window=window)
    version = version_of(events)
    return begin_batch(entity, version, events, deliveries, now, limits=limits)


def version_of(events: Sequence[Event]) -> HistoryVersion:
    for event in events:
        if isinstance(event, ExecutionStarted):
            return HistoryVersion(event.execution.execution_id, len(events), "etag-1")
    return NO_HISTORY


def count_up(state: str | None, operations: Sequence[Operation]) -> EntityResult:
    """Run the operations of a counter: add a number, look, delete; anything else does nothing."""
    results = []
    for operation in operations:
        if operation.name == "add":
            state = str(int(state or "0") + int(operation.input or "0"))
        if operation.name == "delete":
            state = None
        results.append(OperationResult(result=state))
    return EntityResult(results=tuple(results), state=state)


def finished(turn: EntityTurn, answer: EntityAnswer | None = None, now: Ticks = NOW) -> Commit:
    """Return the commit of *turn* when its worker answers with *answer*, or counts up."""
    if answer is None:
        answer = count_up(turn.state, turn.operations)
    return finish_batch(turn, answer, now, guids())


def after(*deliveries: Delivery, events: Sequence[Event] = ()) -> Commit:
    """Return the commit of the batch that *deliveries* make."""
    return finished(turn_of(events, *deliveries))


def state_of(commit: Commit) -> SchedulerState:
    """Return the scheduler state that a commit writes."""
    (started,) = (event for event in commit.events if isinstance(event, ExecutionStarted))
    return scheduler_state_of(started.input)


def told(commit: Commit) -> list[tuple[str, str | None, str | None]]:
    """Return who is told what: target, name and text of each message."""
    found = []
    for message in commit.outbound:
        assert isinstance(message.event, EventRaised)
        found.append((message.target.instance_id, message.event.name, message.event.input))
    return found
