"""Polls one queue: fast while messages come, with growing pauses while none do; classic layout 9.2."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from durahub.classic.backoff import Backoff
from durahub.classic.handover import Room
from durahub.classic.queues import MOST_AT_ONCE, Received
from durahub.errors import DurahubError
from durahub.within import within

log = logging.getLogger(__name__)

ROOM_CHECK = 1.0  # seconds between two questions for room, should nobody tell


class Poller:
    """Receives from a queue while it is *open* and there is room, until stopped.

    *take* is given each batch with the number of places reserved for it, which it gives back. With *half*
    no more than half of the free ones are reserved: what does not come by the queue needs some, too.
    """

    def __init__(
        self,
        queue: str,
        receive: Callable[[int], Awaitable[list[Received]]],
        take: Callable[[Sequence[Received], int], Awaitable[None]],
        room: Room,
        is_open: Callable[[], bool],
        backoff: Backoff,
        batch: int = MOST_AT_ONCE,
        *,
        half: bool = False,
    ) -> None:
        self._queue = queue
        self._receive = receive
        self._take = take
        self._room = room
        self._is_open = is_open
        self._backoff = backoff
        self._batch = batch
        self._half = half
        self._stopping = False
        self._full = False  # waiting for room, not for messages
        self._expecting = False
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Poll until `stop`."""
        while not self._stopping:
            places = self._room.reserve(self._batch, half=self._half) if self._is_open() else 0
            if places == 0:
                self._full = True
                await self._rest(ROOM_CHECK)
                self._full = False
            elif not await self._poll(places):
                await self._rest(self._backoff.pause())

    async def _poll(self, places: int) -> bool:
        """Receive once; tell whether it is worth to look again at once.

        What was expected does not tell that more comes, unless it is as much as was asked for. Whatever goes
        wrong, polling goes on: a partition is never stopped by one message.
        """
        expected, self._expecting = self._expecting, False
        try:
            batch = await self._receive(places)
        except BaseException as error:
            self._room.give_back(places)
            if not isinstance(error, DurahubError):
                raise
            log.warning("receive-failed", extra={"queue": self._queue, "code": error.code})
            return False
        if not batch:
            self._room.give_back(places)
            if expected:
                self._backoff.reset()  # it must come any moment
            return False
        more = not expected or len(batch) == places
        if more:
            self._backoff.reset()
        try:
            await self._take(batch, places)
        except Exception:
            log.exception("batch-failed", extra={"queue": self._queue})
            return False
        return more

    def stop(self) -> None:
        """Receive nothing more. What is being received is still taken, so that it is not lost for long."""
        self._stopping = True
        self._look.set()

    def nudge(self) -> None:
        """Look soon: something is known to be there."""
        self._backoff.reset()
        self._look.set()

    def expect(self) -> None:
        """Look now: something that was hidden is visible, and nothing tells that more comes."""
        self._expecting = True
        self._look.set()

    def wake(self) -> None:
        """Look now if it was for room that nothing was received; else the queue was found empty."""
        if self._full:
            self._look.set()

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await within(seconds, self._look.wait())
        self._look.clear()
