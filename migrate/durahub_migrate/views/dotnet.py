"""Histories as the ExportHistory of the .NET, JavaScript and Java SDKs writes them.

A file for each instance: JSON Lines in gzip, an event a line, no header; members in camel case, those that
are null left out. It is called for the SHA-256 of when the instance was last updated and of its ID.

Source: ``ExportInstanceHistoryActivity`` of durabletask-dotnet; ``HistoryEventSerializer`` of
durabletask-java, whose golden file shows each event. What these lack is lost: trace contexts, tags of
children, properties of failures, and members that only rows have. Reasons and details of version 1 are
added, under DurableTask.Core's names.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping

from durahub.model.failure import Failure
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    Parent,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    Tags,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import MINIMUM, Ticks, to_round_trip_text, to_text
from durahub.stored import StoredInstance
from durahub_migrate.bundle.canonical import utf8
from durahub_migrate.views.html_safe import Value, encode

_Members = Iterator[tuple[str, Value | None]]


def file_name(instance: StoredInstance) -> str:
    """Return what the file of an instance is called."""
    updated = instance.last_updated if instance.last_updated is not None else Ticks(MINIMUM)
    return f"{name_digest(to_round_trip_text(updated)[:-1] + '+00:00', instance)}.jsonl.gz"


def name_digest(moment: str, instance: StoredInstance) -> str:
    """Return the digest that names a file: of .NET's ``O`` text of a moment with its offset, and the ID."""
    return hashlib.sha256(utf8(f"{moment}|{instance.instance_id}")).hexdigest()


def content(instance: StoredInstance) -> bytes:
    """Return the file of an instance; the same bytes every time."""
    lines = "".join(line(stored.event) + "\n" for stored in instance.history)
    return gzip.compress(lines.encode("ascii"), compresslevel=6, mtime=0)


def line(event: Event) -> str:
    """Return the line of an event."""
    members = dict(_kept(_members(event)))
    event_id = -1 if isinstance(event, TimerFired) else event.event_id
    return encode(
        {
            "eventType": event.type.name,
            **members,
            "eventId": event_id,
            "isPlayed": False,
            "timestamp": to_text(event.timestamp),
        }
    )


def _members(event: Event) -> _Members:
    match event:
        case ExecutionStarted():
            yield "parentInstance", _parent(event.parent)
            yield from _called(event.name, event.version, event.input)
            yield "tags", _tags(event.tags)
            yield "scheduledStartTime", _moment(event.scheduled_start)
            yield "orchestrationInstance", _execution(event.execution)
        case ContinueAsNew():
            yield "orchestrationStatus", "ContinuedAsNew"
            yield "result", event.result
        case ExecutionCompleted():
            yield "orchestrationStatus", event.status.name
            yield "result", event.result
            yield "failureDetails", _failure(event.failure)
        case ExecutionTerminated():
            yield "input", event.input
        case ExecutionSuspended() | ExecutionResumed():
            yield "reason", event.reason
        case TaskScheduled():
            yield from _called(event.name, event.version, event.input)
            yield "tags", _tags(event.tags)
        case SubOrchestrationInstanceCreated():
            yield "name", event.name
            yield "version", event.version
            yield "instanceId", event.instance_id
            yield "input", event.input
        case TimerCreated():
            yield "fireAt", to_text(event.fire_at)
        case EventSent():
            yield "instanceId", event.instance_id
            yield "name", event.name
            yield "input", event.input
        case EventRaised():
            yield "name", event.name
            yield "input", event.input
        case GenericEvent():
            yield "data", event.data
        case _:
            yield from _answer(event)


def _answer(event: Event) -> _Members:
    match event:
        case TaskCompleted() | SubOrchestrationInstanceCompleted():
            yield "taskScheduledId", event.task_scheduled_id
            yield "result", event.result
        case TaskFailed() | SubOrchestrationInstanceFailed():
            yield "taskScheduledId", event.task_scheduled_id
            yield "reason", event.reason
            yield "details", event.details
            yield "failureDetails", _failure(event.failure)
        case TimerFired():
            yield "timerId", event.timer_id
            yield "fireAt", to_text(event.fire_at)


def _called(name: str | None, version: str | None, text: str | None) -> _Members:
    yield from (("name", name), ("version", version), ("input", text))


def _parent(parent: Parent | None) -> Value | None:
    if parent is None:
        return None
    members: list[tuple[str, Value | None]] = [
        ("name", parent.name),
        ("orchestrationInstance", _execution(parent.execution)),
        ("taskScheduleId", parent.task_schedule_id),  # not "scheduled": so it is called there
        ("version", parent.version),
    ]
    return dict(_kept(iter(members)))


def _execution(execution: Execution) -> Value:
    members: list[tuple[str, Value | None]] = [
        ("instanceId", execution.instance_id),
        ("executionId", execution.execution_id),
    ]
    return dict(_kept(iter(members)))


def _failure(failure: Failure | None) -> Value | None:
    if failure is None:
        return None
    members: list[tuple[str, Value | None]] = [
        ("errorType", failure.error_type),
        ("errorMessage", failure.message),
        ("stackTrace", failure.stack_trace),
        ("innerFailure", _failure(failure.inner)),
        ("isNonRetriable", failure.non_retriable),
    ]
    return dict(_kept(iter(members)))


def _tags(tags: Tags | None) -> Mapping[str, Value]:
    return dict(tags or {})  # never null there: protobuf has empty maps


def _moment(ticks: Ticks | None) -> str | None:
    return to_text(ticks) if ticks is not None else None


def _kept(members: _Members) -> Iterator[tuple[str, Value]]:
    for name, found in members:
        if found is not None:
            yield name, found
