"""The classic store: a task hub in Azure Storage, shared with DTFx workers if there are any.

The order in which `ClassicStore.commit` writes is the layout's (9.6): messages, history, instance row,
deletions. Whatever a crash leaves between two of them, the messages that caused the episode are still
queued; it happens again, and receivers drop what they have had. The checkpoint counts only while the
history is as it was read (its sentinel's ETag) and while this server's lease on the partition is trusted.
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random

from durahub.classic import instance_rows
from durahub.classic.account import Account
from durahub.classic.backlog import backlog
from durahub.classic.causes import make_durable
from durahub.classic.fresh_starts import FreshStarts
from durahub.classic.functions import is_of_functions
from durahub.classic.held import Stage
from durahub.classic.history_table import WrittenHistory
from durahub.classic.instance_memory import InstanceMemory, confirmed_by_instance
from durahub.classic.interventions import Interventions
from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.options import DEFAULT_PARTITIONS, ClassicOptions, Level, Manager
from durahub.classic.outbox import Outgoing
from durahub.classic.partitioning.evidence import choose, is_held, manager_of
from durahub.classic.partitioning.lease_store import owners
from durahub.classic.parts import Parts, assemble
from durahub.classic.posting import Posted, Posting
from durahub.classic.routing import control_index
from durahub.classic.row_updates import RowUpdates
from durahub.classic.serving import Serving
from durahub.classic.taken import sent_ids, taken_of
from durahub.classic.writing import Writing
from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.engine.rewind_in_place import Mark
from durahub.errors import CheckpointLost, HubNotFound, InstanceExists
from durahub.model.history import Event, ExecutionStarted
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.sizes import size_of
from durahub.model.ticks import Ticks
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

CLOSE_WITHIN = 10.0  # seconds for what is being written when the store is closed

PutTogether = Callable[[HubNames, Account, ClassicOptions, Callable[[], Ticks], Random], Parts]
"""Makes a store's parts; tests make some of their own."""


class ClassicStore:
    """A `durahub.store.HubStore` on a storage account, which stays its maker's to close."""

    def __init__(
        self,
        hub: str,
        account: Account,
        options: ClassicOptions,
        clock: Callable[[], Ticks],
        random: Random | None = None,
        put_together: PutTogether = assemble,
    ) -> None:
        check_hub_name(hub)
        self._names = names = HubNames(hub, options.tracking_prefix)
        self._account = account
        self._options = options
        self._clock = clock
        self._partitions = options.partitions or DEFAULT_PARTITIONS
        self._manager: Manager | None = None  # until the hub is made
        self._memory = InstanceMemory(options.row_refresh)
        self._serving: Serving | None = None
        self._is_of_functions = False
        self._parts = parts = put_together(names, account, options, clock, random or Random())  # noqa: S311 (no secret hangs on it)
        self._queues, self._payloads = parts.queues, parts.payloads
        self._histories, self._instances = parts.histories, parts.instances
        self._resources, self._held = parts.resources, parts.held
        self._together, self._unbroken = parts.together, parts.unbroken
        self._rows = RowUpdates(parts.instances, parts.histories, self._memory)
        self._fresh = FreshStarts(parts.held)
        unguarded = partial(self._commit, trusted=False)
        self._interventions = Interventions(parts, unguarded, self._prepare)

    @property
    def hub(self) -> str:
        """The hub's name, as configured."""
        return self._names.hub

    @property
    def parts(self) -> Parts:
        """What it consists of: for who reads the hub besides."""
        return self._parts

    @property
    def account(self) -> Account:
        """Where it is."""
        return self._account

    @property
    def set_aside_count(self) -> int:
        """How many things this process has set aside."""
        return self._parts.aside.count

    @property
    def is_of_functions(self) -> bool:
        """Whether Durable Functions writes this hub, as it seemed when serving began."""
        return self._is_of_functions

    async def open(self, *, create: bool) -> None:
        """Connect; with *create* make what is missing.

        Raises `HubNotFound`, `HubMismatch`, and `StorageDenied` before anything is asked if a signature
        cannot do for what is wanted.
        """
        self._account.check_access(self._clock(), writing=create)
        try:
            await self._open(create=create)
        except HubNotFound:
            await self._resources.check_spelling()
            raise

    async def _open(self, *, create: bool) -> None:
        if not create:
            await self._resources.check_there()
        if create:
            manager = await self._choose()
            await self._check_level()
            await self._create(manager)
            return
        evidence = await self._parts.leases.evidence()
        await self._count_partitions(manager_of(evidence, "", self._clock()))

    async def _count_partitions(self, manager: Manager) -> None:
        found, wanted = await self._resources.evidence(), self._options.partitions
        self._partitions = self._resources.partitions(found, manager, wanted)

    async def _create(self, manager: Manager) -> None:
        """Make what is missing, and what *manager* needs."""
        await self._count_partitions(manager)
        await self._resources.create(self._partitions, manager)
        self._manager = manager

    async def _choose(self) -> Manager:
        evidence, options = await self._parts.leases.evidence(), self._options
        now = self._clock()
        return choose(self.hub, evidence, options.manager, options.worker_id, now, self._manager)

    async def _check_level(self) -> None:
        """Raise `HubInUse` where others work on a hub that this server was told to have to itself."""
        if self._options.level is Level.EXCLUSIVE:
            await self._parts.servers.refuse_others()

    async def close(self) -> None:
        """End what is still being written; calling it twice is fine."""
        await self._unbroken.finish_all(CLOSE_WITHIN)
        await self._held.close()

    async def serve(self, listener: Listener) -> None:
        """Take partitions and hand over their messages until cancelled; then let all go in order."""
        manager = await self._choose()  # once more: others may have come since the hub was opened
        await self._check_level()
        if manager is not self._manager:
            await self._create(manager)
        await self._parts.servers.introduce()
        self._is_of_functions = await is_of_functions(self._parts.tables, self._names)
        self._serving = serving = Serving(listener, self._parts, manager)
        try:
            await serving.run()
        finally:
            self._serving = None

    @property
    def held_partitions(self) -> int:
        """How many partitions this process works on."""
        return self._serving.partitions if self._serving is not None else 0

    def wake(self) -> None:
        """Look for messages and activities now, where there was no room for them."""
        if self._serving is not None:
            self._serving.wake()

    def owns(self, instance_id: str) -> bool:
        """Tell whether this server holds the instance's partition."""
        queue = self._queue_of(instance_id)
        return self._serving is not None and self._serving.handover.is_open(queue)

    # -- the worker side -----------------------------------------------------------------------

    async def load(self, instance_id: str) -> StoredHistory:
        """Return the current history. Raises `BadRow` or `BadPayload`, having set that aside."""
        if self._fresh.row(instance_id) is not None:
            return StoredHistory(NO_HISTORY, ())
        queue, serving = self._queue_of(instance_id), self._serving
        if serving is None:
            loaded = await self._histories.load(instance_id)
        else:
            with serving.local.instances.reading(queue, instance_id) as reading:
                loaded = await self._histories.load(instance_id)
                reading.tells(loaded)
        self._memory.loaded(instance_id, loaded, _now())
        again = self._held.taken_before(sent_ids(instance_id, loaded.taken))
        consumed = loaded.consumed | again
        return StoredHistory(loaded.version, loaded.events, consumed, loaded.outlived)

    async def commit(self, commit: Commit) -> HistoryVersion:
        """Write *commit* in its order and return the new version. Raises `CheckpointLost`."""
        queue = self._queue_of(commit.instance_id)
        return await self._unbroken.run(queue, self._commit(commit))

    async def _commit(
        self, commit: Commit, *, trusted: bool = True, behind: Sequence[Message] = ()
    ) -> HistoryVersion:
        if trusted:
            self._require_trust(commit)
        commit = replace(commit, consumed=self._held.as_stored(commit.consumed))
        taken = taken_of(commit, self._held.copied)
        async with self._writing(commit, trusted=trusted) as writing:
            before = await self._make_causes_durable(commit, writing)
            outgoing = await self._prepare(commit.outbound, writing.posted)
            with self._posting() as posting:  # its end hands over: an activity starts no earlier
                await self._together.all(posting.put(one) for one in outgoing)
                await writing.spill()
                if trusted:
                    self._require_trust(commit)
                try:
                    written = await self._histories.write(
                        commit.instance_id,
                        commit.execution_id,
                        writing.base,
                        writing.events,
                        replaces=commit.replaces,
                        consumed=self._memory.consumed(writing.remembered, _now()),
                        taken=self._memory.taken(commit, taken, _now()),
                        outlived=commit.outlived,
                        unsettled=writing.unsettled,
                    )
                finally:  # written, or lost, or nobody knows: now there may be a history
                    self._fresh.forget(commit.instance_id)
                writing.written(written.version)
        if before is not None:
            written = before.and_then(written)
        try:
            await self._post(behind)
            await self._after_checkpoint(commit, writing, written, taken)
        except Exception:  # what the listener has it deletes later; nobody else knows of the rest
            if writing.parted:
                self._held.in_background(self._part_with(commit.instance_id, writing.parted))
            raise
        return written.version

    async def _after_checkpoint(
        self, commit: Commit, writing: Writing, written: WrittenHistory, taken: Sequence[str]
    ) -> None:
        row_is_current = self._memory.row_is_current(commit, _now())
        update = commit.instance
        if self._memory.row_may_be_behind(commit):
            update = update.caught_up
        old_blobs = self._memory.written(writing.remembered, written, _now(), taken)
        if not row_is_current:
            await self._rows.write(commit, update, written, _now())
        await self._together.all(self._payloads.delete(blob) for blob in old_blobs)
        await self._delete(writing.consumed)

    async def _part_with(self, instance_id: str, messages: tuple[Delivery, ...]) -> None:
        """Delete *messages*, but not before the row is right: they may be the last to make anybody look."""
        await self._rows.insist(instance_id)
        await self._delete(messages)

    async def _make_causes_durable(self, commit: Commit, writing: Writing) -> WrittenHistory | None:
        if self._serving is None:
            return None
        consumed = self._memory.consumed(writing.remembered, _now())
        results, held = self._serving.results, self._held
        return await make_durable(commit, writing, results, held, self._histories, consumed)

    def _writing(
        self, commit: Commit, *, trusted: bool
    ) -> contextlib.AbstractAsyncContextManager[Writing]:
        if self._serving is None or not trusted:
            return contextlib.nullcontext(Writing(commit))
        return self._serving.local.writing(commit)

    async def intervene(self, commit: Commit) -> HistoryVersion:
        """Write *commit* whoever holds the partition. Raises `CheckpointLost`."""
        queue = self._queue_of(commit.instance_id)
        return await self._unbroken.run(queue, self._interventions.intervene(commit))

    def _require_trust(self, commit: Commit) -> None:
        """Raise `CheckpointLost` unless the lease on the instance's partition is trusted."""
        serving, consumed = self._serving, commit.consumed
        queue = consumed[0].partition if consumed else self._queue_of(commit.instance_id)
        if serving is None or not serving.trusts(queue):
            raise CheckpointLost(commit.instance_id)

    async def complete_activity(self, activity: Delivery, result: Message) -> None:
        """Hand *result* over in memory, *activity* in its place in storage; elsewhere send and delete."""
        serving = self._serving
        if serving is not None and await serving.local.complete(activity, result, self.send):
            return
        if not self._hand_over(activity, result):
            await self._unbroken.run(
                self._names.workitem_queue, self._complete_activity(activity, result)
            )

    def _hand_over(self, activity: Delivery, result: Message) -> bool:
        """Tell whether *result* has been taken over in memory, now or before."""
        held = self._held.find(activity.key)
        if held is None or self._serving is None:
            return False
        if held.stage in (Stage.TWIN, Stage.SETTLED):
            return True
        queue = self._queue_of(result.target.instance_id)
        return self._serving.results.hand_over(activity.key, queue, result, held)

    async def _complete_activity(self, activity: Delivery, result: Message) -> None:
        await self._send(result)
        await self._delete((activity,))

    async def discard(self, deliveries: Sequence[Delivery]) -> None:
        """Delete messages that have no effect, but what stands for activities without messages."""
        if self._serving is not None:
            deliveries = await self._serving.local.discard(deliveries)
        await self._delete(deliveries)

    async def _delete(self, deliveries: Sequence[Delivery]) -> None:
        """Delete messages; one that storage refuses to delete now is deleted later, behind."""
        if self._serving is not None:
            await self._serving.results.settle(deliveries)
        deleted = await self._held.delete(delivery.key for delivery in deliveries)
        for instance_id, keys in confirmed_by_instance(deliveries, deleted).items():
            self._memory.confirm(instance_id, keys)

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        """Put messages back, visible in *delay* seconds, rounded up (0: now)."""
        if self._serving is not None:
            deliveries = await self._serving.results.release(deliveries, delay)
            deliveries = await self._serving.local.release(deliveries, delay)
        held = [one for d in deliveries if (one := self._held.find(d.key)) is not None]
        await self._together.all(self._held.put_back(one, delay) for one in held)
        if self._serving is not None:
            for queue in {one.receipt.queue for one in held}:
                self._serving.handover.expect_in(queue, math.ceil(delay))

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

        One that is missing may have been purged meanwhile: then its *history* is not there.
        """
        if insert and history is not None:
            found = (await self.load(instance_id)).version
            if found.execution_id != history.execution_id:
                return False
        self._memory.row_changed(instance_id)
        self._fresh.forget(instance_id)
        etag = replaces.etag if replaces is not None else None
        written = await self._instances.repair(instance_id, update, insert=insert, etag=etag)
        return written is not None

    async def set_custom_status(
        self, instance_id: str, text: str | None, replaces: Instance
    ) -> bool:
        """Write a custom status alone, while the row is as it was read; tell whether it was."""
        self._memory.row_changed(instance_id)
        self._fresh.forget(instance_id)
        return await self._instances.set_custom_status(instance_id, text, replaces.etag or "*")

    # -- the client side -----------------------------------------------------------------------

    def tries_first(self, instance_id: str) -> bool:
        """Tell whether to start *instance_id* without reading its row: if it is most likely new.

        For an ID of which anything is known here, reading is cheaper than a start that is refused.
        """
        return self.owns(instance_id) and not self._memory.knows(instance_id)

    async def start(
        self, message: Message, replaces: Instance | None, *, unread: bool = False
    ) -> None:
        """Send an `ExecutionStarted` message, then write its row. Raises `InstanceExists`.

        With *unread* nobody has looked whether there is a row. Then the message is put hidden, and is
        handed over behind the insertion of the row; where that cannot be, the row is read before.
        """
        queue = self._queue_of(message.target.instance_id)
        size = size_of((message.event,))
        await self._unbroken.run(queue, self._start(message, replaces, unread=unread), size)

    async def _start(self, message: Message, replaces: Instance | None, *, unread: bool) -> None:
        started, instance_id = message.event, message.target.instance_id
        assert isinstance(started, ExecutionStarted)  # noqa: S101 (for the types)
        (outgoing,) = await self._prepare((message,))
        self._memory.row_changed(instance_id)
        self._fresh.forget(instance_id)
        with self._posting() as posting:
            posted = await posting.put_hidden(outgoing) if unread else None
            if posted is None:
                if unread:
                    await self._instances.check_free(instance_id)
                posted = await posting.put(outgoing)
            try:
                row = await self._instances.create(started, outgoing.blob, replaces)
            except InstanceExists:
                await self._withdraw(posted)  # another start was first, and this one is void
                raise
            if replaces is None and posted.held is not None:
                self._fresh.note(row, posted.held)

    async def _withdraw(self, posted: Posted) -> None:
        """Delete a message of ours; if another server has received it, it finds out that it is void."""
        await self._held.withdraw(posted.receipt)
        if posted.held is None and self._serving is not None:
            self._serving.handover.came(posted.receipt.message_id)

    async def send(self, message: Message) -> None:
        """Send *message* to its instance."""
        queue = self._queue_of(message.target.instance_id)
        await self._unbroken.run(queue, self._send(message), size_of((message.event,)))

    async def _send(self, message: Message) -> None:
        await self._post((message,))

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an instance, its large payloads resolved."""
        return await self._instances.get(instance_id, payloads=payloads)

    async def row(self, instance_id: str) -> Instance | None:
        """Return what an episode has to know of an instance, without payloads."""
        row = self._fresh.row(instance_id) or await self.get(instance_id, payloads=False)
        if row is not None:
            self._memory.row_read(instance_id, row.etag)
        return row

    def is_fresh(self, instance_id: str) -> bool:
        """Tell whether an instance was started here and has certainly not begun: it will here."""
        return self.owns(instance_id) and self._fresh.row(instance_id) is not None

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
        if found is None or payloads:
            return found
        return replace(found, input=None, output=None)

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances, in the order of their partition keys."""
        return await self._instances.query(query)

    async def ended(self, query: EndedQuery) -> tuple[Ended, ...]:
        """Return orchestrations that have ended; for the first page the whole table is read."""
        return await self._instances.ended(query)

    def history(self, instance_id: str, execution_id: str | None = None) -> AsyncIterator[Event]:
        """Yield the stored events of an instance's current execution."""
        return self._histories.events(instance_id, execution_id)

    async def purge(self, instance_id: str, expected: Instance | None = None) -> Purged:
        """Delete an instance, its row last: a purge that is interrupted can be asked for again.

        With *expected* nothing is deleted of an instance that has been started anew: its row has another
        ETag then, and what its execution has written is told by the sentinel.
        """
        etag = expected.etag if expected is not None else None
        blobs = (await self._payloads.found_of(instance_id)).blobs
        versions, execution_id = await self._histories.versions(instance_id)
        if expected is not None and execution_id not in (None, expected.execution_id):
            row = await self._instances.get(instance_id, payloads=False)
            if row is None or row.etag != etag:
                return Purged(0)
        self._fresh.forget(instance_id)
        await self._together.all(self._payloads.delete(blob.name) for blob in blobs)
        await self._histories.delete(instance_id, versions)
        deleted = await self._instances.delete(instance_id, etag)
        self._memory.forget(instance_id)
        if self._serving is not None:
            self._serving.local.forget(instance_id)
        return Purged(1 if deleted else 0, len(versions))

    # -- with others ---------------------------------------------------------------------------

    async def is_held_elsewhere(self, instance_id: str) -> bool:
        """Tell whether another server's lease on the instance's partition is alive."""
        if self.owns(instance_id):
            return False
        evidence = await self._parts.leases.evidence()
        return is_held(evidence, self._queue_of(instance_id), self._clock())

    async def mark_rows(self, instance_id: str, execution_id: str, marks: Sequence[Mark]) -> None:
        """Mark rows of a history as rewound. Raises `CheckpointLost`."""
        await self._histories.mark(instance_id, execution_id, marks)

    # -- the hub -------------------------------------------------------------------------------

    async def claim(self, task: str, seconds: float) -> bool:
        """Tell whether this server may do *task* for so long, as no other does."""
        return await self._parts.claims.claim(task, seconds)

    async def backlog(self) -> Backlog:
        """Return what others could receive: at most 32 messages a queue are looked at."""
        queues = [self._names.control_queue(index) for index in range(self._partitions)]
        return await backlog(self._queues, queues, self._names.workitem_queue)

    async def info(self) -> HubInfo:
        """Return what the hub consists of."""
        names = self._names
        depths = await self._resources.depths()
        evidence = await self._parts.leases.evidence()
        manager = self._manager or manager_of(evidence, "", self._clock())
        return HubInfo(
            name=names.hub,
            store="classic",
            partitions=self._partitions,
            manager=manager.value,
            queues=depths,
            owners=owners(evidence, manager),
            app_lease=await self._resources.app_lease_owner(),
            resources=(
                *depths,
                names.history_table,
                names.instances_table,
                names.partitions_table if manager is Manager.TABLE else names.leases_container,
                names.app_lease_container,
            ),
        )

    async def set_aside(self) -> tuple[SetAside, ...]:
        """Return what could not be read and was set aside."""
        return await self._parts.aside.all()

    async def delete(self) -> None:
        """Delete the hub with everything in it, but not tables that it shares with others."""
        await self._resources.delete()

    # -- sending -------------------------------------------------------------------------------

    async def _prepare(
        self, messages: Sequence[Message], activities: Sequence[Message] = ()
    ) -> list[Outgoing]:
        """Encode messages, and write the large ones to their blobs."""
        addressed = [(one, self._queue_of(one.target.instance_id)) for one in messages]
        addressed += [(one, self._names.workitem_queue) for one in activities]
        return await self._together.all(
            self._parts.outbox.prepare(one, queue) for one, queue in addressed
        )

    async def _post(self, messages: Sequence[Message]) -> None:
        if messages:
            outgoing = await self._prepare(messages)
            with self._posting() as posting:
                await self._together.all(posting.put(one) for one in outgoing)

    def _posting(self) -> Posting:
        handover = self._serving.handover if self._serving is not None else None
        return Posting(self._queues, handover, self._clock, self._parts.visibility)

    def _queue_of(self, instance_id: str) -> str:
        return self._names.control_queue(control_index(instance_id, self._partitions))


def _now() -> float:
    return asyncio.get_running_loop().time()
