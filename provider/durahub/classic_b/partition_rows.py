"""Rows of the Partitions table as columns; classic layout 5.5."""

from durahub.classic.columns import Columns, DateTime, Value
from durahub.classic_b.table_leases import PartitionRow
from durahub.model.ticks import Ticks


def encode(row: PartitionRow) -> dict[str, Value]:
    """Return the columns; what is ``None`` is left out, which in a replace removes it."""
    columns: dict[str, Value] = {"PartitionKey": "", "RowKey": row.queue}
    owners = {"CurrentOwner": row.owner, "NextOwner": row.next_owner}
    columns.update({name: text for name, text in owners.items() if text is not None})
    times = {
        "OwnedSince": row.owned_since,
        "LastRenewal": row.last_renewal,
        "ExpiresAt": row.expires,
    }
    columns.update({name: DateTime(time) for name, time in times.items() if time is not None})
    columns["IsDraining"] = row.draining
    return columns


def decode(columns: Columns, etag: str) -> PartitionRow:
    """Return the row that *columns* hold."""
    return PartitionRow(
        queue=str(columns.get("RowKey", "")),
        etag=etag,
        owner=_owner(columns, "CurrentOwner"),
        next_owner=_owner(columns, "NextOwner"),
        owned_since=_time(columns, "OwnedSince"),
        last_renewal=_time(columns, "LastRenewal"),
        expires=_time(columns, "ExpiresAt"),
        draining=columns.get("IsDraining") is True,
    )


def _owner(columns: Columns, name: str) -> str | None:
    value = columns.get(name)
    return value if isinstance(value, str) and value else None


def _time(columns: Columns, name: str) -> Ticks | None:
    value = columns.get(name)
    return value.ticks if isinstance(value, DateTime) else None
