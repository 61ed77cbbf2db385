"""Reads queues and leases of a hub in Azure Storage: the fewest requests that tell something.

What a look costs, with P partitions: 1 for the list of queues (once), P + 1 for their depths, 1 for each
queue that is not empty, 2 for leases of the table manager (under a blob manager
3 more and each lease blob: P, or 2 P under the safe one), 1 for a freeze, 2 for the app lease.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from durahub.classic.doctor.reading import HEAD
from durahub.classic.doctor.rules.blobs import named
from durahub.classic.doctor.snapshot import SeenMessage as ReadMessage
from durahub.classic.envelope import Wrapper, decode, from_queue_text
from durahub.classic.freezing.judging import not_held
from durahub.classic.freezing.naming import RECORD
from durahub.classic.partitioning import app_lease
from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.parts import Parts
from durahub.classic.queues import MOST_AT_ONCE, Peeked
from durahub.classic.routing import control_index
from durahub.errors import HubNotFound, Malformed
from durahub.freezing import decode as decode_freeze
from durahub.model.ticks import Ticks, from_datetime
from durahub_migrate.monitor.explaining import Frozen, HubSeen, SeenMessage, SeenQueue, Thresholds
from durahub_migrate.monitor.health.look import HubLook
from durahub_migrate.monitor.health.owners import Held, held
from durahub_migrate.monitor.hub import HubRef
from durahub_migrate.watching.looks.classic_seen import hub_seen, message_seen

AT_ONCE = 4  # requests: the budget spreads them, more would only wait there


class ClassicHub:
    """One hub. Raises `HubNotFound`, `Unavailable`."""

    def __init__(
        self, ref: HubRef, parts: Parts, clock: Callable[[], Ticks], thresholds: Thresholds
    ) -> None:
        self._ref = ref
        self._parts = parts
        self._clock = clock
        self._thresholds = thresholds
        self._control: tuple[str, ...] | None = None

    async def control_queues(self) -> tuple[str, ...]:
        """Return the names of the control queues; they are listed once."""
        if self._control is None:
            resources = self._parts.resources
            found = await resources.control_queues()
            if not found:
                raise HubNotFound(self._parts.names.hub, store=resources.store)
            self._control = found
        return self._control

    async def queue_of(self, instance_id: str) -> str:
        """Return an instance's control queue."""
        count = len(await self.control_queues())
        return self._parts.names.control_queue(control_index(instance_id, count))

    @property
    def work_items(self) -> str:
        """The queue of activities."""
        return self._parts.names.workitem_queue

    async def look(self) -> HubLook:
        """Look at everything."""
        control = await self.control_queues()
        queues = await self.queues((self.work_items, *control))
        who, frozen = await self.leases(control)
        app, problems = await self._app_lease()
        return HubLook(
            seen=self.seen(queues, who, frozen),
            control=control,
            held=who,
            app_lease=app,
            problems=problems,
        )

    def seen(self, queues: Iterable[SeenQueue], who: Held | None, frozen: Frozen | None) -> HubSeen:
        """Return what was read as explanations take it, at this moment."""
        return hub_seen(
            self._ref.key,
            self._ref.address,
            self._clock(),
            tuple(queues),
            self.work_items,
            who,
            frozen,
            thresholds=self._thresholds,
        )

    async def queues(self, names: Iterable[str]) -> list[SeenQueue]:
        """Look at queues, that of activities first: what leaves it is in another afterwards.

        A control queue that is looked at behind it shows the result of an activity that was in neither.
        """
        wanted = list(dict.fromkeys(names))
        first = [await self._queue(name) for name in wanted if name == self.work_items]
        places = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> SeenQueue:
            async with places:
                return await self._queue(name)

        others = [name for name in wanted if name != self.work_items]
        return [*first, *await asyncio.gather(*map(one, others))]

    async def _queue(self, name: str) -> SeenQueue:
        """Look at a queue. An empty one costs one request, any other two."""
        depth = await self._parts.queues.depth(name)
        peeked = await self._parts.queues.peek(name) if depth else []
        messages = tuple(self._message(name, one) for one in peeked)
        hidden = max(0, depth - len(messages))
        return SeenQueue(
            name=name,
            depth=max(depth, len(messages)),
            messages=messages,
            hidden=hidden,
            cut=len(messages) >= MOST_AT_ONCE and hidden > 0,
        )

    def _message(self, queue: str, peeked: Peeked) -> SeenMessage:
        """Return a message. One in a blob is not read: the blob's name tells whom it is for, and its kind."""
        envelope, blob, problem = None, None, None
        try:
            found = decode(from_queue_text(peeked.text))
            if isinstance(found, Wrapper):
                blob = found.blob_name
            else:
                envelope = found
        except Malformed as error:
            problem = error.sentence
        read = ReadMessage(
            queue=queue,
            message_id=peeked.message_id,
            deliveries=peeked.deliveries,
            inserted=from_datetime(peeked.inserted),
            envelope=envelope,
            blob=blob,
            problem=problem,
            head=peeked.text[:HEAD] if problem is not None else "",
        )
        told = named(blob) if blob is not None else None
        kind = blob.rpartition("-")[2].partition(".")[0] if blob and told else None
        return replace(
            message_seen(read),
            blob=blob,
            kind=kind,
            bytes=len(peeked.text.encode("utf-8", "replace")),
        )

    async def with_blob(self, message: SeenMessage) -> SeenMessage:
        """Return a message with what its blob holds."""
        if message.blob is None or message.event is not None:
            return message
        try:
            found = decode(await self._parts.payloads.read(message.blob))
        except Malformed as error:
            return replace(message, problem=error.sentence)
        if isinstance(found, Wrapper):
            return replace(message, problem="a wrapper names a wrapper")
        target = found.message.target
        return replace(
            message,
            event=found.message.event,
            target=target.instance_id,
            execution_id=target.execution_id,
        )

    async def leases(self, control: tuple[str, ...]) -> tuple[Held, Frozen | None]:
        """Return who holds what, and the freeze that holds the hub."""
        store = self._parts.leases
        rows = await store.rows()
        container = self._parts.names.leases_container
        leased = await self._parts.blobs.leased(container, "")
        # blobs of a manager that is used no more stay for ever; beside rows only leased ones prove anything
        evidence = Evidence(rows, {}) if rows and leased is None else await store.evidence()
        now = self._clock()
        return held(evidence, control, now), await self._frozen(evidence, now)

    async def _frozen(self, evidence: Evidence, now: Ticks) -> Frozen | None:
        content = await self._parts.blobs.read(self._parts.names.set_aside_container, RECORD)
        freeze = decode_freeze(content) if content is not None else None
        if freeze is None or freeze.frozen_at is None:
            return None
        try:
            app_leased = await self._parts.app_lease.is_leased()
        except HubNotFound:
            app_leased = False
        if not_held(freeze, evidence, now, app_leased=app_leased):
            return None
        return Frozen(holder=freeze.holder, since=freeze.frozen_at, lasting=freeze.lasting)

    async def _app_lease(self) -> tuple[str | None, tuple[str, ...]]:
        """Return who has the app lease, and what is wrong with it."""
        names = self._parts.names
        content = await self._parts.blobs.read(names.app_lease_container, names.app_lease_blob)
        info = app_lease.decode(content)
        try:
            leased = await self._parts.app_lease.is_leased()
        except HubNotFound:
            return None, ()
        if not leased:
            return None, ()
        owner = info.owner_id or "an unknown app"
        if info.desired_swap_id is not None and info.desired_swap_id != info.owner_id:
            said = f"App {info.desired_swap_id} waits for the app lease, which {owner} holds."
            return owner, (said,)
        return owner, ()
