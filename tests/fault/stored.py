"""What stands in storage, read with nothing of ours."""

from azure.data.tables import TableClient


def events_of(connection_string: str, hub: str, instance_id: str) -> list[dict[str, object]]:
    """Return the event rows of an instance, in order."""
    with TableClient.from_connection_string(connection_string, f"{hub}History") as table:
        rows = table.query_entities("PartitionKey eq @id", parameters={"id": instance_id})
        return [dict(row) for row in rows if row["RowKey"] != "sentinel"]
