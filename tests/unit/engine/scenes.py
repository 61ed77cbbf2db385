"""Scenes for the engine's tests: an execution, its messages, and what a worker answers."""

from collections.abc import Sequence

from durahub.engine.actions import Action, TurnResult
from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion
from durahub.engine.inbox import Verdict, judge
from durahub.engine.state import read
from durahub.engine.turn import Outcome, Turn, begin, finish
from durahub.model.history import Event, Execution, ExecutionStarted, Parent, Status, Tags
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later, parse

NOW = parse("2026-11-21T12:00:00Z")
ID = "order-7"
RUN = "5a0f1b0a3d5c4c1f8a58a3d2f06b9d11"
NEXT = "77aa55cc33ee11ff77aa55cc33ee11ff"


def started(
    *,
    instance_id: str = ID,
    run: str = RUN,
    parent: Parent | None = None,
    tags: Tags | None = None,
    scheduled: Ticks | None = None,
) -> ExecutionStarted:
    return ExecutionStarted(
        timestamp=later(NOW, -1),
        execution=Execution(instance_id, run),
        name="Order",
        version="",
        input='"in"',
        parent=parent,
        tags=tags,
        scheduled_start=scheduled,
        generation=None if parent else 0,
    )


def arrived(event: Event, *, run: str | None = None, key: str = "", times: int = 1) -> Delivery:
    """Return a delivery of *event* to the instance; *run* is the execution it is meant for."""
    if isinstance(event, ExecutionStarted):
        run = event.execution.execution_id
    message = Message(event=event, target=Execution(ID, run))
    return Delivery(key or f"m-{id(event)}", "hub-control-00", message, times)


def row(status: Status = Status.Pending, *, run: str = RUN, **more: object) -> Instance:
    facts: dict[str, object] = {
        "instance_id": ID,
        "execution_id": run,
        "name": "Order",
        "version": "",
        "status": status,
        "created": later(NOW, -1),
        "last_updated": later(NOW, -1),
        "generation": 0,
    }
    return Instance(**{**facts, **more})  # type: ignore[arg-type]


def verdict(
    events: Sequence[Event], *batch: Delivery, row: Instance | None = None, now: Ticks = NOW
) -> Verdict:
    """Judge *batch* against a history of *events*."""
    return judge(version_of(events), read(events), batch, row, now)


def version_of(events: Sequence[Event]) -> HistoryVersion:
    for event in events:
        if isinstance(event, ExecutionStarted):
            return HistoryVersion(event.execution.execution_id, len(events), "etag-1")
    return NO_HISTORY


def turn_of(
    events: Sequence[Event], *batch: Delivery, row: Instance | None = None, now: Ticks = NOW
) -> Turn:
    """Return the turn that *batch* causes."""
    judged = verdict(events, *batch, row=row, now=now)
    return begin(ID, version_of(events), events, read(events), judged.start, judged.take, now)


def first_turn(event: ExecutionStarted | None = None, *more: Delivery) -> Turn:
    return turn_of((), arrived(event or started()), *more, row=row())


def ended(turn: Turn, *actions: Action, status: str | None = None) -> Commit:
    """Return the commit of *turn* when its worker answers with *actions*."""
    outcome = finish(turn, TurnResult(actions=actions, custom_status=status), NOW, NEXT)
    assert isinstance(outcome, Outcome)
    return outcome.commit


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.type.name for event in events]
