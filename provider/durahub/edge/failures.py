"""Failures: ours, the wire's ``TaskFailureDetails``, and what older hubs hold instead.

A .NET process in its older error mode stores no failure but a ``Reason`` (the message) and, where it
is told to, ``Details``: the exception as Newtonsoft serialises it. Clients need a failure all the same.
"""

from collections.abc import Mapping
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import json_of, string_value, text_of, value_of
from durahub.model.failure import Failure
from durahub.model.history import SubOrchestrationInstanceFailed, TaskFailed
from durahub.model.json_text import loads

DEEPEST = 64
"""Causes behind causes that are followed; the rest is dropped."""

UNKNOWN = "(unknown)"
"""The error type where none is known."""

TERMINATED = "Terminated"
"""The error type of a child that DTFx reports with its termination's text and nothing else."""


def failure_to_proto(failure: Failure, depth: int = 1) -> pb.TaskFailureDetails:
    """Return *failure* for the wire."""
    inner = failure.inner if depth < DEEPEST else None
    return pb.TaskFailureDetails(
        errorType=failure.error_type or UNKNOWN,
        errorMessage=failure.message,
        stackTrace=string_value(failure.stack_trace),
        innerFailure=failure_to_proto(inner, depth + 1) if inner is not None else None,
        isNonRetriable=failure.non_retriable,
        properties={key: value_of(content) for key, content in (failure.properties or {}).items()},
    )


def failure_from_proto(details: pb.TaskFailureDetails, depth: int = 1) -> Failure:
    """Return the failure that a worker reports."""
    followed = details.HasField("innerFailure") and depth < DEEPEST
    return Failure(
        error_type=details.errorType or UNKNOWN,
        message=details.errorMessage,
        stack_trace=text_of(details, "stackTrace"),
        inner=failure_from_proto(details.innerFailure, depth + 1) if followed else None,
        non_retriable=details.isNonRetriable,
        properties={key: json_of(value) for key, value in details.properties.items()} or None,
    )


def failure_of_event(event: TaskFailed | SubOrchestrationInstanceFailed) -> Failure:
    """Return the failure of *event*; where none is stored, one made of what is."""
    if event.failure is not None:
        return event.failure
    exception = _exception(event.details)
    if exception is not None:
        return _from_newtonsoft(exception)
    child_ended = isinstance(event, SubOrchestrationInstanceFailed) and event.details is None
    return Failure(
        error_type=TERMINATED if child_ended else UNKNOWN,
        message=event.reason or "",
        stack_trace=event.details,
    )


def _exception(details: str | None) -> Mapping[str, Any] | None:
    """Return the exception that *details* holds as Newtonsoft's JSON, if it does."""
    if not details or not details.lstrip().startswith("{"):
        return None
    try:
        found = loads(details)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("ClassName"), str) else None


def _from_newtonsoft(exception: Mapping[str, Any], depth: int = 1) -> Failure:
    inner = exception.get("InnerException")
    stack = exception.get("StackTraceString")
    return Failure(
        error_type=str(exception.get("ClassName") or UNKNOWN),
        message=str(exception.get("Message") or ""),
        stack_trace=stack if isinstance(stack, str) else None,
        inner=_from_newtonsoft(inner, depth + 1)
        if isinstance(inner, dict) and depth < DEEPEST
        else None,
    )
