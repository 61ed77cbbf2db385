"""A hub in Azure Storage or Azurite, to be exported. Nothing in it is changed."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import Random

from durahub.classic.account import Account, MakeTransport
from durahub.classic.dialect import DTFX_2_9_BASE64
from durahub.classic.doctor.reading import Reading
from durahub.classic.doctor.snapshot import HubFacts as ClassicHub
from durahub.classic.freezing.standing import check, standing
from durahub.classic.freezing.taking import Taking, earlier_takings, note_sample
from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.options import ClassicOptions
from durahub.classic.parts import Parts, assemble
from durahub.classic.proxies import ProxyOf, no_proxy
from durahub.classic.queues import MOST_AT_ONCE
from durahub.classic.request_counts import RequestCounter
from durahub.classic.tracking import find_tables
from durahub.classic.transport import CountedTransport
from durahub.classic.whole_hub import WholeInstances, whole_message, whole_messages
from durahub.errors import NotFrozen, StorageDenied
from durahub.model.ticks import Ticks
from durahub.stored import NotRead, StoredInstance, StoredMessage
from durahub_migrate.bundle.manifest import SourceHub
from durahub_migrate.export.stillness import IN_USE, Frozen, Stillness
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.sources.budget import Budget
from durahub_migrate.lint.sources.classic_hub import ReadHub, read_hub
from durahub_migrate.lint.sources.read_only import ReadOnlyTransport, TakingTransport

_NEEDED = frozenset({Need.INSTANCES, Need.HISTORY, Need.QUEUES})

OpenAccount = Callable[[MakeTransport], Account]
"""Returns the account in which a hub is, whose requests go through a transport that is made so."""


@dataclass(frozen=True, slots=True)
class ClassicOutlet:
    """A `durahub_migrate.export.outlet.Outlet`."""

    hub: SourceHub
    read: ReadHub
    whole: WholeInstances
    reading: Reading
    parts: Parts
    frozen: Frozen
    taking: Taking | None = None

    async def is_quiet(self) -> bool:
        """Tell whether it was still."""
        return (await self.stillness()).is_still

    async def stillness(self) -> Stillness:
        """Return whether it was held by a freeze, and is as it was then; or nobody was at work on it.

        Without a freeze that is told by leases and counts at both ends, and not known where a part of the
        hub is missing.
        """
        freeze = self.frozen.freeze
        if freeze is None:
            is_quiet = await self._is_unused()
            return Stillness(is_still=is_quiet, why="" if is_quiet else IN_USE)
        taking = self.taking
        expected = freeze if taking is None else taking.expected(freeze)
        found = await check(self.parts, expected)
        why = self.frozen.problem or found.problem
        if taking is not None and not why:
            await note_sample(self.parts, freeze, found.sample)
        return Stillness(
            is_still=not why, why=why, freeze=freeze, last=found.sample, asking=found.asking
        )

    async def _is_unused(self) -> bool:
        before = self.read.classic
        if before is None or before.workers:
            return False
        now = await self.reading.hub()
        return not now.workers and _depths(now) == _depths(before)

    async def messages(self) -> AsyncIterator[StoredMessage | NotRead]:
        """Yield the messages that were visible: 32 of each queue at most, but all of them if they are taken.

        Raises `NotFrozen` where they are to be taken and somebody has been at the hub since it was frozen.
        """
        taking, freeze = self.taking, self.frozen.freeze
        if taking is None:
            for one in whole_messages(self.read.queues):
                yield one
            return
        assert freeze is not None  # noqa: S101 (for the types)
        if problem := (await check(self.parts, freeze)).problem:
            raise NotFrozen(self.hub.hub, problem)
        async for seen in taking.messages():
            yield whole_message(seen)
        await taking.put_back()

    async def instances(self) -> AsyncIterator[StoredInstance | NotRead]:
        """Yield what both tables hold, by key."""
        async for one in self.whole.all():
            yield one


@contextlib.asynccontextmanager
async def classic_outlet(
    hub: str,
    open_account: OpenAccount,
    clock: Callable[[], Ticks],
    tracking_prefix: str | None = None,
    *,
    takes: bool = False,
) -> AsyncIterator[ClassicOutlet]:
    """Open a hub for the body. Raises `HubNotFound`, `StorageDenied`, `StorageUnavailable`.

    Unlike the linter it is not content with a part of a hub: a service that refuses ends it. With *takes*
    the hub has to be frozen, else it raises `NotFrozen`; its messages are received and put back.
    """
    check_hub_name(hub)
    budget = Budget()

    def transport(counter: RequestCounter, *, proxy_of: ProxyOf = no_proxy) -> CountedTransport:
        kind = TakingTransport if takes else ReadOnlyTransport
        return kind(counter, budget=budget, proxy_of=proxy_of)

    async with open_account(transport) as account:
        names = HubNames(hub, tracking_prefix)
        options = ClassicOptions(tracking_prefix=tracking_prefix, dialect=DTFX_2_9_BASE64)
        parts = assemble(names, account, options, clock, Random(0))  # noqa: S311 (chance is for writers)
        names = await find_tables(account, parts.tables, names)
        options = ClassicOptions(tracking_prefix=names.tracking_prefix, dialect=DTFX_2_9_BASE64)
        parts = assemble(names, account, options, clock, Random(0))  # noqa: S311 (no secret hangs on it)
        reading = Reading(parts, clock)
        there = await standing(parts)
        frozen = Frozen() if there is None else Frozen(there.freeze, there.problem)
        if takes and frozen.problem:
            raise NotFrozen(names.hub, frozen.problem)
        read = await read_hub(parts, reading, clock, hub)
        for unread in read.unread:
            if unread.need in _NEEDED or isinstance(unread.error, StorageDenied):
                raise unread.error
        told = f"{account.name}/{names.hub}".lower()
        source = SourceHub(
            kind="classic",
            hub=names.hub,
            address_sha256=hashlib.sha256(told.encode()).hexdigest(),
            partitions=read.facts.partitions,
            task_hub_json=read.facts.task_hub_json,
            is_of_functions=bool(read.facts.is_of_functions),
            parts=dict(read.facts.parts),
            queues=dict(read.facts.queues),
            partly_seen={} if takes else _partly_seen(read),
            apps=read.facts.apps,
        )
        whole = WholeInstances(reading, names, parts.payloads)
        taking = None
        if takes and frozen.freeze is not None:
            taking = Taking(parts, reading, earlier_takings(frozen.freeze))
        try:
            yield ClassicOutlet(source, read, whole, reading, parts, frozen, taking)
        finally:
            if taking is not None:
                await asyncio.shield(taking.put_back())


def _partly_seen(read: ReadHub) -> dict[str, int]:
    """Return the queues that may have more visible messages than were shown, and how many at most."""
    return {
        queue.name: queue.unseen
        for queue in read.queues
        if queue.unseen and len(queue.seen) >= MOST_AT_ONCE
    }


def _depths(hub: ClassicHub) -> dict[str, int]:
    return {name: queue.depth for name, queue in hub.queues.items()}
