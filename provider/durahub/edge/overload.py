"""What a server takes on at once. More is refused at the door, with a hint when to try again.

New work is refused: starts, events, queries, waits, new streams. What workers bring back never is: a
.NET worker throws a result away after ``RESOURCE_EXHAUSTED`` and runs the work again, so that refusing
completions would make an overload worse. They are bounded by what workers were given.

With several hubs none gets more than three quarters of a bound, so that one cannot shut out the others.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import grpc.aio

from durahub.errors import Overloaded, StorageBehind, TooManyAtOnce, TooMuchAtOnce

MIB = 1024 * 1024
PENDING, LEAST_PENDING = 2, 20_000  # times what is taken on, and how many at least
SHARE = (3, 4)  # of a bound that one of several hubs may have


class Load(Enum):
    """What a call loads the server with."""

    WRITE = "write"
    READ = "read"  # the same, but storage that writes slowly does not matter
    WAIT = "wait"
    STREAM = "stream"
    WORK = "work"  # a worker's: never refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is taken on at once. ``shared``: there may be several hubs."""

    calls: int = 2_000
    waits: int = 20_000
    streams: int = 2_000
    bytes: int = 256 * MIB  # of the requests in progress
    writes: int = 2_000  # that wait for storage
    write_bytes: int = 256 * MIB  # in these
    shared: bool = False


@dataclass(frozen=True, slots=True)
class _Bound:
    """A bound by count: its setting, and the seconds after which trying again is worth it."""

    what: str
    setting: str
    retry_after: int


_BOUNDS = {
    "calls": _Bound("calls", "server.max_calls", 1),
    "waits": _Bound("waits for instances", "server.max_waits", 5),
    "streams": _Bound("streams of workers", "server.max_streams", 5),
}
_KINDS = {
    Load.WRITE: "calls",
    Load.READ: "calls",
    Load.WAIT: "waits",
    Load.STREAM: "streams",
}
REASONS = (*_BOUNDS, "memory", "storage")
"""Why something is refused, as the metric names it."""

_LOADS = {
    Load.WAIT: ("WaitForInstance", "WaitForInstanceStart", "WaitForInstanceCompletion"),
    Load.STREAM: ("GetWorkItems",),
    Load.READ: (
        "GetEntity",
        "GetInstance",
        "ListInstanceIds",
        "QueryEntities",
        "QueryInstances",
        "StreamInstanceHistory",
    ),
    Load.WRITE: (
        "AddEvent",
        "AddEvents",
        "CleanEntityStorage",
        "CreateInstance",
        "CreateTaskHub",
        "DeleteTaskHub",
        "PurgeInstances",
        "RaiseEvent",
        "RestartInstance",
        "ResumeInstance",
        "RewindInstance",
        "SignalEntity",
        "SkipGracefulOrchestrationTerminations",
        "StartInstance",
        "SuspendInstance",
        "TerminateInstance",
    ),
}
_BY_METHOD = {method: load for load, methods in _LOADS.items() for method in methods}


def load_of(method: str) -> Load:
    """Return what a call of *method* is; what no client calls is a worker's."""
    return _BY_METHOD.get(method, Load.WORK)


class Overload:
    """What is in progress, and what was refused.

    *waiting_writes* tells how many storage has not done, *waiting_bytes* how much is in them: a write may
    go on behind the end of its call.
    """

    def __init__(
        self,
        bounds: Bounds | None = None,
        waiting_writes: Callable[[], int] = lambda: 0,
        waiting_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        self._bounds = bounds or Bounds()
        self._waiting_writes = waiting_writes
        self._waiting_bytes = waiting_bytes
        self._of_all: Counter[str] = Counter()
        self._of_hub: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[str] = Counter(dict.fromkeys(REASONS, 0))

    @property
    def pending(self) -> int:
        """How many calls may be on their way to `enter`, which gRPC holds until then."""
        bounds = self._bounds
        return max(LEAST_PENDING, PENDING * (bounds.calls + bounds.waits + bounds.streams))

    @property
    def most_streams(self) -> int:
        """How many streams there may be at once."""
        return self._bounds.streams

    @property
    def in_progress(self) -> dict[str, int]:
        """How many calls, waits and streams there are, and of how many bytes the requests are."""
        return {kind: self._of_all[kind] for kind in (*_BOUNDS, "bytes")}

    @property
    def refused(self) -> dict[str, int]:
        """How many calls were refused, by reason."""
        return dict(self._refused)

    def enter(self, load: Load, hub: str, size: int) -> None:
        """Take on a call of *hub* with a request of *size* bytes; `leave` follows. Raises `Overloaded`."""
        if load is Load.WORK:
            return
        try:
            self._check(load, hub, size)
        except Overloaded as error:
            self._refused[error.reason] += 1
            raise
        self._add(load, hub, size, 1)

    def leave(self, load: Load, hub: str, size: int) -> None:
        """Note the end of a call that was taken on."""
        if load is not Load.WORK:
            self._add(load, hub, -size, -1)

    def _check(self, load: Load, hub: str, size: int) -> None:
        bounds, kind = self._bounds, _KINDS[load]
        most: int = getattr(bounds, kind)
        if self._is_full(kind, hub, most, 1):
            bound = _BOUNDS[kind]
            raise TooManyAtOnce(kind, bound.what, most, bound.setting, bound.retry_after)
        # One that is larger than all that is allowed would otherwise never be taken.
        if self._of_all["bytes"] and self._is_full("bytes", hub, bounds.bytes, size):
            raise TooMuchAtOnce(bounds.bytes, "server.max_request_memory", 1)
        if load is Load.WRITE:
            self._check_storage()

    def _check_storage(self) -> None:
        waiting, size = self._waiting_writes(), self._waiting_bytes()
        if waiting >= self._bounds.writes or size >= self._bounds.write_bytes:
            raise StorageBehind(waiting, size, 2)

    def _is_full(self, kind: str, hub: str, most: int, more: int) -> bool:
        if self._of_all[kind] + more > most:
            return True
        if not self._bounds.shared or not self._of_hub[kind, hub]:
            return False
        return self._of_hub[kind, hub] + more > most * SHARE[0] // SHARE[1]

    def _add(self, load: Load, hub: str, size: int, number: int) -> None:
        for kind, more in ((_KINDS[load], number), ("bytes", size)):
            self._of_all[kind] += more
            if self._bounds.shared:
                self._of_hub[kind, hub] += more
                if not self._of_hub[kind, hub]:  # callers choose the names: none is kept
                    del self._of_hub[kind, hub]


Call = Callable[[Any, "grpc.aio.ServicerContext[Any, Any]"], Awaitable[Any]]


def admitted(call: Call, method: str, overload: Overload) -> Call:
    """Return *call*, a service's *method*, which raises `Overloaded` where there is too much to do.

    A call counts until it returns: until its status is sent, if it sends that itself.
    """
    usual = load_of(method)
    if usual is Load.WORK:
        return call

    async def answer(request: Any, context: "grpc.aio.ServicerContext[Any, Any]") -> Any:
        load = Load.WORK if getattr(request, "forWorkItemProcessing", False) else usual
        hub, size = hub_named(context.invocation_metadata()), request.ByteSize()
        overload.enter(load, hub, size)
        try:
            return await call(request, context)
        finally:
            overload.leave(load, hub, size)

    return answer


def hub_named(metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
    """Return the hub that a call names, as a key; ``""`` for the default one."""
    for key, value in metadata or ():
        if key == "taskhub" and isinstance(value, str):
            return value.strip().casefold()
    return ""
