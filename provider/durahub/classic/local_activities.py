"""Runs activities without messages, and sees to it that none of them is forgotten.

`unposted` tells what is stored of them, `unsettled` what a checkpoint makes of them. This is what acts:
around each checkpoint, when an anchor comes, when the listener gives an activity or its result back, and
when a partition is let go, after which every activity has its message. What the column says is heeded at
every level; only at ``exclusive`` are activities put into it.

Where a checkpoint's outcome is not known, the anchor is put back: it comes again, the history is read, and
what runs here already is left alone.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence

from durahub.classic.handover import HandOver
from durahub.classic.held import Held
from durahub.classic.held import Stage as HeldStage
from durahub.classic.instance_memory import is_self_evident
from durahub.classic.parts import Parts
from durahub.classic.posting import Posting
from durahub.classic.results import Results
from durahub.classic.unsettled import Plan, Stage, Task, Unsettled, plan
from durahub.classic.unsettled_instances import UnsettledInstances
from durahub.classic.writing import PlannedWriting, Writing
from durahub.engine.commit import Commit, Delivery, HistoryVersion
from durahub.errors import CheckpointLost, DurahubError
from durahub.model.message import Message
from durahub.store import Listener

log = logging.getLogger(__name__)

HAND_AGAIN = 5.0  # seconds after which an activity is handed over again that could get no message


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
        self._exclusive = exclusive
        self.instances = UnsettledInstances(self._delete_unless_lost)
        self._known = self.instances.known
        self._given = self.instances.given

    # -- checkpoints ---------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def writing(self, commit: Commit) -> AsyncIterator[Writing]:
        """Let the body write *commit*'s messages and checkpoint, as the `Writing` says."""
        known = self._known.get(commit.instance_id)
        if known is None and not (self._exclusive and commit.activities):
            yield Writing(commit)
            return
        async with known.lock if known is not None else contextlib.nullcontext():
            known = self._known.get(commit.instance_id)
            with self._planned(commit, known) as writing:
                yield writing

    @contextlib.contextmanager
    def _planned(self, commit: Commit, known: Unsettled | None) -> Iterator[Writing]:
        self._take_anchor(commit, known)
        places = 0

        def reserve() -> bool:
            nonlocal places
            if not self._exclusive or not self._handover.reserve(
                self._workitems, commit.instance_id
            ):
                return False
            places += 1
            return True

        anchor = self._anchor_of(commit)
        made = plan(commit, known, anchor.message_id if anchor is not None else None, reserve)
        if made.anchor_id is None:
            yield Writing(commit)
            return
        writing = PlannedWriting(commit, known, made, self._given, self)
        try:
            yield writing
        except BaseException as error:
            if not writing.is_written and known is not None:
                self._doubt(known, error)
            raise
        finally:
            self._handover.room(self._workitems).give_back(places)

    def _take_anchor(self, commit: Commit, known: Unsettled | None) -> None:
        """Keep an anchor that came again and is consumed again; part with one that was put back."""
        if known is None:
            return
        if known.anchor is not None and not self._has(known.anchor):
            known.anchor = None
        if known.anchor is None and any(one.key == known.anchor_id for one in commit.consumed):
            known.anchor = self._held.find(known.anchor_id)

    def _has(self, anchor: Held) -> bool:
        return self._held.find(anchor.message_id) is anchor and anchor.stage is HeldStage.HELD

    def _anchor_of(self, commit: Commit) -> Held | None:
        """Return a message that may be kept: one that the history shows, for whoever gets it again."""
        for delivery in commit.consumed:
            held = self._held.find(delivery.key)
            if (
                held is not None
                and held.message_id == delivery.key
                and held.receipt.queue == delivery.partition != self._workitems
                and held.stage is HeldStage.HELD
                and is_self_evident(delivery.message.event, commit.execution_id)
            ):
                return held
        return None

    def _doubt(self, known: Unsettled, error: BaseException) -> None:
        """Ask the history what became of a checkpoint, unless it is known to be lost: let the anchor come."""
        if isinstance(error, CheckpointLost) or known.anchor is None:
            return
        anchor, known.anchor = known.anchor, None
        self._held.in_background(self._put_back(anchor))

    async def _put_back(self, anchor: Held) -> None:
        try:
            await self._held.put_back(anchor, 0)
        except DurahubError as error:
            log.warning("put-back-failed", extra={"code": error.code})  # it comes by itself
        self._handover.nudge(anchor.receipt.queue)

    async def spill(self, writing: PlannedWriting) -> None:
        """Put the messages of activities that go on when their execution has ended."""
        known = writing.known
        if known is not None:
            running = [task for task in writing.plan.spilled if task.stage is Stage.RUNNING]
            await self._parts.together.all(self._bind(known, task) for task in running)

    def written(self, writing: PlannedWriting, version: HistoryVersion) -> None:
        """Take note of a checkpoint, and hand over the activities that it schedules."""
        commit, made, known = writing.commit, writing.plan, writing.known
        self.instances.wrote(commit.instance_id)
        self._known.pop(commit.instance_id, None)
        before = known.anchor if known is not None else None
        if known is not None:
            self._record(known, made)
        kept = None
        if made.left and made.anchor_id is not None:
            if known is None or not made.goes_on or known.anchor_id != made.anchor_id:
                queue = known.queue if known is not None else commit.consumed[0].partition
                known = Unsettled(queue, commit.instance_id, commit.execution_id, made.anchor_id)
                known.anchor = self._held.find(made.anchor_id)
            known.token, known.before = version.token, set()
            self._known[commit.instance_id] = known
            new = [Task(message, Stage.RUNNING) for message in made.local]
            known.tasks.update((task.id, task) for task in new)
            self._give(known, new)
            kept = known.anchor
        rest = [one for one in writing.consumed if kept is None or one.key != kept.message_id]
        if before is not None and before is not kept:
            key = before.message_id
            rest = [*(one for one in rest if one.key != key), before.delivery]
        writing.consumed = tuple(rest)

    def _record(self, known: Unsettled, made: Plan) -> None:
        """Part with the activities that the column names no more."""
        for number, task in list(known.tasks.items()):
            if made.goes_on and number in made.left:
                continue
            del known.tasks[number]
            if task.stage is Stage.ANSWERED:
                self._given.pop(known.key(number), None)

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
        if is_current and anchor is not None and self._has(anchor):
            handed = self._results.hand_over(activity.key, known.queue, result, anchor, shared=True)
            if handed:
                task.stage = Stage.ANSWERED
                return True
        await send(result)
        task.stage = Stage.ANSWERED
        if not is_current:
            self._given.pop(activity.key, None)
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
                is_local = self._exclusive and self._handover.reserve(
                    self._workitems, known.instance_id
                )
                (ready if is_local else others).append(task)
            self._handover.room(self._workitems).give_back(len(ready))
            self._give(known, ready)
            if ready or others:
                count = len(ready) + len(others)
                log.info("activities-found", extra={"activities": count})
            if others:
                with self._posting() as posting:
                    outbox = self._parts.outbox
                    for task in others:
                        await posting.put(await outbox.prepare(task.message, self._workitems))
                    await self._write_column(known, others)
            return self._end(known)

    async def _settled(self, known: Unsettled, tasks: Sequence[Task]) -> list[Delivery]:
        """Take *tasks* out of the column: their results count no more; return the anchor at last."""
        async with known.lock:
            if self._known.get(known.instance_id) is not known:
                return []
            await self._write_column(known, tasks)
            return self._end(known)

    async def _write_column(self, known: Unsettled, without: Sequence[Task]) -> None:
        numbers = [task.id for task in without]
        version = HistoryVersion(known.execution_id, 0, known.token)
        column = known.column(numbers)
        histories = self._parts.histories
        written = await histories.write_unposted(known.instance_id, version, column)
        self.instances.wrote(known.instance_id)
        known.before.add(known.token)
        known.token = written.token
        for number in numbers:
            known.tasks.pop(number, None)
            self._given.pop(known.key(number), None)

    def _end(self, known: Unsettled) -> list[Delivery]:
        """Part with an instance of which nothing is left; return its anchor, to be deleted.

        It stays known for its token, until its next checkpoint, or the next reading.
        """
        if known.tasks or known.anchor is None:
            return []
        anchor, known.anchor = known.anchor, None
        return [anchor.delivery]

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> Sequence[Delivery]:
        """Put messages, visible in *delay* seconds, for activities that nobody takes; return the others."""
        if not self._given:
            return deliveries
        rest: list[Delivery] = []
        for delivery in deliveries:
            given = self._given.get(delivery.key)
            if given is None or given[1].stage is not Stage.RUNNING:
                rest.append(delivery)
            elif await self._leave(*given, delay):
                await self._held.delete(one.key for one in await self._settled_late(*given))
        return rest

    async def _leave(self, known: Unsettled, task: Task, delay: float) -> bool:
        """Put the message of an activity; where that fails it is handed over again after a while."""
        try:
            outgoing = await self._parts.outbox.prepare(task.message, self._workitems)
            seconds = max(0, round(delay))
            await self._parts.queues.put(self._workitems, outgoing.text, seconds)
        except DurahubError as error:
            log.warning("activity-kept", extra={"code": error.code})
            loop = asyncio.get_running_loop()
            loop.call_later(HAND_AGAIN, self._give, known, [task])
            return False
        self._handover.expect_in(self._workitems, seconds)
        return True

    async def _settled_late(self, known: Unsettled, task: Task) -> list[Delivery]:
        """Take an activity that has a message now out of the column; else the next checkpoint does."""
        self._given.pop(known.key(task.id), None)
        try:
            return await self._settled(known, [task])
        except DurahubError as error:
            log.warning("column-not-written", extra={"code": error.code})
            task.stage = Stage.ANSWERED  # it needs no other message
            return []

    # -- letting go ----------------------------------------------------------------------------

    async def settle(self, queue: str, lost: frozenset[str], *, trusted: bool) -> None:
        """Give every activity of a partition its message, for the partition is let go.

        *lost* are the keys of results that could not be put into their queue. Without trust nothing is
        written: the anchor tells the next owner.
        """
        if trusted:
            found = self.instances.of(queue)
            await self._parts.together.all(self._settle(one, lost) for one in found)
        self.instances.close(queue)

    async def _settle(self, known: Unsettled, lost: frozenset[str]) -> None:
        try:
            async with known.lock:
                if known.anchor is None or not self._has(known.anchor):
                    return  # not ours to settle
                for task in list(known.tasks.values()):
                    if task.stage is Stage.RUNNING:
                        await self._bind(known, task)
                    elif known.key(task.id) in lost:
                        outgoing = await self._parts.outbox.prepare(task.message, self._workitems)
                        await self._parts.queues.put(self._workitems, outgoing.text, 0)
                if known.tasks:
                    await self._write_column(known, list(known.tasks.values()))
                await self._held.delete(one.key for one in self._end(known))
        except DurahubError as error:
            extra = {"instance_id": known.instance_id, "code": error.code}
            log.warning("not-settled", extra=extra)

    async def _bind(self, known: Unsettled, task: Task) -> None:
        """Put the message of an activity that the listener runs, hidden: it is the activity's own then."""
        outgoing = await self._parts.outbox.prepare(task.message, self._workitems)
        asked_at = asyncio.get_running_loop().time()
        seconds = self._parts.visibility.of(self._workitems)
        receipt = await self._parts.queues.put(self._workitems, outgoing.text, seconds)
        held = Held(
            delivery=Delivery(known.key(task.id), "", task.message),
            receipt=receipt,
            hidden_until=asked_at + seconds,
            stage=HeldStage.HELD,
            sent_id=outgoing.sent_id,
        )
        self._given.pop(known.key(task.id), None)
        self._held.add(held)
        if task.stage is Stage.ANSWERED:  # since its message was put
            await self._held.delete_messages([held])

    def forget(self, instance_id: str) -> None:
        """Forget an instance that is purged."""
        known = self._known.get(instance_id)
        if known is not None:
            self.instances.part_with(known)

    def _delete_unless_lost(self, anchor: Held) -> None:
        if self._has(anchor):
            self._held.in_background(self._delete(anchor))

    async def _delete(self, anchor: Held) -> None:
        await self._held.delete_messages([anchor])

    def _posting(self) -> Posting:
        parts = self._parts
        return Posting(parts.queues, self._handover, parts.clock, parts.visibility)
