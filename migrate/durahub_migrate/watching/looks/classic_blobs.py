"""Blobs of large payloads that nothing names: found by a listing, and by the rows of those that might.

A blob counts as an orphan only if it is old enough, no row of its instance names it, no message that is seen
does, and no hidden message of its queue may. The blob of a message stays as long as its instance is there:
that is the layout's way. Rows are read live, for the index may not have seen an instance yet.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from durahub.classic.doctor.reading import Reading
from durahub.classic.doctor.rules.blobs import Blob, keys_of, mentioned, named, orphan
from durahub.classic.doctor.snapshot import HubFacts, QueueFacts, hub_facts
from durahub.classic.parts import Parts
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.explaining import SeenQueue
from durahub_migrate.monitor.health.measures import BlobSum
from durahub_migrate.monitor.partitions import BlobView
from durahub_migrate.watching.looks.classic_hub import ClassicHub

Knows = Callable[[str], bool]
"""Tells whether the index has an instance."""


@dataclass(slots=True)
class BlobsRead:
    """What a listing came to. *whole*: it came to its end, and whatever may be an orphan was checked."""

    blobs: int = 0
    bytes: int = 0
    whole: bool = True
    orphans: list[BlobView] = field(default_factory=list)

    @property
    def sum(self) -> BlobSum:
        """The figures."""
        return BlobSum(
            blobs=self.blobs,
            bytes=self.bytes,
            whole=self.whole,
            orphaned=len(self.orphans),
            orphaned_bytes=sum(one.bytes for one in self.orphans),
        )


class ClassicBlobs:
    """Looks at the blobs of one hub: 1 request for each 5,000, and 2 for each instance that is checked."""

    def __init__(
        self,
        parts: Parts,
        hub: ClassicHub,
        knows: Knows,
        clock: Callable[[], Ticks],
        *,
        grace: float,
        most: int,
        most_checked: int,
    ) -> None:
        self._parts = parts
        self._hub = hub
        self._knows = knows
        self._clock = clock
        self._reading = Reading(parts, clock)
        self._grace = grace
        self._most = most
        self._most_checked = most_checked

    async def look(self) -> BlobsRead:
        """List the blobs, and find those that nothing names."""
        found = BlobsRead()
        suspects: list[tuple[Blob, bool]] = []
        checked = 0
        async for folder, blobs in self._folders(found):
            old = [blob for blob in blobs if self._is_old(blob)]
            told = [one for blob in old if (one := named(blob.name)) is not None]
            if not told or (all(one.is_message for one in told) and self._knows(folder)):
                continue
            if checked >= self._most_checked:
                found.whole = False
                continue
            checked += 1
            suspects += await self._unnamed(old)
        if suspects:
            found.orphans = await self._judged(suspects)
        return found

    async def _folders(self, found: BlobsRead) -> AsyncIterator[tuple[str, list[Blob]]]:
        """Yield the blobs folder by folder; they are listed by name."""
        group: list[Blob] = []
        folder = ""
        async for blob in self._reading.blobs():
            if found.blobs >= self._most:
                found.whole = False
                break
            found.blobs += 1
            found.bytes += blob.size
            own = blob.name.rpartition("/")[0]
            if own != folder and group:
                yield folder, group
                group = []
            folder = own
            group.append(blob)
        if group:
            yield folder, group

    def _is_old(self, blob: Blob) -> bool:
        return seconds_between(blob.changed, self._clock()) >= self._grace

    async def _unnamed(self, blobs: list[Blob]) -> list[tuple[Blob, bool]]:
        """Return those that no row names, each with whether its instance is there."""
        names: set[str] = set()
        there = False
        told = named(blobs[0].name)
        for key in keys_of(told) if told is not None else ():
            instance = await self._reading.instance(key)
            names |= set(mentioned(instance, self._parts.payloads.url))
            there = there or instance.is_there
        return [(blob, there) for blob in blobs if blob.name not in names]

    async def _judged(self, suspects: list[tuple[Blob, bool]]) -> list[BlobView]:
        """Return those that no message names either, nor may: queues are looked at behind the rows."""
        control = await self._hub.control_queues()
        queues = await self._hub.queues((self._hub.work_items, *control))
        sent = {message.blob for queue in queues for message in queue.messages}
        facts = self._facts(queues, len(control))
        return [
            BlobView(
                name=blob.name,
                bytes=blob.size,
                changed=blob.changed,
                instance_id=blob.name.rpartition("/")[0] or None,
            )
            for blob, there in suspects
            if blob.name not in sent
            and orphan(blob, facts, self._grace, has_instance=there) is not None
        ]

    def _facts(self, queues: list[SeenQueue], partitions: int) -> HubFacts:
        """Return the hub as the doctor's rule takes it: of each queue what cannot be seen."""
        hidden = [QueueFacts(queue.name, queue.hidden, ()) for queue in queues]
        return hub_facts(self._parts.names, partitions, self._clock(), hidden)
