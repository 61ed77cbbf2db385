"""Counts what is in a hub's queues, and looks for rows that were written since a moment."""

import asyncio
from collections.abc import AsyncIterator

from durahub.classic.parts import Parts
from durahub.classic.stored_rows import is_of_hub
from durahub.freezing import QueueSample, Sample
from durahub.model.ticks import Ticks, to_text

_KEYS = ("PartitionKey", "RowKey", "TaskHubName")


async def sample(parts: Parts) -> Sample:
    """Return what is in all queues now."""
    names = (parts.names.workitem_queue, *await parts.resources.control_queues())
    at = parts.clock()
    found = await asyncio.gather(*(_queue(parts, name) for name in names))
    return Sample(at=at, queues=dict(zip(names, found, strict=True)))


async def _queue(parts: Parts, name: str) -> QueueSample:
    peeked = await parts.queues.peek(name)
    depth = await parts.queues.depth(name)
    return QueueSample(depth=depth, visible={one.message_id: one.deliveries for one in peeked})


async def rows_written(parts: Parts, since: Ticks) -> list[str]:
    """Return a clause for each table of instances in which a row was written since a moment of storage's.

    Storage goes through the whole table for it, and sends what it finds.
    """
    names = parts.names
    tables = (names.instances_table, names.history_table)
    found = []
    for table in tables:
        written = [key async for key in _keys_since(parts, table, since)]
        if written:
            others = f" and {len(written) - 1} more" if len(written) > 1 else ""
            found.append(f"the row of {written[0]!r}{others} in {table} was written")
    return found


async def _keys_since(parts: Parts, table: str, since: Ticks) -> AsyncIterator[str]:
    shared = parts.names.tracking_prefix is not None
    if shared and table == parts.names.history_table:
        return  # whose a row is is not told there
    condition = f"Timestamp ge datetime'{to_text(since)}'"
    async for page in parts.tables.pages(table, condition, select=_KEYS):
        for row in page:
            if not shared or is_of_hub(row.columns, parts.names.hub):
                yield str(row.columns["PartitionKey"])
