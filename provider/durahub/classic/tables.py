"""Table rows on the wire: exact OData both ways, conditions by ETag, transactions. Classic layout 6, 7.

A failed condition (the row exists, is gone, or has another ETag) is an ordinary answer: ``None``.
"""

import functools
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from durahub.classic import table_batch
from durahub.classic.asked import Answer
from durahub.classic.columns import Columns, Value, from_odata, to_odata
from durahub.classic.storage_errors import StorageErrors, UnreadableAnswer, response_code
from durahub.classic.table_batch import Operation, Verb
from durahub.classic.wire import Wire
from durahub.model.json_text import loads

MOST_ROWS = 1000  # a page
_JSON = "application/json;odata=minimalmetadata"
_VERSIONS = {"x-ms-version": "2020-12-06", "DataServiceVersion": "3.0;NetFx"}
_READ = {**_VERSIONS, "Accept": _JSON}
_WRITE = {**_READ, "Content-Type": "application/json", "Prefer": "return-no-content"}
_CONDITION_FAILED = frozenset(
    {
        "EntityAlreadyExists",
        "ResourceNotFound",
        "EntityNotFound",
        "UpdateConditionNotSatisfied",
        "ConditionNotMet",
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is stored: its columns, keys and ``Timestamp`` included, and its ETag."""

    columns: dict[str, Value]
    etag: str


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where the next page of a query begins."""

    partition_key: str
    row_key: str | None


class Tables:
    """The rows of a hub's tables."""

    def __init__(self, wire: Wire, errors: StorageErrors) -> None:
        self._wire = wire
        self._errors = errors

    async def get(self, table: str, partition_key: str, row_key: str) -> Row | None:
        """Return a row, ``None`` if there is none."""
        with self._errors.translated():
            path = entity_path(table, partition_key, row_key)
            response = await self._wire.send("GET", path, headers=_READ)
            if _condition_failed(response):
                return None
            self._errors.unless(response, 200)
            return _row(_parsed(response))

    async def query(
        self,
        table: str,
        condition: str,
        *,
        select: Sequence[str] = (),
        most: int = MOST_ROWS,
        start: Continuation | None = None,
    ) -> tuple[list[Row], Continuation | None]:
        """Return a page of the rows for which *condition* holds (all if empty), and where to go on."""
        arguments = {"$top": str(most)}
        if condition:
            arguments["$filter"] = condition
        if select:
            arguments["$select"] = ",".join(select)
        if start is not None:
            arguments["NextPartitionKey"] = start.partition_key
            if start.row_key is not None:
                arguments["NextRowKey"] = start.row_key
        with self._errors.translated():
            path = f"{table}()?{urlencode(arguments, quote_via=quote)}"
            response = await self._wire.send("GET", path, headers=_READ)
            self._errors.unless(response, 200)
            found = _parsed(response).get("value")
            if not isinstance(found, list):
                raise UnreadableAnswer
            rows = [_row(entity) for entity in found]
        partition_key = response.headers.get("x-ms-continuation-NextPartitionKey")
        if not partition_key:
            return rows, None
        row_key = response.headers.get("x-ms-continuation-NextRowKey")
        return rows, Continuation(partition_key, row_key)

    async def pages(
        self, table: str, condition: str, *, select: Sequence[str] = ()
    ) -> AsyncIterator[list[Row]]:
        """Yield all rows for which *condition* holds, page by page, in the order of their keys."""
        start: Continuation | None = None
        while True:
            rows, start = await self.query(table, condition, select=select, start=start)
            yield rows
            if start is None:
                return

    async def insert(self, table: str, columns: Columns) -> str | None:
        """Insert a row and return its ETag; ``None`` if there is one with these keys."""
        return await self._write("POST", table, columns, None)

    async def replace(self, table: str, columns: Columns, etag: str) -> str | None:
        """Put *columns* in the place of the row with that *etag*; ``None`` if it has another."""
        path = entity_path(table, *_keys(columns))
        return await self._write("PUT", path, columns, etag)

    async def merge(self, table: str, columns: Columns, etag: str | None = None) -> str | None:
        """Merge *columns* into a row: one with that *etag* (``*``: any), or without *etag* a new one too."""
        path = entity_path(table, *_keys(columns))
        return await self._write("PATCH", path, columns, etag)

    async def delete(self, table: str, partition_key: str, row_key: str, etag: str = "*") -> bool:
        """Delete a row, with that *etag* or any; ``False`` if there was none."""
        headers = {**_READ, "If-Match": etag}
        with self._errors.translated():
            path = entity_path(table, partition_key, row_key)
            response = await self._wire.send("DELETE", path, headers=headers)
            if _condition_failed(response):
                return False
            self._errors.unless(response, 204)
        return True

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str] | None:
        """Do all *operations* (100 at most, one partition key) or none, and return the ETags.

        ``None`` if one of them failed its condition.
        """
        boundary, body = table_batch.encode(self._wire.endpoint, table, operations, dumps)
        headers = {
            **_VERSIONS,
            "Accept": "application/json",
            "Content-Type": f"multipart/mixed; boundary={boundary}",
        }
        with self._errors.translated():
            response = await self._wire.send("POST", "$batch", headers=headers, content=body)
            self._errors.unless(response, 202)
            answer = table_batch.decode(response.content)
        if isinstance(answer, list):
            return answer
        if answer.code in _CONDITION_FAILED or answer.status in (409, 412):
            return None
        raise self._errors.of(answer.status, answer.code)

    async def _write(
        self, method: str, path: str, columns: Columns, etag: str | None
    ) -> str | None:
        headers = _WRITE if etag is None else {**_WRITE, "If-Match": etag}
        with self._errors.translated():
            content = dumps_ascii(to_odata(columns))
            response = await self._wire.send(method, path, headers=headers, content=content)
            if _condition_failed(response):
                return None
            self._errors.unless(response, 201, 204)
        return str(response.headers["ETag"])


def insert(columns: Columns) -> Operation:
    """Insert a row that is not there."""
    return _operation(Verb.INSERT, columns, None)


def put(columns: Columns) -> Operation:
    """Insert a row or replace the one that is there."""
    return _operation(Verb.PUT, columns, None)


def merge(columns: Columns, etag: str) -> Operation:
    """Merge into the row with that *etag*."""
    return _operation(Verb.MERGE, columns, etag)


def delete(partition_key: str, row_key: str, etag: str = "*") -> Operation:
    """Delete a row, with that *etag* or any."""
    return Operation(Verb.DELETE, key_text(partition_key, row_key), None, etag)


def _operation(verb: Verb, columns: Columns, etag: str | None) -> Operation:
    return Operation(verb, key_text(*_keys(columns)), to_odata(columns), etag)


def entity_path(table: str, partition_key: str, row_key: str) -> str:
    """Return the encoded path of a row."""
    return f"{table}{key_text(partition_key, row_key)}"


def key_text(partition_key: str, row_key: str) -> str:
    """Return ``(PartitionKey='…',RowKey='…')``, encoded for an address."""
    return f"(PartitionKey='{_quoted(partition_key)}',RowKey='{_quoted(row_key)}')"


@functools.lru_cache(maxsize=1024)  # all rows of a checkpoint share a key
def _quoted(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def literal(text: str) -> str:
    """Return *text* as it stands in a filter: in quotes, its own doubled."""
    return "'" + text.replace("'", "''") + "'"


def dumps(entity: Any) -> bytes:
    """Return an entity as JSON. A half of a surrogate pair, which orjson refuses, is escaped.

    U+2028 and U+2029 are escaped as well: Azurite cuts the JSON of a transaction out of it line by line,
    takes these for ends of lines, answers 500 — and fails every later transaction.
    """
    try:
        text = orjson.dumps(entity)
    except TypeError:
        return json.dumps(entity).encode("ascii")
    return text.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")


def dumps_ascii(entity: Any) -> bytes:
    """Return an entity as JSON in ASCII, for a request of its own.

    Azurite makes a text of each piece in which such a body arrives, so that a character of several
    bytes may be cut in two, and is lost. The parts of a transaction are put together before.
    """
    text = dumps(entity)
    return text if text.isascii() else json.dumps(entity, separators=(",", ":")).encode("ascii")


def _keys(columns: Columns) -> tuple[str, str]:
    return str(columns["PartitionKey"]), str(columns["RowKey"])


def _row(entity: Any) -> Row:
    if not isinstance(entity, dict):
        raise UnreadableAnswer
    return Row(from_odata(entity), str(entity.get("odata.etag") or ""))


def _parsed(response: Answer) -> dict[str, Any]:
    """Return the object in an answer. Raises `UnreadableAnswer`."""
    try:
        found = orjson.loads(response.content)
    except ValueError:
        found = _as_it_came(response.content)
    if not isinstance(found, dict):
        raise UnreadableAnswer
    return found


def _as_it_came(content: bytes) -> Any:
    """Return JSON that orjson refuses: with halves of surrogate pairs, or numbers beyond 64 bits."""
    try:
        return loads(content)
    except ValueError:
        raise UnreadableAnswer from None


def _condition_failed(response: Answer) -> bool:
    status = response.status_code
    return status in (404, 409, 412) and response_code(response) in _CONDITION_FAILED
