"""Counts what is sent to storage: by service and kind of operation, retries included, at the wire."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from azure.core.pipeline.transport import AioHttpTransport

_QUEUE = {
    ("POST", True): "put",
    ("GET", True): "get",
    ("PUT", True): "update",
    ("DELETE", True): "delete",
    ("DELETE", False): "delete-queue",
    ("PUT", False): "create-queue",
    ("GET", False): "list",
    ("HEAD", False): "properties",
}
_TABLE = {
    "POST": "insert",
    "PUT": "replace",
    "PATCH": "merge",
    "MERGE": "merge",
    "DELETE": "delete",
    "GET": "get",
}
_BLOB = {"PUT": "put", "GET": "get", "HEAD": "properties", "DELETE": "delete"}


class RequestCounter:
    """How many requests were sent, by ``(service, operation)``: ``("queue", "put")``."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, service: str, operation: str) -> None:
        """Count one request."""
        self._counts[service, operation] += 1

    def snapshot(self) -> Mapping[tuple[str, str], int]:
        """Return the counts so far."""
        return dict(self._counts)


def operation_of(service: str, method: str, url: str) -> str:
    """Return the kind of a request: ``put``, ``transaction``, ``query`` and so on."""
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True)
    if service == "queue":
        if parts.path.endswith("/messages") or "/messages/" in parts.path:
            return "peek" if "peekonly" in query else _QUEUE.get((method, True), method.lower())
        return _QUEUE.get((method, False), method.lower())
    if service == "table":
        return _table_operation(method, parts.path)
    if query.get("comp") == ["lease"]:
        return "lease"
    if query.get("comp") == ["list"]:
        return "list"
    if query.get("restype") == ["container"]:
        return f"{_BLOB.get(method, method.lower())}-container"
    return _BLOB.get(method, method.lower())


def _table_operation(method: str, path: str) -> str:
    if path.endswith("$batch"):
        return "transaction"
    last = path.rsplit("/", 1)[-1]
    if last == "Tables" or last.startswith("Tables("):
        return {"POST": "create-table", "GET": "list", "DELETE": "delete-table"}.get(
            method, "other"
        )
    if method == "GET" and "PartitionKey=" not in path:
        return "query"
    return _TABLE.get(method, method.lower())


class CountingTransport(AioHttpTransport):  # type: ignore[misc] # loaded lazily by azure-core
    """The SDK's own transport over a session that several clients share, and a counter.

    Closing a client does not close it: `Account` owns the session.
    """

    def __init__(self, service: str, counter: RequestCounter, **settings: Any) -> None:
        super().__init__(session_owner=False, **settings)
        self._service = service
        self._counter = counter

    async def send(self, request: Any, **config: Any) -> Any:
        """Count the request, then send it."""
        self._counter.count(self._service, operation_of(self._service, request.method, request.url))
        return await super().send(request, **config)

    async def __aexit__(self, *_: Any) -> None:
        """Stay open."""

    async def close(self) -> None:
        """Stay open."""
