"""Works only while the app has the app lease: acquires, renews, stops when it is lost, waits again."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from durahub.classic.partitioning.app_lease import (
    AppLeaseInfo,
    AppLeaseTimes,
    after_taking,
    decode,
    encode,
    swaps_from,
)
from durahub.classic.partitioning.holding import TRUSTED, now
from durahub.classic.partitioning.lease_storage import AppLeaseContainer
from durahub.errors import Unavailable

log = logging.getLogger(__name__)

PAUSE = 5.0  # seconds, after storage gave no answer


class AppTurns:
    """The turns of one app at a hub.

    *handover* is the pause after a swap, in seconds: until the app before has found out. It is needed
    where nothing else keeps two owners of a partition apart.
    """

    def __init__(
        self, container: AppLeaseContainer, app_id: str, times: AppLeaseTimes, handover: float
    ) -> None:
        self._container = container
        self._me = app_id
        self._times = times
        self._handover = handover

    async def run(self, turn: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do *turn* whenever the app has the lease, until cancelled or *turn* ends; cancel it when lost.

        The lease is not released at the end: other workers of the app may go on with it.
        """
        while True:
            asked_at = await self._wait_for_lease()
            log.info("app-lease-taken", extra={"lease": self._me})
            if await self._take_turn(turn, asked_at):
                return
            log.warning("app-lease-lost", extra={"lease": self._me})

    async def _take_turn(
        self, turn: Callable[[], Coroutine[Any, Any, None]], asked_at: float
    ) -> bool:
        """Do *turn* while the lease holds; tell whether it came to its own end."""
        work = asyncio.create_task(turn(), name="app turn")
        renewing = asyncio.create_task(self._renew_until_lost(asked_at), name="app lease")
        try:
            await asyncio.wait({work, renewing}, return_when=asyncio.FIRST_COMPLETED)
            ended = work.done()
        finally:
            work.cancel()  # it leaves in order, with the lease if there still is one
            await asyncio.gather(work, return_exceptions=True)
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
        if not work.cancelled():
            work.result()
        return ended

    # -- having it -----------------------------------------------------------------------------

    async def _renew_until_lost(self, asked_at: float) -> None:
        """Return when the lease is another app's, or was not renewed for too long to be sure."""
        pause = self._times.renew_every
        while now() + pause < asked_at + self._times.lease * TRUSTED:
            await asyncio.sleep(pause)
            asking = now()
            try:
                if not await self._container.renew(self._me):
                    return
                asked_at, pause = asking, self._times.renew_every
            except Unavailable as error:
                log.warning("app-lease-not-renewed", extra={"code": error.code})
                pause = min(PAUSE, self._times.renew_every)

    # -- waiting for it ------------------------------------------------------------------------

    async def _wait_for_lease(self) -> float:
        """Return when the app has the lease: the time when it was asked for."""
        waiting = False
        while True:
            pause = self._times.acquire_every
            try:
                asked_at = await self._taken()
                if asked_at is not None:
                    return asked_at
            except Unavailable as error:
                log.warning("app-lease-unavailable", extra={"code": error.code})
                pause = PAUSE
            if not waiting:
                log.info("app-lease-elsewhere", extra={"lease": self._me})
                waiting = True
            await self._wait_for_turn(pause)

    async def _taken(self) -> float | None:
        """Return when the lease that the app now has was asked for; ``None`` if it has none."""
        asked_at = now()
        info = decode(await self._container.read_info())
        before = swaps_from(info, self._me)
        if before is None:
            if not await self._container.acquire(self._me, round(self._times.lease)):
                return None
            if info.owner_id != self._me:
                await self._write(after_taking(info, self._me, swapped=False))
            return asked_at
        if not await self._container.change(before, self._me):
            return None
        await self._write(after_taking(info, self._me, swapped=True))
        await asyncio.sleep(self._handover)
        asked_at = now()  # a changed lease keeps its term: it begins anew
        return asked_at if await self._container.renew(self._me) else None

    async def _write(self, info: AppLeaseInfo) -> None:
        """Say whose the lease is. It is so, whether this is written or not."""
        try:
            await self._container.write_info(encode(info))
        except Unavailable as error:
            log.warning("app-lease-info-not-written", extra={"code": error.code})

    async def _wait_for_turn(self, seconds: float) -> None:
        """Wait so long, or until somebody wants the lease to be this app's."""
        ends = now() + seconds
        while (left := ends - now()) > 0:
            await asyncio.sleep(min(left, self._times.swap_look))
            try:
                if swaps_from(decode(await self._container.read_info()), self._me) is not None:
                    return
            except Unavailable as error:
                log.warning("app-lease-unavailable", extra={"code": error.code})
