"""Messages and commits of an imagined shop, for the conformance tests."""

import uuid
from typing import Any

from durahub.dispatch.clock import system_clock
from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskScheduled,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later


def start(instance_id: str, **fields: Any) -> Message:
    """Return a client's start message."""
    execution = Execution(instance_id, uuid.uuid4().hex)
    values: dict[str, Any] = {"timestamp": system_clock(), "generation": 0} | fields
    event = ExecutionStarted(execution=execution, name="ProcessOrder", version="", **values)
    return Message(event=event, target=execution, due=event.scheduled_start)


def started(message: Message) -> ExecutionStarted:
    assert isinstance(message.event, ExecutionStarted)
    return message.event


def raised(instance_id: str, name: str = "Approval", text: str | None = "true") -> Message:
    """Return an external event."""
    event = EventRaised(timestamp=system_clock(), name=name, input=text)
    return Message(event=event, target=Execution(instance_id))


def timer(target: Execution, fire_at: Ticks) -> Message:
    """Return a timer's message."""
    event = TimerFired(timestamp=system_clock(), timer_id=1, fire_at=fire_at)
    return Message(event=event, target=target, sender=target, episode=1, due=fire_at)


def in_seconds(seconds: float) -> Ticks:
    return later(system_clock(), seconds)


def activity(target: Execution, action: int = 0, text: str = "[42]") -> Message:
    """Return a message to the work-item queue."""
    event = TaskScheduled(
        event_id=action, timestamp=system_clock(), name="ChargeCard", version="", input=text
    )
    return Message(event=event, target=target, sender=target, episode=1, tags={})


def result(work: Delivery, text: str = '"paid"') -> Message:
    """Return an activity's answer."""
    task = work.message.event
    event = TaskCompleted(timestamp=system_clock(), task_scheduled_id=task.event_id, result=text)
    return Message(event=event, target=work.message.target, sender=work.message.target, episode=1)


def episode(delivery: Delivery, base: HistoryVersion = NO_HISTORY, **fields: Any) -> Commit:
    """Return the commit of an episode that *delivery* caused; more *fields* are the commit's own."""
    event = delivery.message.event
    now = system_clock()
    first = isinstance(event, ExecutionStarted)
    execution_id = (
        event.execution.execution_id if isinstance(event, ExecutionStarted) else base.execution_id
    )
    assert execution_id is not None
    status = fields.pop("status", Status.Running if first else None)
    output = fields.pop("output", None)
    custom_status = fields.pop("custom_status", None)
    ended = status is not None and status.is_terminal
    end = [ExecutionCompleted(event_id=9, timestamp=now, status=status, result=output)]
    more = fields.pop("more", [])
    values: dict[str, Any] = {
        "instance_id": delivery.message.target.instance_id,
        "outbound": (),
        "activities": (),
        "execution_id": execution_id,
        "base": base,
        "events": (
            OrchestratorStarted(timestamp=now),
            event,
            *more,
            *(end if ended else ()),
            OrchestratorCompleted(timestamp=now),
        ),
        "replaces": first,
        "instance": InstanceUpdate(
            execution_id=execution_id,
            last_updated=now,
            custom_status=custom_status,
            started=event if isinstance(event, ExecutionStarted) else None,
            status=status,
            completed=now if ended else None,
            sets_output=ended,
            output=output,
        ),
        "consumed": (delivery,),
    }
    return Commit(**(values | fields))
