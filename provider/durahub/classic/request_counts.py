"""Counts the requests that go to storage, by service and kind: what Azure bills, and what limits us."""

from collections import Counter
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from durahub.classic.connection import Endpoints
from durahub.observing.answering import Answering
from durahub.observing.timings import Timings

_ENTITY = {"GET": "get", "PUT": "replace", "PATCH": "merge", "MERGE": "merge", "DELETE": "delete"}
_MESSAGES = {"POST": "put", "GET": "get", "DELETE": "clear"}
_MESSAGE = {"PUT": "update", "DELETE": "delete"}
_TABLES = {"POST": "create", "GET": "list", "DELETE": "delete-table"}
_QUEUE = {"PUT": "create", "DELETE": "delete-queue"}
_CONTAINER = {"PUT": "create", "DELETE": "delete-container"}
_BLOB = {"PUT": "put", "GET": "get", "DELETE": "delete"}


OUTCOMES = ("ok", "conflict", "throttled", "denied", "error", "no-answer")


def outcome_of(status: int | None) -> str:
    """Return what came of a request: a status, or ``None`` where no answer came.

    A conflict is what is or is not there against what was thought (404, 409, 412): mostly nothing bad.
    """
    match status:
        case None:
            return "no-answer"
        case 404 | 409 | 412:
            return "conflict"
        case 429 | 503:
            return "throttled"
        case 401 | 403:
            return "denied"
        case _:
            return "ok" if status < 400 else "error"


Observer = Callable[[str, str, str, float], None]
"""Is told of each request that has ended: its service, its operation, the outcome and its seconds."""


class RequestCounter:
    """Counts of requests on the wire, retries included."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._services = (
            ("queue", f"{endpoints.queue}/"),
            ("table", f"{endpoints.table}/"),
            ("blob", f"{endpoints.blob}/"),
        )
        self._counts: Counter[tuple[str, str]] = Counter()
        self.retries: Counter[tuple[str, str]] = Counter()  # those of them that were tried before
        self.timings = Timings()  # by service, operation and outcome
        self.answering = Answering()
        self.observer: Observer | None = None

    def count(self, method: str, url: str) -> tuple[str, str]:
        """Count a request to *url*; return its service and what it does."""
        counted = self._read(method, url)
        self._counts[counted] += 1
        return counted

    def count_retry(self, method: str, url: str) -> None:
        """Note that a request which is about to be counted was tried before."""
        self.retries[self._read(method, url)] += 1

    def _read(self, method: str, url: str) -> tuple[str, str]:
        for service, prefix in self._services:
            if url.startswith(prefix):
                return service, kind(service, method, url[len(prefix) :])
        return "other", method.lower()

    def ended(
        self, counted: tuple[str, str], status: int | None, seconds: float, now: float
    ) -> None:
        """Note what came of a request that was counted; *now* is the loop's time."""
        outcome = outcome_of(status)
        self.timings.note((*counted, outcome), seconds)
        if outcome in ("no-answer", "denied", "error"):
            self.answering.failed(outcome)
        else:
            self.answering.answered(now)
        if self.observer is not None:
            self.observer(*counted, outcome, seconds)

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
