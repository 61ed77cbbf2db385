"""What a hub tells of itself beside its instances: queues, leases, messages, storage, what is stuck."""

import asyncio

from durahub.errors import DurahubError
from durahub_migrate.monitor.partitions import (
    BlobView,
    MessageView,
    PartitionsView,
    StorageView,
)
from durahub_migrate.monitor.seam import HubWatch
from durahub_migrate.monitor.waiting import Stuck
from durahub_migrate.web.call import Call
from durahub_migrate.web.handlers.instances import HUBS
from durahub_migrate.web.operations import Kind, Operation, Parameter

OLDER = Parameter(
    name="olderThan",
    about="seconds for which an instance has not moved, at least",
    kind=Kind.NUMBER,
    default=300.0,
    least=0,
    most=31_536_000,
)


def operations() -> list[Operation]:
    """Return what is answered here."""
    return [
        Operation(
            method="GET",
            path="api/stuck",
            about="Instances that do not move though they should, the longest first.",
            handler=stuck,
            gives=tuple[Stuck, ...],
            parameters=(HUBS, OLDER),
        ),
        Operation(
            method="GET",
            path="api/hubs/{hub}/partitions",
            about="Queues, partitions, leases and workers, as the last look found them.",
            handler=partitions,
            gives=PartitionsView,
        ),
        Operation(
            method="GET",
            path="api/hubs/{hub}/messages",
            about="The messages of a queue that can be seen, 32 at most.",
            handler=messages,
            gives=tuple[MessageView, ...],
            parameters=(Parameter(name="queue", about="the queue's name", required=True),),
        ),
        Operation(
            method="GET",
            path="api/hubs/{hub}/storage",
            about="What the hub takes: rows, blobs, bytes, growth, cost.",
            handler=storage,
            gives=StorageView,
        ),
        Operation(
            method="GET",
            path="api/hubs/{hub}/orphaned-blobs",
            about="Blobs of large payloads that nothing names any more.",
            handler=orphaned_blobs,
            gives=tuple[BlobView, ...],
        ),
    ]


async def stuck(call: Call) -> tuple[Stuck, ...]:
    """Return what is stuck in all hubs. One that does not answer hides nothing of the others."""
    hubs = call.sight.hubs(call.given["hub"])
    older_than = call.given["olderThan"]
    found = await asyncio.gather(*(_stuck_in(one, older_than) for one in hubs))
    problems = [one for one in found if isinstance(one, DurahubError)]
    if problems and len(problems) == len(hubs):
        raise problems[0]
    listed = [line for one in found if not isinstance(one, DurahubError) for line in one]
    return call.sight.shown(tuple(sorted(listed, key=lambda line: -line.seconds)))


async def _stuck_in(hub: HubWatch, older_than: float) -> tuple[Stuck, ...] | DurahubError:
    try:
        return await hub.stuck(older_than=older_than)
    except DurahubError as error:
        return error


async def partitions(call: Call) -> PartitionsView:
    """Return the partitions of a hub."""
    return await call.hub.partitions()


async def messages(call: Call) -> tuple[MessageView, ...]:
    """Return the messages of a queue."""
    return await call.hub.messages(call.given.text("queue"))


async def storage(call: Call) -> StorageView:
    """Return what a hub takes."""
    return await call.hub.storage()


async def orphaned_blobs(call: Call) -> tuple[BlobView, ...]:
    """Return the blobs that nothing names."""
    return await call.hub.orphaned_blobs()
