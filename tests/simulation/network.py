"""The way between one worker and storage: how long requests take, and what goes wrong with them.

A request is *sent*, *arrives* and has its effect at one moment, and its answer comes back. In between
it can be late; the worker may have given up waiting, or died: what was sent arrives all the same. An
answer can get lost, storage can refuse, and a line can be cut for a while.

What happens to a request is decided by the seed, the worker, the request and how often it was made, and
not by what else goes on: so a change elsewhere leaves it as it was.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from zlib import crc32

from durahub.errors import StorageUnavailable

T = TypeVar("T")

READ_TIMEOUT = 30.0  # seconds without an answer, of the real transport
CONNECT_TIMEOUT = 5.0
TRIES = 5  # of the real transport, which pauses between them:
FIRST_PAUSE = 0.3
LONGEST_PAUSE = 5.0
LATENCY = 0.03  # seconds each way, at most
LATE = 9.0  # the same when it is late


@dataclass(frozen=True, slots=True)
class Trouble:
    """How often requests go wrong, each between 0 and 1.

    ``late``: it takes seconds. ``lost``: it has its effect, and no answer comes. ``reset``: it has its
    effect, and the connection breaks. ``refused``: storage is busy, nothing happens.
    """

    late: float = 0.0
    lost: float = 0.0
    reset: float = 0.0
    refused: float = 0.0


CALM = Trouble()


class Line:
    """One worker's line. ``trouble`` and ``cut`` change with time; a ``dead`` worker sends nothing."""

    def __init__(
        self,
        seed: int,
        worker: str,
        arrived: Callable[[str, str, str], None] | None = None,
        name: str | None = None,
    ) -> None:
        self.trouble = CALM
        self.cut = False
        self.dead = False
        self._key = f"{seed}|{worker}".encode()
        self._worker = name or worker
        self._arrived = arrived
        self._made: Counter[str] = Counter()

    async def request(self, what: str, key: str, effect: Callable[[], T]) -> T:
        """Return what *effect* returned when the request arrived. Raises `StorageUnavailable`.

        It is tried again as the real transport does, which cannot know whether it had its effect.
        """
        pause = FIRST_PAUSE
        for _ in range(TRIES):
            try:
                return await self._try(what, key, effect)
            except ConnectionError:
                if self.dead:
                    break
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        raise StorageUnavailable("simulated", f"{what} {key}")

    async def once(self, what: str, key: str, effect: Callable[[], T]) -> T:
        """As `request`, but tried only once. Raises ``ConnectionError``."""
        return await self._try(what, key, effect)

    def chance(self, what: str) -> tuple[float, float]:
        """Return two numbers from 0 to 1 for the next thing of this name."""
        self._made[what] += 1
        number = crc32(f"{what}|{self._made[what]}".encode(), crc32(self._key))
        number = (number * 2654435761) % 2**32
        return (number >> 16) / 65536, (number & 0xFFFF) / 65536

    async def _try(self, what: str, key: str, effect: Callable[[], T]) -> T:
        if self.dead:
            raise ConnectionError
        loop = asyncio.get_running_loop()
        kind, share = self.chance(f"{what} {key}")
        trouble = self.trouble
        answer: asyncio.Future[T] = loop.create_future()
        if self.cut:
            loop.call_later(CONNECT_TIMEOUT if share < 0.5 else 0.01, _break, answer)
            return await answer
        limits = (trouble.late, trouble.lost, trouble.reset, trouble.refused)
        late, lost, reset, refused = _which(kind, limits)
        longest = LATE if late else LATENCY

        def arrive() -> None:
            if self.cut:  # since it was sent
                loop.call_later(READ_TIMEOUT, _break, answer)
                return
            if refused:
                loop.call_later(LATENCY * share, _break, answer)
                return
            found = effect()
            if self._arrived is not None:
                self._arrived(self._worker, what, key)
            if lost:
                loop.call_later(READ_TIMEOUT, _break, answer)
            elif reset:
                loop.call_later(LATENCY * share, _break, answer)
            else:
                loop.call_later(longest * (1 - share), self._come_back, answer, found)

        loop.call_later(longest * share, arrive)
        return await answer

    def _come_back(self, answer: "asyncio.Future[T]", found: T) -> None:
        if self.cut:
            asyncio.get_running_loop().call_later(READ_TIMEOUT, _break, answer)
        elif not answer.done():
            answer.set_result(found)


def _which(kind: float, limits: tuple[float, ...]) -> tuple[bool, bool, bool, bool]:
    """Return which of the four troubles it is, if any."""
    found = [False, False, False, False]
    for index, limit in enumerate(limits):
        if kind < limit:
            found[index] = True
            break
        kind -= limit
    return found[0], found[1], found[2], found[3]


def _break(answer: "asyncio.Future[T]") -> None:
    if not answer.done():
        answer.set_exception(ConnectionError())
