"""A model of a DurableTask.AzureStorage worker: how it takes messages and runs instances.

Written from the classic layout, 9.2 to 9.7. Its partitions come from one of the managers
in `dotnet_table` and `dotnet_blobs`, which are checked against recordings of real workers.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Protocol

from durahub.errors import StorageUnavailable
from tests.simulation.network import Line
from tests.simulation.referee import Referee
from tests.simulation.storage import Hub, Stored
from tests.simulation.work import Workload, message_of, name_in, queue_of, result_of, text_of

BATCH = 32
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 30.0  # between two looks at an empty queue
LOAD_PAUSE = 5.0  # after a history could not be read
RENEW_EVERY = 30.0  # what runs
LONGEST_BACKOFF = 600.0
DRAIN_CHECK, LONGEST_DRAIN = 0.5, 60.0
BUFFER = 256  # messages in memory
WORKITEMS = "hub-workitems"
MOST_ACTIVITIES = 10


class DotnetManager(Protocol):
    """How a worker comes by its partitions."""

    async def run(self) -> None: ...

    async def leave(self) -> None: ...

    def end(self) -> None:
        """End what goes on behind."""

    def holds(self, partition: str) -> bool:
        """Tell whether storage says that *partition* is this worker's, with time to spare."""


@dataclass(slots=True)
class Waiting:
    """The messages of an instance that are in memory."""

    queue: str
    messages: list[Stored] = field(default_factory=list)
    active: bool = False


class DotnetWorker:
    """One process. It listens to queues, and to those *released* no more, though they are its own still."""

    gives_up_nothing_in_hand = False  # an orderly stop gives blob leases up while instances run

    def __init__(
        self,
        name: str,
        hub: Hub,
        line: Line,
        workload: Workload,
        referee: Referee,
        *,
        visibility: float,
        skew: float = 0.0,
    ) -> None:
        self.name = name
        self.alive = False
        self.hub = hub
        self.line = line
        self.skew = skew
        self.collisions = 0
        self.manager: DotnetManager | None = None
        self._workload = workload
        self._referee = referee
        self._visibility = visibility
        self._polls: dict[str, asyncio.Task[None]] = {}
        self._instances: dict[str, Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._receiving: set[str] = set()
        self._managing: asyncio.Task[None] | None = None
        self._taking: asyncio.Task[None] | None = None  # activities
        self._activities: set[asyncio.Task[None]] = set()

    # -- life ----------------------------------------------------------------------------------

    def start(self, manager: DotnetManager) -> None:
        self.alive = True
        self.manager = manager
        self._managing = asyncio.create_task(manager.run(), name=f"{self.name} manager")
        self._taking = asyncio.create_task(self._take_activities(), name=f"{self.name} activities")

    async def stop(self) -> None:
        """Stop in order."""
        await self._end_managing()
        await self._end_taking()
        assert self.manager is not None
        await self.manager.leave()
        for queue in tuple(self._polls):
            self.release(queue)
        ends = asyncio.get_running_loop().time() + LONGEST_DRAIN
        while (self._tasks or self._activities) and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(DRAIN_CHECK)
        await self._end_work()
        self.alive = False

    async def kill(self) -> None:
        """End at once."""
        self.alive, self.line.dead = False, True
        await self._end_managing()
        await self._end_taking()
        assert self.manager is not None
        self.manager.end()
        await self._end_work()

    async def _end_managing(self) -> None:
        assert self._managing is not None
        self._managing.cancel()
        await asyncio.gather(self._managing, return_exceptions=True)
        if not self._managing.cancelled():
            self._managing.result()

    async def _end_taking(self) -> None:
        assert self._taking is not None
        self._taking.cancel()
        await asyncio.gather(self._taking, return_exceptions=True)

    async def _end_work(self) -> None:
        tasks = [*self._polls.values(), *self._tasks, *self._activities]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- partitions ----------------------------------------------------------------------------

    def listen(self, queue: str) -> None:
        """Take messages of *queue*, if that is not done already."""
        if queue not in self._polls:
            self._referee.note(f"{self.name}: listens to {queue}")
            task = asyncio.create_task(self._poll(queue), name=f"{self.name} {queue}")
            self._polls[queue] = task

    def release(self, queue: str) -> None:
        """Take no more messages of *queue*; what waits in memory is abandoned when its turn comes."""
        if self._polls.pop(queue, None) is not None:
            self._referee.note(f"{self.name}: releases {queue}")

    async def drain(self, queue: str) -> None:
        """Release *queue* and wait until nothing of it runs, for a minute at most."""
        self.release(queue)
        ends = asyncio.get_running_loop().time() + LONGEST_DRAIN
        while self.is_active(queue) and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(DRAIN_CHECK)

    def is_active(self, queue: str) -> bool:
        """Tell whether an instance of *queue* has a session, or messages are being received."""
        if queue in self._receiving:
            return True
        return any(one.active for one in self._instances.values() if one.queue == queue)

    def listens_to(self, partition: str) -> bool:
        return self.alive and partition in self._polls

    def acts_on(self, partition: str) -> bool:
        if partition not in self._polls and not self.is_active(partition):
            return False
        return self.alive and self.manager is not None and self.manager.holds(partition)

    # -- messages ------------------------------------------------------------------------------

    async def _poll(self, queue: str) -> None:
        pause = 0.0
        task = asyncio.current_task()
        while self._polls.get(queue) is task:
            if sum(len(one.messages) for one in self._instances.values()) >= BUFFER:
                await asyncio.sleep(1.0)
                continue
            self._receiving.add(queue)
            try:
                found = await self._receive(queue)
            except StorageUnavailable:
                found = []
            finally:
                self._receiving.discard(queue)
            for message in found:
                self._buffer(queue, message)
            if found:
                pause = 0.0
                continue
            _, share = self.line.chance(f"pause {queue}")
            await asyncio.sleep(pause * (0.8 + 0.4 * share))
            pause = min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)

    async def _receive(self, queue: str) -> list[Stored]:
        there = self.hub.queues[queue]
        return await self.line.request(
            "receive", queue, lambda: there.receive(BATCH, self._visibility, self.name)
        )

    def _buffer(self, queue: str, message: Stored) -> None:
        """Put a message to its instance's; a copy of one that waits there replaces it."""
        instance_id = self._workload.tasks[name_in(message.text)].instance_id
        waiting = self._instances.setdefault(instance_id, Waiting(queue))
        waiting.messages = [m for m in waiting.messages if m.message_id != message.message_id]
        waiting.messages.append(message)
        if not waiting.active:
            waiting.active = True
            task = asyncio.create_task(self._session(instance_id, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _session(self, instance_id: str, waiting: Waiting) -> None:
        try:
            while waiting.messages:
                batch, waiting.messages = waiting.messages, []
                if waiting.queue not in self._polls:
                    await self._abandon(waiting.queue, batch)
                    continue
                try:
                    stored = await self._episode(instance_id, waiting.queue, batch)
                except StorageUnavailable:
                    stored = False
                if not stored:
                    await self._abandon(waiting.queue, batch)
        finally:
            waiting.active = False
            if not waiting.messages and self._instances.get(instance_id) is waiting:
                del self._instances[instance_id]

    async def _episode(self, instance_id: str, queue: str, batch: list[Stored]) -> bool:
        """Run and store an episode; ``False`` if another worker has changed the history meanwhile."""
        histories = self.hub.histories
        while True:
            try:
                history = await self.line.request(
                    "load", instance_id, lambda: histories.read(instance_id)
                )
                break
            except StorageUnavailable:
                await asyncio.sleep(LOAD_PAUSE)
        names = dict.fromkeys(name_in(one.text) for one in batch)
        fresh = [name for name in names if name not in history.events]
        tasks = [self._workload.tasks[name] for name in fresh]
        renewing = asyncio.create_task(self._renew(queue, batch))
        try:
            with self._referee.running(self.name, queue, [one.message_id for one in batch]):
                await asyncio.sleep(sum(task.turn_seconds for task in tasks))
            for one in (one for task in tasks for one in task.sends):
                to = queue_of(self.hub.partitions, one.instance_id)
                await self._put(WORKITEMS if one.is_activity else to, text_of(message_of(one)))
            if fresh:
                etag = await self.line.request(
                    "commit",
                    instance_id,
                    lambda: histories.append(
                        instance_id, history.etag, tuple(fresh), frozenset(), self.name
                    ),
                )
                if etag is None:
                    self.collisions += 1
                    return False
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
        for message in batch:
            await self._delete(queue, message)
        return True

    async def _put(self, queue: str, text: str) -> None:
        to = self.hub.queues[queue]
        await self.line.request("put", queue, lambda: to.put(text, 0, self.name))

    # -- activities ----------------------------------------------------------------------------

    async def _take_activities(self) -> None:
        pause = 0.0
        while True:
            found: list[Stored] = []
            if len(self._activities) < MOST_ACTIVITIES:
                with contextlib.suppress(StorageUnavailable):
                    found = await self._receive(WORKITEMS)
            for message in found:
                task = asyncio.create_task(self._act(message))
                self._activities.add(task)
                task.add_done_callback(self._activities.discard)
            _, share = self.line.chance(f"pause {WORKITEMS}")
            pause = 0.0 if found else min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)
            await asyncio.sleep(pause * (0.8 + 0.4 * share))

    async def _act(self, message: Stored) -> None:
        """Run an activity, send its result, and delete its message then."""
        activity = self._workload.tasks[name_in(message.text)]
        renewing = asyncio.create_task(self._renew(WORKITEMS, [message]))
        try:
            await asyncio.sleep(activity.seconds)
            queue = queue_of(self.hub.partitions, activity.instance_id)
            await self._put(queue, text_of(result_of(activity)))
        except StorageUnavailable:
            await self._abandon(WORKITEMS, [message])
            return
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
        await self._delete(WORKITEMS, message)

    # -- about messages in hand ----------------------------------------------------------------

    async def _renew(self, queue: str, batch: list[Stored]) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            for message in batch:
                await self._update(queue, message, self._visibility)

    async def _abandon(self, queue: str, batch: list[Stored]) -> None:
        for message in batch:
            pause = min(2.0 ** min(message.deliveries, 30), LONGEST_BACKOFF)
            await self._update(queue, message, pause)

    async def _update(self, queue: str, message: Stored, seconds: float) -> None:
        there = self.hub.queues[queue]
        try:
            new = await self.line.request(
                "update",
                message.message_id,
                lambda: there.update(message.message_id, message.receipt, seconds, self.name),
            )
        except StorageUnavailable:
            return
        if new is not None:
            message.receipt = new

    async def _delete(self, queue: str, message: Stored) -> None:
        there = self.hub.queues[queue]
        for _ in range(2):
            try:
                if await self.line.request(
                    "delete",
                    message.message_id,
                    lambda: there.delete(message.message_id, message.receipt),
                ):
                    return
            except StorageUnavailable:
                continue
