"""The structures in an event: executions, parents, trace contexts and failures, in protobuf and JSON."""

from dataclasses import asdict
from typing import Any

from durahub.model.failure import Failure
from durahub.model.history import Execution, Parent, Trace
from durahub.scheduler.proto_fields import ProtoField, beyond, number, plain, text, write_text

DEEPEST = 64
"""Causes behind causes that go into a body: parsers give up at 100 levels of messages."""


def execution(name: str) -> ProtoField:
    """Return an ``OrchestrationInstance``."""

    def put(body: Any, value: Execution) -> bool:
        return _put_execution(getattr(body, name), value)

    def get(body: Any) -> Execution:
        return _get_execution(getattr(body, name))

    return ProtoField(put, get, asdict, lambda found: Execution(**found))


def parent(name: str) -> ProtoField:
    """Return a ``ParentInstanceInfo``; unset is none."""

    def put(body: Any, value: Parent | None) -> bool:
        if value is None:
            return True
        info = getattr(body, name)
        exact = (
            _SCHEDULED.put(info, value.task_schedule_id),
            _NAME.put(info, value.name),
            _VERSION.put(info, value.version),
            _put_execution(info.orchestrationInstance, value.execution),
        )
        return all(exact)

    def get(body: Any) -> Parent | None:
        if not body.HasField(name):
            return None
        info = getattr(body, name)
        return Parent(
            name=_NAME.get(info),
            version=_VERSION.get(info),
            execution=_get_execution(info.orchestrationInstance),
            task_schedule_id=_SCHEDULED.get(info),
        )

    def from_json(found: Any) -> Parent:
        return Parent(**{**found, "execution": Execution(**found["execution"])})

    return ProtoField(put, get, asdict, from_json)


def trace(name: str, *, span: str | None = None) -> ProtoField:
    """Return a ``TraceContext``: the W3C part; *span* is the field of the orchestration's own span."""
    span_field = text(span) if span is not None else beyond()

    def put(body: Any, value: Trace | None) -> bool:
        if value is None:
            return True
        context = getattr(body, name)
        context.SetInParent()
        exact = (
            _PARENT.put(context, value.trace_parent),
            _STATE.put(context, value.trace_state),
            span_field.put(body, value.span_id),
            value.id is None and value.activity_start_time is None,
        )
        return all(exact)

    def get(body: Any) -> Trace | None:
        if not body.HasField(name):
            return None
        context = getattr(body, name)
        return Trace(
            trace_parent=_PARENT.get(context),
            trace_state=_STATE.get(context),
            span_id=span_field.get(body),
        )

    return ProtoField(put, get, asdict, lambda found: Trace(**found))


def failure(name: str) -> ProtoField:
    """Return a ``TaskFailureDetails``, its causes inside.

    The properties go beside it: its numbers are doubles, which not every number is.
    """

    def put(body: Any, value: Failure | None) -> bool:
        details, exact = getattr(body, name), True
        for depth, cause in enumerate(_causes(value)):
            if depth == DEEPEST:
                return False
            details = details if depth == 0 else details.innerFailure
            details.isNonRetriable = cause.non_retriable
            written = (
                write_text(details, "errorType", cause.error_type),
                write_text(details, "errorMessage", cause.message),
                _STACK.put(details, cause.stack_trace),
                cause.properties is None,
            )
            exact = exact and all(written)
        return exact

    def get(body: Any) -> Failure | None:
        return _failure_of(getattr(body, name)) if body.HasField(name) else None

    return ProtoField(put, get, failure_to_json, failure_from_json)


def failure_to_json(value: Failure | None) -> list[dict[str, Any]]:
    """Return a failure and its causes in a row: a chain may be longer than JSON is deep."""
    return [
        {
            "error_type": cause.error_type,
            "message": cause.message,
            "stack_trace": cause.stack_trace,
            "non_retriable": cause.non_retriable,
            "properties": dict(cause.properties) if cause.properties is not None else None,
        }
        for cause in _causes(value)
    ]


def failure_from_json(found: list[dict[str, Any]]) -> Failure | None:
    """Return the failure whose chain of causes *found* is."""
    chain: Failure | None = None
    for fields in reversed(found):
        chain = Failure(**fields, inner=chain)
    return chain


def _put_execution(target: Any, value: Execution) -> bool:
    exact = (
        write_text(target, "instanceId", value.instance_id),
        _EXECUTION_ID.put(target, value.execution_id),
    )
    return all(exact)


def _get_execution(target: Any) -> Execution:
    return Execution(target.instanceId, _EXECUTION_ID.get(target))


def _causes(value: Failure | None) -> list[Failure]:
    found = []
    while value is not None:
        found.append(value)
        value = value.inner
    return found


def _failure_of(details: Any) -> Failure:
    inner = _failure_of(details.innerFailure) if details.HasField("innerFailure") else None
    return Failure(
        error_type=details.errorType,
        message=details.errorMessage,
        stack_trace=_STACK.get(details),
        inner=inner,
        non_retriable=details.isNonRetriable,
    )


_NAME = text("name")
_VERSION = text("version")
_SCHEDULED = number("taskScheduledId")
_EXECUTION_ID = text("executionId")
_PARENT = plain("traceParent")
_STATE = text("traceState")
_STACK = text("stackTrace")
