"""Instances that a job moves into a hub in Azure Storage, which has no transactions for that.

Rows and blobs can be written twice: they are the same. An instance's blobs come first, then its history, the
sentinel with each batch, then its row, as everywhere in the layout: whoever sees the row finds the rest.

A message put twice would be two, and an activity might run twice for it. So a message is put in two steps. A
*place* is held for it by one that means nothing to any worker and is hidden; its receipt is noted. When
all is there the text in that place is replaced and shown, which happens once: a receipt is good for one
change. If the process dies between the put and the note a meaningless message stays behind, and workers drop
it a week later. What is to go where stands in a blob for each unit until the hub is handed over; until
then no worker that starts by mistake finds anything to do.
"""

import hashlib
import json
import uuid
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from random import Random

from durahub.classic import tables as rows_of
from durahub.classic.account import Account
from durahub.classic.batches import cut
from durahub.classic.columns import Columns
from durahub.classic.doctor.reading import Reading
from durahub.classic.due import queue_delay
from durahub.classic.history_rows import row_key, sentinel
from durahub.classic.imported_rows import (
    READABLE_BY_ALL,
    execution_of,
    history_columns,
    instance_columns,
)
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.move_mark import MoveMark
from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.options import ClassicOptions, Manager
from durahub.classic.outbox import Outbox
from durahub.classic.partitioning.evidence import all_sightings, choose
from durahub.classic.parts import Parts, assemble
from durahub.classic.payloads import is_large_property
from durahub.classic.queues import LONGEST_DELAY, Receipt
from durahub.classic.routing import control_index
from durahub.classic.tracking import find_tables
from durahub.classic.whole_hub import WholeInstances
from durahub.errors import HubInUse, HubNotFound
from durahub.model.history import Execution, GenericEvent, TaskScheduled
from durahub.model.json_text import loads
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later
from durahub.stored import NotRead, StoredEvent, StoredInstance, StoredMessage

HELD = LONGEST_DELAY  # seconds for which a place is hidden
SAFELY = HELD - 3600.0  # seconds after which it is not relied upon any more
NOBODY = "durahub-apply"
"""The instance that a place is for until it gets its message; there is none."""

_FREE_SOON = "stop it and try again; if it has crashed, its leases run out within a minute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A message that is held back: where its place is, what will stand there, and when it is *due*."""

    queue: str
    message_id: str
    pop_receipt: str
    text: str
    due: int | None
    held_until: int

    @property
    def receipt(self) -> Receipt:
        """The right to change it."""
        return Receipt(self.queue, self.message_id, self.pop_receipt)


class ClassicImporting:
    """Writes into one hub for a *job*. The account stays its maker's to close; `open` it first."""

    def __init__(
        self,
        hub: str,
        account: Account,
        job: str,
        clock: Callable[[], Ticks],
        tracking_prefix: str | None = None,
    ) -> None:
        check_hub_name(hub)
        self._hub = hub
        self._account = account
        self._job = job
        self._clock = clock
        self._prefix = tracking_prefix
        self._parts: Parts
        self._payloads: LargePayloads
        self._whole: WholeInstances
        self._mark: MoveMark
        self._partitions = 0

    async def open(self, partitions: int | None, manager: Manager = Manager.AUTO) -> None:
        """Find the hub, or make it as a .NET worker would, of so many *partitions*.

        A hub that is there keeps its number. Raises `HubInUse` while anybody holds partitions.
        """
        names = HubNames(self._hub, self._prefix)
        options = ClassicOptions(tracking_prefix=self._prefix, dialect=READABLE_BY_ALL)
        parts = assemble(names, self._account, options, self._clock, Random())  # noqa: S311 (no secret hangs on it)
        try:
            await parts.resources.check_there()
            names = await find_tables(self._account, parts.tables, names)
            parts = assemble(names, self._account, options, self._clock, Random())  # noqa: S311 (no secret hangs on it)
        except HubNotFound:
            await parts.resources.check_spelling()
        self._parts = parts
        self._mark = MoveMark(names.hub, parts.blobs, names.set_aside_container)
        await self._refuse_workers()
        evidence = await parts.leases.evidence()
        now, me = self._clock(), options.worker_id
        chosen = choose(self._hub, evidence, manager, me, now, None)
        found = await parts.resources.evidence()
        wanted = None if found.by(chosen) else partitions
        self._partitions = parts.resources.partitions(found, chosen, wanted)
        await parts.resources.create(self._partitions, chosen)
        # blobs have a name of the job's: those of an attempt that broke off are written over
        chance = zlib.crc32(self._job.encode()) & 0x7FFF_FFFF
        self._payloads = LargePayloads(
            parts.blobs, parts.names.large_messages_container, lambda: chance
        )
        reading = Reading(parts, self._clock)
        self._whole = WholeInstances(reading, parts.names, self._payloads)

    async def _refuse_workers(self) -> None:
        seen = all_sightings(await self._parts.leases.evidence(), "", self._clock())
        if seen:
            who = "; ".join(f"{one.worker} holds partitions ({one.what})" for one in seen)
            raise HubInUse(self._hub, f"{who}: {_FREE_SOON}")

    async def begin(self) -> None:
        """Mark the hub as the job's. Raises `HubBeingMoved` where another one has it."""
        await self._mark.set(self._job)

    async def give_up(self) -> None:
        """Remove the mark: nothing that the job has put there is left without its messages."""
        await self._mark.remove(self._job)

    # -- instances -----------------------------------------------------------------------------

    async def find(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return what stands there of an instance."""
        return await self._whole.one(instance_id)

    async def write(self, instance: StoredInstance) -> None:
        """Write an instance; doing it again writes the same. Raises `OverLimit` before it writes anything."""
        instance_id, hub = instance.instance_id, self._parts.names.hub
        columns = instance_columns(instance, hub, input_text=None, output_text=None)
        await self._write_history(instance)
        for name, text in (("Input", instance.input), ("Output", instance.output)):
            outside = await self._outside(instance_id, name, text)
            if outside is not None:
                columns[name] = outside
        row, _ = await self._payloads.move_out(instance_id, "", None, columns)
        await self._parts.tables.transact(self._parts.names.instances_table, [rows_of.put(row)])

    async def _write_history(self, instance: StoredInstance) -> None:
        if not instance.history:
            return
        rows: list[Columns] = []
        for index, (stored, columns) in enumerate(
            zip(instance.history, history_columns(instance), strict=True)
        ):
            kind = stored.event.type.name
            row, _ = await self._payloads.move_out(
                instance.instance_id, row_key(index), kind, columns
            )
            rows.append(row)
        execution_id, last = execution_of(instance), instance.history[-1].event.timestamp
        batches = cut(rows)
        for number, batch in enumerate(batches, 1):
            completed = last if number == len(batches) else None
            guard = sentinel(instance.instance_id, execution_id, completed)
            operations = [*map(rows_of.put, batch), rows_of.put(guard)]
            await self._parts.tables.transact(self._parts.names.history_table, operations)

    async def _outside(self, instance_id: str, column: str, text: str | None) -> str | None:
        if text is None or not is_large_property(text):
            return text
        blob = await self._payloads.write_property(instance_id, "", column, column, text)
        return self._payloads.address(blob)

    async def delete(self, instance_id: str) -> None:
        """Delete an instance with its blobs; its row goes first: without it nobody asks for the rest."""
        await self._parts.instances.delete(instance_id)
        histories = self._parts.histories
        versions, _ = await histories.versions(instance_id)
        await histories.delete(instance_id, versions)
        await self._payloads.delete_of(instance_id)

    # -- messages ------------------------------------------------------------------------------

    def queue_of(self, message: Message) -> str:
        """Return the queue that a message goes to."""
        names = self._parts.names
        if isinstance(message.event, TaskScheduled):
            return names.workitem_queue
        return names.control_queue(control_index(message.target.instance_id, self._partitions))

    async def hold(self, unit: str, number: int, stored: StoredMessage) -> Place:
        """Hold a place for the *number*-th message of a unit, and write its blob if it is so large."""
        queue = self.queue_of(stored.message)
        guid = uuid.uuid5(uuid.NAMESPACE_URL, f"durahub:{self._job}:{unit}:{number}")
        outbox = Outbox(self._payloads, READABLE_BY_ALL, lambda: str(guid))
        event = replace(stored.message.event, is_played=False)
        outgoing = await outbox.prepare(replace(stored.message, event=event), queue)
        now = self._clock()
        receipt = await self._parts.queues.put(queue, await self._meaningless(queue), HELD)
        return Place(
            queue=queue,
            message_id=receipt.message_id,
            pop_receipt=receipt.pop_receipt,
            text=outgoing.text,
            due=stored.due,
            held_until=later(now, SAFELY),
        )

    async def _meaningless(self, queue: str) -> str:
        """Return the text of a message to nobody."""
        now = self._clock()
        event: GenericEvent | TaskScheduled = GenericEvent(timestamp=now)
        if queue == self._parts.names.workitem_queue:
            event = TaskScheduled(event_id=0, timestamp=now, name=NOBODY, version="")
        message = Message(event=event, target=Execution(NOBODY, NOBODY))
        return (await self._parts.outbox.prepare(message, queue)).text

    async def keep(self, unit: str, places: Sequence[Place]) -> None:
        """Write down what will stand in the places of a unit; nothing if there are none."""
        if places:
            await self._write_places(self._blob_of(unit), places, showing=False)

    async def let_go(self, unit: str, places: Sequence[Place]) -> int:
        """Delete places that have not got their messages, those that were kept too; return how many."""
        gone = 0
        content = await self._parts.blobs.read(self._container, self._blob_of(unit))
        kept = [Place(**one) for one in loads(content)["places"]] if content else []
        for receipt in dict.fromkeys(one.receipt for one in (*kept, *places)):
            gone += await self._parts.queues.delete(receipt)
        await self._parts.blobs.delete(self._container, self._blob_of(unit))
        return gone

    async def show_all(self) -> int:
        """Put all messages into their places, show each when it is due, let go of the hub; return how many.

        It can be done again, and goes on where it was broken off. Raises `HubInUse` before the first.
        """
        await self._refuse_workers()
        shown = 0
        names = [one async for one in self._parts.blobs.names(self._container, self._folder)]
        for name in names:
            content = await self._parts.blobs.read(self._container, name)
            if content is None:
                continue
            found = loads(content)
            places = [Place(**one) for one in found["places"]]
            if not found["showing"]:
                places = [await self._renewed(one) for one in places]
                await self._write_places(name, places, showing=True)
            for place in places:
                await self._show(place)
            shown += len(places)
            await self._parts.blobs.delete(self._container, name)
        await self._mark.remove(self._job)
        return shown

    async def _renewed(self, place: Place) -> Place:
        """Return a place that is still held: a new one where a worker may have had the old one."""
        now = self._clock()
        if now < place.held_until:
            return place
        text = await self._meaningless(place.queue)
        receipt = await self._parts.queues.put(place.queue, text, HELD)
        return replace(
            place,
            message_id=receipt.message_id,
            pop_receipt=receipt.pop_receipt,
            held_until=later(now, SAFELY),
        )

    async def _show(self, place: Place) -> None:
        """Put a message into its place. If the receipt is good for nothing it has been done."""
        delay = queue_delay(self._clock(), Ticks(place.due)) if place.due is not None else 0
        await self._parts.queues.update(place.receipt, delay, place.text)

    async def _write_places(self, name: str, places: Sequence[Place], *, showing: bool) -> None:
        told = {"showing": showing, "places": [asdict(one) for one in places]}
        content = json.dumps(told).encode()
        await self._parts.blobs.write(self._container, name, content)

    @property
    def _container(self) -> str:
        return self._parts.names.set_aside_container

    @property
    def _folder(self) -> str:
        return f"moves/{self._job}/"

    def _blob_of(self, unit: str) -> str:
        return f"{self._folder}{hashlib.sha256(unit.encode('utf-8', 'surrogatepass')).hexdigest()}"


def as_stored(instance: StoredInstance) -> StoredInstance:
    """Return *instance* as rows give it back, to be compared; who did not know which members is no matter."""
    history = (StoredEvent(replace(one.event, is_played=False)) for one in instance.history)
    return replace(instance, history=tuple(history))
