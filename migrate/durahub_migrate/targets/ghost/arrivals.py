"""The work items of one instance, as its worker's streams bring them."""

import asyncio
from typing import TypeAlias

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import DurahubError

Arrivals: TypeAlias = "asyncio.Queue[pb.WorkItem | DurahubError]"
"""What a `GhostWorker` hands to whoever has claimed an instance; an error is what its streams ended with."""


async def next_of(arrivals: Arrivals, seconds: float) -> pb.WorkItem | None:
    """Return the next work item, ``None`` if none comes in so many *seconds*. Raises what ended a stream."""
    try:
        found = await asyncio.wait_for(arrivals.get(), seconds)
    except asyncio.TimeoutError:
        return None
    if isinstance(found, DurahubError):
        raise found
    return found
