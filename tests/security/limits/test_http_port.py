"""What one client may ask of the HTTP port; nobody holds a connection open by saying little."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send

from durahub.cli.log import configure
from durahub.configuration.settings import Settings
from durahub.directory import Directory
from durahub.edge.http import HttpServer, application
from durahub.edge.http_connection import limited
from durahub.edge.listening import bind
from durahub.edge.port_limits import HEADER_BYTES
from durahub.storage import SqliteStorage

ORCHESTRATORS = "/runtime/webhooks/durabletask/orchestrators/Ship"


@contextlib.asynccontextmanager
async def served(connections: int = 100, **within: float) -> AsyncIterator[int]:
    """A server of a hub in memory; the port. *within* are the seconds of `limited`."""
    async with SqliteStorage(":memory:") as storage:
        directory = Directory(storage, Settings(hubs=("orders",)))
        await directory.start()
        app = application(CollectorRegistry(), directory=directory)
        server = HttpServer(app, bind("127.0.0.1", 0, "--http-port"), connections)
        if within:
            server.config.http = limited(connections, **within)
        running = asyncio.create_task(server.run_until_stopped())
        try:
            yield server.port
        finally:
            server.stop()
            await running
            await directory.close()


async def said_to(port: int, *parts: bytes) -> bytes:
    """Return everything that the server says to *parts* until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            return await reader.read()
        return b""
    finally:
        writer.close()


CLOSE = b"connection: close\r\nhost: durahub\r\n"


async def test_a_head_that_is_too_large_is_answered_with_431() -> None:
    async with served() as port:
        line = b"x-note: " + b"n" * HEADER_BYTES + b"\r\n"
        many = b"".join(b"x-note-%d: n\r\n" % n for n in range(2_000))

        for head in (line, many, b"x-note: " + b"n" * HEADER_BYTES * 4):
            answer = await said_to(port, b"GET /healthz HTTP/1.1\r\n" + CLOSE + head)
            assert answer.startswith(b"HTTP/1.1 431 ")
            assert b"nnnn" not in answer
        answer = await said_to(port, b"GET /" + b"a" * HEADER_BYTES * 2)
        assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: a\r\nx\x00y: b\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n",
        "GET /caf\u00e9 HTTP/1.1\r\nhost: a\r\n\r\n".encode(),
    ],
)
async def test_what_is_no_request_is_refused_and_the_connection_closed(sent: bytes) -> None:
    async with served() as port:
        answer = await said_to(port, sent)

        assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 501")


async def test_who_connects_and_says_nothing_is_sent_away() -> None:
    async with served(head_within=0.05) as port:
        assert (await said_to(port)).startswith(b"HTTP/1.1 408 ")


async def test_who_drips_a_head_is_sent_away_however_often_a_byte_comes() -> None:
    async with served(head_within=0.2) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nx: ")
        answer = asyncio.ensure_future(reader.read())
        while not answer.done():
            writer.write(b"y")
            await asyncio.wait([answer], timeout=0.01)  # the pause of the one who drips

        with contextlib.suppress(ConnectionError):  # a byte behind the answer may undo it
            assert (await answer).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_who_drips_a_second_head_is_sent_away_as_well() -> None:
    async with served(head_within=1.0) as port:  # long enough for the first, on any machine
        first = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
        answer = await said_to(port, first + b"GET /healthz HT")

        assert answer.startswith(b"HTTP/1.1 204 ")
        assert b"HTTP/1.1 408 " in answer


async def test_who_drips_a_body_is_sent_away() -> None:
    async with served(body_within=0.2) as port:
        head = (
            b"POST "
            + ORCHESTRATORS.encode()
            + b" HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\n"
        )

        assert (await said_to(port, head, b"{")).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_beyond_the_limit_is_told_to_come_back() -> None:
    async with served(connections=3) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for _, writer in held:
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        for reader, _ in held:
            assert (await reader.readline()).startswith(b"HTTP/1.1 204 ")

        answer = await said_to(port, b"")

        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in answer
        for _, writer in held:
            writer.close()


async def test_a_body_beyond_the_limit_is_refused_whether_its_size_is_told_or_not() -> None:
    post = b"POST " + ORCHESTRATORS.encode() + b" HTTP/1.1\r\n" + CLOSE
    told = post + b"content-length: 99999999999\r\n\r\n"
    untold = post + b"transfer-encoding: chunked\r\n\r\n"
    piece = b"100000\r\n" + b"1" * 0x100000 + b"\r\n"
    async with served() as port:
        assert (await said_to(port, told)).startswith(b"HTTP/1.1 413 ")
        # The last byte is the one too many: what is sent after the answer may undo it on its way.
        answer = await said_to(port, untold, *[piece] * 16, b"1\r\n1\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")


async def test_json_that_is_nested_too_deeply_is_refused_wherever_it_comes_in() -> None:
    deep = b"[" * 201 + b"]" * 201
    bottomless = b"[" * 1_000_000
    head = b"POST %s HTTP/1.1\r\n%scontent-length: %d\r\n\r\n"
    async with served() as port:
        for body in (deep, bottomless):
            answer = await said_to(port, head % (ORCHESTRATORS.encode(), CLOSE, len(body)), body)
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert b"DH136" in answer


async def test_an_application_that_fails_is_not_quoted_in_what_is_said_or_logged(
    capfd: pytest.CaptureFixture[str],
) -> None:
    configure(verbose=True)
    payload = "canary-of-a-payload"

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError(payload)  # its place in the code is told, and this line with it

    server = HttpServer(broken, bind("127.0.0.1", 0, "--http-port"))  # type: ignore[arg-type]
    running = asyncio.create_task(server.run_until_stopped())
    answer = await said_to(server.port, b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n")
    await said_to(server.port, b"canary-of-a-request\r\n\r\n")
    server.stop()
    await running

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"canary" not in answer
    assert "canary" not in "".join(capfd.readouterr())
