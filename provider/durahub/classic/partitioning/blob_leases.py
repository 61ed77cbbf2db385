"""Drives a blob manager: reads lease blobs, takes, renews and gives up leases, opens and closes partitions.

What was asked of storage and not answered may have happened. A lease that was perhaps taken is released
again; where that fails, too, it runs out, for nobody knows its ID.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import Protocol, TypeVar

from durahub.classic.partitioning.blob_state import (
    Adoption,
    BlobPlan,
    BlobState,
    BlobTimes,
    Read,
    Take,
    Takes,
)
from durahub.classic.partitioning.holding import Holding, PartitionUser, now
from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.classic.partitioning.lease_storage import LeaseBlobs
from durahub.errors import HubNotFound, Unavailable
from durahub.within import within

log = logging.getLogger(__name__)

T = TypeVar("T")

ANSWER_WITHIN = 5.0  # seconds, for one request with its repetitions
TAKE_WITHIN = 5.0  # seconds, for all of one folder
PAUSE = 1.0  # seconds, after something failed
MOST_FAREWELLS = 2  # passes that fail before a server leaves without saying so
SHORTEST, LONGEST = 15, 60  # seconds that a blob lease can have


class BlobManager(Protocol):
    """The rules: the module `legacy` or `safe`."""

    WORKED_BY: str

    def due(self, state: BlobState, now: float, times: BlobTimes) -> tuple[str, ...]:
        """Return the folders to read now."""

    def plan(
        self,
        state: BlobState,
        read: Read,
        me: str,
        now: float,
        times: BlobTimes,
        busy: AbstractSet[str],
        *,
        stopping: bool = False,
    ) -> BlobPlan:
        """Return what worker *me* does."""

    def listening(self, state: BlobState) -> frozenset[str]:
        """Return the partitions to work on."""

    def delay(
        self, state: BlobState, now: float, times: BlobTimes, *, stopping: bool = False
    ) -> float:
        """Return the seconds until the next plan."""


class BlobLeases:
    """The blob leases of one worker; *make_queue* makes a control queue that is missing."""

    def __init__(
        self,
        manager: BlobManager,
        blobs: LeaseBlobs,
        worker_id: str,
        make_token: Callable[[], str],
        make_queue: Callable[[str], Awaitable[object]],
        times: BlobTimes,
        user: PartitionUser,
    ) -> None:
        self._manager = manager
        self._blobs = blobs
        self._me = worker_id
        self._make_token = make_token
        self._make_queue = make_queue
        self._times = times
        self._seconds = min(max(math.ceil(times.lease), SHORTEST), LONGEST)
        self._holding = Holding(user, self._seconds)
        self._state = BlobState()
        self._passing: asyncio.Task[bool] | None = None
        self._failed = False

    def trusts(self, partition: str) -> bool:
        """Tell whether *partition* may be acted on now: it is ours, be it open or draining."""
        return self._holding.trusts(partition)

    async def run(self) -> None:
        """Take part until cancelled. Raises `HubNotFound` when the hub is deleted."""
        while True:
            await self._whole_pass(stopping=False)
            self._holding.close_untrusted()
            delay = self._manager.delay(self._state, now(), self._times)
            if self._failed:
                delay = max(delay, PAUSE)
            await self._holding.rest(min(delay, self._holding.until_distrust()))

    async def leave(self, limit: float) -> None:
        """Close all partitions and give them up, within about *limit* seconds."""
        ends = now() + limit
        if self._passing is not None:  # it may just be taking something
            await asyncio.wait({self._passing}, timeout=limit)
            self._passing.cancel()
            await asyncio.gather(self._passing, return_exceptions=True)
        await self._holding.close_all(0.0)
        with contextlib.suppress(HubNotFound):  # it was deleted: nothing is left to be given up
            await self._give_up(ends)
        await self._holding.abandon()

    async def _give_up(self, ends: float) -> None:
        failures = 0
        while now() < ends:
            if await self._whole_pass(stopping=True):
                return
            failures = failures + 1 if self._failed else 0
            if failures > MOST_FAREWELLS and not self._holding.closing:
                return  # storage does not answer: the leases run out by themselves
            delay = self._manager.delay(self._state, now(), self._times, stopping=True)
            if self._failed:
                delay = max(delay, PAUSE)
            await self._holding.rest(min(delay, ends - now()))

    # -- a pass --------------------------------------------------------------------------------

    async def _whole_pass(self, *, stopping: bool) -> bool:
        """Make a pass, to its end even when cancelled: what it takes must be known."""
        self._passing = asyncio.create_task(self._pass(stopping=stopping), name="leases pass")
        return await asyncio.shield(self._passing)

    async def _pass(self, *, stopping: bool) -> bool:
        """Read what is due, do what is planned; tell whether nothing is ours any more."""
        self._failed = False
        state, started = self._state, now()
        due = () if stopping else self._manager.due(state, started, self._times)
        answers = await asyncio.gather(*(self._answer(self._blobs.read(one)) for one in due))
        read = {one: blobs for one, blobs in zip(due, answers, strict=True) if blobs is not None}
        busy = self._holding.opened | self._holding.closing
        found = self._manager.plan(
            state, read, self._me, now(), self._times, busy, stopping=stopping
        )
        for folder in read:
            self._state = self._state.with_look(folder, started)
        for name in found.lost:
            self._lose(name)
        await asyncio.gather(*map(self._renew, found.renew))
        for _, names in groupby(found.release, key=_folder):
            await asyncio.gather(*map(self._release, names))
        await asyncio.gather(*map(self._adopt, found.adopt))
        for takes in found.takes:
            await self._take_some(takes)
        if not stopping:
            self._open_and_close()
        return found.done and not self._failed

    async def _answer(self, asked: Awaitable[T]) -> T | None:
        """Return what storage says; ``None`` if it says nothing. Raises `HubNotFound`."""
        try:
            return await within(ANSWER_WITHIN, asked)
        except (Unavailable, asyncio.TimeoutError) as error:
            code = error.code if isinstance(error, Unavailable) else "timeout"
            log.warning("lease-pass-failed", extra={"code": code})
            self._failed = True
            return None

    # -- leases --------------------------------------------------------------------------------

    async def _renew(self, name: str) -> None:
        asked_at = now()
        renewed = await self._answer(self._blobs.renew(name, self._state.leases[name].token))
        if renewed:
            self._state = self._state.with_renewal(name, asked_at)
            self._trust(name, asked_at)
        elif renewed is not None:
            self._lose(name)

    async def _adopt(self, adoption: Adoption) -> None:
        """Keep a lease of a process that had our name before."""
        name, asked_at = adoption.name, now()
        if await self._answer(self._blobs.renew(name, adoption.token)):
            self._have(name, adoption.token, adoption.epoch, asked_at)

    async def _take_some(self, takes: Takes) -> None:
        wanted = takes.want
        ends = now() + TAKE_WITHIN
        for one in takes.candidates:
            if wanted == 0 or self._failed or now() >= ends:
                return  # the rest at the next look: what we have must be renewed in time
            if await self._take(one):
                wanted -= 1

    async def _take(self, one: Take) -> bool:
        """Take a lease and write that it is ours; what was perhaps taken is let go."""
        token, asked_at = self._make_token(), now()
        if one.token is None:
            taken = await self._answer(self._blobs.acquire(one.name, token, self._seconds))
        else:
            taken = await self._answer(self._blobs.change(one.name, one.token, token))
            if taken:  # its term is still that of the one who had it
                asked_at = now()
                taken = await self._answer(self._blobs.renew(one.name, token))
        if taken is False:
            return False  # another was quicker
        blob = LeaseBlob(_partition(one.name), self._me, token, one.epoch)
        if not taken or not await self._answer(self._blobs.write(one.name, blob, token)):
            await self._answer(self._blobs.release(one.name, token))
            return False
        if _folder(one.name) == self._manager.WORKED_BY:
            await self._answer(self._make_queue(_partition(one.name)))
        self._have(one.name, token, one.epoch, asked_at)
        return True

    async def _release(self, name: str) -> None:
        """Give a lease up, so that nobody must wait until it runs out.

        It is never used again: what is not answered may arrive late, and end it then.
        """
        lease = self._state.leases[name]
        self._lose(name)
        blob = LeaseBlob(_partition(name), None, None, lease.epoch)
        if await self._answer(self._blobs.write(name, blob, lease.token)) is not False:
            await self._answer(self._blobs.release(name, lease.token))

    def _have(self, name: str, token: str, epoch: int, asked_at: float) -> None:
        log.info("lease-taken", extra={"lease": name, "epoch": epoch})
        self._state = self._state.with_lease(name, token, epoch, asked_at)
        self._trust(name, asked_at)

    def _trust(self, name: str, asked_at: float) -> None:
        if _folder(name) == self._manager.WORKED_BY:
            self._holding.trust(_partition(name), asked_at)

    def _lose(self, name: str) -> None:
        """Stop what the lease allowed: it is another's, or nobody's."""
        log.info("lease-gone", extra={"lease": name})
        self._state = self._state.without(name)
        if _folder(name) == self._manager.WORKED_BY:
            self._holding.distrust(_partition(name))
        self._holding.close(_partition(name))

    def _open_and_close(self) -> None:
        wanted = self._manager.listening(self._state)
        for partition in sorted(self._holding.opened - wanted):
            self._holding.close(partition)
        for partition in sorted(wanted):
            self._holding.open(partition)


def _folder(name: str) -> str:
    return name.partition("/")[0]


def _partition(name: str) -> str:
    return name.partition("/")[2]
