"""Checkpoints and the activities without messages: those that they schedule, and those that are at work.

Where a checkpoint's outcome is not known, the anchor is put back: it comes again, the history is read, and
what runs here already is left alone.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from durahub.classic.binding import Binding
from durahub.classic.handover import HandOver
from durahub.classic.held import Held
from durahub.classic.held import Stage as HeldStage
from durahub.classic.instance_memory import is_self_evident
from durahub.classic.parts import Parts
from durahub.classic.unsettled import Plan, Stage, Task, Unsettled, plan
from durahub.classic.unsettled_instances import UnsettledInstances
from durahub.classic.writing import PlannedWriting, Writing
from durahub.engine.commit import Commit, HistoryVersion
from durahub.errors import CheckpointLost

Give = Callable[[Unsettled, Iterable[Task]], None]


class LocalCheckpoints:
    """Writes checkpoints whose activities may have no messages: new ones only while ``exclusive``."""

    def __init__(
        self,
        parts: Parts,
        handover: HandOver,
        instances: UnsettledInstances,
        binding: Binding,
        give: Give,
        *,
        exclusive: bool,
    ) -> None:
        self._held = parts.held
        self._workitems = parts.names.workitem_queue
        self._handover = handover
        self._instances = instances
        self._binding = binding
        self._give = give
        self.exclusive = exclusive
        self._known = instances.known
        self._given = instances.given

    @contextlib.asynccontextmanager
    async def writing(self, commit: Commit) -> AsyncIterator[Writing]:
        """Let the body write *commit*'s messages and checkpoint, as the `Writing` says."""
        known = self._known.get(commit.instance_id)
        if known is None and not (self.exclusive and commit.activities):
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
            if not self.exclusive or not self._handover.reserve(
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
        if known.anchor is not None and not self._binding.has(known.anchor):
            known.anchor = None
        if known.anchor is None and any(one.key == known.anchor_id for one in commit.consumed):
            known.anchor = self._held.find(known.anchor_id)

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
        self._held.in_background(self._handover.put_back(anchor, 0))

    async def spill(self, writing: PlannedWriting) -> None:
        """Put the messages of activities that go on when their execution has ended."""
        known = writing.known
        if known is not None:
            running = [task for task in writing.plan.spilled if task.stage is Stage.RUNNING]
            await self._binding.bind(known, running)

    def written(self, writing: PlannedWriting, version: HistoryVersion) -> None:
        """Take note of a checkpoint, and hand over the activities that it schedules."""
        commit, made, known = writing.commit, writing.plan, writing.known
        self._instances.wrote(commit.instance_id)
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
            writing.parted = (before.delivery,)
        writing.consumed = tuple(rest)

    def _record(self, known: Unsettled, made: Plan) -> None:
        """Part with the activities that the column names no more."""
        for number, task in list(known.tasks.items()):
            if made.goes_on and number in made.left:
                continue
            del known.tasks[number]
            if task.stage is Stage.ANSWERED:
                self._given.pop(known.key(number), None)
