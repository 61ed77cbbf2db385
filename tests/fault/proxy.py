"""Proxies that harm what passes, by a seeded plan, and count what they did.

`StreamProxy` passes bytes: it stands before a gRPC port, whose connections live long, and harms whole
connections when it is told to. `HttpProxy` stands before a service that speaks HTTP/1.1 and harms single
requests, by chance. Both run on the event loop that starts them.
"""

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Callable
from random import Random

CHUNK = 64 * 1024
HELD = 8.0  # seconds until a half-open connection ends after all
DELAYED = 1.0  # seconds that a chunk of a slow connection waits
SLOW = 5.0  # seconds until it is not slow any more
STREAM_FAULTS = ("reset", "delay", "truncate", "half-open", "swallow")
HTTP_FAULTS = (
    *("reset", "reset-after", "delay", "truncate", "half-open"),
    *("429", "500-after", "503"),
)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """A listener on a port of its own; subclasses say what passes between the two sides."""

    def __init__(self, target: tuple[str, int], chance: Random, counted: Counter[str]) -> None:
        self.target = target
        self.chance = chance
        self.counted = counted  # faults, by "stream reset", "http 503"
        self.cut = False  # nothing passes, new connections end at once
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> int:
        """Listen on a free port, and return it."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        self.reset_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset_all(self) -> None:
        """End all connections with a reset."""
        for writer in list(self._open):
            reset(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        upstream: asyncio.StreamWriter | None = None
        try:
            if self.cut:
                return
            above, upstream = await asyncio.open_connection(*self.target)
            self._open.add(upstream)
            await self.passing((reader, writer), (above, upstream))
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two is gone, and so is the other in a moment
        except asyncio.CancelledError:
            pass  # it is stopped; the task is awaited nowhere else
        finally:
            for one in (writer, upstream):
                if one is not None:
                    self._open.discard(one)
                    one.close()
            self._tasks.discard(task)

    async def passing(self, near: Streams, far: Streams) -> None:
        """Pass what comes, until one side ends."""
        raise NotImplementedError


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a crashed machine's neighbour does: by RST, what is unsent is dropped."""
    held = writer.get_extra_info("socket")
    if held is not None:
        with contextlib.suppress(OSError):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Link:
    """A connection that passes through a `StreamProxy`."""

    def __init__(self, near: Streams, far: Streams) -> None:
        self.near, self.far = near, far
        self.fault = ""  # what is done to it

    def end(self) -> None:
        for one in (self.near[1], self.far[1]):
            reset(one)


class StreamProxy(Proxy):
    """Passes bytes; `harm` does something to one connection."""

    def __init__(self, target: tuple[str, int], chance: Random, counted: Counter[str]) -> None:
        super().__init__(target, chance, counted)
        self._links: list[Link] = []

    def harm(self, fault: str) -> None:
        """Do *fault* to a connection, if there is one: one of `STREAM_FAULTS`."""
        sound = [link for link in self._links if not link.fault]
        if not sound:
            return
        link = self.chance.choice(sound)
        self.counted[f"stream {fault}"] += 1
        link.fault = fault
        if fault == "reset":
            link.end()
        elif fault in ("half-open", "swallow", "delay"):
            asyncio.get_running_loop().call_later(
                HELD if fault != "delay" else SLOW, self._over, link
            )

    def _over(self, link: Link) -> None:
        if link.fault == "delay":
            link.fault = ""
        elif link in self._links:
            link.end()

    async def passing(self, near: Streams, far: Streams) -> None:
        link = Link(near, far)
        self._links.append(link)
        up = asyncio.create_task(self._copy(link, near[0], far[1], down=False))
        down = asyncio.create_task(self._copy(link, far[0], near[1], down=True))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._links.remove(link)
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _copy(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool
    ) -> None:
        while data := await reader.read(CHUNK):
            if link.fault == "delay":
                await asyncio.sleep(DELAYED)  # it is what this fault is
            if link.fault == "half-open" or (link.fault == "swallow" and down):
                continue
            if link.fault == "truncate" and down:
                writer.write(data[: len(data) // 2])
                await writer.drain()
                link.end()
                return
            writer.write(data)
            await writer.drain()


class HttpProxy(Proxy):
    """Passes requests one by one; each is harmed with the chance *rate*."""

    def __init__(
        self,
        target: tuple[str, int],
        chance: Random,
        counted: Counter[str],
        rate: Callable[[], float],
    ) -> None:
        super().__init__(target, chance, counted)
        self._rate = rate

    async def passing(self, near: Streams, far: Streams) -> None:
        while request := await _request(near[0], far[0]):
            method = request.split(b" ", 1)[0]
            fault = ""
            if self.chance.random() < self._rate():
                fault = self.chance.choice(HTTP_FAULTS)
                self.counted[f"http {fault}"] += 1
            if fault in ("429", "503"):
                near[1].write(_refusal(fault))
                await near[1].drain()
                continue
            if fault == "reset":
                return reset(near[1])
            if fault == "half-open":
                await asyncio.sleep(HELD)  # it is what this fault is
                return reset(near[1])
            if fault == "delay":
                await asyncio.sleep(self.chance.uniform(0.2, 3.0))  # it is what this fault is
            far[1].write(request)
            await far[1].drain()
            answer = await _message(far[0], answers=method)
            if not answer:
                return None
            if fault == "reset-after":
                return reset(near[1])
            if fault == "500-after":
                answer = _refusal("500")
            if fault == "truncate":
                near[1].write(answer[: self.chance.randrange(1, len(answer))])
                await near[1].drain()
                return reset(near[1])
            near[1].write(answer)
            await near[1].drain()
        return None


async def _request(near: asyncio.StreamReader, far: asyncio.StreamReader) -> bytes:
    """Return the next request; b"" when a side has ended: a service ends connections that are idle."""
    asked = asyncio.create_task(_message(near, answers=None))
    ended = asyncio.create_task(far.read(1))
    try:
        await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
        return b"" if ended.done() and not asked.done() else await asked
    finally:
        for task in (asked, ended):
            task.cancel()
        await asyncio.gather(asked, ended, return_exceptions=True)


async def _message(reader: asyncio.StreamReader, *, answers: bytes | None) -> bytes:
    """Return a whole request, or the answer to a request of method *answers*; b"" at the end."""
    head = b""
    while not head:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""
        if answers is not None and head.split(b" ", 2)[1] == b"100":
            head = b""  # 100 Continue: the answer comes
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:] if line)
    }
    status = head.split(b" ", 2)[1] if answers is not None else b""
    if answers == b"HEAD" or status in (b"204", b"304"):
        return head
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        body = b""
        while True:
            size = await reader.readuntil(b"\r\n")
            chunk = await reader.readexactly(int(size.split(b";")[0], 16) + 2)
            body += size + chunk
            if int(size.split(b";")[0], 16) == 0:
                return head + body
    return head + await reader.readexactly(int(fields.get(b"content-length", b"0")))


_REASONS = {
    "429": (b"Too Many Requests", b"TooManyRequests"),
    "500": (b"Internal Server Error", b"InternalError"),
    "503": (b"Service Unavailable", b"ServerBusy"),
}


def _refusal(status: str) -> bytes:
    reason, code = _REASONS[status]
    return b"HTTP/1.1 %s %s\r\nx-ms-error-code: %s\r\ncontent-length: 0\r\n\r\n" % (
        status.encode(),
        reason,
        code,
    )
