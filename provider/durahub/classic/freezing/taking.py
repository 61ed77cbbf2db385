"""Looks at all visible messages of a frozen hub, not only at the 32 of each queue that storage shows.

That takes receiving them: each is hidden for a while, and put back as it was when all have been seen. Its
text stays; it counts one delivery more, and stands where storage puts what comes back. If the process is
killed in between, the messages come back by themselves. Nothing is ever deleted.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from durahub.classic.doctor.reading import Reading
from durahub.classic.doctor.snapshot import SeenMessage
from durahub.classic.freezing.naming import RECORD
from durahub.classic.parts import Parts
from durahub.classic.queues import MOST_AT_ONCE, Peeked, Receipt
from durahub.freezing import Freeze, QueueSample, Sample, to_json

HIDDEN_FOR = 900  # seconds, if they are not put back
AT_ONCE = 16  # messages that are put back at a time


@dataclass(slots=True)
class _Taken:
    receipt: Receipt
    deliveries: int


@dataclass(slots=True)
class Taking:
    """Takes the messages of a hub that a freeze holds; whoever makes it puts them back."""

    parts: Parts
    reading: Reading
    earlier: int = 0  # takings under the same freeze: each counts a delivery, and none that matters
    _taken: dict[str, dict[str, _Taken]] = field(default_factory=dict)
    _out: dict[str, Receipt] = field(default_factory=dict)

    async def messages(self) -> AsyncIterator[SeenMessage]:
        """Yield every message that is visible, queue by queue, with the deliveries that it had before."""
        names = (self.parts.names.workitem_queue, *await self.parts.resources.control_queues())
        for name in names:
            async for one in self._of(name):
                yield one

    async def _of(self, queue: str) -> AsyncIterator[SeenMessage]:
        taken = self._taken.setdefault(queue, {})
        while found := await self.parts.queues.receive(queue, MOST_AT_ONCE, HIDDEN_FOR):
            new = [one for one in found if one.receipt.message_id not in taken]
            for one in found:
                number = one.receipt.message_id
                taken[number] = _Taken(one.receipt, one.deliveries)
                self._out[number] = one.receipt
            for one in new:
                before = max(0, one.deliveries - 1 - self.earlier)
                peeked = Peeked(one.text, one.inserted, one.receipt.message_id, before)
                yield await self.reading.seen(queue, peeked)
            if not new:  # it takes longer than they are hidden: all have been seen
                return

    async def put_back(self) -> None:
        """Make visible again what was taken. Doing it twice is fine."""
        while self._out:
            some = list(self._out.items())[:AT_ONCE]
            await asyncio.gather(*(self.parts.queues.update(one, 0) for _, one in some))
            for number, _ in some:
                self._out.pop(number, None)

    def expected(self, freeze: Freeze) -> Freeze:
        """Return the freeze as it would have been found now if nobody else has been at the queues."""
        if not freeze.samples:
            return freeze
        last = freeze.samples[-1]
        queues = {
            name: QueueSample(
                depth=queue.depth,
                visible={
                    **queue.visible,
                    **{number: one.deliveries for number, one in self._taken.get(name, {}).items()},
                },
            )
            for name, queue in last.queues.items()
        }
        return replace(freeze, samples=(*freeze.samples, replace(last, queues=queues)))


def earlier_takings(freeze: Freeze) -> int:
    """Return how often all messages were taken under a freeze; by itself it counts twice."""
    return max(0, len(freeze.samples) - 2)


async def note_sample(parts: Parts, freeze: Freeze, sample: Sample) -> None:
    """Write into the freeze's record what was counted behind a taking: the next who checks begins there."""
    container = parts.names.set_aside_container
    there = await parts.blobs.read_version(container, RECORD)
    if there is not None:
        noted = replace(freeze, samples=(*freeze.samples, sample))
        await parts.blobs.replace_json(container, RECORD, to_json(noted), there[1])
