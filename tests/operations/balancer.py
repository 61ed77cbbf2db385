"""A TCP load balancer before servers: it asks /readyz, and sends new connections to those that are ready.

Connections that are open stay where they are, as with any balancer of layer 4.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable

from tests.operations.serve_process import Serve

PROBE_EVERY = 0.2  # seconds


class Balancer:
    """Runs in a thread of its own, from ``__enter__`` to ``__exit__``; *servers* tells who may be asked."""

    def __init__(self, servers: Callable[[], list[Serve]]) -> None:
        self._servers = servers
        self._ready: list[int] = []
        self._turn = 0
        self.port = 0
        self.refused = 0  # connections that nobody was ready for
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Balancer":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _start(self) -> None:
        await self._probe()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._probing = asyncio.create_task(self._probe_for_ever())

    async def _probe_for_ever(self) -> None:
        while True:
            await asyncio.sleep(PROBE_EVERY)  # a balancer's own pace
            await self._probe()

    async def _probe(self) -> None:
        servers = self._servers()
        found = await asyncio.gather(*(asyncio.to_thread(one.readiness) for one in servers))
        pairs = zip(servers, found, strict=True)
        self._ready = [one.grpc_port for one, status in pairs if status == 200]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._turn += 1
        turn, ready = self._turn, list(self._ready)
        for number in range(len(ready)):  # one that takes no connection is passed over
            port = ready[(turn + number) % len(ready)]
            with contextlib.suppress(OSError):
                its_reader, its_writer = await asyncio.open_connection("127.0.0.1", port)
                break
        else:
            self.refused += 1
            writer.close()
            return
        with contextlib.suppress(asyncio.CancelledError):  # the end of the balancer
            await asyncio.gather(_pipe(reader, its_writer), _pipe(its_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
