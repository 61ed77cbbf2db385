"""What an instance takes in a storage account, and how many requests it takes to delete it.

The requests are those of `durahub.classic.store.ClassicStore.purge`; a test counts both.
"""

from math import ceil

from durahub.classic.history_table import MOST_DELETED
from durahub.classic.keys import escape
from durahub.classic.parts import Parts
from durahub.classic.payloads import blob_columns
from durahub.classic.row_size import row_size
from durahub.classic.tables import MOST_ROWS, literal
from durahub.stored import Weight


async def weigh(parts: Parts, instance_id: str) -> Weight | None:
    """Return what there is of an instance, ``None`` if nothing is."""
    names, key = parts.names, escape(instance_id)
    row = await parts.tables.get(names.instances_table, key, "")
    condition = f"PartitionKey eq {literal(key)}"
    rows = [
        one.columns
        async for page in parts.tables.pages(names.history_table, condition)
        for one in page
    ]
    found = await parts.payloads.found_of(instance_id)
    if row is None and not rows and not found.blobs:
        return None
    size = sum(map(row_size, rows)) + sum(one.size for one in found.blobs)
    pages = max(1, ceil(len(rows) / MOST_ROWS))
    of_blobs = found.requests + len(found.blobs)
    return Weight(
        rows=len(rows),
        blobs=len(found.blobs),
        bytes=size + (row_size(row.columns) if row is not None else 0),
        reading=pages + (1 if pages > 1 else 0) + sum(len(blob_columns(one)) for one in rows),
        deleting=of_blobs + pages + ceil(len(rows) / MOST_DELETED) + 1,
    )
