"""What an endpoint's gRPC status means, as one of durahub's errors."""

import re
from dataclasses import dataclass

import grpc
import grpc.aio

from durahub.errors import (
    DurahubError,
    EndpointBusy,
    EndpointDenied,
    EndpointLacks,
    EndpointRejects,
    HubNotFound,
    InstanceExists,
    InstanceNotFound,
    ServerUnavailable,
    WorkItemNotFound,
    WrongStatus,
)

LONGEST_DETAIL = 300
"""Characters of what the endpoint said that are shown."""

_PAUSES = (("grpc-retry-pushback-ms", 0.001), ("retry-after-ms", 0.001), ("retry-after", 1.0))
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_TOO_LARGE = "larger than max"  # how gRPC itself tells of a message over a channel's limit


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was refused: the place, its name, and the instance or the token that it was about."""

    place: str  # "https://shop.westeurope.durabletask.io, hub orders"
    name: str
    about: str = ""
    is_completion: bool = False


def is_throttled(error: grpc.aio.AioRpcError) -> bool:
    """Tell whether the endpoint had no room, and so has done nothing: not of a message that is too large."""
    return error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and not is_too_large(error)


def is_too_large(error: grpc.aio.AioRpcError) -> bool:
    """Tell whether a message was over what one of both sides takes."""
    return _TOO_LARGE in (error.details() or "")


def is_unanswered(error: grpc.aio.AioRpcError) -> bool:
    """Tell whether nobody knows if the call was carried out."""
    return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


def pause_of(error: grpc.aio.AioRpcError) -> float | None:
    """Return the seconds that the endpoint wants to be left alone, ``None`` if it does not say."""
    trailing = {str(key): str(value) for key, value in error.trailing_metadata() or ()}
    for name, seconds in _PAUSES:
        if _NUMBER.fullmatch(trailing.get(name, "")):
            return float(trailing[name]) * seconds
    return None


def error_of(error: grpc.aio.AioRpcError, call: Call) -> DurahubError:
    """Return what is raised instead of *error*."""
    code = error.code()
    said = " ".join((error.details() or "").split())[:LONGEST_DETAIL]
    match code:
        case grpc.StatusCode.ALREADY_EXISTS:
            return InstanceExists(call.about, f"at {call.place}")
        case grpc.StatusCode.NOT_FOUND:
            return _not_found(call, said)
        case grpc.StatusCode.FAILED_PRECONDITION:
            return WrongStatus(call.about, "not in a state for that", f"{call.name}: {said}")
        case grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.PERMISSION_DENIED:
            return EndpointDenied(call.place, f"{call.name}: {said or code.name}")
        case grpc.StatusCode.UNIMPLEMENTED:
            return EndpointLacks(call.place, call.name, said)
        case grpc.StatusCode.INVALID_ARGUMENT | grpc.StatusCode.OUT_OF_RANGE:
            return EndpointRejects(call.place, call.name, said or code.name)
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            if is_too_large(error):
                return EndpointRejects(call.place, call.name, said)
            return EndpointBusy(call.place, f"{call.name}: {said}")
        case _:
            return ServerUnavailable(call.place, f"{call.name}: {code.name} {said}".rstrip())


def _not_found(call: Call, said: str) -> DurahubError:
    if "hub not found" in said.lower():
        return HubNotFound(call.place.rpartition(" ")[2], f"asked of {call.place}")
    if call.is_completion:
        return WorkItemNotFound(call.about)
    return InstanceNotFound(call.about)
