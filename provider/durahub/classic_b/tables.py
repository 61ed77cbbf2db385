"""A table, its rows as exact columns.

The SDK passes a date through untouched if it is given as text with its type, and keeps the service's
own text beside the ``datetime`` that it makes; so no tick is lost either way.
"""

import base64
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.data.tables import EdmType, EntityProperty, TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient

from durahub.classic.columns import Columns, DateTime, Int64, Other, Value
from durahub.classic_b.failures import storage_errors
from durahub.model.ticks import from_datetime, parse, to_round_trip_text

PAGE = 1000  # rows, the service's most
TRANSACTION = 100  # operations, the service's most


class Lost(Exception):
    """The row was changed, made or deleted by somebody else."""


class Write(Enum):
    """How a row of a transaction is written."""

    PUT = auto()  # insert or replace
    INSERT = auto()
    MERGE = auto()  # with If-Match
    DELETE = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read."""

    columns: dict[str, Value]
    etag: str


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows, and the token of the next page; ``None`` at the end."""

    rows: tuple[Row, ...]
    token: str | None


class Table:
    """One table. Methods raise `Lost` for 409 and 412, and the errors of `durahub.errors`."""

    def __init__(self, client: TableClient, account: str) -> None:
        self._client = client
        self._account = account

    async def create(self) -> None:
        """Make the table; one that exists is left as it is."""
        with storage_errors(self._account, passing=(409,)):
            try:
                await self._client.create_table()
            except HttpResponseError as error:
                if error.status_code != 409:
                    raise

    async def drop(self) -> None:
        """Delete the table; one that does not exist is fine."""
        with storage_errors(self._account):
            await self._client.delete_table()

    async def insert(self, columns: Columns) -> str:
        """Insert a row; return its ETag. Raises `Lost` if there is one."""
        return await self._written(self._client.create_entity(_entity(columns)))

    async def replace(self, columns: Columns, etag: str) -> str:
        """Replace the row that has *etag*; return the new one."""
        return await self._written(
            self._client.update_entity(
                _entity(columns),
                mode=UpdateMode.REPLACE,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )
        )

    async def merge_existing(self, columns: Columns) -> bool:
        """Merge into a row whatever its ETag; tell whether there was one."""
        with storage_errors(self._account, passing=(404,)):
            try:
                await self._client.update_entity(
                    _entity(columns),
                    mode=UpdateMode.MERGE,
                    etag="*",
                    match_condition=MatchConditions.IfPresent,
                )
            except HttpResponseError as error:
                if error.status_code != 404:
                    raise
                return False
        return True

    async def merge_or_insert(self, columns: Columns) -> None:
        """Merge into a row, or insert it."""
        with storage_errors(self._account):
            await self._client.upsert_entity(_entity(columns), mode=UpdateMode.MERGE)

    async def delete(self, partition_key: str, row_key: str) -> None:
        """Delete a row; one that does not exist is fine."""
        with storage_errors(self._account):
            await self._client.delete_entity(partition_key, row_key)

    async def transact(self, rows: Sequence[tuple[Write, Columns, str | None]]) -> str:
        """Write *rows* (how, what, under which ETag) all or none; return the last one's ETag.

        All have one partition key, and there are at most 100. Raises `Lost`.
        """
        operations = [_operation(write, columns, etag) for write, columns, etag in rows]
        with storage_errors(self._account, passing=(404, 409, 412)):
            try:
                answers = await self._client.submit_transaction(operations)
            except (TableTransactionError, HttpResponseError) as error:
                if error.status_code in (404, 409, 412):
                    raise Lost from error
                raise
        return str(answers[-1].get("etag", ""))

    async def get(
        self, partition_key: str, row_key: str, select: Iterable[str] | None = None
    ) -> Row | None:
        """Return a row, all its columns or those of *select*."""
        with storage_errors(self._account, passing=(404,)):
            try:
                entity = await self._client.get_entity(
                    partition_key, row_key, select=list(select) if select else None
                )
            except HttpResponseError as error:
                if error.status_code != 404:
                    raise
                return None
        return _row(entity)

    async def rows(self, condition: str, select: Iterable[str] | None = None) -> AsyncIterator[Row]:
        """Yield the rows that meet an OData condition (all for ``""``), in key order."""
        token: str | None = None
        while True:
            page = await self.page(condition, PAGE, token, select)
            for row in page.rows:
                yield row
            token = page.token
            if token is None:
                return

    async def page(
        self,
        condition: str,
        size: int,
        token: str | None = None,
        select: Iterable[str] | None = None,
    ) -> RowPage:
        """Return one page; it may be short or empty and still have a token."""
        found = self._client.query_entities(
            condition, results_per_page=size, select=list(select) if select else None
        )
        pages = found.by_page(continuation_token=_open(token))  # type: ignore[arg-type] # a mapping here
        with storage_errors(self._account):
            try:
                page = await pages.__anext__()
            except StopAsyncIteration:
                return RowPage((), None)
            rows = tuple([_row(entity) async for entity in page])
        return RowPage(rows, _seal(pages.continuation_token))  # type: ignore[attr-defined]

    async def _written(self, request: Any) -> str:
        with storage_errors(self._account, passing=(404, 409, 412)):
            try:
                answer = await request
            except HttpResponseError as error:
                if error.status_code in (404, 409, 412):
                    raise Lost from error
                raise
        return str(answer.get("etag", ""))


def quoted(text: str) -> str:
    """Return *text* as an OData literal."""
    return "'" + text.replace("'", "''") + "'"


def _operation(write: Write, columns: Columns, etag: str | None) -> Any:
    entity = _entity(columns)
    match write:
        case Write.PUT:
            return "upsert", entity, {"mode": UpdateMode.REPLACE}
        case Write.INSERT:
            return "create", entity
        case Write.MERGE:
            matched = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
            return "update", entity, {"mode": UpdateMode.MERGE, **matched}
        case Write.DELETE:
            return "delete", entity


def _entity(columns: Columns) -> dict[str, Any]:
    entity: dict[str, Any] = {}
    for name, value in columns.items():
        match value:
            case DateTime():
                entity[name] = EntityProperty(to_round_trip_text(value.ticks), EdmType.DATETIME)
            case Int64():
                entity[name] = EntityProperty(value.value, EdmType.INT64)
            case Other():
                entity[name] = EntityProperty(value.text, EdmType(value.edm_type))
            case _:
                entity[name] = value
    return entity


def _row(entity: Any) -> Row:
    columns = {name: _value(value) for name, value in entity.items() if value is not None}
    return Row(columns, str(entity.metadata.get("etag") or ""))


def _value(value: Any) -> Value:
    match value:
        case str() | bool() | int() | float():
            if isinstance(value, int) and not -(2**31) <= value < 2**31:
                return Int64(value)
            return value
        case datetime():
            text = getattr(value, "tables_service_value", "")
            return DateTime(parse(text) if text else from_datetime(value))
        case tuple() if value[1] == EdmType.INT64:
            return Int64(int(value[0]))
        case _:
            return Other(type(value).__name__, value)


def _seal(token: Any) -> str | None:
    """Return the service's continuation as opaque text, ``None`` at the end."""
    if not token:
        return None
    return base64.urlsafe_b64encode(json.dumps(dict(token)).encode()).decode()


def _open(token: str | None) -> dict[str, str] | None:
    """Return the continuation in *token*. Raises `ValueError` for one that is not ours."""
    if token is None:
        return None
    found = json.loads(base64.urlsafe_b64decode(token.encode()))
    if not isinstance(found, dict):
        raise ValueError("not a continuation token")
    return found
