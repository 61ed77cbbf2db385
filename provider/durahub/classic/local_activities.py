"""Runs activities without messages, and sees to it that none of them is forgotten.

`unposted` tells what is stored of them, `unsettled` what a checkpoint makes of them, `local_checkpoints`
writes it. This is what acts when an anchor comes, when the listener gives an activity or its result back,
and when a partition is let go, after which every activity has its message. What the column says is heeded
at every level; only at ``exclusive`` are activities put into it.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

from durahub.classic.binding import Binding
from durahub.classic.handover import HandOver
from durahub.classic.held import Held
from durahub.classic.local_checkpoints import LocalCheckpoints
from durahub.classic.parts import Parts
from durahub.classic.results import Results
from durahub.classic.together import Together
from durahub.classic.unsettled import Stage, Task, Unsettled
from durahub.classic.unsettled_instances import UnsettledInstances
from durahub.classic.writing import Writing
from durahub.engine.commit import Commit, Delivery
from durahub.errors import DurahubError
from durahub.model.message import Message
from durahub.store import Listener

log = logging.getLogger(__name__)

HAND_AGAIN = 5.0  # seconds after which an activity is handed over again that could get no message
AT_ONCE = 16  # instances that are seen to side by side


class LocalActivities:
    """The activities without messages of the instances whose partitions this server has."""

    def __init__(
        self,
        listener: Listener,
        parts: Parts,
        handover: HandOver,
        results: Results,
        *,
        exclusive: bool,
    ) -> None:
        self._listener = listener
        self._parts = parts
        self._held = parts.held
        self._workitems = parts.names.workitem_queue
        self._handover = handover
        self._results = results
        self._side_by_side = Together(AT_ONCE)  # the other's places are for what is done inside
        self.instances = UnsettledInstances(self._delete_unless_lost)
        self._known = self.instances.known
        self._given = self.instances.given
        self._binding = Binding(parts, handover, self.instances)
        self._checkpoints = LocalCheckpoints(
            parts, handover, self.instances, self._binding, self._give, exclusive=exclusive
        )

    @property
    def exclusive(self) -> bool:
        """Whether activities may go without messages."""
        return self._checkpoints.exclusive

    def writing(self, commit: Commit) -> contextlib.AbstractAsyncContextManager[Writing]:
        """Let the body write *commit*'s messages and checkpoint, as the `Writing` says."""
        return self._checkpoints.writing(commit)

    def _give(self, known: Unsettled, tasks: Iterable[Task]) -> None:
        deliveries = []
        for task in tasks:
            task.stage = Stage.RUNNING
            key = known.key(task.id)
            self._given[key] = known, task
            deliveries.append(Delivery(key, "", task.message))
        if deliveries and self._handover.is_open(self._workitems):
            self._listener.on_activities(deliveries)

    # -- the listener comes back ---------------------------------------------------------------

    async def complete(
        self, activity: Delivery, result: Message, send: Callable[[Message], Awaitable[None]]
    ) -> bool:
        """Take over the result of an activity without a message; ``False`` if it has one.

        What cannot be handed over is sent.
        """
        given = self._given.get(activity.key)
        if given is None:
            return False
        known, task = given
        if task.stage is Stage.ANSWERED:
            return True
        is_current = self._known.get(known.instance_id) is known
        anchor = known.anchor
        if is_current and anchor is not None and self._binding.has(anchor):
            handed = self._results.hand_over(activity.key, known.queue, result, anchor, shared=True)
            if handed:
                task.stage = Stage.ANSWERED
                return True
        await send(result)
        task.stage = Stage.ANSWERED
        if not is_current:
            self._given.pop(activity.key, None)
        await self._held.delete([activity.key])  # its own message, if it got one meanwhile
        return True

    async def discard(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Look after anchors and results that have no effect; return what is to be deleted."""
        if not self._known and not self._given:
            return deliveries
        rest: list[Delivery] = []
        for delivery in deliveries:
            known = self._known.get(delivery.message.target.instance_id)
            given = self._given.get(delivery.key)
            if known is not None and known.anchor_id == delivery.key:
                rest += await self._adopt(known, delivery)
                continue
            rest.append(delivery)
            if given is None:
                continue
            if known is not None and given[0] is known:
                rest += await self._settled(known, [given[1]])
            else:
                del self._given[delivery.key]
        return rest

    async def _adopt(self, known: Unsettled, delivery: Delivery) -> list[Delivery]:
        """Run what the one who had the anchor has left; return the anchor if nothing needs it.

        Raises `CheckpointLost` if the history is not as it was read; the anchor comes again then.
        """
        async with known.lock:
            known.anchor = self._held.find(delivery.key)
            ready: list[Task] = []
            others: list[Task] = []
            for task in known.at(Stage.ELSEWHERE):
                is_local = self.exclusive and self._handover.reserve(
                    self._workitems, known.instance_id
                )
                (ready if is_local else others).append(task)
            self._handover.room(self._workitems).give_back(len(ready))
            self._give(known, ready)
            if ready or others:
                count = len(ready) + len(others)
                log.info("activities-found", extra={"activities": count})
            if others:
                await self._binding.post(known, others)
            return self._binding.end(known)

    async def _settled(self, known: Unsettled, tasks: Sequence[Task]) -> list[Delivery]:
        """Take *tasks* out of the column: their results count no more; return the anchor at last."""
        async with known.lock:
            if self._known.get(known.instance_id) is not known:
                return []
            await self._binding.write_column(known, tasks)
            return self._binding.end(known)

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> Sequence[Delivery]:
        """Put messages, visible in *delay* seconds, for activities that nobody takes; return the others."""
        if not self._given:
            return deliveries
        leaving: dict[Unsettled, list[Delivery]] = {}
        rest: list[Delivery] = []
        for delivery in deliveries:
            given = self._given.get(delivery.key)
            if given is None:
                rest.append(delivery)
            else:
                leaving.setdefault(given[0], []).append(delivery)
        left = await self._side_by_side.all(
            self._leave(known, some, delay) for known, some in leaving.items()
        )
        return [*rest, *(one for some in left for one in some)]

    async def _leave(
        self, known: Unsettled, deliveries: Sequence[Delivery], delay: float
    ) -> list[Delivery]:
        """Leave activities to whoever takes them; return those that have got messages meanwhile."""
        seconds = max(0, round(delay))
        async with known.lock:
            given = {
                one.key: self._given[one.key][1] for one in deliveries if one.key in self._given
            }
            running = [task for task in given.values() if task.stage is Stage.RUNNING]
            await self._parts.together.all(self._put(known, task, seconds) for task in running)
            posted = [task for task in running if task.stage is Stage.POSTED]
            anchor = await self._without(known, posted)
        await self._held.delete(one.key for one in anchor)
        if posted:
            self._handover.expect_in(self._workitems, seconds)
        return [one for one in deliveries if one.key not in given]

    async def _put(self, known: Unsettled, task: Task, seconds: int) -> None:
        """Put the message of an activity; where that fails it is handed over again after a while."""
        try:
            await self._binding.put(task, seconds)
        except DurahubError as error:
            log.warning("activity-kept", extra={"code": error.code})
            asyncio.get_running_loop().call_later(HAND_AGAIN, self._again, known.key(task.id))
            return
        task.stage = Stage.POSTED
        self._given.pop(known.key(task.id), None)

    def _again(self, key: str) -> None:
        given = self._given.get(key)
        if given is not None:
            self._give(given[0], [given[1]])
            return
        held = self._held.find(key)  # it has got a message meanwhile, and nobody runs it
        if held is not None:
            self._held.in_background(self._handover.put_back(held, 0))

    async def _without(self, known: Unsettled, posted: Sequence[Task]) -> list[Delivery]:
        """Take activities that have messages now out of the column; else the next checkpoint does."""
        if not posted or self._known.get(known.instance_id) is not known:
            return []
        try:
            await self._binding.write_column(known, posted)
        except DurahubError as error:
            log.warning("column-not-written", extra={"code": error.code})
            return []
        return self._binding.end(known)

    # -- letting go ----------------------------------------------------------------------------

    async def end_exclusive(self) -> None:
        """Give every activity a message from now on, and those that run theirs.

        A result in memory has its anchor until it is recorded.
        """
        self._checkpoints.exclusive = False
        await self._side_by_side.all(self._post_running(one) for one in tuple(self._known.values()))

    async def _post_running(self, known: Unsettled) -> None:
        async with self._settling(known) as is_ours:
            if is_ours:
                await self._binding.bind(known, known.at(Stage.RUNNING))
                posted = known.at(Stage.POSTED)
                if posted:
                    await self._binding.write_column(known, posted)
                await self._held.delete(one.key for one in self._binding.end(known))

    async def settle(self, queue: str, lost: frozenset[str], *, trusted: bool) -> None:
        """Give every activity of a partition its message, for the partition is let go.

        *lost* are the keys of results that could not be put into their queue. Without trust nothing is
        written: the anchor tells the next owner.
        """
        if trusted:
            found = self.instances.of(queue)
            await self._side_by_side.all(self._settle(one, lost) for one in found)
        self.instances.close(queue)

    async def _settle(self, known: Unsettled, lost: frozenset[str]) -> None:
        async with self._settling(known) as is_ours:
            if is_ours:
                await self._binding.bind(known, known.at(Stage.RUNNING))
                for task in known.at(Stage.ANSWERED):
                    if known.key(task.id) in lost:
                        await self._binding.put(task, 0)
                if known.tasks:
                    await self._binding.write_column(known, list(known.tasks.values()))
                await self._held.delete(one.key for one in self._binding.end(known))

    @contextlib.asynccontextmanager
    async def _settling(self, known: Unsettled) -> AsyncIterator[bool]:
        """Let the body settle what is this server's to settle; where it fails the anchor tells."""
        try:
            async with known.lock:
                yield known.anchor is not None and self._binding.has(known.anchor)
        except DurahubError as error:
            extra = {"instance_id": known.instance_id, "code": error.code}
            log.warning("not-settled", extra=extra)

    def forget(self, instance_id: str) -> None:
        """Forget an instance that is purged."""
        known = self._known.get(instance_id)
        if known is not None:
            self.instances.part_with(known)

    def _delete_unless_lost(self, anchor: Held) -> None:
        if self._binding.has(anchor):
            self._held.in_background(self._delete(anchor))

    async def _delete(self, anchor: Held) -> None:
        await self._held.delete_messages([anchor])
