"""Rows as the table service sends them: every column in its place, with its type."""

import json
from collections.abc import Iterator
from typing import Any

from azure.data.tables import TableClient

RawRow = dict[str, Any]

_INFERRED = {bool: "Edm.Boolean", int: "Edm.Int32", float: "Edm.Double", str: "Edm.String"}
_NOT_WRITTEN = {"Timestamp"}  # the service's own
_ANNOTATION = "@odata.type"


def raw_rows(connection_string: str, table: str) -> list[RawRow]:
    """Return all rows of a table as JSON has them, in the order of their keys."""
    rows: list[RawRow] = []

    def keep(response: Any) -> None:
        rows.extend(json.loads(response.http_response.text())["value"])

    with TableClient.from_connection_string(connection_string, table) as client:
        for _ in client.list_entities(raw_response_hook=keep):
            pass  # the SDK would lose the order of the columns, and the types of some
    return rows


def columns(row: RawRow) -> dict[str, str]:
    """Return the columns of a row in order, each with its type."""
    return dict(_columns(row))


def _columns(row: RawRow) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if "odata." not in name and name not in _NOT_WRITTEN:
            yield name, row.get(name + _ANNOTATION, _INFERRED[type(value)])
