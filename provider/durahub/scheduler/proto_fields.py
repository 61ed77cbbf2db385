"""How a field of an event stands in a protobuf body, and as JSON where the body cannot hold it.

A field's ``put`` writes as much as the body can hold and tells whether that was all of it; only what
was not exact is stored as JSON besides. Protobuf texts are UTF-8: half of a surrogate pair, which .NET
lets through, becomes ``?`` in the body and stands in the JSON.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from google.protobuf.message import Message

from durahub.model.failure import Failure
from durahub.model.history import Execution, Parent, Status, Trace
from durahub.model.ticks import Ticks, from_unix, to_unix

DEEPEST = 64
"""Causes behind causes that go into a body: parsers give up at 100 levels of messages."""


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class ProtoField:
    """A field: ``put(body, value)`` tells whether ``get(body)`` returns the same value.

    ``get`` raises `ValueError` for what no writer wrote. ``to_json`` returns what `json.dumps` takes,
    ``from_json`` undoes it.
    """

    put: Callable[[Any, Any], bool]
    get: Callable[[Any], Any]
    to_json: Callable[[Any], Any] = _same
    from_json: Callable[[Any], Any] = _same


def plain(name: str) -> ProtoField:
    """Return a text without presence: null is not told from ""."""

    def put(body: Any, value: str | None) -> bool:
        return _write(body, name, value or "") and value is not None

    return ProtoField(put, lambda body: getattr(body, name))


def text(name: str) -> ProtoField:
    """Return a ``StringValue``: unset is null."""

    def put(body: Any, value: str | None) -> bool:
        return value is None or _write(getattr(body, name), "value", value)

    def get(body: Any) -> str | None:
        return str(getattr(body, name).value) if body.HasField(name) else None

    return ProtoField(put, get)


def number(name: str) -> ProtoField:
    """Return an ``int32``; a number that does not fit goes beside it."""

    def put(body: Any, value: int) -> bool:
        try:
            setattr(body, name, value)
        except ValueError:
            return False
        return True

    return ProtoField(put, lambda body: getattr(body, name))


def flag(name: str) -> ProtoField:
    """Return a ``bool``."""

    def put(body: Any, value: bool) -> bool:
        setattr(body, name, value)
        return True

    return ProtoField(put, lambda body: getattr(body, name))


def moment(name: str, *, optional: bool = False) -> ProtoField:
    """Return a ``Timestamp``: exact, for a tick is 100 of its nanoseconds."""

    def put(body: Any, value: Ticks | None) -> bool:
        if value is not None:
            stamp = getattr(body, name)
            stamp.SetInParent()  # the first second of 1970 would write nothing
            stamp.seconds, stamp.nanos = to_unix(value)
        return True

    def get(body: Any) -> Ticks | None:
        if body.HasField(name):
            stamp = getattr(body, name)
            return from_unix(stamp.seconds, stamp.nanos)
        if optional:
            return None
        raise ValueError(f"{name} is not set")

    return ProtoField(put, get)


def status(name: str) -> ProtoField:
    """Return an ``OrchestrationStatus``; its numbers are ours."""

    def put(body: Any, value: Status) -> bool:
        setattr(body, name, int(value))
        return True

    return ProtoField(put, lambda body: Status(getattr(body, name)))


def tags(name: str) -> ProtoField:
    """Return a map of texts; an empty one is not told from none."""

    def put(body: Any, value: Mapping[str, str] | None) -> bool:
        if value is None:
            return True
        try:
            getattr(body, name).update(value)
        except UnicodeEncodeError:
            return False
        return bool(value)

    return ProtoField(put, lambda body: dict(getattr(body, name)) or None, to_json=dict)


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
                _write(details, "errorType", cause.error_type),
                _write(details, "errorMessage", cause.message),
                _STACK.put(details, cause.stack_trace),
                cause.properties is None,
            )
            exact = exact and all(written)
        return exact

    def get(body: Any) -> Failure | None:
        return _failure_of(getattr(body, name)) if body.HasField(name) else None

    return ProtoField(put, get, failure_to_json, failure_from_json)


def beyond(
    default: Any = None,
    to_json: Callable[[Any], Any] = _same,
    from_json: Callable[[Any], Any] = _same,
) -> ProtoField:
    """Return a field that the body has no place for; at its default nothing is stored."""
    return ProtoField(
        lambda _, value: bool(value == default), lambda _: default, to_json, from_json
    )


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
        _write(target, "instanceId", value.instance_id),
        _EXECUTION_ID.put(target, value.execution_id),
    )
    return all(exact)


def _get_execution(target: Any) -> Execution:
    return Execution(target.instanceId, _EXECUTION_ID.get(target))


def _write(target: Message, name: str, value: str) -> bool:
    target.SetInParent()  # an empty text is not a missing one
    try:
        setattr(target, name, value)
    except UnicodeEncodeError:
        setattr(target, name, value.encode("utf-8", "replace").decode())
        return False
    return True


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
