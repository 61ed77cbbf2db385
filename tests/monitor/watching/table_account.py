"""A storage account in memory, as much of it as watching reads: rows with time stamps, blobs, a clock.

It counts what it is asked for, and can refuse, ask for patience, or not answer at all.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from durahub.classic.columns import Columns, to_odata
from durahub.classic.names import HubNames
from durahub.classic.payloads import pack
from durahub.local.azurite import connection_string
from durahub.model.ticks import Ticks, later, parse, to_datetime, to_round_trip_text
from tests.lint.sources.http_server import answering

ACCOUNT = "/devstoreaccount1"
NOON = parse("2026-11-21T12:00:00Z")
_TEST = re.compile(r"(\w+) (eq|ge|gt|lt) (?:datetime)?'((?:[^']|'')*)'")
_XML = '<?xml version="1.0" encoding="utf-8"?>'


@dataclass(frozen=True)
class Refusal:
    """An answer with an error, and the seconds of a ``Retry-After``."""

    status: int
    code: str
    retry_after: int | None = None


@dataclass
class TableAccount:
    """An account whose hub *names* has two partitions. *now* is its clock; each write is a tick later."""

    names: HubNames
    now: Ticks = NOON
    most: int = 1000
    refuse: Callable[[str, str], Refusal | None] = lambda _service, _path: None
    asked: list[str] = field(default_factory=list)  # "table query", with the table's name
    queries: list[dict[str, str]] = field(default_factory=list)
    hangs: bool = False
    silent: asyncio.Event = field(default_factory=asyncio.Event)  # somebody waits in vain
    released: asyncio.Event = field(default_factory=asyncio.Event)
    connection_string: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    _tables: dict[str, dict[tuple[str, str], dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tables = {self.names.instances_table: {}, self.names.history_table: {}}

    # -- what is there -------------------------------------------------------------------------

    def put(self, table: str, columns: Columns) -> None:
        self.now = later(self.now, 0.001)
        row = to_odata(columns)
        row["Timestamp"] = to_round_trip_text(self.now)
        row["Timestamp@odata.type"] = "Edm.DateTime"
        row["odata.etag"] = f"W/\"datetime'{self.now}'\""
        self._tables[table][str(columns["PartitionKey"]), str(columns["RowKey"])] = row

    def put_instance(self, columns: Columns) -> None:
        self.put(self.names.instances_table, columns)

    def delete(self, table: str, partition_key: str, row_key: str = "") -> None:
        del self._tables[table][partition_key, row_key]

    def put_blob(self, name: str, text: str) -> None:
        self.blobs[name] = pack(text)

    def delete_hub(self) -> None:
        self._tables.clear()

    def count(self, what: str = "") -> int:
        return sum(one.startswith(what) for one in self.asked)

    # -- answering -----------------------------------------------------------------------------

    async def answer(self, service: str, request: web.Request) -> web.Response:
        path = request.path.removeprefix(ACCOUNT).removeprefix("/")
        query = dict(request.query)
        if self.hangs:
            self.silent.set()
            await self.released.wait()
        refused = self.refuse(service, path)
        self.asked.append(f"{service} {path}")
        self.queries.append(query)
        response = _error(refused) if refused is not None else self._respond(service, path, query)
        response.headers["Date"] = format_datetime(to_datetime(self.now), usegmt=True)
        return response

    def _respond(self, service: str, path: str, query: dict[str, str]) -> web.Response:
        match service:
            case "table":
                return self._table(path, query)
            case "queue":
                queues = self.names.control_queues(2) if self._tables else ()
                named = "".join(f"<Queue><Name>{name}</Name></Queue>" for name in queues)
                return _xml(
                    f"<EnumerationResults><Queues>{named}</Queues><NextMarker/></EnumerationResults>"
                )
        content = self.blobs.get(path.partition("/")[2])
        if content is None:
            return _error(Refusal(404, "BlobNotFound"))
        size = len(content)
        headers = {
            "Content-Range": f"bytes 0-{size - 1}/{size}",
            "ETag": '"0x1"',
            "Last-Modified": "Sat, 21 Nov 2026 12:00:00 GMT",
            "x-ms-blob-type": "BlockBlob",
        }
        return web.Response(status=206, body=content, headers=headers)

    def _table(self, path: str, query: dict[str, str]) -> web.Response:
        if path == "Tables":
            return web.json_response({"value": [{"TableName": name} for name in self._tables]})
        name, _, rest = path.partition("(")
        if name not in self._tables:
            return _error(Refusal(404, "TableNotFound"))
        rows = self._tables[name]
        if rest != ")":
            keys = re.fullmatch(r"PartitionKey='(.*)',RowKey='(.*)'\)", rest)
            assert keys is not None
            row = rows.get((keys[1].replace("''", "'"), keys[2]))
            return (
                web.json_response(row)
                if row is not None
                else _error(Refusal(404, "ResourceNotFound"))
            )
        return self._page(rows, query)

    def _page(
        self, rows: dict[tuple[str, str], dict[str, Any]], query: dict[str, str]
    ) -> web.Response:
        start = (query.get("NextPartitionKey", ""), query.get("NextRowKey", ""))
        found = [
            (keys, row)
            for keys, row in sorted(rows.items())
            if keys >= start and _holds(query.get("$filter", ""), row)
        ]
        most = min(int(query.get("$top", "1000")), self.most)
        select = set(query["$select"].split(",")) if "$select" in query else None
        shown = [_selected(row, select) for _, row in found[:most]]
        headers = {}
        if len(found) > most:
            headers["x-ms-continuation-NextPartitionKey"] = found[most][0][0]
            headers["x-ms-continuation-NextRowKey"] = found[most][0][1]
        return web.json_response({"value": shown}, headers=headers)


def _selected(row: dict[str, Any], select: set[str] | None) -> dict[str, Any]:
    if select is None:
        return row
    return {k: v for k, v in row.items() if k.partition("@")[0] in select or k == "odata.etag"}


def _holds(condition: str, row: dict[str, Any]) -> bool:
    if not condition:
        return True
    return any(
        all(_test(one, row) for one in part.split(" and ")) for part in condition.split(" or ")
    )


def _test(text: str, row: dict[str, Any]) -> bool:
    found = _TEST.fullmatch(text)
    assert found is not None, text
    have, wanted = row.get(found[1]), found[3].replace("''", "'")
    if have is None:
        return False
    return bool(
        {"eq": have == wanted, "ge": have >= wanted, "gt": have > wanted, "lt": have < wanted}[
            found[2]
        ]
    )


def _error(refusal: Refusal) -> web.Response:
    headers = {"x-ms-error-code": refusal.code}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    body = f"{_XML}<Error><Code>{refusal.code}</Code><Message>no</Message></Error>"
    return web.Response(
        status=refusal.status, text=body, content_type="application/xml", headers=headers
    )


def _xml(body: str) -> web.Response:
    return web.Response(text=f"{_XML}{body}", content_type="application/xml")


@contextlib.asynccontextmanager
async def serving(account: TableAccount) -> AsyncIterator[TableAccount]:
    """Serve an account for the body."""
    async with contextlib.AsyncExitStack() as stack:
        urls: dict[str, str] = {}
        for service in ("blob", "queue", "table"):

            async def handle(request: web.Request, service: str = service) -> web.Response:
                return await account.answer(service, request)

            urls[f"{service}_url"] = await stack.enter_async_context(answering(handle))
        account.connection_string = connection_string(**urls)
        try:
            yield account
        finally:
            account.released.set()
