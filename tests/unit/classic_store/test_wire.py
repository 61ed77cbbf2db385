"""Hot requests: whatever storage does to them, they fare as they would in azure-core's own pipeline."""

import asyncio
import base64
import contextlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.core.credentials import AzureSasCredential
from azure.core.exceptions import AzureError, ServiceRequestError
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.policies import AzureSasCredentialPolicy
from azure.core.rest import HttpRequest
from test_bearer_tokens import CHALLENGE, Issuer

from durahub.classic.asked import Answer, Asked
from durahub.classic.connection import AccountKey, Endpoints, SharedAccess
from durahub.classic.request_counts import RequestCounter
from durahub.classic.signing import QueueSigner, TableSigner, shared_key_text
from durahub.classic.transport import CountedTransport
from durahub.classic.wire import RETRIES, Wire, retry_policy

SIGNATURE = "sv=2023-11-03&sig=a%2Bb%3D&se=2027-01-01T00%3A00%3A00Z"
DROPPED = "dropped"  # the connection is closed instead of an answer
SILENT = "silent"  # nothing is answered, ever
LEFT = "left"  # answered, and the connection closed
SHORT = 0.25  # seconds: how long an answer is waited for that will not come
LONG = 60.0  # where it comes, however busy the machine is
KEY = AccountKey("shop", "a2V5")
Step = int | str | tuple[int, str]


class Storage:
    """A service that does what it is told, try by try; the last step for ever."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._answer(reader, writer):
                await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = head[0].split(" ")
        self.seen.append((method, path, headers, body))
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if step == DROPPED:
            return False
        if step == SILENT:
            return True
        status, more = step if isinstance(step, tuple) else (step, "")
        if step == LEFT:
            status = 200
        content = b"<Code>SomeCode</Code>"
        writer.write(
            f"HTTP/1.1 {status} Something\r\nContent-Length: {len(content)}\r\n{more}\r\n".encode()
            + content
        )
        return step != LEFT


class Watched(CountedTransport):
    """Notes the pauses between tries instead of making them."""

    def __init__(self, counter: RequestCounter, read_timeout: float) -> None:
        super().__init__(counter, read_timeout=read_timeout)
        self.pauses: list[float] = []

    async def sleep(self, duration: float) -> None:
        self.pauses.append(duration)


@contextlib.asynccontextmanager
async def serving(*steps: Step) -> AsyncIterator[tuple[Storage, Watched, RequestCounter]]:
    storage = Storage(*steps)
    server = await asyncio.start_server(storage.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    storage.url = f"{url}/shop"
    counter = RequestCounter(Endpoints(f"{url}/blobs", storage.url, f"{url}/tables"))
    transport = Watched(counter, SHORT if SILENT in steps else LONG)
    try:
        yield storage, transport, counter
    finally:
        await transport.disconnect()
        server.close()


HEADERS = {"x-ms-version": "2023-11-03", "Accept": "application/xml"}
Outcome = tuple[object, list[float], tuple[Counter[tuple[str, str]], ...], list[Any]]


async def by_the_wire(method: str, path: str, content: bytes | None, *steps: Step) -> Outcome:
    async with serving(*steps) as (storage, transport, counter):
        wire = Wire(transport, storage.url, SharedAccess(SIGNATURE), QueueSigner)
        end: object
        try:
            answer = await wire.send(method, path, headers=HEADERS, content=content)
            end = (answer.status_code, answer.content)
        except AzureError as error:
            end = type(error)
        return end, transport.pauses, counted(counter), compared(storage)


async def by_azure_core(method: str, path: str, content: bytes | None, *steps: Step) -> Outcome:
    """Send a request as azure-core alone would: the judge."""
    async with serving(*steps) as (storage, transport, counter):
        sas: Any = AzureSasCredentialPolicy(AzureSasCredential(SIGNATURE))
        pipeline: AsyncPipeline[Any, Any] = AsyncPipeline(transport, policies=[retry_policy(), sas])
        end: object
        try:
            request = HttpRequest(method, f"{storage.url}/{path}", headers=HEADERS, content=content)
            answer = (await pipeline.run(request)).http_response
            end = (answer.status_code, answer.content)
        except AzureError as error:
            end = type(error)
        return end, transport.pauses, counted(counter), compared(storage)


def counted(counter: RequestCounter) -> tuple[Counter[tuple[str, str]], ...]:
    """Return how many requests were sent, and how many of them again."""
    return Counter(counter.snapshot()), counter.retries


def compared(storage: Storage) -> list[Any]:
    """Return what storage saw, without what may differ: who asks, and what may be packed."""
    own = {"user-agent", "accept-encoding", "host"}
    return [
        (method, path, {n: v for n, v in headers.items() if n not in own}, body)
        for method, path, headers, body in storage.seen
    ]


REQUESTS = {
    "put": ("POST", "q/messages?visibilitytimeout=60&messagettl=-1", b"<QueueMessage/>"),
    "get": ("GET", "q/messages?numofmessages=32", None),
    "update": ("PUT", "q/messages/1?popreceipt=a%2Bb%3D&visibilitytimeout=0", None),
    "delete": ("DELETE", "q/messages/1?popreceipt=a", None),
    "merge": ("PATCH", "T(PartitionKey='a%2Fb',RowKey='')", b"{}"),
    "depth": ("GET", "q", None),
}
SCRIPTS: dict[str, tuple[Step, ...]] = {
    "answered": (200,),
    "refused": (404,),
    "not its turn": (412, 200),
    "busy once": (503, 200),
    "busy, and says for how long": ((503, "Retry-After: 7\r\n"), 200),
    "refused, but to come again": ((409, "Retry-After: 2\r\n"), 200),
    "busy, in milliseconds": ((503, "x-ms-retry-after-ms: 1500\r\n"), 200),
    "throttled": (429, 500, 200),
    "timed out over there": (408, 504, 502, 200),
    "busy for ever": (503,),
    "broken in a way of its own": (507, 200),
    "dropped once": (DROPPED, 200),
    "dropped twice": (DROPPED, DROPPED, 200),
    "dropped for ever": (DROPPED,),
    "silent once": (SILENT, 200),
    "silent for ever": (SILENT,),
    "dropped, then busy": (DROPPED, 503, DROPPED, 503, 200),
}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("request_", REQUESTS)
async def test_a_request_fares_as_in_azure_core_s_pipeline(request_: str, script: str) -> None:
    given = REQUESTS[request_]
    end, pauses, counts, seen = await by_the_wire(*given, *SCRIPTS[script])

    judged = await by_azure_core(*given, *SCRIPTS[script])
    assert (end, pauses, counts) == judged[:3]
    assert seen == judged[3]


async def test_every_try_is_counted_and_those_behind_the_first_as_retries() -> None:
    end, pauses, (counts, retries), seen = await by_the_wire(*REQUESTS["put"], 503)
    assert counts == {("queue", "put"): len(seen)}
    assert retries == {("queue", "put"): len(seen) - 1}
    assert len(seen) == RETRIES
    assert len(pauses) == len(seen) - 2  # the second try comes at once
    assert end == (503, b"<Code>SomeCode</Code>")


async def test_a_connection_that_storage_has_closed_does_no_harm() -> None:
    async with serving(LEFT, LEFT, 200) as (storage, transport, _):
        wire = Wire(transport, storage.url, SharedAccess(SIGNATURE), QueueSigner)
        statuses = [
            (await wire.send("GET", "q/messages", headers=HEADERS)).status_code for _ in range(3)
        ]
    assert statuses == [200, 200, 200]


async def test_nobody_there_is_an_error_like_azure_core_s() -> None:
    async with serving(200) as (_, transport, _counter):
        wire = Wire(transport, "http://127.0.0.1:1/shop", SharedAccess(SIGNATURE), QueueSigner)
        with pytest.raises(ServiceRequestError) as raised:
            await wire.send("GET", "q/messages", headers=HEADERS)
    assert raised.value.inner_exception is not None
    assert len(transport.pauses) == 2


@pytest.mark.parametrize("request_", REQUESTS)
async def test_each_try_is_signed_with_the_account_s_key_as_it_arrives(request_: str) -> None:
    method, path, content = REQUESTS[request_]
    async with serving(503, 200) as (storage, transport, _):
        wire = Wire(transport, storage.url, KEY, QueueSigner)
        typed = {**HEADERS, "Content-Type": "application/xml"} if content else HEADERS
        await wire.send(method, path, headers=typed, content=content)
    assert len(storage.seen) == 2
    for _, address, headers, _ in storage.seen:
        resource, _, query = address.partition("?")
        text = shared_key_text("shop", method, resource, query, headers)
        assert headers["authorization"] == f"SharedKey shop:{signature(text)}"


async def test_a_request_to_tables_is_signed_with_the_account_s_key_as_it_arrives() -> None:
    async with serving(200) as (storage, transport, _):
        wire = Wire(transport, storage.url, KEY, TableSigner)
        await wire.send("GET", "T(PartitionKey='%5E0%27',RowKey='')?$select=a", headers=HEADERS)
    ((_, address, headers, _),) = storage.seen
    text = f"{headers['x-ms-date']}\n/shop{address.partition('?')[0]}"
    assert headers["authorization"] == f"SharedKeyLite shop:{signature(text)}"


def signature(text: str) -> str:
    """Return what the service computes of *text*."""
    digest = hmac.digest(base64.b64decode(KEY.key), text.encode(), "sha256")
    return base64.b64encode(digest).decode()


class Entra(CountedTransport):
    """A service that takes one token."""

    def __init__(self, takes: str, challenge: str = CHALLENGE) -> None:
        super().__init__(RequestCounter(Endpoints("https://b", "https://q", "https://t")))
        self.takes = takes
        self.challenge = challenge
        self.seen: list[Asked] = []

    async def sleep(self, duration: float) -> None: ...

    async def ask(self, asked: Asked) -> Answer:
        self.seen.append(asked)
        if asked.headers["Authorization"] == f"Bearer {self.takes}":
            return Answer(200, {}, b"", asked)
        return Answer(
            401, {"WWW-Authenticate": self.challenge} if self.challenge else {}, b"", asked
        )


@contextlib.asynccontextmanager
async def with_tokens(
    issuer: Issuer, service: Entra, endpoint: str = "https://q"
) -> AsyncIterator[Wire]:
    try:
        yield Wire(service, endpoint, issuer, TableSigner)  # type: ignore[arg-type]
    finally:
        await service.disconnect()


async def status(wire: Wire) -> int:
    return (await wire.send("GET", "q/messages", headers=HEADERS)).status_code


async def test_a_token_is_asked_for_once_and_goes_with_a_date() -> None:
    issuer, service = Issuer(), Entra("token-1")
    async with with_tokens(issuer, service) as wire:
        assert [await status(wire) for _ in range(3)] == [200] * 3
    assert issuer.asked == [None]
    assert all(asked.headers["x-ms-date"].endswith(" GMT") for asked in service.seen)


async def test_a_token_that_is_refused_in_between_is_renewed() -> None:
    issuer, service = Issuer(), Entra("token-1")
    async with with_tokens(issuer, service) as wire:
        assert await status(wire) == 200
        service.takes = "token-2"
        assert [await status(wire) for _ in range(3)] == [200] * 3
    assert issuer.asked == [None, "theirs"]
    assert len(service.seen) == 5  # one was refused


async def test_a_token_that_is_refused_without_a_challenge_is_not_used_again() -> None:
    issuer, service = Issuer(), Entra("token-1", challenge="")
    async with with_tokens(issuer, service) as wire:
        assert await status(wire) == 200
        service.takes = "token-2"
        assert [await status(wire) for _ in range(2)] == [401, 200]
    assert issuer.asked == [None, None]


async def test_a_token_that_is_refused_for_ever_is_an_answer() -> None:
    issuer, service = Issuer(), Entra("none")
    async with with_tokens(issuer, service) as wire:
        assert await status(wire) == 401
    assert len(service.seen) == 2


async def test_no_token_is_sent_without_tls() -> None:
    issuer, service = Issuer(), Entra("token-1")
    async with with_tokens(issuer, service, "http://q") as wire:
        with pytest.raises(ServiceRequestError):
            await status(wire)
    assert service.seen == []
