"""A live hub in Azure Storage or Azurite as a source of facts. Nothing in it is changed.

One pass over both tables gives the instances, in pages of 1,000 rows. What is read of one is let go before
the next: what memory holds does not depend on the hub's size.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from durahub.classic.account import Account, MakeTransport
from durahub.classic.dialect import DTFX_2_9_BASE64
from durahub.classic.doctor.reading import Reading, StoredRows
from durahub.classic.doctor.repairing import Repairing
from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.options import ClassicOptions
from durahub.classic.parts import Parts, assemble
from durahub.classic.proxies import ProxyOf, no_proxy
from durahub.classic.request_counts import RequestCounter
from durahub.classic.tracking import find_tables
from durahub.classic.transport import CountedTransport
from durahub.errors import (
    BudgetSpent,
    DurahubError,
    HubNotFound,
    StorageDenied,
    StorageUnavailable,
)
from durahub.model.ticks import Ticks
from durahub_migrate.lint.facts.hubs import BlobFacts, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.sources.budget import Budget
from durahub_migrate.lint.sources.classic_diagnosing import (
    MOST_SUSPECTED,
    PAUSE,
    SEEN_SINCE,
    Diagnosing,
)
from durahub_migrate.lint.sources.classic_hub import (
    OF_TABLES,
    MeasuredMessages,
    ReadHub,
    read_hub,
)
from durahub_migrate.lint.sources.classic_instances import ClassicInstances
from durahub_migrate.lint.sources.classic_position import BLOBS, INSTANCES, Position, parse
from durahub_migrate.lint.sources.read_only import ReadOnlyTransport
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.source import Read

OpenAccount = Callable[[MakeTransport], Account]
"""Returns the account in which a hub is, whose requests go through a transport that is made so."""

TRIES = 3  # to read an instance that a worker keeps writing
_REQUESTS_EACH = 4  # for an instance's row and history, and what it waits for
_ENDS = (BudgetSpent, StorageUnavailable)  # of the whole reading; a later run may go on
_PAUSES = (PAUSE, 2.0, 4.0, 8.0)  # seconds before each further look at what may be being purged


class ClassicSource:
    """Reads one hub. What *open_account* returns is closed when the reading ends.

    *sleep* passes the time before a hub that is in use is looked at again.
    """

    def __init__(
        self,
        address: str,
        hub: str,
        open_account: OpenAccount,
        options: ReadingOptions,
        clock: Callable[[], Ticks],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        check_hub_name(hub)
        self.address = address
        self._names = HubNames(hub, options.tracking_prefix)
        self._open_account = open_account
        self._options = options
        self._clock = clock
        self._sleep = sleep
        self._budget = Budget(options.requests, options.requests_per_second)
        self.rows = 0
        self._account: Account | None = None
        self._counts: dict[tuple[str, str], int] = {}

    @property
    def provides(self) -> frozenset[Need]:
        """Everything that a live hub has; of a sample no blobs, for nobody knows what names them."""
        needs = {Need.HUB, Need.STORAGE, Need.INSTANCES, Need.HISTORY, Need.QUEUES, Need.LEASES}
        return frozenset(needs if self._is_sample else needs | {Need.BLOBS})

    @property
    def requests(self) -> int:
        """How many requests were sent so far, retries included."""
        return self._budget.sent

    @property
    def requests_left(self) -> float:
        """How many requests may still be sent; infinity without a limit."""
        return self._budget.left

    def requests_by_kind(self) -> dict[tuple[str, str], int]:
        """Return how many requests were sent to read facts, by service and operation."""
        return dict(self._account.request_counts()) if self._account is not None else self._counts

    @property
    def _is_sample(self) -> bool:
        return self._options.share < 1.0

    @property
    def identity(self) -> str:
        """The address, and which share of it is read."""
        return f"{self.address} {self._options.identity}"

    async def count(self) -> int | None:
        """Return how many instances there are; ``None`` if they are not counted, or cannot be."""
        if not self._options.count:
            return None
        try:
            async with self._open_account(self._transport) as account:
                parts, problem = await self._assembled(account)
                return None if problem is not None else await Reading(parts, self._clock).count()
        except DurahubError:
            return None  # whoever reads the facts meets it, too

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        """Yield the facts; see `durahub_migrate.lint.sources.source`."""
        position = parse(after) if after is not None else None
        async with self._open_account(self._transport) as account:
            self._account = account
            try:
                parts, _ = await self._assembled(account)
                one = _Pass(self, parts, self._options, self._clock, self._sleep)
                async for read in one.facts(position):
                    yield read
            finally:
                self._account, self._counts = None, dict(account.request_counts())

    def _transport(
        self, counter: RequestCounter, *, proxy_of: ProxyOf = no_proxy
    ) -> CountedTransport:
        return ReadOnlyTransport(counter, budget=self._budget, proxy_of=proxy_of)

    async def _assembled(self, account: Account) -> tuple[Parts, DurahubError | None]:
        """Return what the hub consists of, its tables found, or why they were not."""
        parts = self._parts(account, self._names)
        try:
            names = await find_tables(account, parts.tables, self._names)
        except (StorageDenied, HubNotFound) as error:
            return parts, error  # there may be more than tables; whoever reads the hub says so
        return self._parts(account, names), None

    def _parts(self, account: Account, names: HubNames) -> Parts:
        prefix = names.tracking_prefix
        options = ClassicOptions(tracking_prefix=prefix, dialect=DTFX_2_9_BASE64)
        return assemble(names, account, options, self._clock, Random(0))  # noqa: S311 (chance is for writers)


@dataclass(slots=True)
class _Pass:
    """One reading of a hub, from a position on."""

    source: ClassicSource
    parts: Parts
    options: ReadingOptions
    clock: Callable[[], Ticks]
    sleep: Callable[[float], Awaitable[object]]
    reading: Reading = field(init=False)
    instances: ClassicInstances = field(init=False)
    messages: MeasuredMessages = field(default_factory=MeasuredMessages)
    diagnosing: Diagnosing | None = None
    lacking: list[str] = field(default_factory=list)
    """Keys of instances of which a payload is not there: they may be about to be purged."""
    since: int = 0
    """How many instances were read since the first of these."""
    hub_takes: int = 0
    """How many requests a look at the hub takes, its instances left out."""

    def __post_init__(self) -> None:
        self.parts.payloads.most = self.options.largest_payload
        self.reading = Reading(self.parts, self.clock, passes_over=True, seeing=self.messages.see)
        self.instances = ClassicInstances(self.source.address, self.parts.payloads)

    async def facts(self, position: Position | None) -> AsyncIterator[Read]:
        before = self.source.requests
        hub = await read_hub(self.parts, self.reading, self.clock, self.source.address)
        self.hub_takes = self.source.requests - before
        yield Read(hub.facts)
        for unread in hub.unread:
            yield Read(unread)
        needs = [Need.INSTANCES, Need.HISTORY, Need.BLOBS]
        try:
            await self._prepare(hub, position)
            if position is None:
                async for read in self._of_hub(hub):
                    yield read
                position = Position()
            if position.phase == INSTANCES:
                async for read in self._instances(hub, position.after):
                    yield read
                position = Position(BLOBS)
            needs = [Need.BLOBS]
            if position.phase == BLOBS:
                async for read in self._blobs(hub, position.after):
                    yield read
        except _ENDS as error:
            for need in needs:
                yield Read(Unread(need, hub.facts.place, error, can_go_on=True))

    async def _prepare(self, hub: ReadHub, position: Position | None) -> None:
        if hub.classic is None or any(map(hub.cannot, OF_TABLES)):
            return
        unfinished = await Repairing(self.parts, self.clock).unfinished()
        awaited = position.awaited if position is not None else {}
        self.diagnosing = Diagnosing(
            self.reading, hub.classic, self.source.address, unfinished, awaited, self.sleep
        )

    async def _of_hub(self, hub: ReadHub) -> AsyncIterator[Read]:
        if self.diagnosing is not None:
            for diagnosis in await self.diagnosing.of_hub():
                yield Read(diagnosis)
        messages = await self._still_there(hub)
        for number, message in enumerate(messages, 1):
            is_last = number == len(messages)
            yield Read(message, str(Position()) if is_last else None)

    async def _still_there(self, hub: ReadHub) -> list[MessageFacts]:
        """Return the messages but for those that went, with their blobs, while they were read."""
        found = list(self.messages.facts(hub.queues, self.source.address))
        lacking = {one.queue for one in found if _lacks_blob(one)}
        if not lacking:
            return found
        await self._wait(hub)
        queues = await self.reading.queues(sorted(lacking))
        now = {f"{one.queue}/{one.message_id}" for queue in queues for one in queue.seen}
        return [one for one in found if not _lacks_blob(one) or one.place.key in now]

    async def _wait(self, hub: ReadHub, pause: float = PAUSE) -> None:
        """Let a little time pass, unless it is known that nobody works on the hub."""
        if hub.classic is None or hub.classic.workers:
            await self.sleep(pause)

    # -- instances -----------------------------------------------------------------------------

    async def _instances(self, hub: ReadHub, after: str | None) -> AsyncIterator[Read]:
        if any(map(hub.cannot, OF_TABLES)):
            return
        try:
            stored = self.reading.rows(after) if self._is_sample else self.reading.stored(after)
            async for one in stored:
                async for read in self._instance(one, hub):
                    yield read
            async for read in self._lacking_again(hub):
                yield read
            if self.diagnosing is not None:
                async for diagnosis in self.diagnosing.rest(after):
                    yield Read(diagnosis)
        except (HubNotFound, StorageDenied) as error:
            for need in OF_TABLES:  # the hub was deleted, or the right to read it ended
                yield Read(Unread(need, hub.facts.place, error))
        if self.instances.denied is not None and not hub.cannot(Need.BLOBS):
            yield Read(Unread(Need.BLOBS, hub.facts.place, self.instances.denied))

    async def _instance(self, stored: StoredRows, hub: ReadHub) -> AsyncIterator[Read]:
        fact, diagnoses = await self._looked_at(stored)
        for diagnosis in diagnoses:
            yield Read(diagnosis)
        self.source.rows += len(stored.history) + (stored.row is not None)
        lacks = _lacks_payload(fact)
        if lacks:
            self.lacking.append(stored.key)
        self.since += bool(self.lacking)
        if len(self.lacking) >= MOST_SUSPECTED or self.since >= SEEN_SINCE or self.is_short:
            async for read in self._lacking_again(hub):
                yield read
        if lacks:
            return
        settled = not self.lacking and (self.diagnosing is None or self.diagnosing.is_settled)
        awaited = self.diagnosing.awaited if self.diagnosing is not None else {}
        yield Read(fact, str(Position(INSTANCES, stored.key, awaited)) if settled else None)

    @property
    def is_short(self) -> bool:
        """Whether there are just enough requests left to look again at what waits for it.

        A run that ended before that would have to be gone on with from before the first of them.
        """
        waiting = len(self.lacking) + (
            self.diagnosing.waiting if self.diagnosing is not None else 0
        )
        return self.source.requests_left < self.hub_takes + _REQUESTS_EACH * (waiting + 1)

    async def _lacking_again(self, hub: ReadHub) -> AsyncIterator[Read]:
        """Yield the instances of which a payload was not there, as they are now.

        A purge deletes payloads first. So an instance that is gone by now lacked nothing; one that has ended
        gets more time to go, for a slow storage takes seconds for that.
        """
        keys, self.lacking, self.since = self.lacking, [], 0
        for pause in _PAUSES if keys else ():
            await self._wait(hub, pause)
            going = []
            for key in keys:
                fact = await self._read_again(key)
                if fact is None:
                    continue
                if pause != _PAUSES[-1] and self._may_be_going(hub, fact):
                    going.append(key)
                else:
                    yield Read(fact)
            keys = going
            if not keys:
                return

    def _may_be_going(self, hub: ReadHub, fact: InstanceFacts) -> bool:
        """Whether a purge may be at an instance: somebody works on the hub, and it has ended."""
        is_used = hub.classic is None or bool(hub.classic.workers)
        return is_used and fact.is_terminal and _lacks_payload(fact)

    async def _read_again(self, key: str) -> InstanceFacts | None:
        """Return an instance once what it names is there, or is lacking though nobody writes it."""
        before, fact = None, None
        for _ in range(TRIES):
            stored = await self.reading.stored_of(key)
            if stored.row is None and not stored.history:
                return None
            etags = [one.etag for one in (stored.row, *stored.history) if one is not None]
            if fact is not None and etags == before:
                return fact
            before, fact = etags, await self.instances.facts(stored, stored.facts)
            if not _lacks_payload(fact):
                return fact
        return fact

    async def _looked_at(self, stored: StoredRows) -> tuple[InstanceFacts, list[Any]]:
        classic = stored.facts
        if self._is_sample:
            if not self.options.takes(classic.instance_id):
                return await self.instances.facts(stored, classic, history_is_read=False), []
            stored = StoredRows(stored.key, stored.row, await self.reading.history_of(stored.key))
            classic = stored.facts
        diagnoses: list[Any] = []
        if self.diagnosing is not None:
            diagnoses += await self.diagnosing.at(classic)
            if self.is_short:
                diagnoses += await self.diagnosing.settle()
        return await self.instances.facts(stored, classic), diagnoses

    @property
    def _is_sample(self) -> bool:
        return self.options.share < 1.0

    # -- blobs ---------------------------------------------------------------------------------

    async def _blobs(self, hub: ReadHub, after: str | None) -> AsyncIterator[Read]:
        if hub.cannot(Need.BLOBS) or self._is_sample:
            return
        try:
            async for blob in self.reading.blobs():
                if after is not None and blob.name <= after:
                    continue
                place = Place(source=self.source.address, kind=PlaceKind.BLOB, key=blob.name)
                fact = BlobFacts(place=place, name=blob.name, size=blob.size, changed=blob.changed)
                yield Read(fact, str(Position(BLOBS, blob.name)))
        except (HubNotFound, StorageDenied) as error:
            yield Read(Unread(Need.BLOBS, hub.facts.place, error))


def _lacks_payload(fact: InstanceFacts) -> bool:
    return any(one.problem is not None and one.blob is not None for one in fact.payloads)


def _lacks_blob(fact: MessageFacts) -> bool:
    return fact.problem is not None and fact.blob is not None
