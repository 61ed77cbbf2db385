"""The leases that a freeze holds: taken all or none, renewed, let go of.

What another worker writes into a row in order to be the next one stays there: it may wait. Only when its row
names another owner, or nobody, is it lost.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from durahub.classic.freezing.judging import seen_working
from durahub.classic.freezing.naming import (
    APP_LEASE,
    PREFIX,
    RECORD,
    is_freezer,
    lease_id,
    shown_token,
)
from durahub.classic.partitioning.evidence import FOLDERS
from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.classic.partitioning.lease_storage import LeaseBlobs
from durahub.classic.partitioning.table import LeaseRow, encode
from durahub.classic.parts import Parts
from durahub.errors import HubInUse, HubNotFound, NotFrozen, Unavailable
from durahub.freezing import decode
from durahub.model.ticks import Ticks, later, parse

FOR_EVER = -1  # of a lease on a blob or a container
NO_END = parse("9999-12-31T00:00:00Z")  # of a row: workers look at this time and at nothing else
RENEWALS = 5  # in the time of a lease
PAUSE = 1.0  # seconds, after storage gave no answer
TRIES = 5  # at a row that others write to
SHORTEST = 15  # seconds that a lease on a blob can have


class Grip:
    """What one freezer, *holder*, holds of a hub; *seconds* is the term of its leases, 15 to 60."""

    def __init__(self, parts: Parts, holder: str, seconds: float) -> None:
        self._parts = parts
        self._blobs = parts.leases.of_blobs
        self._holder = holder
        self._seconds = round(seconds)
        self._names: dict[str, int] = {}  # of lease blobs, with their epochs
        self._rows: tuple[str, ...] = ()
        self._app = False

    @property
    def leases(self) -> tuple[str, ...]:
        """What is held, as `durahub.freezing.Freeze` names it."""
        container = (f"container {self._parts.names.app_lease_container}",) if self._app else ()
        rows = (f"row {name}" for name in self._rows)
        return (*container, *rows, *(f"blob {name}" for name in self._names))

    async def take(self) -> None:
        """Take the app lease and the leases of all partitions, by whichever manager they are.

        Raises `HubInUse` where another was quicker; what was taken before is still held then.
        """
        await self._take_app_lease()
        evidence = await self._parts.leases.evidence()
        # Somebody may have come since nobody was seen; the rows are replaced as they stand in this reading.
        for one in seen_working(evidence, self._parts.clock()):
            raise self._in_use(f"{one.who} has taken the {one.what}")
        for row in evidence.rows:
            if not await self._take_row(row):
                raise self._in_use(f"somebody has taken the row {row.partition}")
            self._rows += (row.partition,)
        for folder in FOLDERS:
            for blob in evidence.blobs.get(folder, ()):
                await self._take_blob(f"{folder}/{blob.partition}", blob)

    async def _take_app_lease(self) -> None:
        with contextlib.suppress(HubNotFound):  # a hub that has never had one
            if not await self._parts.app_lease.acquire(APP_LEASE, self._seconds):
                raise self._in_use("an app has the app lease")
            self._app = True

    async def _take_row(self, row: LeaseRow) -> bool:
        now = self._parts.clock()
        taken = replace(row, current_owner=self._holder, next_owner=None, owned_since=now)
        return await self._write(replace(taken, draining=False), now, later(now, self._seconds))

    async def _take_blob(self, name: str, blob: LeaseBlob) -> None:
        token = lease_id(self._holder, name)
        if not await self._blobs.acquire(name, token, self._seconds):
            raise self._in_use(f"somebody has taken the blob {name}")
        self._names[name] = blob.epoch + 1
        shown = shown_token(self._holder, name)
        content = LeaseBlob(blob.partition, self._holder, shown, blob.epoch + 1)
        if not await self._blobs.write(name, content, token):
            raise self._in_use(f"somebody has taken the blob {name}")

    def _in_use(self, problem: str) -> HubInUse:
        return HubInUse(self._parts.names.hub, f"{problem} just now")

    async def _write(self, row: LeaseRow, now: Ticks, until: Ticks) -> bool:
        columns = encode(replace(row, last_renewal=now, expires_at=until))
        table = self._parts.names.partitions_table
        return await self._parts.tables.replace(table, columns, row.etag) is not None

    # -- keeping -------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Renew until cancelled. Raises `NotFrozen` when something is lost, or may be."""
        loop = asyncio.get_running_loop()
        renewed, pause = loop.time(), self._seconds / RENEWALS
        while True:
            await asyncio.sleep(pause)
            asked = loop.time()
            try:
                await self._renew(lambda now: later(now, self._seconds))
                renewed, pause = asked, self._seconds / RENEWALS
            except Unavailable as error:
                pause = PAUSE
                if loop.time() - renewed >= self._seconds - PAUSE:
                    raise NotFrozen(
                        self._parts.names.hub, f"its leases could not be renewed: {error.sentence}"
                    ) from None

    async def make_lasting(self) -> None:
        """Let everything be held until somebody lets go of it. Raises `NotFrozen`."""
        app = self._parts.app_lease
        if self._app and not await app.acquire(APP_LEASE, FOR_EVER):
            raise self._lost("the app lease")
        for name in self._names:
            if not await self._blobs.acquire(name, lease_id(self._holder, name), FOR_EVER):
                raise self._lost(f"the blob {name}")
        await self._renew_rows(lambda _: NO_END)

    async def _renew(self, until: Callable[[Ticks], Ticks]) -> None:
        if self._app and not await self._parts.app_lease.renew(APP_LEASE):
            raise self._lost("the app lease")
        for name in self._names:
            if not await self._blobs.renew(name, lease_id(self._holder, name)):
                raise self._lost(f"the blob {name}")
        await self._renew_rows(until)

    async def _renew_rows(self, until: Callable[[Ticks], Ticks]) -> None:
        left = set(self._rows)
        for _ in range(TRIES):
            if not left:
                return
            rows = {row.partition: row for row in await self._parts.leases.rows()}
            for name in tuple(left):
                row = rows.get(name)
                if row is None or row.current_owner != self._holder:
                    raise self._lost(f"the row {name}")
                now = self._parts.clock()
                if await self._write(row, now, until(now)):
                    left.discard(name)
        if left:
            raise self._lost(f"the row {min(left)}, to which others write all the time")

    def _lost(self, what: str) -> NotFrozen:
        why = f"{what} is not held any more; it was thawed, or another has taken it"
        return NotFrozen(self._parts.names.hub, why)


async def let_go(
    parts: Parts, whose: Callable[[str | None], bool], *, app: bool
) -> tuple[str, ...]:
    """Let go of what freezers hold whose names are *whose*; return what that was.

    With *app* also of the app lease, if a freezer has it: all freezers have it under one ID. The record of
    the freeze is removed, unless it is another's.
    """
    done = []
    evidence = await parts.leases.evidence()
    others = any(
        is_freezer(one.who) and not whose(one.who) for one in seen_working(evidence, parts.clock())
    )
    with contextlib.suppress(HubNotFound):
        if app and not others and await parts.app_lease.release(APP_LEASE):
            done.append(f"container {parts.names.app_lease_container}")
    rows = [row for row in evidence.rows if whose(row.current_owner)]
    done += [f"row {row.partition}" for row in rows if await _free_row(parts, row, whose)]
    blobs = {
        f"{folder}/{blob.partition}": blob
        for folder in FOLDERS
        for blob in evidence.blobs.get(folder, ())
        if whose(blob.owner)
    }
    of_blobs = parts.leases.of_blobs
    done += [
        f"blob {name}" for name, blob in blobs.items() if await _free_blob(of_blobs, name, blob)
    ]
    container = parts.names.set_aside_container
    record = await parts.blobs.read(container, RECORD)
    found = decode(record) if record is not None else None
    if record is not None and whose(found.holder if found is not None else PREFIX):
        await parts.blobs.delete(container, RECORD)
        done.append("the record of the freeze")
    return tuple(done)


async def _free_row(
    parts: Parts, row: LeaseRow | None, whose: Callable[[str | None], bool]
) -> bool:
    """Clear who has a row and who asks for it, as an orderly stop leaves it; tell if it still was so."""
    for _ in range(TRIES):
        if row is None or not whose(row.current_owner):
            return False
        free = replace(row, current_owner=None, next_owner=None, draining=False)
        columns = encode(replace(free, expires_at=parts.clock()))
        table = parts.names.partitions_table
        if await parts.tables.replace(table, columns, row.etag) is not None:
            return True
        name = row.partition
        found = await parts.leases.rows()
        row = next((one for one in found if one.partition == name), None)
    return False


async def _free_blob(blobs: LeaseBlobs, name: str, blob: LeaseBlob) -> bool:
    """Clear who has a blob, and release its lease; one that has run out is taken once more for that."""
    assert blob.owner is not None  # noqa: S101 (for the types)
    token = lease_id(blob.owner, name)
    if not blob.leased and not await blobs.acquire(name, token, SHORTEST):
        return False
    written = await blobs.write(name, LeaseBlob(blob.partition, None, None, blob.epoch), token)
    return await blobs.release(name, token) and written
