"""A proxy in front of the storage account: it counts requests where the server cannot err about them."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import aiohttp
from aiohttp import web
from yarl import URL

from durahub.classic.request_counts import kind
from durahub.local.azurite import connection_string
from tests.conftest import Storage

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
SIGNED = ("Content-Type", "Accept", "Accept-Encoding", "User-Agent")  # what is added breaks it
ACCOUNT = "/devstoreaccount1/"
LARGEST = 64 * 1024 * 1024  # bytes of a request


def _open() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Seen:
    """What went through a proxy, by ``"service kind"``, and what of it does not grow with the work.

    ``polls`` are receives that brought no message, ``upkeep`` what is asked about leases.
    """

    all: Counter[str] = field(default_factory=Counter)
    polls: Counter[str] = field(default_factory=Counter)
    upkeep: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    checkpoints: asyncio.Event = field(default_factory=_open)  # clear: none gets through

    def work(self) -> Counter[str]:
        """Return how many requests were made for instances."""
        return self.all - self.polls - self.upkeep

    def note(self, service: str, method: str, rest: str, answer: bytes) -> None:
        what = kind(service, method, rest)
        name = f"{service} {what}"
        self.all[name] += 1
        if name == "queue get" and not _messages(answer):
            self.polls[name] += 1
        elif "partitions" in rest.lower() or what == "lease" or "-leases" in rest.lower():
            self.upkeep[name] += 1


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs: the *connection_string* leads through it."""

    connection_string: str
    seen: Seen


@contextlib.asynccontextmanager
async def proxy_of(storage: Storage) -> AsyncIterator[Proxy]:
    """Run a proxy in front of an Azurite for the body."""
    seen = Seen()
    targets = {"blob": storage.blob_url, "queue": storage.queue_url, "table": storage.table_url}
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                auto_decompress=False, connector=aiohttp.TCPConnector(limit=0), trust_env=False
            )
        )
        urls = {
            f"{service}_url": await stack.enter_async_context(_passing(service, url, session, seen))
            for service, url in targets.items()
        }
        yield Proxy(connection_string(**urls), seen)


@contextlib.asynccontextmanager
async def _passing(
    service: str, url: str, session: aiohttp.ClientSession, seen: Seen
) -> AsyncIterator[str]:
    """Pass on what is sent to one service; yield the address to send it to."""
    origin = URL(url).origin()

    async def handle(request: web.Request) -> web.Response:
        seen.under_way += 1
        try:
            body = await request.read()
            headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP}
            if request.path.endswith("/$batch"):
                await seen.checkpoints.wait()
            target = URL(f"{origin}{request.raw_path}", encoded=True)
            async with session.request(
                request.method,
                target,
                headers=headers,
                data=body or None,
                allow_redirects=False,
                skip_auto_headers=SIGNED,
            ) as answer:
                content = await answer.read()
                seen.note(service, request.method, request.raw_path.removeprefix(ACCOUNT), content)
                kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP}
                return web.Response(status=answer.status, body=content, headers=kept)
        finally:
            seen.under_way -= 1

    app = web.Application(client_max_size=LARGEST)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}/devstoreaccount1"
    finally:
        await runner.cleanup()


def _messages(answer: bytes) -> int:
    """Return how many messages the answer to a receive holds."""
    return len(ET.fromstring(answer)) if answer.strip() else 0
