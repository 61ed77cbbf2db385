"""What an orchestration and entities say to each other, read off a history in DTFx's form.

A history holds ``EventSent`` with a JSON text, and ``EventRaised`` named by the GUID of the request that
it answers; what an answer means depends on that request. GUIDs are compared by value.

Source: orchestration semantics 5.9.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import (
    RELEASE,
    Release,
    Request,
    Response,
    guid_text,
    is_request_name,
    release_of,
    request_of,
    response_of,
)
from durahub.errors import BadMessage
from durahub.model.failure import Failure
from durahub.model.history import Event, EventRaised, EventSent
from durahub.model.json_text import member, read
from durahub.model.ticks import Ticks

DEEPEST = 64  # causes of a serialised exception


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCall:
    """An operation whose answer the orchestration waits for."""

    request_id: str
    operation: str
    target: str
    input: str | None = None
    scheduled: Ticks | None = None
    parent_instance_id: str | None = None
    parent_execution_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySignal:
    """An operation whose answer nobody waits for."""

    request_id: str
    operation: str
    target: str
    input: str | None = None
    scheduled: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityLockRequest:
    """A request for all locks of a set, one after the other."""

    critical_section_id: str
    lock_set: tuple[str, ...]
    position: int = 0
    parent_instance_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityUnlock:
    """The release of one lock."""

    critical_section_id: str
    target: str
    parent_instance_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCallDone:
    """The result of a call."""

    request_id: str
    output: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCallFailed:
    """The failure of a call."""

    request_id: str
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityLockGranted:
    """All locks of a set are held."""

    critical_section_id: str


NativeEvent: TypeAlias = (
    EntityCall
    | EntitySignal
    | EntityLockRequest
    | EntityUnlock
    | EntityCallDone
    | EntityCallFailed
    | EntityLockGranted
)


def request_sent(event: Event) -> Request | None:
    """Return the request that *event* sent to an entity; ``None`` if it sent none, or no readable one."""
    if not isinstance(event, EventSent) or not is_entity(event.instance_id):
        return None
    if not is_request_name(event.name):
        return None
    try:
        return request_of(event.input)
    except BadMessage:
        return None


def calls_sent(events: Iterable[Event]) -> Iterator[str]:
    """Yield the GUIDs of the requests that entities answer: calls, and requests for locks; no signals."""
    for event in events:
        request = request_sent(event)
        if request is not None and not request.signal:
            yield guid_text(request.id)


def release_sent(event: Event) -> Release | None:
    """Return the release that *event* sent to an entity; ``None`` if it sent none, or no readable one."""
    if not isinstance(event, EventSent) or not is_entity(event.instance_id):
        return None
    if event.name != RELEASE:
        return None
    try:
        return release_of(event.input)
    except BadMessage:
        return None


def native_events(events: Iterable[Event]) -> list[NativeEvent | None]:
    """Return what each of *events* is in terms of entities; ``None`` if it has nothing to do with them.

    An answer is recognised only behind its request.
    """
    asked: dict[str, Request] = {}
    found: list[NativeEvent | None] = []
    for event in events:
        native: NativeEvent | None = None
        match event:
            case EventSent():
                request = request_sent(event)
                if request is None:
                    native = _unlock(event)
                else:
                    native = _request(request, event.instance_id or "")
                    if not request.signal:
                        asked[guid_text(request.id)] = request
            case EventRaised(name=str(name)) if asked:
                request = asked.get(guid_text(name))
                native = _answer(request, event) if request is not None else None
            case _:
                pass
        found.append(native)
    return found


def _request(request: Request, target: str) -> NativeEvent:
    if request.lock_set is not None:
        return EntityLockRequest(
            critical_section_id=request.id,
            lock_set=request.lock_set,
            position=request.position,
            parent_instance_id=request.parent,
        )
    if request.signal:
        return EntitySignal(
            request_id=request.id,
            operation=request.operation or "",
            target=target,
            input=request.input,
            scheduled=request.due,
        )
    return EntityCall(
        request_id=request.id,
        operation=request.operation or "",
        target=target,
        input=request.input,
        scheduled=request.due,
        parent_instance_id=request.parent,
        parent_execution_id=request.parent_execution,
    )


def _unlock(event: EventSent) -> EntityUnlock | None:
    release = release_sent(event)
    if release is None:
        return None
    return EntityUnlock(
        critical_section_id=release.id or "",
        target=event.instance_id or "",
        parent_instance_id=release.parent,
    )


def _answer(request: Request, event: EventRaised) -> NativeEvent | None:
    if request.is_lock:
        return EntityLockGranted(critical_section_id=request.id)
    try:
        response = response_of(event.input)
    except BadMessage:
        return None
    if response.is_failure:
        return EntityCallFailed(request_id=request.id, failure=failure_of(response))
    return EntityCallDone(request_id=request.id, output=response.result)


def failure_of(response: Response) -> Failure:
    """Return the failure of a failed call; Durable Functions 2.x may give a serialised exception."""
    if response.failure is not None:
        return response.failure
    error = response.error or ""
    try:
        exception = read(response.result or "")
    except ValueError:
        exception = None
    if isinstance(exception, dict) and isinstance(member(exception, "Message"), str):
        return _failure_of_exception(exception, error, 1)
    return Failure(error_type=error, message=response.result or "")


def _failure_of_exception(exception: Mapping[str, Any], error_type: str, depth: int) -> Failure:
    cause = member(exception, "InnerException")
    inner = None
    if isinstance(cause, dict) and depth < DEEPEST:
        inner = _failure_of_exception(cause, _text(cause, "ClassName") or "", depth + 1)
    return Failure(
        error_type=error_type,
        message=_text(exception, "Message") or "",
        stack_trace=_text(exception, "StackTraceString"),
        inner=inner,
    )


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = member(found, name)
    return value if isinstance(value, str) else None
