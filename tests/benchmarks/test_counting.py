"""Requests counted from outside."""

from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread

import httpx
import pytest
from benchmarks.counting import by_kind, compare, kind_of
from benchmarks.proxy import RequestLines, running_proxy, telling
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.request_counts import kind

REQUESTS = (
    b"POST /account/hub-workitems/messages?visibilitytimeout=60&messagettl=-1 HTTP/1.1\r\n"
    b"Host: x\r\nContent-Length: 5\r\n\r\nGET /"
    b"PUT /account/hubInstances(PartitionKey='a',RowKey='') HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    b"GET /account/hub-control-00/messages?numofmessages=32&peekonly=true HTTP/1.1\r\nHost: x\r\n\r\n"
)
LINES = {
    "queue POST /account/hub-workitems/messages": 1,
    "queue PUT /account/hubInstances(PartitionKey='a',RowKey='')": 1,
    "queue GET /account/hub-control-00/messages?peekonly=true": 1,
}

# service, method, address behind the account
SENT = (
    ("queue", "POST", "hub-workitems/messages?visibilitytimeout=0"),
    ("queue", "GET", "hub-control-00/messages?numofmessages=32"),
    ("queue", "GET", "hub-control-00/messages?peekonly=true"),
    ("queue", "DELETE", "hub-control-00/messages/17?popreceipt=a"),
    ("queue", "PUT", "hub-control-00/messages/17?popreceipt=a&visibilitytimeout=0"),
    ("queue", "PUT", "hub-workitems"),
    ("queue", "GET", "?comp=list&prefix=hub"),
    ("table", "POST", "$batch"),
    ("table", "POST", "hubInstances"),
    ("table", "POST", "Tables"),
    ("table", "GET", "hubHistory()?$filter=x"),
    ("table", "GET", "hubInstances(PartitionKey='a',RowKey='')"),
    ("table", "PATCH", "hubInstances(PartitionKey='a',RowKey='')"),
    ("table", "PUT", "hubPartitions(PartitionKey='',RowKey='hub-control-00')"),
    ("table", "DELETE", "hubInstances(PartitionKey='a',RowKey='')"),
    ("blob", "PUT", "hub-leases?restype=container"),
    ("blob", "GET", "hub-leases?restype=container&comp=list"),
    ("blob", "PUT", "hub-leases/a/b?comp=lease"),
    ("blob", "PUT", "hub-leases/taskhub.json"),
    ("blob", "GET", "hub-leases/taskhub.json"),
    ("blob", "HEAD", "hub-leases/taskhub.json"),
)


@given(st.lists(st.integers(0, len(REQUESTS)), max_size=8))
def test_requests_are_counted_wherever_the_bytes_are_cut(cuts: list[int]) -> None:
    counts: Counter[str] = Counter()
    lines = RequestLines("queue", counts)

    bounds = [0, *sorted(cuts), len(REQUESTS)]
    for start, end in pairwise(bounds):
        lines.parser.feed_data(REQUESTS[start:end])

    assert counts == LINES


@pytest.mark.parametrize(("service", "method", "rest"), SENT)
def test_kinds_found_from_outside_are_those_of_our_own_counter(
    service: str, method: str, rest: str
) -> None:
    line = f"{service} {method} {telling(f'/account/{rest}')}"

    assert kind_of(line) == f"{service} {kind(service, method, rest)}"


def test_counts_agree_when_they_are_the_same_at_some_moment() -> None:
    seen = iter([{"queue PUT /a/q": 1}, {"queue PUT /a/q": 2}])

    agreement = compare(lambda: next(seen), lambda: Counter({"queue create": 2}))

    assert agreement.holds
    assert agreement.differences() == []


def test_a_request_that_our_counter_lost_is_told() -> None:
    agreement = compare(
        lambda: {"table POST /a/$batch": 7}, lambda: Counter({"table transaction": 6}), within=0.05
    )

    assert not agreement.holds
    assert agreement.differences() == ["table transaction: 7 passed the proxy, our counter says 6"]


class Answer(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_DELETE = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def storage() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/account"
    server.shutdown()
    server.server_close()


def test_the_proxy_passes_everything_on_and_counts_it(storage: str) -> None:
    large = b"x" * 300_000

    with (
        running_proxy({"queue": storage, "table": storage}) as proxy,
        httpx.Client(timeout=60) as client,
    ):
        queue, table = proxy.urls["queue"], proxy.urls["table"]
        answers = [client.post(f"{queue}/hub-workitems/messages", content=large) for _ in range(5)]
        client.delete(f"{queue}/hub-workitems/messages/1?popreceipt=a")
        client.post(f"{table}/$batch", content=b"POST /account/hub HTTP/1.1\r\n\r\n")
        counts = proxy.counts()

    assert {(answer.status_code, answer.content) for answer in answers} == {(201, large)}
    assert by_kind(counts) == {"queue put": 5, "queue delete": 1, "table transaction": 1}
