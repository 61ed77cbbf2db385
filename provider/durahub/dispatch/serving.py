"""A hub's store is served while workers are connected, and again after it has failed.

Without a worker the hub is a gateway for clients, which needs no partitions: it lets go of them a while
after the last worker has gone.
"""

import asyncio
import logging
from collections.abc import Callable

from durahub.dispatch.streams import Streams
from durahub.errors import DurahubError
from durahub.store import HubStore, Listener
from durahub.within import within

log = logging.getLogger(__name__)

RESTART_PAUSE = (1.0, 30.0)  # seconds: the first and the longest pause after storage failed
AT_WORK_AFTER = 5.0  # seconds for which serving goes well, before what has ended it is forgotten


class Serving:
    """Serves one hub's *store* to *listener* while *streams* are open, and *linger* seconds longer."""

    def __init__(
        self, store: HubStore, listener: Listener, streams: Streams, linger: float
    ) -> None:
        self._store = store
        self._listener = listener
        self._streams = streams
        self._linger = linger
        self._changed = asyncio.Event()  # that workers came or went
        self._connected = 0
        self._failed = ""  # with what code serving ended last
        self._since: float | None = None

    @property
    def failing(self) -> str:
        """Why the hub is not served though it should be: a code such as ``DH501``; ``""`` if it is."""
        since = self._since
        if since is not None and asyncio.get_running_loop().time() - since >= AT_WORK_AFTER:
            return ""
        return self._failed

    def look(self) -> None:
        """Look whether workers came or went."""
        if len(self._streams) != self._connected:
            self._connected = len(self._streams)
            self._changed.set()

    async def run(self) -> None:
        """Serve until cancelled."""
        hub, pause = self._store.hub, RESTART_PAUSE[0]
        while True:
            await self._until(lambda: len(self._streams) > 0)
            serving = asyncio.create_task(self._store.serve(self._listener), name=f"serve {hub}")
            leaving = asyncio.create_task(self._until_deserted(), name=f"linger {hub}")
            self._since = asyncio.get_running_loop().time()
            try:
                await asyncio.wait({serving, leaving}, return_when=asyncio.FIRST_COMPLETED)
                deserted = leaving.done()
            finally:
                for task in (serving, leaving):
                    task.cancel()
                await asyncio.gather(serving, leaving, return_exceptions=True)
                self._since = None
            if deserted:
                self._failed = ""
                log.info("hub-idle", extra={"hub": hub})
                pause = RESTART_PAUSE[0]
                continue
            error = None if serving.cancelled() else serving.exception()
            code = error.code if isinstance(error, DurahubError) else type(error).__name__
            self._failed = code
            log.error("serving-failed", extra={"hub": hub, "code": code}, exc_info=error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RESTART_PAUSE[1])

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def _until_deserted(self) -> None:
        """Return when no worker has been connected for the linger time."""
        while True:
            await self._until(lambda: len(self._streams) == 0)
            self._changed.clear()
            try:
                await within(self._linger, self._until(lambda: len(self._streams) > 0))
            except asyncio.TimeoutError:
                return
