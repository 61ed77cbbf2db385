"""Completions that a worker sends in parts, put together again.

.NET and Java cut an answer of more than 3.9 MiB into several requests with the same completion token.
The parts are kept until the last one is there and the hub has taken the whole: a worker whose call failed
sends the last part again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import BadRequest

PATIENCE = 300.0  # seconds without the next part
MOST_BYTES = 256 * 1024 * 1024  # of all parts that are kept


R = TypeVar("R", bound=Any)
"""A request that may be a part: ``isPartial``, ``chunkIndex`` and ``completionToken`` are its fields."""


@dataclass(slots=True)
class _Parts(Generic[R]):
    token: str
    since: float  # when the latest part came
    received: list[R] = field(default_factory=list)


class PartialCompletions(Generic[R]):
    """The parts that are kept. *clock* gives monotonic seconds, *join* puts parts together."""

    def __init__(
        self,
        clock: Callable[[], float],
        most_bytes: int = MOST_BYTES,
        *,
        join: Callable[[list[R]], R] | None = None,
    ) -> None:
        self._clock = clock
        self._join: Callable[[list[Any]], Any] = join or joined
        self._most_bytes = most_bytes
        self._kept: dict[str, _Parts[R]] = {}
        self._bytes = 0
        self._taken: dict[str, float] = {}  # completions that the hub has taken, and when

    def add(self, response: R) -> R | None:
        """Return the whole answer, ``None`` while parts are missing.

        Raises `BadRequest`, and forgets the parts, if one is missing in between or they are too many.
        """
        key = _key(response)
        if not response.isPartial and key not in self._kept:
            if response.chunkIndex.value > 0 and key not in self._taken:
                raise BadRequest("the parts before this part of a completion are missing")
            return response
        parts = self._kept.setdefault(key, _Parts(response.completionToken, self._clock()))
        self._put(key, parts, response)
        return None if response.isPartial else self._join(parts.received)

    def taken(self, response: R) -> None:
        """Forget the parts of an answer that is decided; its last part may still come again."""
        key = _key(response)
        if key in self._kept:
            self._forget(key)
            self._taken[key] = self._clock()

    def drop_stale(self) -> list[str]:
        """Forget what has waited too long for its next part; return the completion tokens."""
        oldest = self._clock() - PATIENCE
        self._taken = {key: at for key, at in self._taken.items() if at > oldest}
        stale = [key for key, parts in self._kept.items() if parts.since <= oldest]
        return [self._forget(key).token for key in stale]

    def _put(self, key: str, parts: _Parts[R], response: R) -> None:
        received = parts.received
        index = response.chunkIndex.value if response.HasField("chunkIndex") else len(received)
        replaced = received[index].ByteSize() if 0 <= index < len(received) else 0
        if not 0 <= index <= len(received):
            self._forget(key)
            raise BadRequest(f"part {index} of a completion came where {len(received)} was next")
        if self._bytes + response.ByteSize() - replaced > self._most_bytes:
            self._forget(key)
            raise BadRequest("the parts of a completion are too large to be kept")
        received[index : index + 1] = [response]
        parts.since = self._clock()
        self._bytes += response.ByteSize() - replaced

    def _forget(self, key: str) -> _Parts[R]:
        parts = self._kept.pop(key)
        self._bytes -= sum(part.ByteSize() for part in parts.received)
        return parts


def _key(response: Any) -> str:
    """Return what the parts have in common; not every worker echoes its token."""
    if response.completionToken:
        return str(response.completionToken)
    about = response if isinstance(response, pb.OrchestratorResponse) else response.instance
    return f"instance {about.instanceId}"


def joined(parts: list[pb.OrchestratorResponse]) -> pb.OrchestratorResponse:
    """Return all actions, with what else the first part says and the last part's custom status."""
    first, last = parts[0], parts[-1]
    whole = pb.OrchestratorResponse(
        instanceId=last.instanceId,
        completionToken=last.completionToken,
        customStatus=last.customStatus if last.HasField("customStatus") else None,
        requiresHistory=last.requiresHistory,
    )
    if first.HasField("numEventsProcessed"):
        whole.numEventsProcessed.CopyFrom(first.numEventsProcessed)
    if first.HasField("orchestrationTraceContext"):
        whole.orchestrationTraceContext.CopyFrom(first.orchestrationTraceContext)
    for part in parts:
        whole.actions.extend(part.actions)
    return whole
