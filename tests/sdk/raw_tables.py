"""Rows as the table service sends them: every column in its place, with its type."""

import json
from typing import Any

from azure.data.tables import TableClient

RawRow = dict[str, Any]

_INFERRED = {bool: "Edm.Boolean", int: "Edm.Int32", float: "Edm.Double", str: "Edm.String"}
_ANNOTATION = "@odata.type"


def raw_rows(connection_string: str, table: str) -> list[RawRow]:
    """Return all rows of a table as JSON has them, in the order of their keys."""
    rows: list[RawRow] = []

    def keep(response: Any) -> None:
        rows.extend(json.loads(response.http_response.text())["value"])

    with TableClient.from_connection_string(connection_string, table) as client:
        for _ in client.list_entities(raw_response_hook=keep):
            pass  # the SDK's own rows have lost the order of the columns
    return rows


def columns(row: RawRow) -> list[tuple[str, str]]:
    """Return name and type of the columns in order, but for the service's own ``Timestamp``."""
    return [
        (name, str(row.get(name + _ANNOTATION, _INFERRED[type(value)])))
        for name, value in row.items()
        if "odata." not in name and name != "Timestamp"
    ]
