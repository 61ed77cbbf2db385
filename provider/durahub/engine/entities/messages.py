"""What entities and their callers send each other: JSON texts inside of ``EventRaised``.

The order of the members is part of the format: DTFx finds a request's ``id`` by scanning for it. A
request that was read is written back as it came, member for member, less every ``$type``: that is how
Durable Functions 2.x keeps a queue whose requests have fewer members than DTFx's, and more in transit.

Source: DurableTask.Core, ``Entities/EventFormat``; orchestration semantics 5.3 and 5.10.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from durahub.engine.entities.ids import EntityId, parse_entity_id
from durahub.engine.entities.members import (
    stamp_member,
    text_member,
    time_member,
    trace_member,
    trace_object,
)
from durahub.engine.entities.stamps import NONE, Stamp
from durahub.errors import BadInstanceId, BadMessage
from durahub.model.failure import Failure
from durahub.model.failure_json import NotAFailure, failure_object, read_failure
from durahub.model.history import Trace
from durahub.model.json_text import member, read_object, write
from durahub.model.ticks import Ticks, later, parse, to_round_trip_text, to_text

REQUEST = "op"  # the name of the event, or its beginning
RELEASE = "release"
CONTINUE = "continue"
DELAYED = "op@"
LOCK_GRANTED = "Lock Acquisition Completed"  # nobody reads it
LONGEST_DELAY = 6 * 86_400.0
"""Seconds; what is due later arrives early, and is sent again. .NET announces the same cap."""

_DIGITS = re.compile("[0-9a-f]{32}")


# -- names of events -----------------------------------------------------------------------------


def is_request_name(name: str | None) -> bool:
    """Tell whether an event raised at an entity is a request; DTFx looks at the beginning only."""
    return name is not None and name.startswith(REQUEST)


def delayed_name(due: Ticks, now: Ticks) -> str:
    """Return the event's name of a request that is *due* later: its time of delivery, capped."""
    return DELAYED + to_round_trip_text(min(due, later(now, LONGEST_DELAY)))


def due_of_name(name: str | None) -> Ticks | None:
    """Return when an entity message of that name may be delivered, ``None``: at once."""
    if name is None or not name.startswith(DELAYED):
        return None
    try:
        return parse(name.removeprefix(DELAYED))
    except ValueError:
        return None


def guid_of(text: str) -> str | None:
    """Return a GUID dashed and in lower case, however it is spelled; ``None`` for any other text."""
    digits = text.strip("{}()").replace("-", "").lower()
    if not _DIGITS.fullmatch(digits):
        return None
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def guid_text(text: str) -> str:
    """Return a GUID dashed and in lower case, any other text as it is."""
    return guid_of(text) or text


# -- requests ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An operation that is called or signalled, or with a ``lock_set`` a request for locks.

    ``id`` is a GUID. ``parent`` is ``None`` for what clients send. ``position`` is the index of the
    lock that is next. ``stored`` is the JSON object that it was read from, ``None`` for a new one.
    """

    id: str
    operation: str | None
    signal: bool = False
    input: str | None = None
    parent: str | None = None
    parent_execution: str | None = None
    due: Ticks | None = None
    timestamp: Stamp = NONE
    predecessor: Stamp = NONE
    lock_set: tuple[str, ...] | None = None
    position: int = 0
    trace: Trace | None = None
    requested: Ticks | None = None
    stored: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def is_lock(self) -> bool:
        """Whether it asks for locks."""
        return self.lock_set is not None

    @property
    def is_of_functions(self) -> bool:
        """Whether Durable Functions 2.x wrote it: DTFx always has a member more."""
        return self.stored is not None and member(self.stored, "IsLockRequest") is None

    def labelled(self, timestamp: Stamp, predecessor: Stamp) -> "Request":
        """Return the request with the sorter's labels."""
        return replace(self, timestamp=timestamp, predecessor=predecessor, stored=None)

    def at_next_lock(self) -> "Request":
        """Return the request for the next lock of the set."""
        return replace(self, position=self.position + 1, stored=None)


def request_object(request: Request) -> Mapping[str, Any]:
    """Return the JSON object of a request, its members in DTFx's order."""
    if request.stored is not None:
        return request.stored
    written: dict[str, Any] = {"op": request.operation}
    if request.signal:
        written["signal"] = True
    optional: dict[str, Any] = {"input": request.input, "id": guid_text(request.id)}
    optional |= {"parent": request.parent, "parentExecution": request.parent_execution}
    optional["due"] = to_text(request.due) if request.due is not None else None
    written |= {name: value for name, value in optional.items() if value is not None}
    written |= {"Timestamp": str(request.timestamp), "Predecessor": str(request.predecessor)}
    if request.lock_set is not None:
        written["lockset"] = [parse_entity_id(one)._asdict() for one in request.lock_set]
    if request.position:
        written["pos"] = request.position
    written["IsLockRequest"] = request.is_lock
    if request.trace is not None:
        written["parentTraceContext"] = trace_object(request.trace)
    written["createTrace"] = request.trace is not None or request.requested is not None
    if request.requested is not None:
        written["requestTime"] = to_text(request.requested).removesuffix("Z") + "+00:00"
    return written


def request_text(request: Request) -> str:
    """Return the JSON text of a request."""
    return write(dict(request_object(request)))


def request_of(text: str | None) -> Request:
    """Return the request in a JSON text. Raises `BadMessage`."""
    return request_of_object(read_object(text or ""))


def request_of_object(found: Mapping[str, Any]) -> Request:
    """Return the request of a JSON object. Raises `BadMessage`."""
    number = text_member(found, "id")
    if not number:
        raise BadMessage("an entity request has no id")
    position = member(found, "pos")
    return Request(
        id=number,
        operation=text_member(found, "op"),
        signal=member(found, "signal") is True,
        input=text_member(found, "input"),
        parent=text_member(found, "parent"),
        parent_execution=text_member(found, "parentExecution"),
        due=time_member(found, "due"),
        timestamp=stamp_member(found, "Timestamp"),
        predecessor=stamp_member(found, "Predecessor"),
        lock_set=_lock_set(member(found, "lockset")),
        position=position if isinstance(position, int) else 0,
        trace=trace_member(found, "parentTraceContext"),
        requested=time_member(found, "requestTime"),
        stored=_without_types(found),
    )


def _lock_set(found: Any) -> tuple[str, ...] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadMessage("the lock set of an entity request is not a list of entities")
    ids = tuple(
        str(EntityId(text_member(o, "name") or "", text_member(o, "key") or "")) for o in found
    )
    try:
        for one in ids:
            parse_entity_id(one)
    except BadInstanceId as error:
        raise BadMessage(f"the lock set of an entity request: {error.sentence}") from None
    return ids


def _without_types(value: Any) -> Any:
    match value:
        case dict():
            return {k: _without_types(v) for k, v in value.items() if k != "$type"}
        case list():
            return [_without_types(one) for one in value]
    return value


# -- responses and releases ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What an operation came to; also the grant of locks. ``error`` is a short text or a type."""

    result: str | None = None
    error: str | None = None
    failure: Failure | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the operation failed."""
        return self.error is not None or self.failure is not None


def response_text(response: Response) -> str:
    """Return the JSON text of a response."""
    written: dict[str, Any] = {"result": response.result}
    if response.error is not None:
        written["exceptionType"] = response.error
    if response.failure is not None:
        written["failureDetails"] = failure_object(response.failure)
    return write(written)


def response_of(text: str | None) -> Response:
    """Return the response in a JSON text. Raises `BadMessage`."""
    found = read_object(text or "")
    failure = member(found, "failureDetails")
    try:
        return Response(
            result=text_member(found, "result"),
            error=text_member(found, "exceptionType"),
            failure=read_failure(failure) if isinstance(failure, dict) else None,
        )
    except NotAFailure as error:
        raise BadMessage(f"an entity's response: {error}") from None


@dataclass(frozen=True, slots=True)
class Release:
    """The end of a critical section. ``id`` is the GUID of its lock request, or a reason."""

    parent: str | None
    id: str | None


def release_text(release: Release) -> str:
    """Return the JSON text of a release."""
    return write({"parent": release.parent, "id": release.id})


def release_of(text: str | None) -> Release:
    """Return the release in a JSON text. Raises `BadMessage`."""
    found = read_object(text or "")
    return Release(text_member(found, "parent"), text_member(found, "id"))
