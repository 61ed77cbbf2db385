"""The gate before every gRPC call: what the call presents, and which hub it means."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, TypeVar

import grpc.aio

from durahub.authorization.gate import Gate
from durahub.authorization.presented import Presented, bearer_of
from durahub.authorization.principals import Principal
from durahub.authorization.requirements import FOR_WORK
from durahub.edge.metadata import caller_of
from durahub.errors import ServerUnavailable
from durahub.model.ticks import Ticks, seconds_between

T = TypeVar("T")

AUTHORIZATION = "authorization"

_CALLING: ContextVar[str] = ContextVar("calling", default="")


def calling() -> str:
    """Return the name of the principal whose call this is, ``""`` where nobody is asked who they are."""
    return _CALLING.get()


def gated(
    call: Callable[..., Awaitable[Any]],
    path: str,
    gate: Gate,
    *,
    default_hub: str,
    clock: Callable[[], Ticks],
    streams: bool,
) -> Callable[..., Awaitable[Any]]:
    """Return *call*, the method at *path*, for callers that pass the *gate*.

    One that *streams* ends when its caller is not known any more. The hub is read as the method itself
    reads it, so that what is checked is what is called.
    """
    if gate.is_open:
        return call

    async def answer(request: Any, context: "grpc.aio.ServicerContext[Any, Any]") -> Any:
        metadata = context.invocation_metadata()
        hub = caller_of(metadata).task_hub or default_hub
        for_work = getattr(request, "forWorkItemProcessing", False)
        asked = path + FOR_WORK if for_work else path
        principal = await gate.admit(asked, hub, presented(context, metadata))
        _CALLING.set(principal.name)  # of this call alone: gRPC answers each in a task of its own
        may_end = principal.expires is not None or principal.still_counts is not None
        if streams and may_end:
            return await _while_known(call(request, context), principal, gate, clock)
        return await call(request, context)

    return answer


async def _while_known(
    call: Awaitable[T], principal: Principal, gate: Gate, clock: Callable[[], Ticks]
) -> T:
    """Return what *call* does; raise `ServerUnavailable` when what its caller has presented counts no more.

    A worker presents a fresh token with each completion, and its stream then goes on. One that was idle
    for the life of a token has nothing out that could be run twice; it comes back with a fresh one, as all
    SDKs do after UNAVAILABLE, but not all after UNAUTHENTICATED.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 (for the types)
    ended = False
    longest = _LONGEST if principal.still_counts is None else _OFTEN
    timer: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal ended, timer
        until = gate.known_until(principal)
        left = seconds_between(clock(), until) if until is not None else _LONGEST
        if left > 0:
            timer = loop.call_later(min(left, longest), look)
        else:
            ended = True
            task.cancel()

    look()
    try:
        return await call
    except asyncio.CancelledError:
        if ended:
            raise ServerUnavailable(
                "this stream", "what its caller presented has expired, or was taken away"
            ) from None
        raise
    finally:
        if timer is not None:
            timer.cancel()


_LONGEST = 86_400.0  # seconds
_OFTEN = 2.0  # seconds: a worker whose token is gone would be given work that it cannot complete


def presented(
    context: "grpc.aio.ServicerContext[Any, Any]",
    metadata: Iterable[tuple[str, str | bytes]] | None,
) -> Presented:
    """Return what a call presents: its bearer token, and the names of its connection's certificate."""
    values = [str(value) for key, value in metadata or () if key.lower() == AUTHORIZATION]
    found = bearer_of(values)
    names = certificate_names(context.auth_context())
    return replace(found, certificate=names) if names else found


def certificate_names(peer: Mapping[str, Iterable[bytes]]) -> tuple[str, ...]:
    """Return the names of the client certificate that gRPC has checked: its common name, then the SANs."""
    found = (name for key in _NAMES for name in peer.get(key, ()))
    return tuple(dict.fromkeys(name.decode("utf-8", "replace") for name in found))


_NAMES = ("x509_common_name", "x509_subject_alternative_name")
