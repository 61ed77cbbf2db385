"""Counts the requests that go to storage, by service and kind: what Azure bills, and what limits us."""

from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlsplit

from durahub.classic.connection import Endpoints

_ENTITY = {"GET": "get", "PUT": "replace", "PATCH": "merge", "MERGE": "merge", "DELETE": "delete"}
_MESSAGES = {"POST": "put", "GET": "get", "DELETE": "clear"}
_MESSAGE = {"PUT": "update", "DELETE": "delete"}
_TABLES = {"POST": "create", "GET": "list", "DELETE": "delete-table"}
_QUEUE = {"PUT": "create", "DELETE": "delete-queue"}
_CONTAINER = {"PUT": "create", "DELETE": "delete-container"}
_BLOB = {"PUT": "put", "GET": "get", "DELETE": "delete"}


class RequestCounter:
    """Counts of requests on the wire, retries included."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._services = (
            ("queue", f"{endpoints.queue}/"),
            ("table", f"{endpoints.table}/"),
            ("blob", f"{endpoints.blob}/"),
        )
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, method: str, url: str) -> None:
        """Count a request to *url*."""
        for service, prefix in self._services:
            if url.startswith(prefix):
                self._counts[service, kind(service, method, url[len(prefix) :])] += 1
                return
        self._counts["other", method.lower()] += 1

    def snapshot(self) -> Mapping[tuple[str, str], int]:
        """Return how many requests there were until now, by (service, kind)."""
        return dict(self._counts)


def kind(service: str, method: str, rest: str) -> str:
    """Return what a request does; *rest* is its address behind the endpoint, with the query.

    E.g. ``kind("queue", "POST", "myhub-workitems/messages?visibilitytimeout=0")`` is ``"put"``.
    """
    parts = urlsplit(rest)
    match service:
        case "queue":
            return _queue_kind(method, parts.path, parts.query)
        case "table":
            return _table_kind(method, parts.path)
        case _:
            return _blob_kind(method, parts.path, parts.query)


def _queue_kind(method: str, path: str, query: str) -> str:
    segments = path.split("/")
    if "comp=list" in query:
        return "list"
    if len(segments) == 1:
        return _QUEUE.get(method, "properties")
    if len(segments) == 2:
        return "peek" if "peekonly=true" in query else _MESSAGES.get(method, "other")
    return _MESSAGE.get(method, "other")


def _table_kind(method: str, path: str) -> str:
    if path == "$batch":
        return "transaction"
    if path == "Tables" or path.startswith("Tables("):
        return _TABLES.get(method, "other")
    if path.endswith("()"):
        return "query"
    if path.endswith(")"):
        return _ENTITY.get(method, "other")
    return "insert"


def _blob_kind(method: str, path: str, query: str) -> str:
    if "comp=lease" in query:
        return "lease"
    if "comp=list" in query:
        return "list"
    if "restype=container" in query:
        return _CONTAINER.get(method, "properties")
    if not path.strip("/"):
        return "other"
    return _BLOB.get(method, "properties")
