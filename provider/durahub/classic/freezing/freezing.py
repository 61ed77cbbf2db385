"""``durahub hub freeze`` and ``thaw`` of a hub in Azure Storage: waits, takes, waits, counts twice."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import TypeVar

from durahub.classic.account import Account
from durahub.classic.dialect import DTFX_2_9_BASE64
from durahub.classic.freezing.counting import rows_written, sample
from durahub.classic.freezing.grip import Grip, let_go
from durahub.classic.freezing.judging import (
    changes,
    hidden,
    last_sign,
    not_covered,
    seen_working,
)
from durahub.classic.freezing.naming import APP_LEASE, RECORD, holder_name, is_freezer
from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.options import ClassicOptions
from durahub.classic.partitioning import app_lease
from durahub.classic.parts import Parts, assemble
from durahub.classic.tracking import find_tables
from durahub.errors import ForeignWriter, HubInUse, HubNotFound, NotFrozen
from durahub.freezing import Freeze, Seen, Tell, Terms, to_json
from durahub.model.ticks import Ticks, from_datetime, later, seconds_between

T = TypeVar("T")

LOOK_EVERY = 2.0  # seconds
SETTLES = 1.0  # seconds: storage tells the time of our record in whole ones


class Freezing:
    """Freezes one hub, and thaws it: a `durahub.freezing.Freezer`. The account stays its maker's to close.

    Without *tracking_prefix* the tables are those of the hub's name, or those in which its name is found.
    """

    def __init__(
        self,
        hub: str,
        account: Account,
        clock: Callable[[], Ticks],
        tracking_prefix: str | None = None,
    ) -> None:
        check_hub_name(hub)
        self._names = HubNames(hub, tracking_prefix)
        self._account = account
        self._clock = clock
        self._holder = holder_name(Random().getrandbits(32))  # noqa: S311 (no secret hangs on it)
        self._parts: Parts | None = None
        self._grip: Grip | None = None

    # -- freezing ------------------------------------------------------------------------------

    async def freeze(self, terms: Terms, tell: Tell) -> Freeze:
        """Freeze the hub. Raises `HubInUse`, `ForeignWriter`, `HubNotFound`, `NotFrozen`."""
        parts = await self._assembled()
        await parts.resources.check_there()
        begun = self._clock()
        ends = later(begun, terms.wait)
        seen: dict[str, Seen] = {}
        try:
            sign = await self._taken(parts, terms, ends, seen, tell)
            assert self._grip is not None  # noqa: S101 (for the types)
            freeze = Freeze(
                hub=parts.names.hub,
                store="classic",
                holder=self._holder,
                lasting=terms.lasting,
                begun=begun,
                leases=self._grip.leases,
                seen=tuple(seen.values()),
            )
            shown = later(sign, terms.hidden_for)
            return await self._while_held(self._counted(parts, freeze, terms, shown, ends, tell))
        except BaseException:
            await asyncio.shield(self.release())
            raise

    async def _assembled(self) -> Parts:
        options = ClassicOptions(worker_id=self._holder, dialect=DTFX_2_9_BASE64)
        parts = assemble(self._names, self._account, options, self._clock, Random())  # noqa: S311 (no secret hangs on it)
        names = await find_tables(self._account, parts.tables, self._names)
        self._parts = assemble(names, self._account, options, self._clock, Random())  # noqa: S311 (no secret hangs on it)
        return self._parts

    async def _taken(
        self, parts: Parts, terms: Terms, ends: Ticks, seen: dict[str, Seen], tell: Tell
    ) -> Ticks:
        """Take everything when nobody has anything; return when somebody may have been there last.

        Raises `HubInUse`.
        """
        while True:
            sign = await self._until_nobody_works(parts, ends, seen, tell)
            self._grip = Grip(parts, self._holder, terms.lease)
            try:
                await self._grip.take()
            except HubInUse as error:
                await self.release()
                if self._clock() >= ends:
                    raise
                tell(error.sentence)
            else:
                return sign

    async def _until_nobody_works(
        self, parts: Parts, ends: Ticks, seen: dict[str, Seen], tell: Tell
    ) -> Ticks:
        """Note in *seen* who is there; return when nobody is, with when somebody may have been last.

        Raises `HubInUse`.
        """
        while True:
            evidence = await parts.leases.evidence()
            now = self._clock()
            working = [*seen_working(evidence, now), *await self._app(parts, now)]
            frozen = next((one for one in working if is_freezer(one.who)), None)
            if frozen is not None:
                raise HubInUse(
                    parts.names.hub,
                    f"{frozen.who} has it frozen already ({frozen.what}); 'durahub hub thaw' ends that",
                )
            bare = not_covered(evidence, await parts.resources.control_queues())
            if bare:
                raise NotFrozen(
                    parts.names.hub,
                    f"there is no lease for {', '.join(bare)} that could be taken; a worker makes them "
                    "when it starts",
                )
            seen |= {one.who: one for one in working}
            if not working:
                return last_sign(evidence, seen.values(), now)
            who = "; ".join(f"{one.who} ({one.what})" for one in working)
            if now >= ends:
                raise HubInUse(
                    parts.names.hub,
                    f"{who}: stop the apps; what one leaves that was killed runs out within a minute",
                )
            tell(f"waiting for {who}")
            await asyncio.sleep(LOOK_EVERY)

    async def _app(self, parts: Parts, now: Ticks) -> tuple[Seen, ...]:
        """Return the app that has the app lease; none if nobody has it but a freezer that was killed."""
        try:
            if not await parts.app_lease.is_leased() or await parts.app_lease.renew(APP_LEASE):
                return ()
        except HubNotFound:
            return ()
        info = app_lease.decode(await parts.app_lease.read_info())
        endless = await parts.blobs.is_leased_for_ever(parts.names.app_lease_container)
        what = "has the app lease, without end" if endless else "has the app lease"
        return (Seen(who=f"app {info.owner_id or 'unknown'}", what=what, at=now),)

    async def _while_held(self, work: Awaitable[T]) -> T:
        """Return what *work* returns, the leases renewed meanwhile. Raises `NotFrozen`."""
        assert self._grip is not None  # noqa: S101 (for the types)
        working = asyncio.ensure_future(work)
        keeping = asyncio.create_task(self._grip.keep(), name="freeze")
        try:
            await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                keeping.result()  # raises
            return working.result()
        finally:
            for task in (working, keeping):
                task.cancel()
            await asyncio.gather(working, keeping, return_exceptions=True)

    # -- counting ------------------------------------------------------------------------------

    async def _counted(
        self,
        parts: Parts,
        freeze: Freeze,
        terms: Terms,
        shown: Ticks,
        ends: Ticks,
        tell: Tell,
    ) -> Freeze:
        """Return the freeze when nobody was found to write. Raises `ForeignWriter`, `HubInUse`."""
        await self._until_all_is_seen(parts, shown, ends, tell)
        await self._write_record(parts, freeze)
        since = await self._time_of_record(parts)
        await asyncio.sleep(SETTLES)
        first = await sample(parts)
        tell(f"counting again in {terms.apart:g} s")
        await asyncio.sleep(terms.apart)
        second = await sample(parts)
        wrong = changes(first, second) + await rows_written(parts, since)
        if wrong:
            raise ForeignWriter(
                parts.names.hub,
                f"{'; '.join(wrong)}, within {seconds_between(first.at, second.at):.0f} s",
            )
        if terms.lasting:
            assert self._grip is not None  # noqa: S101 (for the types)
            await self._grip.make_lasting()
        freeze = replace(freeze, frozen_at=second.at, rows_since=since, samples=(first, second))
        await self._write_record(parts, freeze)
        return freeze

    async def _until_all_is_seen(self, parts: Parts, shown: Ticks, ends: Ticks, tell: Tell) -> None:
        """Wait until no message is hidden because a worker took it: none is behind *shown*, but timers.

        Raises `HubInUse` where an activity is at work for longer than is waited.
        """
        while True:
            now = self._clock()
            unseen = hidden(await sample(parts))
            working = unseen.get(parts.names.workitem_queue, 0)
            if not unseen or (now >= shown and not working):
                return
            told = ", ".join(f"{count} in {name}" for name, count in unseen.items())
            if now >= ends:
                activities = f"{working} activities are at work, or " if working else ""
                raise HubInUse(
                    parts.names.hub,
                    f"{activities}a worker may still have messages that are hidden ({told}); wait for "
                    "longer, with --wait",
                )
            tell(f"waiting for hidden messages, timers among them: {told}")
            await asyncio.sleep(min(LOOK_EVERY, max(seconds_between(now, ends), 0.0)))

    async def _write_record(self, parts: Parts, freeze: Freeze) -> None:
        container, value = parts.names.set_aside_container, to_json(freeze)
        there = await parts.blobs.read_version(container, RECORD)
        etag = there[1] if there is not None else None
        if not await parts.blobs.replace_json(container, RECORD, value, etag):
            raise HubInUse(parts.names.hub, "somebody else freezes or thaws it at this moment")

    async def _time_of_record(self, parts: Parts) -> Ticks:
        """Return the time by the clock of storage, a second behind that of our record."""
        listed = parts.blobs.listed(parts.names.set_aside_container, RECORD)
        changed = [from_datetime(one.changed) async for one in listed if one.name == RECORD]
        if not changed:
            raise NotFrozen(parts.names.hub, "it was thawed meanwhile")
        return later(changed[0], SETTLES)

    # -- holding and letting go ----------------------------------------------------------------

    async def hold(self) -> None:
        """Hold it until cancelled. Raises `NotFrozen`."""
        assert self._grip is not None  # noqa: S101 (for the types)
        await self._grip.keep()

    async def release(self) -> None:
        """Let go of what `freeze` has taken."""
        if self._parts is None or self._grip is None:
            return
        mine = self._holder
        app = any(one.startswith("container ") for one in self._grip.leases)
        self._grip = None
        await let_go(self._parts, lambda worker: (worker or "").casefold() == mine, app=app)

    async def thaw(self) -> tuple[str, ...]:
        """Let go of what any freeze has taken. Raises `HubNotFound`."""
        parts = await self._assembled()
        await parts.resources.check_there()
        return await let_go(parts, is_freezer, app=True)
