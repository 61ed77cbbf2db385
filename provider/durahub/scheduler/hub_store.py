"""One task hub in a file, as the seam `durahub.store` asks for it.

A commit is one transaction: what an episode sends, its events, its instance row and the deletion of what
it consumed are all there or not at all. So there is nothing to repair after a crash, and no message is
ever received again that was used.

Messages in the listener's hands are marked in memory only. After a crash, or when serving ends, whatever
was not settled is still in the table and is delivered again. An activity's result is mostly handed over
without a transaction of its own: see `durahub.scheduler.results`.
"""

import logging
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.errors import (
    BadHubName,
    CheckpointLost,
    FileUnavailable,
    HubBeingMoved,
    HubNotFound,
)
from durahub.model.history import Event, ExecutionStarted
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.sizes import size_of
from durahub.model.ticks import later
from durahub.scheduler import importing, instance_rows, reads, writes
from durahub.scheduler.backlog import backlog
from durahub.scheduler.feed import Found, Want
from durahub.scheduler.file import OpenHub, SchedulerFile
from durahub.scheduler.pump import Pump
from durahub.scheduler.reads import Unreadable
from durahub.scheduler.transactions import Transaction
from durahub.scheduler.writes import Table
from durahub.store import (
    Backlog,
    Ended,
    EndedQuery,
    HubInfo,
    InstanceQuery,
    Listener,
    Page,
    Purged,
    SetAside,
    StoredHistory,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

_HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}", re.ASCII)


def is_hub_name(name: str) -> bool:
    """Tell whether a storage account would take *name* for a hub."""
    return _HUB_NAME.fullmatch(name) is not None


class SchedulerStore:
    """A `HubStore` in a `SchedulerFile`. Closing it leaves the file open, for others use it too.

    Raises `BadHubName` unless a storage account would take the name, too: hubs move there and back.
    """

    def __init__(self, file: SchedulerFile, hub: str) -> None:
        if not is_hub_name(hub):
            raise BadHubName(hub)
        self.file = file
        self._name = hub
        self._found: OpenHub | None = None
        self._pump: Pump | None = None  # while this store is the one that is served
        self._caught_up = False
        self._unreadable: set[str] = set()

    @property
    def hub(self) -> str:
        """The hub's name, as configured."""
        return self._name

    @property
    def is_of_functions(self) -> bool:
        """``False``: Durable Functions does not use a file of ours."""
        return False

    @property
    def set_aside_count(self) -> int:
        """How many stored things this process could not read and set aside."""
        return len(self._unreadable)

    @property
    def number(self) -> int:
        """The hub's number in its file. Raises `HubNotFound` while it is not open."""
        return self._hub.number

    @property
    def _hub(self) -> OpenHub:
        if self._found is None:
            raise HubNotFound(self._name)
        return self._found

    async def open(self, *, create: bool) -> None:
        """Find the hub; with *create* make what is missing. Raises `HubNotFound`, `FileUnavailable`.

        Who would make it is about to serve it: that raises `HubBeingMoved` while a job moves instances
        into it. Without *create* it can be looked at, and deleted.
        """
        if not await self.file.connect(create=create):
            raise HubNotFound(self._name, f"there is no file {self.file.place}")
        found = await self.file.hub(self._name, create=create)
        if create:
            await self._refuse_movers(found.number)
        self._found = found

    async def _refuse_movers(self, hub: int) -> None:
        job = await self.file.read(lambda connection: importing.mover_of(connection, hub))
        if job is not None:
            raise HubBeingMoved(self._name, job)

    async def close(self) -> None:
        """Let go of the hub; calling it twice is fine."""
        self._found = None

    # -- serving -------------------------------------------------------------------------------

    async def serve(self, listener: Listener) -> None:
        """Hand over the hub's messages until cancelled; then have the listener let go in order.

        While another store of this process serves the hub, this one waits for its turn. Raises
        `HubBeingMoved` while a job moves instances into it.
        """
        hub = self._hub
        await self._refuse_movers(hub.number)

        async def read(table: Table, want: Want) -> Found:
            result = await self.file.read(lambda c: reads.messages(c, hub.number, table, want))
            await self._note(result.unreadable)
            return result.found

        async def move(results: Sequence[Delivery]) -> None:
            now = self.file.clock()
            await self._write(
                lambda tx: writes.move_results(tx, hub.number, results, now),
                lambda _: hub.moved(results),
            )

        async with hub.turn:
            pump = hub.pump = self._pump = Pump(
                listener, read, move, self.file.clock, self.file.options.result_grace
            )
            try:
                await self.file.write(lambda _: None)  # what was handed in before is in the tables
                await pump.look()
                self._caught_up = True
                await pump.run()
            finally:
                try:
                    await pump.drain()
                finally:
                    hub.pump = self._pump = None
                    self._caught_up = False

    @property
    def held_partitions(self) -> int:
        """1 while the hub, which is one partition, is served here."""
        return int(self._caught_up)

    def wake(self) -> None:
        """Look for messages and activities now: there is room again."""
        if self._pump is not None:
            self._pump.wake()

    def owns(self, instance_id: str) -> bool:  # noqa: ARG002 (there is one partition)
        """Tell whether this store is served: then everything that happens passes here."""
        return self._caught_up

    # -- the worker side -----------------------------------------------------------------------

    async def load(self, instance_id: str) -> StoredHistory:
        """Return the current history. Raises `BadRow`, having set it aside."""
        if self._hub.fresh.row(instance_id) is not None:
            return StoredHistory(NO_HISTORY, ())
        hub = self._hub.number
        return await self._readable(lambda c: reads.history(c, hub, instance_id))

    async def commit(self, commit: Commit) -> HistoryVersion:
        """Write *commit* in one transaction. Raises `CheckpointLost`, also while not served."""
        if self._pump is None:
            raise CheckpointLost(commit.instance_id)
        hub, now = self._hub, self.file.clock()

        def written(_: HistoryVersion) -> None:
            hub.fresh.forget(commit.instance_id)
            hub.settled(commit.consumed)

        return await self._write(lambda tx: writes.commit(tx, hub.number, commit, now), written)

    async def intervene(self, commit: Commit) -> HistoryVersion:
        """Write *commit* in one transaction, served or not. Raises `CheckpointLost`.

        If it ends the instance, what was told to that goes with it.
        """
        hub, now = self._hub, self.file.clock()
        status = commit.instance.status
        ends = status is not None and status.is_terminal

        def write(tx: Transaction) -> tuple[HistoryVersion, list[Delivery]]:
            version = writes.commit(tx, hub.number, commit, now)
            left = writes.left_behind(tx, hub.number, commit.instance_id) if ends else []
            return version, left

        def written(found: tuple[HistoryVersion, list[Delivery]]) -> None:
            hub.fresh.forget(commit.instance_id)
            hub.settled((*commit.consumed, *found[1]))

        version, _ = await self._write(write, written)
        return version

    async def complete_activity(self, activity: Delivery, result: Message) -> None:
        """Hand *result* over, or put it in the place of *activity*; see `durahub.scheduler.results`."""
        hub, now = self._hub, self.file.clock()
        if self._pump is not None and self._pump.take_result(activity, result):
            return
        await self._write(
            lambda tx: writes.complete_activity(tx, hub.number, activity, result, now),
            lambda _: hub.settled((activity,)),
        )

    async def discard(self, deliveries: Sequence[Delivery]) -> None:
        """Delete messages that have no effect."""
        hub = self._hub
        await self._write(
            lambda tx: writes.settle(tx, deliveries), lambda _: hub.settled(deliveries)
        )

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        """Put messages back, visible in *delay* seconds, be it from memory where nothing can be written."""
        hub, due = self._hub, later(self.file.clock(), delay)
        try:
            await self._write(
                lambda tx: writes.put_back(tx, hub.number, deliveries, due),
                lambda _: hub.put_back(deliveries, due),
            )
        except FileUnavailable as error:
            if self._pump is None:
                raise
            log.warning("kept-in-memory", extra={"messages": len(deliveries), "code": error.code})
            self._pump.keep(deliveries, delay)

    async def repair(
        self,
        instance_id: str,
        update: InstanceUpdate,
        *,
        insert: bool,
        replaces: Instance | None = None,
        history: HistoryVersion | None = None,
    ) -> bool:
        """Write an instance row without a checkpoint, if it is as it was read; tell whether it was.

        With *history* only while that is the instance's.
        """
        hub, etag = self._hub, replaces.etag if replaces is not None else None

        def write(tx: Transaction) -> bool:
            if history is not None and not writes.is_history(tx, hub.number, instance_id, history):
                return False
            return writes.repair(tx, hub.number, instance_id, update, insert=insert, etag=etag)

        return await self._write(write, lambda _: hub.fresh.forget(instance_id))

    async def set_custom_status(
        self, instance_id: str, text: str | None, replaces: Instance
    ) -> bool:
        """Write a custom status alone, while the row is as it was read; tell whether it was."""
        hub, etag = self._hub, replaces.etag or "0"
        return await self._write(
            lambda tx: writes.set_custom_status(tx, hub.number, instance_id, text, etag),
            lambda _: hub.fresh.forget(instance_id),
        )

    # -- the client side -----------------------------------------------------------------------

    def tries_first(self, instance_id: str) -> bool:  # noqa: ARG002 (for one as for another)
        """Return ``True``: the transaction of a start finds out itself whether the ID is in use."""
        return True

    async def start(
        self,
        message: Message,
        replaces: Instance | None,
        *,
        unread: bool = False,  # noqa: ARG002 (it makes no difference)
    ) -> None:
        """Store the start message and its Pending row. Raises `InstanceExists`."""
        hub, now = self._hub, self.file.clock()

        def written(row: Instance) -> None:
            if replaces is None and message.due is None:
                hub.fresh.note(row)

        await self._write(
            lambda tx: writes.start(tx, hub.number, message, replaces, now),
            written,
            size_of((message.event,)),
        )

    async def send(self, message: Message) -> None:
        """Send *message* to its instance."""
        hub, now = self._hub.number, self.file.clock()
        await self._write(lambda tx: tx.post(hub, (message,), now), None, size_of((message.event,)))

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an instance, ``None`` for an unknown one. Raises `BadRow`, having set it aside."""
        hub = self._hub.number
        return await self._readable(
            lambda c: reads.instance(c, hub, instance_id, payloads=payloads)
        )

    async def row(self, instance_id: str) -> Instance | None:
        """Return what an episode has to know of an instance, without payloads."""
        known = self._hub.fresh.row(instance_id)
        return known or await self.get(instance_id, payloads=False)

    def is_fresh(self, instance_id: str) -> bool:
        """Tell whether an instance was started here and has certainly not begun: it will here."""
        return self.owns(instance_id) and self._hub.fresh.row(instance_id) is not None

    def told(
        self,
        instance_id: str,
        started: ExecutionStarted,
        update: InstanceUpdate,
        *,
        payloads: bool,
    ) -> Instance | None:
        """Return what `get` finds behind a commit with that *update*; ``None`` where it has to be asked."""
        found = instance_rows.told(instance_id, started, update)
        return found if found is None or payloads else replace(found, input=None, output=None)

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances, the oldest first, with a prefix by ID. Raises `BadRequest`."""
        hub = self._hub.number
        found = await self.file.read(lambda c: reads.instances(c, hub, query), slow=True)
        await self._note(found.unreadable)
        return found.page

    async def ended(self, query: EndedQuery) -> tuple[Ended, ...]:
        """Return orchestrations that have ended, in the order of their ends."""
        hub = self._hub.number
        return await self.file.read(lambda c: reads.ended(c, hub, query), slow=True)

    async def history(
        self, instance_id: str, execution_id: str | None = None
    ) -> AsyncIterator[Event]:
        """Yield the events of the current execution; nothing if *execution_id* is another one."""
        hub = self._hub.number
        stored = await self._readable(lambda c: reads.history(c, hub, instance_id), slow=True)
        if execution_id is None or execution_id == stored.version.execution_id:
            for event in stored.events:
                yield event

    async def purge(self, instance_id: str, expected: Instance | None = None) -> Purged:
        """Delete an instance with its history and what was told to it, whatever its state.

        With *expected* only while its row is still as it was read.
        """
        hub, etag = self._hub, expected.etag if expected is not None else None

        def write(tx: Transaction) -> tuple[Purged, list[Delivery]]:
            if etag is not None and not writes.is_version(tx, hub.number, instance_id, etag):
                return Purged(0), []
            left = writes.left_behind(tx, hub.number, instance_id)
            return writes.purge(tx, hub.number, instance_id), left

        def written(found: tuple[Purged, list[Delivery]]) -> None:
            hub.fresh.forget(instance_id)
            hub.settled(found[1])

        purged, _ = await self._write(write, written)
        return purged

    # -- the hub -------------------------------------------------------------------------------

    async def claim(self, task: str, seconds: float) -> bool:  # noqa: ARG002 (there is no other)
        """Tell whether this server may do *task*: a file belongs to one process."""
        return True

    async def backlog(self) -> Backlog:
        """Return what is due and not in the listener's hands."""
        hub, now, pump = self._hub.number, self.file.clock(), self._pump
        inbox, tasks = (pump.known("inbox"), pump.known("tasks")) if pump else ((), ())
        return await self.file.read(lambda c: backlog(c, hub, now, inbox, tasks), slow=True)

    async def info(self) -> HubInfo:
        """Return what the hub consists of; a timer is any message with a time."""
        hub = self._hub
        queues = await self.file.read(lambda c: reads.counts(c, hub.number), slow=True)
        if hub.pump is not None:  # what stands for a result is one
            queues["workitems"] -= hub.pump.results
            queues["inbox"] += hub.pump.results
        owner = "this server" if hub.pump is not None else self.file.holder
        return HubInfo(
            name=self._name,
            store="scheduler",
            partitions=1,
            queues=queues,
            owners=dict.fromkeys(queues, owner),
            resources=(f"file {self.file.place}",),
        )

    async def set_aside(self) -> tuple[SetAside, ...]:
        """Return what could not be read."""
        hub = self._hub.number
        return await self.file.read(lambda c: reads.set_aside(c, hub), slow=True)

    async def delete(self) -> None:
        """Delete the hub with everything in it."""
        await self.file.delete_hub(self._hub)
        self._found = None

    # -- reading and writing -------------------------------------------------------------------

    async def _write(
        self,
        work: Callable[[Transaction], T],
        then: Callable[[T], None] | None = None,
        size: int = 0,
    ) -> T:
        try:
            return await self.file.write(work, then, size)
        except sqlite3.IntegrityError as error:
            if "FOREIGN KEY" not in str(error):
                raise
            raise HubNotFound(self._name) from None  # every row refers to its hub

    async def _readable(
        self, look: Callable[[sqlite3.Connection], T | Unreadable], *, slow: bool = False
    ) -> T:
        found = await self.file.read(look, slow=slow)
        if isinstance(found, Unreadable):
            await self._note((found,))
            raise found.error
        return found

    async def _note(self, unreadable: Iterable[Unreadable]) -> None:
        for one in unreadable:
            await self._note_one(one)

    async def _note_one(self, one: Unreadable) -> None:
        hub, now = self._hub.number, self.file.clock()
        location, code = one.location, one.error.code
        if location in self._unreadable:
            return
        self._unreadable.add(location)
        if self.file.holder is not None:
            return  # who has the file sets it aside

        def tell(is_new: bool) -> None:
            if is_new:
                log.error("set-aside", extra={"location": location, "code": code})

        await self._write(
            lambda tx: writes.note_aside(tx, hub, location, one.error, one.head, now), tell
        )
