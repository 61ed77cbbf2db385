"""A task hub in Azure Storage behind the store seam.

The order of a commit is the point of this module: large messages to blobs, messages to queues, large
history payloads to blobs, history under the sentinel's ETag, the instance row, blobs of a replaced
generation, and last the deletion of what was consumed. A crash between any two leaves a hub from which
any worker, ours or .NET's, can go on.
"""

import asyncio
import contextlib
import logging
import random
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.payloads import folders
from durahub.classic.routing import control_index
from durahub.classic_b.account import Account
from durahub.classic_b.aside import Aside
from durahub.classic_b.held import HeldMessages
from durahub.classic_b.history_table import HistoryTable, WrittenHistory
from durahub.classic_b.instance_table import InstanceTable
from durahub.classic_b.options import ClassicOptions
from durahub.classic_b.outgoing import Outbox
from durahub.classic_b.postman import Postman
from durahub.classic_b.queues import Queue
from durahub.classic_b.resources import Resources
from durahub.classic_b.serving import Serving
from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.engine.state import answer_of
from durahub.errors import CheckpointLost, InstanceExists, Unavailable
from durahub.model.history import (
    Event,
    ExecutionCompleted,
    ExecutionStarted,
    ExecutionTerminated,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.store import HubInfo, InstanceQuery, Listener, Page, Purged, SetAside, StoredHistory

log = logging.getLogger(__name__)

DEFAULT_PARTITIONS = 4

T = TypeVar("T")


class ClassicStore:
    """One hub of *account*. The account is opened and closed by its owner."""

    def __init__(
        self,
        hub: str,
        account: Account,
        options: ClassicOptions,
        clock: Callable[[], Ticks],
        chance: random.Random | None = None,
    ) -> None:
        check_hub_name(hub)
        self._hub = hub
        self._account = account
        self._options = options
        self._clock = clock
        self._chance = chance or random.Random()
        self._names = HubNames(hub, options.tracking_prefix)
        self._parts = Resources.of(account, self._names)
        self._aside = Aside(self._parts.set_aside, clock)
        self._queues: dict[str, Queue] = {}
        self._held = HeldMessages()
        self._undeleted: set[str] = set()
        self._consumed: dict[str, set[str]] = {}  # by instance: used, not confirmed deleted
        self._row_blobs: dict[str, set[str]] = {}  # by instance: named by its rows
        self._background: set[asyncio.Task[None]] = set()
        self._partitions = options.partitions or DEFAULT_PARTITIONS
        self._serving: Serving | None = None
        self._limit = asyncio.Semaphore(options.parallel)
        large = self._parts.large_messages
        self._history = HistoryTable(
            self._parts.history, large, self._aside, options.dialect, clock, self._number
        )
        self._instances = InstanceTable(
            self._parts.instances,
            large,
            account.container_url(self._names.large_messages_container),
            hub,
            clock,
            self._number,
        )
        self._postman = self._new_postman()

    def _number(self) -> int:
        return self._chance.getrandbits(31)

    def _new_postman(self) -> Postman:
        outbox = Outbox(
            self._parts.large_messages, self._options.dialect, lambda: str(uuid.uuid4())
        )
        return Postman(
            self._names,
            self._partitions,
            outbox,
            self._queue,
            self._held,
            self._options.visibility,
            self._clock,
        )

    def _queue(self, name: str) -> Queue:
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = self._parts.control_queue(name)
        return queue

    # -- life ----------------------------------------------------------------------------------

    @property
    def hub(self) -> str:
        """The hub's name, as configured."""
        return self._hub

    @property
    def set_aside_count(self) -> int:
        """How many things this process could not read and set aside."""
        return self._aside.count

    async def open(self, *, create: bool) -> None:
        """Check that the hub is there and as configured; with *create* make what is missing."""
        if create:
            await self._parts.check_matches(self._partitions, self._clock())
            await self._parts.create(self._partitions)
        else:
            there = await self._parts.check_there()
            if self._options.partitions is None:
                self._partitions = there
            else:
                await self._parts.check_matches(self._partitions, self._clock())
        self._postman = self._new_postman()

    async def close(self) -> None:
        """Wait for what is under way; calling it twice is fine."""
        await asyncio.gather(*self._background, return_exceptions=True)

    async def serve(self, listener: Listener) -> None:
        """Take partitions and hand over their messages until cancelled; then let all go in order."""
        serving = Serving(
            self._parts,
            self._options,
            listener,
            self._queue,
            self._held,
            self._undeleted,
            self._postman,
            self._aside,
            self._clock,
            self._chance,
        )
        self._serving = serving
        try:
            await serving.run()
        finally:
            await serving.stop()
            self._serving = None

    def wake(self) -> None:
        """Look for messages and activities now."""
        if self._serving is not None:
            self._serving.wake()

    def owns(self, instance_id: str) -> bool:
        """Tell whether this server holds the instance's partition."""
        queue = self._names.control_queue(control_index(instance_id, self._partitions))
        return self._serving is not None and self._serving.listens(queue)

    # -- the worker side -----------------------------------------------------------------------

    async def load(self, instance_id: str) -> StoredHistory:
        """Return the current history. Raises `BadRow`, `BadPayload`."""
        found = await self._history.load(instance_id)
        self._keep(self._row_blobs, instance_id, set(found.blobs))
        self._keep(self._consumed, instance_id, set(found.consumed))
        return StoredHistory(found.version, found.events, found.consumed)

    async def commit(self, commit: Commit) -> HistoryVersion:
        """Write *commit* in its order. Raises `CheckpointLost`."""
        self._check_trust(commit)
        await self._send_all((*commit.outbound, *commit.activities))
        old_blobs = self._row_blobs.get(commit.instance_id, set())
        written = await self._history.write(
            commit.instance_id,
            commit.execution_id,
            commit.base,
            commit.events,
            replaces=commit.replaces,
            consumed=self._consumed_with(commit),
        )
        new_blobs = {blob for blobs in written.blobs for blob in blobs.values()}
        keep = new_blobs if commit.replaces else old_blobs | new_blobs
        self._keep(self._row_blobs, commit.instance_id, keep)
        await self._update_row(commit, written)
        if commit.replaces and old_blobs:
            await self._together([self._delete_blob(blob) for blob in old_blobs])
        await self._delete(commit.instance_id, commit.consumed)
        return written.version

    def _check_trust(self, commit: Commit) -> None:
        """Refuse to write outside the trust window of the partition's lease."""
        for delivery in commit.consumed:
            if delivery.key not in self._held or (
                self._serving is not None and not self._serving.trusts(delivery.partition)
            ):
                raise CheckpointLost(commit.instance_id)

    async def _send_all(self, messages: Sequence[Message]) -> None:
        """Send everything, then hand over what stays here: nobody may act before all is durable."""
        outgoing = await self._together([self._postman.prepare(message) for message in messages])
        held = await self._together(
            [
                self._postman.put(message, text)
                for message, text in zip(messages, outgoing, strict=True)
            ]
        )
        for one in held:
            if one is not None:
                self._postman.hand_over(one)

    def _consumed_with(self, commit: Commit) -> list[str] | None:
        """Return the message IDs for the sentinel, ``None`` if the column need not change.

        Answers and starts are recognised by what they answer and start; only the others need it.
        """
        known = self._consumed.get(commit.instance_id, set())
        fresh = [
            delivery.key
            for delivery in commit.consumed
            if answer_of(delivery.message.event) is None
            and not isinstance(delivery.message.event, ExecutionStarted)
        ]
        if not known and not fresh:
            return None
        self._keep(self._consumed, commit.instance_id, known | set(fresh))
        return [*sorted(known), *fresh]

    async def _update_row(self, commit: Commit, written: WrittenHistory) -> None:
        input_blob = output_blob = None
        for event, blobs in zip(commit.events, written.blobs, strict=True):
            match event:
                case ExecutionStarted():
                    input_blob = blobs.get("Input")
                case ExecutionCompleted() if event.failure is None:
                    output_blob = blobs.get("Result")
                case ExecutionTerminated():
                    output_blob = blobs.get("Input")
                case ExecutionCompleted():
                    output_blob = None
                case _:
                    pass
        await self._instances.update(
            commit.instance_id, commit.instance, input_blob=input_blob, output_blob=output_blob
        )

    async def _delete_blob(self, blob: str) -> None:
        await self._parts.large_messages.delete(blob)

    async def _delete(self, instance_id: str, deliveries: Sequence[Delivery]) -> None:
        """Delete used messages; what storage refuses now is tried again when the message comes back."""
        results = await self._attempted([self._delete_one(delivery) for delivery in deliveries])
        waiting = self._consumed.get(instance_id)
        for delivery, result in zip(deliveries, results, strict=True):
            if isinstance(result, BaseException):
                self._undeleted.add(delivery.key)
                log.warning("delete-failed", extra={"message_id": delivery.key})
            elif waiting is not None:
                waiting.discard(delivery.key)
        self._keep(self._consumed, instance_id, waiting or set())

    async def _delete_one(self, delivery: Delivery) -> None:
        held = self._held.take(delivery.key)
        if held is not None and not await self._queue(held.queue).delete(held.receipt):
            # gone, or received by another worker meanwhile: if it comes back here, it is deleted
            self._undeleted.add(delivery.key)

    async def complete_activity(self, activity: Delivery, result: Message) -> None:
        """Send *result*, then delete *activity*."""
        await self._postman.send(result)
        with contextlib.suppress(Unavailable):  # it then runs again: at least once
            await self._delete_one(activity)

    async def discard(self, deliveries: Sequence[Delivery]) -> None:
        """Delete messages that have no effect."""
        for delivery in deliveries:
            await self._delete(delivery.message.target.instance_id, (delivery,))

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        """Put messages back, visible in *delay* seconds."""
        await self._together([self._release_one(delivery, delay) for delivery in deliveries])

    async def _release_one(self, delivery: Delivery, delay: float) -> None:
        held = self._held.take(delivery.key)
        if held is not None:
            await self._queue(held.queue).hide(held.receipt, delay)

    async def repair(self, instance_id: str, update: InstanceUpdate, *, insert: bool) -> None:
        """Write an instance row without a checkpoint."""
        await self._instances.repair(instance_id, update, insert=insert)

    # -- the client side -----------------------------------------------------------------------

    async def start(self, message: Message, replaces: Instance | None) -> None:
        """Send a start message, then write its row. Raises `InstanceExists`.

        The message is handed over when the row is there: a start without a row is put back.
        """
        started = message.event
        assert isinstance(started, ExecutionStarted)
        outgoing = await self._postman.prepare(message)
        held = await self._postman.put(message, outgoing)
        try:
            await self._instances.create(started, outgoing.blob, replaces)
        except InstanceExists:
            if held is not None:
                await self.discard([held.delivery])
            raise
        except BaseException:
            if held is not None:
                self._held.take(held.delivery.key)
            raise
        if held is not None:
            self._postman.hand_over(held)

    async def send(self, message: Message) -> None:
        """Send *message* to its instance."""
        await self._postman.send(message)

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an instance, its large payloads resolved."""
        return await self._instances.get(instance_id, payloads=payloads)

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances, in the order of their keys."""
        return await self._instances.query(query)

    async def history(
        self, instance_id: str, execution_id: str | None = None
    ) -> AsyncIterator[Event]:
        """Yield the events of the current execution; none if another one was asked for."""
        found = await self._history.load(instance_id)
        if execution_id is None or execution_id == found.version.execution_id:
            for event in found.events:
                yield event

    async def purge(self, instance_id: str) -> Purged:
        """Delete an instance with its history and payloads."""
        for folder in folders(instance_id):
            async for blob in self._parts.large_messages.names(folder):
                await self._parts.large_messages.delete(blob)
        rows = await self._history.delete(instance_id)
        there = await self._instances.delete(instance_id)
        self._row_blobs.pop(instance_id, None)
        self._consumed.pop(instance_id, None)
        return Purged(int(there), rows)

    # -- the hub -------------------------------------------------------------------------------

    async def info(self) -> HubInfo:
        """Return what the hub consists of."""
        queues = [*await self._parts.existing_queues(), self._names.workitem_queue]
        lengths = await self._together([self._queue(name).length() for name in queues])
        rows = await self._parts.partition_rows()
        return HubInfo(
            name=self._hub,
            store="classic",
            partitions=len(queues) - 1,
            manager="table",
            queues=dict(zip(queues, lengths, strict=True)),
            owners={row.queue: row.owner for row in rows},
            resources=(
                f"table {self._names.history_table}",
                f"table {self._names.instances_table}",
                f"table {self._names.partitions_table}",
                f"container {self._names.large_messages_container} (made when needed)",
            ),
        )

    async def set_aside(self) -> tuple[SetAside, ...]:
        """Return what could not be read and was set aside."""
        return await self._aside.all()

    async def delete(self) -> None:
        """Delete the hub with everything in it."""
        await self._parts.delete()

    # -- together ------------------------------------------------------------------------------

    async def _together(self, work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        """Do *work* with bounded parallelism; all of it is done, or failed, on return."""
        results = []
        for result in await self._attempted(work):
            if isinstance(result, BaseException):
                raise result
            results.append(result)
        return results

    async def _attempted(self, work: Sequence[Coroutine[Any, Any, T]]) -> list[T | BaseException]:
        """Do *work* likewise; what failed stands as its exception."""

        async def one(item: Coroutine[Any, Any, T]) -> T:
            async with self._limit:
                return await item

        return await asyncio.gather(*(one(item) for item in work), return_exceptions=True)

    @staticmethod
    def _keep(kept: dict[str, set[str]], instance_id: str, values: set[str]) -> None:
        if values:
            kept[instance_id] = values
        else:
            kept.pop(instance_id, None)
