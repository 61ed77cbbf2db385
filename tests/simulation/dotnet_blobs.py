"""Models of .NET's legacy and safe partition managers; classic layout 5.3, 5.4."""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from durahub.classic.partitioning.lease_blob import LeaseBlob, decode, encode
from durahub.errors import StorageUnavailable
from tests.simulation.dotnet_worker import DotnetWorker
from tests.simulation.storage import OK

T = TypeVar("T")

LEASE = 30.0
RENEW_EVERY = 10.0
LOOK_EVERY = 10.0
OWNERSHIP_EVERY = 5.0
OWNERSHIP_LAG = 0.5  # it is renewed when it is known which intents are lost; seen in the recording

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A lease that a worker has, as far as it knows."""

    token: str
    epoch: int


class LeaseManager:
    """The leases of one folder: those it has are renewed, those it lacks are taken.

    ``chooses`` tells which of the blobs to take, and whether by force; ``renews`` if one that it has is
    still wanted; ``taken`` and ``lost`` are called back.
    """

    def __init__(
        self,
        worker: DotnetWorker,
        folder: str,
        look_every: float,
        *,
        chooses: "Callable[[LeaseManager, list[LeaseBlob]], tuple[list[LeaseBlob], int]]",
        renews: Callable[[str], bool],
        taken: Callable[[str], None],
        lost: Callable[[str], None],
        lag: float = 0.0,
    ) -> None:
        self.me = worker.name
        self.kept: dict[str, Kept] = {}  # by partition
        self._worker = worker
        self._folder = folder
        self._look_every = look_every
        self._chooses = chooses
        self._renews = renews
        self._taken = taken
        self._lost = lost
        self._lag = lag

    def holds(self, partition: str) -> bool:
        kept = self.kept.get(partition)
        holder = self._worker.hub.lease_blobs.holder(self._name(partition))
        return kept is not None and kept.token == holder

    async def resume(self) -> None:
        """Keep what an earlier process of the same name had."""
        for blob in await self._persist(self._read_all):
            mine = blob.owner is not None and blob.owner.casefold() == self.me.casefold()
            if mine and blob.token is not None:
                kept = Kept(blob.token, blob.epoch)
                if await self._asked("renew", blob.partition, lambda s, n: s.renew(n, kept.token)):  # noqa: B023
                    self._keep(blob.partition, kept)

    async def run(self) -> None:
        await _all(self._keep_renewing(), self._keep_looking())

    async def _persist(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        while True:
            try:
                return await ask()
            except StorageUnavailable:
                await asyncio.sleep(1.0)

    async def give_up(self) -> None:
        await asyncio.gather(*map(self._release, tuple(self.kept)))

    # -- renewing ------------------------------------------------------------------------------

    async def _keep_renewing(self) -> None:
        await asyncio.sleep(self._lag)
        while True:
            await asyncio.sleep(RENEW_EVERY)
            await asyncio.gather(*map(self._renew, tuple(self.kept)))

    async def _renew(self, partition: str) -> None:
        if not self._renews(partition):
            self._drop(partition)
            return
        token = self.kept[partition].token
        try:
            renewed = await asyncio.wait_for(
                self._asked("renew", partition, lambda s, n: s.renew(n, token)), RENEW_EVERY
            )
        except (StorageUnavailable, asyncio.TimeoutError):
            return  # counts as renewed
        if not renewed and partition in self.kept and self.kept[partition].token == token:
            self._drop(partition)

    def _drop(self, partition: str) -> None:
        del self.kept[partition]
        self._lost(partition)

    # -- taking --------------------------------------------------------------------------------

    async def _keep_looking(self) -> None:
        while True:
            with contextlib.suppress(StorageUnavailable):
                await self._look()
            await asyncio.sleep(self._look_every)

    async def _look(self) -> None:
        blobs = await self._read_all()
        chosen, wanted = self._chooses(self, blobs)
        for blob in chosen:
            if wanted == 0:
                return
            wanted -= await self._take(blob)

    async def _read_all(self) -> list[LeaseBlob]:
        service, line = self._worker.hub.lease_blobs, self._worker.line
        names = await line.request("list blobs", self._folder, lambda: service.names(self._folder))
        found = []
        for name in names:
            content, leased = await line.request("read blob", name, lambda: service.read(name))  # noqa: B023
            found.append(decode(content, name.partition("/")[2], leased=leased))
        return found

    async def _take(self, blob: LeaseBlob) -> bool:
        token = f"{self.me}-{next(_numbers)}"
        partition, old = blob.partition, blob.token
        if not blob.leased:
            had = await self._asked("acquire", partition, lambda s, n: s.acquire(n, token, LEASE))
        elif old is not None:
            had = await self._asked("change", partition, lambda s, n: s.change(n, old, token))
        else:
            had = False
        kept = Kept(token, blob.epoch + 1)
        if had and await self._write(partition, kept, self.me, token):
            self._keep(partition, kept)
            return True
        return False

    def _keep(self, partition: str, kept: Kept) -> None:
        self.kept[partition] = kept
        self._taken(partition)

    async def _release(self, partition: str) -> None:
        kept = self.kept[partition]
        with contextlib.suppress(StorageUnavailable):
            if await self._write(partition, kept, None, None):
                await self._asked("release", partition, lambda s, n: s.release(n, kept.token))
        if self.kept.get(partition) == kept:
            self._drop(partition)

    async def _write(
        self, partition: str, kept: Kept, owner: str | None, token: str | None
    ) -> bool:
        content = encode(LeaseBlob(partition, owner, token, kept.epoch))
        return await self._asked("write", partition, lambda s, n: s.write(n, content, kept.token))

    async def _asked(self, what: str, partition: str, ask: Callable[[Any, str], int]) -> bool:
        """Ask for something that the lease may forbid; tell whether it was done."""
        service, name = self._worker.hub.lease_blobs, self._name(partition)
        status = await self._worker.line.request(what, name, lambda: ask(service, name))
        return status == OK

    def _name(self, partition: str) -> str:
        return f"{self._folder}/{partition}"


def balanced(manager: LeaseManager, blobs: list[LeaseBlob]) -> tuple[list[LeaseBlob], int]:
    """Return the blobs to take, and how many of them: free ones, else one of who has most."""
    me = manager.me.casefold()
    free = [one for one in blobs if not one.leased or not one.owner]
    counts = Counter({me: 0})
    counts.update(str(one.owner).casefold() for one in blobs if one not in free)
    target = 1 if len(blobs) <= len(counts) else -(-len(blobs) // len(counts))
    need = target - counts[me]
    if need <= 0:
        return [], 0
    if free:
        return free, need
    owner, most = counts.most_common(1)[0]
    if most <= target - (1 if need > 1 else 0):
        return [], 0
    return [one for one in blobs if str(one.owner).casefold() == owner], 1


class DotnetLegacy:
    """The legacy manager of one worker."""

    def __init__(self, worker: DotnetWorker) -> None:
        self._leases = LeaseManager(
            worker,
            "default",
            LOOK_EVERY,
            chooses=balanced,
            renews=lambda _: True,
            taken=worker.listen,
            lost=worker.release,
        )

    async def run(self) -> None:
        await self._leases.resume()
        await self._leases.run()

    async def leave(self) -> None:
        await self._leases.give_up()

    def end(self) -> None: ...

    def holds(self, partition: str) -> bool:
        return self._leases.holds(partition)


class DotnetSafe:
    """The safe manager of one worker."""

    def __init__(self, worker: DotnetWorker) -> None:
        self._worker = worker
        self._intents = LeaseManager(
            worker,
            "intent",
            LOOK_EVERY,
            chooses=balanced,
            renews=lambda _: True,
            taken=self._intended,
            lost=worker.release,
        )
        self._ownerships = LeaseManager(
            worker,
            "ownership",
            OWNERSHIP_EVERY,
            chooses=self._unowned,
            renews=self._is_needed,
            taken=worker.listen,
            lost=worker.release,
            lag=OWNERSHIP_LAG,
        )

    async def run(self) -> None:
        await self._intents.resume()
        await self._ownerships.resume()
        await _all(self._intents.run(), self._ownerships.run())

    async def leave(self) -> None:
        await self._intents.give_up()
        await self._ownerships.give_up()

    def end(self) -> None: ...

    def holds(self, partition: str) -> bool:
        return self._ownerships.holds(partition)

    def _intended(self, partition: str) -> None:
        if partition in self._ownerships.kept:  # it had been released, and is wanted again
            self._worker.listen(partition)

    def _is_needed(self, partition: str) -> bool:
        return partition in self._intents.kept or self._worker.is_active(partition)

    def _unowned(self, _: LeaseManager, blobs: list[LeaseBlob]) -> tuple[list[LeaseBlob], int]:
        free = [b for b in blobs if not b.leased and b.partition in self._intents.kept]
        return free, len(free)


async def _all(*works: Coroutine[Any, Any, None]) -> None:
    """Run all of *works* until one fails or the caller is cancelled, and leave none running."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
