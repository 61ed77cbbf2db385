"""The table service: rows by their keys, conditions by ETag, queries page by page, transactions.

Source: the REST reference of Azure Storage, *Table service*. A transaction is done wholly or not at all.
"""

import copy
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.simulation.account.exchange import Refused, Reply, Request, error_json, json_reply
from tests.simulation.account.instants import Instants
from tests.simulation.account.odata_filter import condition

Entity = dict[str, Any]
Keys = tuple[str, str]

MOST_OPERATIONS = 100
MOST_BYTES = 1_048_576  # of an entity
MOST_TEXT = 32_768  # characters of a column
_KEYS = re.compile(
    r"^(\w+)\((?:PartitionKey='((?:[^']|'')*)',\s*RowKey='((?:[^']|'')*)')?\)$", re.S
)
_NAMED = re.compile(r"^Tables\('(\w+)'\)$")
_BOUNDARY = re.compile(r"boundary=\"?([^\";]+)")
_ANNOTATION = "@odata.type"
_ANY = "*"


class TableService:
    """The tables of an account. ``page`` is how many rows a query gives at most; *fewer* may lower that."""

    def __init__(self, instants: Instants, fewer: Callable[[int], int] = int) -> None:
        self._instants = instants
        self._fewer = fewer
        self._names: dict[str, str] = {}  # as they were spelled, by their lower case
        self._tables: dict[str, dict[Keys, Entity]] = {}

    def rows(self, table: str) -> list[Entity]:
        """Return the rows of a table in the order of their keys; none if it is not there."""
        found = self._tables.get(table.lower(), {})
        return [found[keys] for keys in sorted(found)]

    def rows_of(self, table: str, partition_key: str) -> list[Entity]:
        """Return the rows of a partition key, in the order of the others."""
        found = self._tables.get(table.lower(), {})
        return [found[keys] for keys in sorted(found) if keys[0] == partition_key]

    @property
    def names(self) -> list[str]:
        """The names of the tables."""
        return sorted(self._names.values())

    def handle(self, request: Request) -> Reply:
        """Do what *request* says. Raises `Refused`."""
        if request.path == "$batch":
            return self._transaction(request)
        if request.path in ("Tables", "Tables()"):
            return self._create(request) if request.method == "POST" else self._list()
        if named := _NAMED.match(request.path):
            return self._drop(named[1])
        if request.raw_path.endswith("()"):
            return self._query(request.path[:-2], request.query)
        return self._entity(request)

    # -- tables --------------------------------------------------------------------------------

    def _create(self, request: Request) -> Reply:
        name = str(json.loads(request.body)["TableName"])
        if name.lower() in self._names:
            raise Refused(409, "TableAlreadyExists")
        self._names[name.lower()] = name
        self._tables[name.lower()] = {}
        return json_reply(201, {"TableName": name})

    def _list(self) -> Reply:
        return json_reply(200, {"value": [{"TableName": name} for name in self.names]})

    def _drop(self, name: str) -> Reply:
        if self._names.pop(name.lower(), None) is None:
            raise Refused(404, "ResourceNotFound")
        del self._tables[name.lower()]
        return Reply(204)

    def _table(self, name: str) -> dict[Keys, Entity]:
        try:
            return self._tables[name.lower()]
        except KeyError:
            raise Refused(404, "TableNotFound") from None

    # -- rows ----------------------------------------------------------------------------------

    def _entity(self, request: Request) -> Reply:
        table, keys = _address(request.raw_path)
        rows = self._table(table)
        if request.method == "GET":
            if keys is None or keys not in rows:
                raise Refused(404, "ResourceNotFound")
            return json_reply(200, _shown(rows[keys]), {"ETag": rows[keys]["odata.etag"]})
        entity = json.loads(request.body) if request.body else None
        etag = self._change(rows, request.method, keys, entity, request.headers.get("if-match"))
        if request.method == "POST" and "return-no-content" not in request.headers.get(
            "prefer", ""
        ):
            return json_reply(201, entity, {"ETag": etag})
        return Reply(204, {"ETag": etag} if etag else {})

    def _change(
        self,
        rows: dict[Keys, Entity],
        method: str,
        keys: Keys | None,
        entity: Entity | None,
        if_match: str | None,
    ) -> str:
        """Change a row and return its new ETag, ``""`` for a deletion."""
        if method == "POST":
            assert entity is not None
            keys = str(entity["PartitionKey"]), str(entity["RowKey"])
            if keys in rows:
                raise Refused(409, "EntityAlreadyExists")
            return self._store(rows, keys, entity)
        assert keys is not None
        there = rows.get(keys)
        if if_match is not None:
            if there is None:
                raise Refused(404, "ResourceNotFound")
            if if_match not in (_ANY, there["odata.etag"]):
                raise Refused(412, "UpdateConditionNotSatisfied")
        if method == "DELETE":
            if if_match is None:
                raise Refused(400, "MissingRequiredHeader")
            del rows[keys]
            return ""
        assert entity is not None
        if method in ("PATCH", "MERGE") and there:  # null says nothing of a column
            entity = {**there, **{k: v for k, v in entity.items() if v is not None}}
        return self._store(rows, keys, entity)

    def _store(self, rows: dict[Keys, Entity], keys: Keys, entity: Entity) -> str:
        stored = {k: v for k, v in entity.items() if v is not None and not k.startswith("odata.")}
        if any(isinstance(v, str) and len(v) > MOST_TEXT for v in stored.values()):
            raise Refused(400, "PropertyValueTooLarge")
        if len(json.dumps(stored)) > MOST_BYTES:
            raise Refused(400, "EntityTooLarge")
        stamp = self._instants.stamp()
        etag = f"W/\"datetime'{stamp.replace(':', '%3A')}'\""
        partition_key, row_key = keys
        own = {"PartitionKey": partition_key, "RowKey": row_key, "Timestamp": stamp}
        rows[keys] = {**stored, **own, "odata.etag": etag}
        return etag

    # -- queries -------------------------------------------------------------------------------

    def _query(self, table: str, query: Mapping[str, str]) -> Reply:
        is_meant = condition(query["$filter"]) if query.get("$filter") else None
        most = self._fewer(min(int(query.get("$top", 1000)), 1000))
        rows = self._table(table)
        start = (query.get("NextPartitionKey", ""), query.get("NextRowKey", ""))
        keys = [keys for keys in sorted(rows) if keys >= start]
        meant = [keys for keys in keys if is_meant is None or is_meant(rows[keys])]
        select = query.get("$select")
        wanted = set(select.split(",")) if select else None
        headers = {}
        if len(meant) > most:
            headers["x-ms-continuation-NextPartitionKey"] = meant[most][0]
            headers["x-ms-continuation-NextRowKey"] = meant[most][1]
        found = [_shown(rows[keys], wanted) for keys in meant[:most]]
        return json_reply(200, {"value": found}, headers)

    # -- transactions --------------------------------------------------------------------------

    def _transaction(self, request: Request) -> Reply:
        operations = _operations(request)
        table, _ = _address(operations[0].raw_path)
        rows = self._table(table)
        before = copy.copy(rows)  # rows are replaced, never changed in place
        parts = []
        try:
            _check_transaction(operations)
            for one in operations:
                parts.append(self._part(rows, one))
        except Refused as refused:
            rows.clear()
            rows.update(before)
            index = len(parts)
            error = json.dumps(error_json(refused.code, index))
            parts = [
                _part(f"{refused.status} Refused", {"Content-Type": "application/json"}, error)
            ]
        lines = "".join(f"--changesetresponse_1\r\n{part}\r\n" for part in parts)
        body = (
            "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
            f"{lines}--changesetresponse_1--\r\n--batchresponse_1--\r\n"
        )
        kind = "multipart/mixed; boundary=batchresponse_1"
        return Reply(202, {"Content-Type": kind}, body.encode())

    def _part(self, rows: dict[Keys, Entity], one: Request) -> str:
        _, keys = _address(one.raw_path)
        entity = json.loads(one.body) if one.body else None
        etag = self._change(rows, one.method, keys, entity, one.headers.get("if-match"))
        return _part("204 No Content", {"ETag": etag} if etag else {}, "")


def _part(status: str, headers: Mapping[str, str], body: str) -> str:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    return f"{head}HTTP/1.1 {status}\r\n{lines}\r\n{body}"


def _check_transaction(operations: list[Request]) -> None:
    if len(operations) > MOST_OPERATIONS:
        raise Refused(400, "InvalidInput")
    seen = set()
    for one in operations:
        _, keys = _address(one.raw_path)
        if keys is None:
            entity = json.loads(one.body)
            keys = str(entity["PartitionKey"]), str(entity["RowKey"])
        if keys in seen:
            raise Refused(400, "InvalidDuplicateRow")
        if seen and keys[0] not in {partition for partition, _ in seen}:
            raise Refused(400, "CommandsInBatchActOnDifferentPartitions")
        seen.add(keys)


def _operations(request: Request) -> list[Request]:
    """Return the operations of a transaction's body."""
    found = []
    for text in _changes(request):
        head, _, body = text.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, url, _ = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        content = body[:length] if length else body.strip()
        raw = urlsplit(url).path.rpartition("/")[2]
        found.append(Request("table", method, unquote(raw), raw, {}, headers, content))
    return found


def _changes(request: Request) -> list[bytes]:
    """Return the embedded HTTP requests."""
    outer = _boundary(request.headers["content-type"])
    (batch,) = _pieces(request.body, outer)
    head, _, changes = batch.partition(b"\r\n\r\n")
    inner = _boundary(head.decode())
    return [piece.partition(b"\r\n\r\n")[2] for piece in _pieces(changes, inner)]


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    mark = b"--" + boundary.encode()
    return [one.strip(b"\r\n") + b"\r\n\r\n" for one in body.split(mark)[1:-1]]


def _boundary(content_type: str) -> str:
    found = _BOUNDARY.search(content_type)
    assert found is not None, content_type
    return found[1].strip()


def _address(raw_path: str) -> tuple[str, Keys | None]:
    """Return the table and the keys of ``table(PartitionKey=…,RowKey=…)``, if there are any."""
    path = unquote(raw_path)
    match = _KEYS.match(path)
    if match is None:
        return path, None
    if match[2] is None:
        return match[1], None
    return match[1], (match[2].replace("''", "'"), match[3].replace("''", "'"))


def _shown(entity: Entity, wanted: set[str] | None = None) -> Entity:
    if wanted is None:
        return {**entity, f"Timestamp{_ANNOTATION}": "Edm.DateTime"}
    return {
        name: value
        for name, value in entity.items()
        if name.removesuffix(_ANNOTATION) in wanted or name == "odata.etag"
    }
