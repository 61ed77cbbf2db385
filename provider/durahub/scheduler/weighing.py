"""What an instance takes in a file."""

from sqlite3 import Connection

from durahub.scheduler.columns import from_text
from durahub.stored import Weight

_TEXTS = ("id", "execution", "name", "version", "input", "output", "custom_status", "tags")


def weigh(connection: Connection, hub: int, instance_id: str) -> Weight | None:
    """Return what there is of an instance, ``None`` if nothing is. Its own row counts, as in a purge."""
    key = (hub, from_text(instance_id))
    events, size = connection.execute(
        "SELECT count(*), coalesce(sum(length(event) + coalesce(length(extra), 0)), 0)"
        " FROM histories JOIN events ON history = number WHERE hub = ? AND instance = ?",
        key,
    ).fetchone()
    sizes = " + ".join(f"coalesce(length(CAST({name} AS BLOB)), 0)" for name in _TEXTS)
    row = connection.execute(
        f"SELECT {sizes} FROM instances WHERE hub = ? AND id = ?",  # noqa: S608 (names and marks of ours)
        key,
    ).fetchone()
    if row is None and not events:
        return None
    return Weight(rows=events + (row is not None), bytes=size + (row[0] if row is not None else 0))
