"""One task hub in a file, as the seam `durahub.store` asks for it.

A commit is one transaction: what an episode sends, its events, its instance row and the deletion of what
it consumed are all there or not at all. So there is nothing to repair after a crash, and no message is
ever received again that was used.

Messages in the listener's hands are marked in memory only. After a crash, or when serving ends, whatever
was not settled is still in the table and is delivered again. An activity's result is mostly handed over
without a transaction of its own: see `durahub.scheduler.results`.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.errors import CheckpointLost, FileUnavailable
from durahub.model.history import Event, ExecutionStarted
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.sizes import size_of
from durahub.model.ticks import later
from durahub.scheduler import instance_rows, reads, writes
from durahub.scheduler.backlog import backlog
from durahub.scheduler.file import OpenHub, SchedulerFile
from durahub.scheduler.hub_access import HubAccess
from durahub.scheduler.serving import Serving
from durahub.scheduler.transactions import Transaction
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


class SchedulerStore:
    """A `HubStore` in a `SchedulerFile`. Closing it leaves the file open, for others use it too.

    Raises `BadHubName` unless a storage account would take the name, too: hubs move there and back.
    """

    def __init__(self, file: SchedulerFile, hub: str) -> None:
        self.file = file
        self._access = HubAccess(file, hub)
        self._serving = Serving(self._access)

    @property
    def hub(self) -> str:
        """The hub's name, as configured."""
        return self._access.name

    @property
    def is_of_functions(self) -> bool:
        """``False``: Durable Functions does not use a file of ours."""
        return False

    @property
    def set_aside_count(self) -> int:
        """How many stored things this process could not read and set aside."""
        return len(self._access.unreadable)

    @property
    def number(self) -> int:
        """The hub's number in its file. Raises `HubNotFound` while it is not open."""
        return self._hub.number

    @property
    def _hub(self) -> OpenHub:
        return self._access.hub

    async def open(self, *, create: bool) -> None:
        """Find the hub; with *create* make what is missing. Raises `HubNotFound`, `FileUnavailable`.

        Who would make it is about to serve it: that raises `HubBeingMoved` while a job moves instances
        into it. Without *create* it can be looked at, and deleted.
        """
        await self._access.open(create=create)

    async def close(self) -> None:
        """Let go of the hub; calling it twice is fine."""
        self._access.close()

    # -- serving -------------------------------------------------------------------------------

    async def serve(self, listener: Listener) -> None:
        """Hand over the hub's messages until cancelled; then have the listener let go in order.

        While another store of this process serves the hub, this one waits for its turn. Raises
        `HubBeingMoved` while a job moves instances into it.
        """
        await self._serving.run(listener)

    @property
    def held_partitions(self) -> int:
        """1 while the hub, which is one partition, is served here."""
        return int(self._serving.is_caught_up)

    def wake(self) -> None:
        """Look for messages and activities now: there is room again."""
        if self._serving.pump is not None:
            self._serving.pump.wake()

    def owns(self, instance_id: str) -> bool:  # noqa: ARG002 (there is one partition)
        """Tell whether this store is served: then everything that happens passes here."""
        return self._serving.is_caught_up

    # -- the worker side -----------------------------------------------------------------------

    async def load(self, instance_id: str) -> StoredHistory:
        """Return the current history. Raises `BadRow`, having set it aside."""
        if self._hub.fresh.row(instance_id) is not None:
            return StoredHistory(NO_HISTORY, ())
        hub = self._hub.number
        return await self._access.readable(lambda c: reads.history(c, hub, instance_id))

    async def commit(self, commit: Commit) -> HistoryVersion:
        """Write *commit* in one transaction. Raises `CheckpointLost`, also while not served."""
        if self._serving.pump is None:
            raise CheckpointLost(commit.instance_id)
        hub, now = self._hub, self.file.clock()

        def written(_: HistoryVersion) -> None:
            hub.fresh.forget(commit.instance_id)
            hub.settled(commit.consumed)

        return await self._access.write(
            lambda tx: writes.commit(tx, hub.number, commit, now), written
        )

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

        version, _ = await self._access.write(write, written)
        return version

    async def complete_activity(self, activity: Delivery, result: Message) -> None:
        """Hand *result* over, or put it in the place of *activity*; see `durahub.scheduler.results`."""
        hub, now = self._hub, self.file.clock()
        if self._serving.pump is not None and self._serving.pump.take_result(activity, result):
            return
        await self._access.write(
            lambda tx: writes.complete_activity(tx, hub.number, activity, result, now),
            lambda _: hub.settled((activity,)),
        )

    async def discard(self, deliveries: Sequence[Delivery]) -> None:
        """Delete messages that have no effect."""
        hub = self._hub
        await self._access.write(
            lambda tx: writes.settle(tx, deliveries), lambda _: hub.settled(deliveries)
        )

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        """Put messages back, visible in *delay* seconds, be it from memory where nothing can be written."""
        hub, due = self._hub, later(self.file.clock(), delay)
        try:
            await self._access.write(
                lambda tx: writes.put_back(tx, hub.number, deliveries, due),
                lambda _: hub.put_back(deliveries, due),
            )
        except FileUnavailable as error:
            if self._serving.pump is None:
                raise
            log.warning("kept-in-memory", extra={"messages": len(deliveries), "code": error.code})
            self._serving.pump.keep(deliveries, delay)

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

        return await self._access.write(write, lambda _: hub.fresh.forget(instance_id))

    async def set_custom_status(
        self, instance_id: str, text: str | None, replaces: Instance
    ) -> bool:
        """Write a custom status alone, while the row is as it was read; tell whether it was."""
        hub, etag = self._hub, replaces.etag or "0"
        return await self._access.write(
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

        await self._access.write(
            lambda tx: writes.start(tx, hub.number, message, replaces, now),
            written,
            size_of((message.event,)),
        )

    async def send(self, message: Message) -> None:
        """Send *message* to its instance."""
        hub, now = self._hub.number, self.file.clock()
        await self._access.write(
            lambda tx: tx.post(hub, (message,), now), None, size_of((message.event,))
        )

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an instance, ``None`` for an unknown one. Raises `BadRow`, having set it aside."""
        hub = self._hub.number
        return await self._access.readable(
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
        await self._access.note(found.unreadable)
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
        stored = await self._access.readable(
            lambda c: reads.history(c, hub, instance_id), slow=True
        )
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

        purged, _ = await self._access.write(write, written)
        return purged

    # -- the hub -------------------------------------------------------------------------------

    async def claim(self, task: str, seconds: float) -> bool:  # noqa: ARG002 (there is no other)
        """Tell whether this server may do *task*: a file belongs to one process."""
        return True

    async def backlog(self) -> Backlog:
        """Return what is due and not in the listener's hands."""
        hub, now, pump = self._hub.number, self.file.clock(), self._serving.pump
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
            name=self._access.name,
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
        self._access.close()
