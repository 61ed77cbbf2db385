"""A proxy in front of storage that counts requests: what our own counters say is checked by it.

    python -m benchmarks.proxy blob=HOST:PORT queue=HOST:PORT table=HOST:PORT

Bytes pass unchanged in both directions; a copy of what goes to storage is parsed (``httptools``). It
listens on free ports, which it prints as one JSON object, and tells its counts at ``/counts``:
``{"queue POST /account/hub-workitems/messages": 12, …}``, of the query only what tells a kind. How many
bytes came from each service, with headers, it tells at ``/received``.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import httptools
from aiohttp import web

from durahub.local.child import Child

START_WITHIN = 30.0  # seconds
CHUNK = 1 << 16
TELLING = ("comp", "restype", "peekonly")  # in a query: what tells one kind of request from another


class RequestLines:
    """Counts the requests of one connection: the callbacks of ``httptools.HttpRequestParser``."""

    def __init__(self, service: str, counts: Counter[str]) -> None:
        self._service = service
        self._counts = counts
        self._url = b""
        self.parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        """Begin the next request of the connection."""
        self._url = b""

    def on_url(self, part: bytes) -> None:
        """Take a part of the address, which may come in several."""
        self._url += part

    def on_headers_complete(self) -> None:
        """Count it: it is with storage now."""
        method = self.parser.get_method().decode()
        self._counts[f"{self._service} {method} {telling(self._url.decode())}"] += 1


def telling(url: str) -> str:
    """Return path and query of an address, less what says nothing of the kind of the request."""
    parts = urlsplit(url)
    query = [
        f"{key}={value}"
        for key, (value, *_) in sorted(parse_qs(parts.query).items())
        if key in TELLING
    ]
    return f"{parts.path}?{'&'.join(query)}" if query else parts.path


async def forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, see: Callable[[bytes], None]
) -> None:
    """Pass bytes on until the sender ends; *see* sees them first."""
    with suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            see(data)
            writer.write(data)
            await writer.drain()
    writer.close()


async def serve(targets: dict[str, str]) -> None:
    """Listen for each service, and for questions, until killed."""
    counts: Counter[str] = Counter()
    received: Counter[str] = Counter()
    ports: dict[str, int] = {}
    for service, target in targets.items():
        server = await asyncio.start_server(
            _passer(service, target, counts, received), "127.0.0.1", 0
        )
        ports[service] = server.sockets[0].getsockname()[1]

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(counts)

    async def tell_received(_: web.Request) -> web.Response:
        return web.json_response(received)

    app = web.Application()
    app.router.add_get("/counts", tell)
    app.router.add_get("/received", tell_received)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ports["counts"] = runner.addresses[0][1]
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


def _passer(service: str, target: str, counts: Counter[str], received: Counter[str]) -> Any:
    host, _, port = target.rpartition(":")

    def answered(data: bytes) -> None:
        received[service] += len(data)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_storage = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            forward(reader, to_storage[1], RequestLines(service, counts).parser.feed_data),
            forward(to_storage[0], writer, answered),
        )

    return connected


class Proxy:
    """A running proxy."""

    def __init__(self, urls: dict[str, str], ports: dict[str, int], pid: int) -> None:
        self.urls = urls  # where servers reach the services through it
        self.pid = pid
        self._told = f"http://127.0.0.1:{ports['counts']}"

    def counts(self) -> Counter[str]:
        """Return how many requests have passed, by their lines."""
        with urlopen(f"{self._told}/counts", timeout=30) as answer:
            return Counter(json.load(answer))

    def received(self) -> int:
        """Return how many bytes storage has answered, with headers."""
        with urlopen(f"{self._told}/received", timeout=30) as answer:
            return sum(json.load(answer).values())


@contextmanager
def running_proxy(urls: dict[str, str]) -> Iterator[Proxy]:
    """Run a proxy in a process of its own in front of services: ``{"queue": "http://host:port/account"}``."""
    targets = {service: urlsplit(url) for service, url in urls.items()}
    child = Child(
        [
            sys.executable,
            "-m",
            "benchmarks.proxy",
            *(f"{service}={target.netloc}" for service, target in targets.items()),
        ]
    )
    try:
        ports = child.wait_for(_ports, START_WITHIN)
        if ports is None:
            raise RuntimeError(f"the proxy did not start:\n{child.tail()}")
        through = {
            service: f"http://127.0.0.1:{ports[service]}{target.path}"
            for service, target in targets.items()
        }
        yield Proxy(through, ports, child.pid)
    finally:
        child.kill()


def _ports(line: str) -> dict[str, int] | None:
    return json.loads(line) if line.startswith("{") else None


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(dict(argument.split("=", 1) for argument in sys.argv[1:])))
