"""How activities without messages get theirs after all, and how the column tells of it.

Messages come first and the column behind them: whatever stops the work in between, an activity may have
both, and runs twice then as after any crash, but none has neither.
"""

import asyncio
from collections.abc import Iterable, Sequence

from durahub.classic.handover import HandOver
from durahub.classic.held import Held
from durahub.classic.held import Stage as HeldStage
from durahub.classic.parts import Parts
from durahub.classic.posting import Posting
from durahub.classic.unsettled import Stage, Task, Unsettled
from durahub.classic.unsettled_instances import UnsettledInstances
from durahub.engine.commit import Delivery, HistoryVersion


class Binding:
    """Writes for the activities of *instances*."""

    def __init__(self, parts: Parts, handover: HandOver, instances: UnsettledInstances) -> None:
        self._parts = parts
        self._held = parts.held
        self._workitems = parts.names.workitem_queue
        self._handover = handover
        self._instances = instances

    def has(self, anchor: Held) -> bool:
        """Tell whether an anchor is still in this server's hands."""
        return self._held.find(anchor.message_id) is anchor and anchor.stage is HeldStage.HELD

    async def bind(self, known: Unsettled, tasks: Iterable[Task]) -> None:
        """Put the messages of activities that the listener runs, hidden: each is the activity's own then."""
        await self._parts.together.all(self._bind(known, task) for task in tasks)

    async def _bind(self, known: Unsettled, task: Task) -> None:
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
        self._instances.given.pop(known.key(task.id), None)
        self._held.add(held)
        if task.stage is Stage.ANSWERED:  # while its message was put
            await self._held.delete_messages([held])
        else:
            task.stage = Stage.POSTED

    async def put(self, task: Task, seconds: int) -> None:
        """Put the message of an activity that nobody here runs, visible in so many *seconds*."""
        outgoing = await self._parts.outbox.prepare(task.message, self._workitems)
        await self._parts.queues.put(self._workitems, outgoing.text, seconds)

    async def post(self, known: Unsettled, tasks: Sequence[Task]) -> None:
        """Put the messages of activities that nobody runs, as those of a checkpoint; then the column."""
        handover, parts = self._handover, self._parts
        with Posting(parts.queues, handover, parts.clock, parts.visibility) as posting:
            for task in tasks:
                await posting.put(await parts.outbox.prepare(task.message, self._workitems))
                task.stage = Stage.POSTED
            await self.write_column(known, tasks)

    async def write_column(self, known: Unsettled, without: Sequence[Task]) -> None:
        """Take activities out of the column. Raises `CheckpointLost`."""
        numbers = [task.id for task in without]
        version = HistoryVersion(known.execution_id, 0, known.token)
        column = known.column(numbers)
        written = await self._parts.histories.write_unposted(known.instance_id, version, column)
        self._instances.wrote(known.instance_id)
        known.before.add(known.token)
        known.token = written.token
        for number in numbers:
            known.tasks.pop(number, None)
            self._instances.given.pop(known.key(number), None)

    def end(self, known: Unsettled) -> list[Delivery]:
        """Part with an instance of which nothing is left; return its anchor, to be deleted.

        It stays known for its token, until its next checkpoint, or the next reading.
        """
        if known.tasks or known.anchor is None:
            return []
        anchor, known.anchor = known.anchor, None
        return [anchor.delivery]
