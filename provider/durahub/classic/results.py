"""Results of activities in memory: what stands for each in storage is the message of its activity.

A result for an instance of this server's goes to the listener at once, and nothing is written. The message
that asked for the activity stays hidden, the result's *twin*, until the checkpoint that records the result
is written; then it is deleted. If this server dies before that, the activity runs again.

A result that cannot stay in memory is *moved*: put into its instance's queue first, and then its twin is
deleted. That happens when its grace is over (it stays with the listener, under the same key, and is hidden
in the queue), when the listener releases it, and when the partition is let go.
"""

import asyncio
import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from durahub.classic.grace import Grace
from durahub.classic.handover import HandOver
from durahub.classic.held import Held, HeldMessages, Stage
from durahub.classic.outbox import Outbox, Outgoing
from durahub.classic.queues import LONGEST_DELAY, Queues
from durahub.classic.together import Together
from durahub.classic.visibility import Visibility
from durahub.engine.commit import Delivery
from durahub.errors import DurahubError
from durahub.model.message import Message

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class InMemory:
    """A result that is in no queue. Times are on the loop's clock.

    ``visible_at`` is there when the listener has released it. A twin that is ``shared`` stands for others
    too, and is not this result's to delete. Nothing is changed while it is ``moving``.
    """

    delivery: Delivery
    twin: Held
    since: float
    shared: bool = False
    visible_at: float | None = None
    outgoing: Outgoing | None = None  # once prepared: tried again it must be known for the same
    moving: "asyncio.Task[bool] | None" = None


class Results:
    """The results that are in memory only, by the keys of their deliveries, the oldest first."""

    def __init__(
        self,
        handover: HandOver,
        held: HeldMessages,
        queues: Queues,
        outbox: Outbox,
        visibility: Visibility,
        together: Together,
        grace: Grace,
    ) -> None:
        self._handover = handover
        self._held = held
        self._queues = queues
        self._outbox = outbox
        self._visibility = visibility
        self._together = together
        self._grace = grace
        self._results: dict[str, InMemory] = {}
        self._recorded_at = -math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._moving_late = False

    def __len__(self) -> int:
        return len(self._results)

    def hand_over(
        self, key: str, queue: str, message: Message, twin: Held, *, shared: bool = False
    ) -> bool:
        """Give a result to the listener, if there is room; tell whether it has been taken over.

        *key* is the delivery's, which no other message has but an unshared *twin*.
        """
        if not self._handover.reserve(queue, message.target.instance_id):
            return False
        if not shared:
            twin.stage = Stage.TWIN
        delivery = Delivery(key, queue, message)
        self._results[key] = InMemory(delivery, twin, _now(), shared)
        self._watch()
        self._handover.pass_on(delivery)
        return True

    # -- before others act on them --------------------------------------------------------------

    def stand_alone(self, deliveries: Iterable[Delivery]) -> bool | None:
        """Tell whether of results among *deliveries* each has a twin of its own; ``None``: there are none."""
        found = self._of(deliveries)
        return not any(one.shared for one in found) if found else None

    async def secure(self, deliveries: Iterable[Delivery]) -> bool:
        """Put results into their queues, hidden, and delete their twins; tell whether all are there."""
        found = self._of(deliveries)
        await self._stand_still(found)
        moved = await self._together.all(self._move(one) for one in found if self._is_here(one))
        return all(moved)

    # -- recorded, dropped, released -----------------------------------------------------------

    async def settle(self, deliveries: Iterable[Delivery]) -> None:
        """Forget results that count now, or never will: what stands for them is to be deleted."""
        found = self._of(deliveries)
        if not found:
            return
        self._recorded_at = _now()
        await self._stand_still(found)
        for result in found:
            self._results.pop(result.delivery.key, None)

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> Sequence[Delivery]:
        """Have results received in *delay* seconds; return the others, which have messages of their own.

        What storage refuses now is tried again.
        """
        found = self._of(deliveries)
        if not found:
            return deliveries
        await self._stand_still(found)
        left = {one.delivery.key: one for one in found if self._is_here(one)}
        for result in left.values():
            result.visible_at = _now() + delay
        await self._together.all(self._move(one) for one in left.values())
        return [delivery for delivery in deliveries if delivery.key not in left]

    async def let_go(self, queue: str | None = None) -> frozenset[str]:
        """Make all results (for *queue*) visible in their queues; else let their activities run again.

        Return the keys of the latter.
        """
        found = [r for r in self._results.values() if queue in (None, r.delivery.partition)]
        await self._stand_still(found)
        left = [one for one in found if self._is_here(one)]
        for result in left:
            if result.visible_at is None:
                result.visible_at = _now()
        moved = await self._together.all(self._move_or_give_up(one) for one in left)
        return frozenset(
            one.delivery.key for one, is_put in zip(left, moved, strict=True) if not is_put
        )

    def _of(self, deliveries: Iterable[Delivery]) -> list[InMemory]:
        return [one for d in deliveries if (one := self._results.get(d.key)) is not None]

    def _is_here(self, result: InMemory) -> bool:
        return self._results.get(result.delivery.key) is result

    async def _stand_still(self, results: Sequence[InMemory]) -> None:
        """Wait until none of *results* is being moved."""
        while moving := {one.moving for one in results if one.moving is not None}:
            await asyncio.wait(moving)

    # -- moving --------------------------------------------------------------------------------

    async def _move_or_give_up(self, result: InMemory) -> bool:
        if await self._move(result):
            return True
        self._results.pop(result.delivery.key, None)
        if result.shared:
            return False
        try:
            await self._held.put_back(result.twin, 0)
        except DurahubError as error:
            log.warning("put-back-failed", extra={"code": error.code})
        return False

    async def _move(self, result: InMemory) -> bool:
        """Put a result into its queue and delete its twin; tell whether it is no longer in memory only.

        It goes to its end even if its caller does not wait for that. Since the caller chose it, it may have
        been recorded, or moved for another reason: then it must not be put (again).
        """
        await self._stand_still((result,))
        if not self._is_here(result):
            return True
        result.moving = self._held.in_background(self._moved(result))
        return await asyncio.shield(result.moving)

    async def _moved(self, result: InMemory) -> bool:
        try:
            if not await self._put(result):
                return False
            self._results.pop(result.delivery.key, None)
            if not result.shared:
                await self._held.delete_messages([result.twin])
            return True
        except DurahubError as error:
            extra = {"queue": result.delivery.partition, "code": error.code}
            log.warning("result-not-moved", extra=extra)
            return False
        finally:
            result.moving = None
            result.since = _now()  # a grace goes by until it is tried again
            self._watch()

    async def _put(self, result: InMemory) -> bool:
        """Put a result into its queue, hidden if the listener has it; tell whether it stands there.

        It does not if it was received before the answer came: that one is a message of its own then.
        """
        queue = result.delivery.partition
        if result.outgoing is None:
            result.outgoing = await self._outbox.prepare(result.delivery.message, queue)
        asked_at = _now()
        if result.visible_at is not None:
            seconds = min(max(math.ceil(result.visible_at - asked_at), 0), LONGEST_DELAY)
            await self._queues.put(queue, result.outgoing.text, seconds)
            self._handover.expect_in(queue, seconds)
            return True
        seconds = self._visibility.of(queue)
        receipt = await self._queues.put(queue, result.outgoing.text, seconds)
        return self._held.add(
            Held(
                delivery=result.delivery,
                receipt=receipt,
                hidden_until=asked_at + seconds,
                stage=Stage.HELD,
                sent_id=result.outgoing.sent_id,
            )
        )

    # -- grace ---------------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._timer is None and self._results and not self._moving_late:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._grace.still, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._late():
            self._moving_late = True
            self._held.in_background(self._move_late())
        else:
            self._watch()

    def _late(self) -> list[InMemory]:
        waiting = [one for one in self._results.values() if one.moving is None]
        late = self._grace.late((one.since for one in waiting), _now(), self._recorded_at)
        return [waiting[place] for place in late]

    async def _move_late(self) -> None:
        try:
            while late := self._late():
                await self._together.all(self._move(one) for one in late)
        finally:
            self._moving_late = False
            self._watch()


def _now() -> float:
    return asyncio.get_running_loop().time()
