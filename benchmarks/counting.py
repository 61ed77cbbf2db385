"""What requests are, seen from outside, and whether our own counters say the same.

The kinds are those of the metric ``durahub_storage_requests_total``, found here once more from the
request lines that the proxy saw: the metric is not asked what it means.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

AGREE_WITHIN = 15.0  # seconds to find a moment in which nothing is on its way
RETRY_EVERY = 0.02  # seconds

Requests = Counter[str]  # by "queue put"

# service, method, path behind the account, query → kind; the first that fits
_KINDS = tuple(
    (service, method, re.compile(line), kind)
    for service, method, line, kind in (
        ("queue", "*", r".*[?&]comp=list.*", "list"),
        ("queue", "GET", r"[^/]+/messages\?peekonly=true", "peek"),
        ("queue", "POST", r"[^/]+/messages", "put"),
        ("queue", "GET", r"[^/]+/messages", "get"),
        ("queue", "DELETE", r"[^/]+/messages", "clear"),
        ("queue", "PUT", r"[^/]+/messages/.+", "update"),
        ("queue", "DELETE", r"[^/]+/messages/.+", "delete"),
        ("queue", "PUT", r"[^/?]+", "create"),
        ("queue", "DELETE", r"[^/?]+", "delete-queue"),
        ("queue", "*", r"[^/]*", "properties"),
        ("table", "POST", r"\$batch", "transaction"),
        ("table", "POST", r"Tables", "create"),
        ("table", "GET", r"Tables", "list"),
        ("table", "DELETE", r"Tables\(.*", "delete-table"),
        ("table", "GET", r"[^(]+\(\)", "query"),
        ("table", "GET", r"[^(]+\(.+\)", "get"),
        ("table", "PUT", r"[^(]+\(.+\)", "replace"),
        ("table", "PATCH|MERGE", r"[^(]+\(.+\)", "merge"),
        ("table", "DELETE", r"[^(]+\(.+\)", "delete"),
        ("table", "POST", r"[^(]+", "insert"),
        ("blob", "*", r".*[?&]comp=lease.*", "lease"),
        ("blob", "*", r".*[?&]comp=list.*", "list"),
        ("blob", "PUT", r".*[?&]restype=container.*", "create"),
        ("blob", "DELETE", r".*[?&]restype=container.*", "delete-container"),
        ("blob", "*", r".*[?&]restype=container.*", "properties"),
        ("blob", "PUT", r".+", "put"),
        ("blob", "GET", r".+", "get"),
        ("blob", "DELETE", r".+", "delete"),
        ("blob", "*", r".+", "properties"),
    )
)


def kind_of(line: str) -> str:
    """Return the kind of a request line of the proxy.

    ``"queue POST /account/hub-workitems/messages"`` is ``"queue put"``.
    """
    service, method, url = line.split(" ", 2)
    rest = url.lstrip("/").partition("/")[2]  # behind the account
    for of, methods, pattern, kind in _KINDS:
        if of == service and methods in ("*", *_named(methods, method)) and pattern.fullmatch(rest):
            return f"{service} {kind}"
    return f"{service} other"


def _named(methods: str, method: str) -> tuple[str, ...]:
    return (methods,) if method in methods.split("|") else ()


def by_kind(lines: Mapping[str, int]) -> Requests:
    """Return the counts of the proxy by kind."""
    kinds: Requests = Counter()
    for line, count in lines.items():
        kinds[kind_of(line)] += count
    return kinds


@dataclass(frozen=True)
class Agreement:
    """Both counts, at one moment."""

    outside: Requests
    own: Requests

    @property
    def holds(self) -> bool:
        """Whether they are the same, kind by kind."""
        return +self.outside == +self.own

    def differences(self) -> list[str]:
        """Return a sentence for each kind of which they tell different numbers."""
        return [
            f"{kind}: {self.outside[kind]} passed the proxy, our counter says {self.own[kind]}"
            for kind in sorted({*self.outside, *self.own})
            if self.outside[kind] != self.own[kind]
        ]


def compare(
    outside: Callable[[], Mapping[str, int]],
    own: Callable[[], Requests],
    within: float = AGREE_WITHIN,
) -> Agreement:
    """Read both until they agree in a moment in which nothing was on its way, or time is up.

    A server sends something now and then also when it has nothing to do: a request that we counted
    and that has not reached the proxy yet is no difference. One that is lost to either stays one.
    """
    deadline = time.monotonic() + within
    while True:
        before = by_kind(outside())
        agreement = Agreement(before, own())
        if agreement.holds or time.monotonic() > deadline:
            return agreement
        time.sleep(RETRY_EVERY)  # nobody tells when what is on its way has arrived
