"""Measures what some instances take, in the background, so that a page has an answer at once."""

from collections.abc import Iterable

from durahub.classic.doctor.reading import Reading
from durahub.classic.keys import escape
from durahub.classic.row_size import row_size
from durahub_migrate.monitor.health.measures import Measured
from durahub_migrate.monitor.row import Row


async def measure(reading: Reading, rows: Iterable[Row]) -> list[Measured]:
    """Return what instances take: 2 requests each, and more for more than 1,000 rows of history."""
    found = []
    for row in rows:
        stored = await reading.stored_of(escape(row.instance_id))
        sizes = [row_size(one.columns) for one in stored.history]
        own = row_size(stored.row.columns) if stored.row is not None else 0
        found.append(
            Measured(
                instance_id=row.instance_id,
                name=row.name or "",
                rows=len(sizes),
                bytes=own + sum(sizes),
            )
        )
    return found


def sample(rows: Iterable[Row], most: int, names: int) -> list[Row]:
    """Return rows to be measured: about as many of each of *names*, *most* in all."""
    share = max(1, most // max(1, names))
    taken: dict[str, list[Row]] = {}
    for row in rows:
        group = taken.setdefault(row.name or "", [])
        if len(group) < share:
            group.append(row)
        if sum(map(len, taken.values())) >= most:
            break
    return [row for group in taken.values() for row in group]
