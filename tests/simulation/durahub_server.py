"""A durahub server in the simulation: the real store, and a dispatcher that only takes time.

Like the real dispatcher it has one session an instance, ends what runs when a partition is let go, and
drops the rest, which is the store's again.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

from durahub.classic.options import ClassicOptions
from durahub.classic.serving import Serving
from durahub.classic.store import ClassicStore
from durahub.engine.commit import Commit, Delivery, InstanceUpdate
from durahub.errors import CheckpointLost, DurahubError, Unavailable
from durahub.model.ticks import Ticks
from durahub.store import Listener
from tests.simulation.durahub_clients import EXECUTION, Clients, NoAccount, put_together
from tests.simulation.network import Line
from tests.simulation.referee import Referee
from tests.simulation.storage import Hub
from tests.simulation.work import Workload, at, message_of, name_of, name_of_event, result_of

DRAIN = 20.0  # seconds, the real dispatcher's
STORAGE_PAUSE = 5.0  # the same
MOST_MESSAGES = 200
MOST_ACTIVITIES = 10


@dataclass(slots=True, eq=False)
class Session:
    partition: str
    inbox: dict[str, Delivery] = field(default_factory=dict)
    task: "asyncio.Task[None] | None" = None
    running: bool = False
    closing: bool = False


class Dispatcher:
    """Acts on what the store hands over; a store's listener."""

    def __init__(self, server: "DurahubServer") -> None:
        self._server = server
        self._sessions: dict[str, Session] = {}
        self._activities: set[asyncio.Task[None]] = set()

    def on_messages(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            instance_id = delivery.message.target.instance_id
            session = self._sessions.setdefault(instance_id, Session(delivery.partition))
            session.inbox[delivery.key] = delivery
            if session.task is None and not session.closing:
                session.task = asyncio.create_task(self._run(instance_id, session))

    def on_activities(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            task = asyncio.create_task(self._act(delivery))
            self._activities.add(task)
            task.add_done_callback(self._activities.discard)

    async def _act(self, delivery: Delivery) -> None:
        activity = self._server.workload.tasks[name_of(delivery.message)]
        await asyncio.sleep(activity.seconds)
        while True:
            try:
                await self._server.store.complete_activity(delivery, result_of(activity))
                return
            except Unavailable:
                await asyncio.sleep(STORAGE_PAUSE)

    async def _end_activities(self) -> None:
        if self._activities:
            _, left = await asyncio.wait(set(self._activities), timeout=DRAIN)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def message_room(self) -> int:
        return MOST_MESSAGES - sum(len(session.inbox) for session in self._sessions.values())

    def activity_room(self) -> int:
        return MOST_ACTIVITIES - len(self._activities)

    async def on_partition_closing(self, partition: str) -> None:
        if not partition:
            await self._end_activities()
            return
        sessions = {k: s for k, s in self._sessions.items() if s.partition == partition}
        for session in sessions.values():
            session.closing = True
            session.inbox.clear()
            if session.task is not None and not session.running:
                session.task.cancel()
        tasks = [session.task for session in sessions.values() if session.task is not None]
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=DRAIN)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        for key, session in sessions.items():
            if self._sessions.get(key) is session:
                del self._sessions[key]

    async def _run(self, instance_id: str, session: Session) -> None:
        try:
            while session.inbox and not session.closing:
                batch = tuple(session.inbox.values())
                try:
                    await self._episode(instance_id, session, batch)
                except DurahubError as error:
                    if isinstance(error, CheckpointLost):
                        self._server.collisions += 1
                    await self._put_back(session, batch)
        finally:
            session.task = None
            if self._sessions.get(instance_id) is session and not session.inbox:
                del self._sessions[instance_id]

    async def _episode(
        self, instance_id: str, session: Session, batch: tuple[Delivery, ...]
    ) -> None:
        store = self._server.store
        history = await store.load(instance_id)
        had = {name_of_event(event) for event in history.events}
        repeats = [
            one for one in batch if one.key in history.consumed or name_of(one.message) in had
        ]
        if repeats:
            await store.discard(repeats)
        fresh = {name_of(one.message): one for one in batch if one not in repeats}
        if fresh:
            tasks = [self._server.workload.tasks[name] for name in fresh]
            sends = [one for task in tasks for one in task.sends]
            session.running = True
            try:
                with self._server.referee.running(
                    self._server.name, session.partition, [one.key for one in fresh.values()]
                ):
                    await asyncio.sleep(sum(task.turn_seconds for task in tasks))
                await store.commit(
                    Commit(
                        instance_id=instance_id,
                        outbound=tuple(message_of(one) for one in sends if not one.is_activity),
                        activities=tuple(message_of(one) for one in sends if one.is_activity),
                        execution_id=EXECUTION,
                        base=history.version,
                        events=tuple(one.message.event for one in fresh.values()),
                        replaces=False,
                        instance=InstanceUpdate(
                            execution_id=EXECUTION,
                            last_updated=self._server.clock(),
                            custom_status=None,
                        ),
                        consumed=tuple(fresh.values()),
                    )
                )
            finally:
                session.running = False
        for one in batch:  # those that have the same name as another come again
            if session.inbox.get(one.key) is one:
                del session.inbox[one.key]
        doubles = [one for one in batch if one not in repeats and one not in fresh.values()]
        if doubles:
            await store.release(doubles, 0)

    async def _put_back(self, session: Session, batch: tuple[Delivery, ...]) -> None:
        for one in batch:
            session.inbox.pop(one.key, None)
        with contextlib.suppress(DurahubError):
            await self._server.store.release(batch, STORAGE_PAUSE)


class StoreOfAHubThatIsThere(ClassicStore):
    """The store, without its look at what there is of the hub and who shares it by which manager."""

    async def serve(self, listener: Listener) -> None:
        serving = Serving(listener, self._parts, self._options.manager)
        self._serving = serving
        try:
            await serving.run()
        finally:
            self._serving = None

    def trusts(self, partition: str) -> bool:
        return self._serving is not None and self._serving.trusts(partition)

    def is_open(self, partition: str) -> bool:
        return self._serving is not None and self._serving.handover.is_open(partition)


class DurahubServer:
    """One process of durahub. *skew* is by how many seconds its clock is ahead."""

    gives_up_nothing_in_hand = True

    def __init__(
        self,
        name: str,
        hub: Hub,
        line: Line,
        workload: Workload,
        referee: Referee,
        options: ClassicOptions,
        seed: int,
        skew: float,
        clients: Clients,
    ) -> None:
        self.name = name
        self.alive = False
        self.line = line
        self.workload = workload
        self.referee = referee
        self.collisions = 0
        self._hub = hub
        self._skew = skew
        self._serve: asyncio.Task[None] | None = None
        self.store = StoreOfAHubThatIsThere(
            "hub",
            NoAccount(),  # type: ignore[arg-type]
            options,
            self.clock,
            Random(f"{seed}/{name}"),
            partial(put_together, line, hub, clients),
        )

    def clock(self) -> Ticks:
        return at(asyncio.get_running_loop().time(), self._skew)

    def start(self) -> None:
        self.alive = True
        self._serve = asyncio.create_task(self.store.serve(Dispatcher(self)), name=self.name)

    async def stop(self) -> None:
        """Stop in order."""
        await self._end()
        self.alive = False

    async def kill(self) -> None:
        """End at once: nothing more reaches storage. What is left of it in memory is taken apart."""
        self.alive, self.line.dead = False, True
        await self._end()

    async def _end(self) -> None:
        assert self._serve is not None
        self._serve.cancel()
        await asyncio.gather(self._serve, return_exceptions=True)
        if not self._serve.cancelled():
            self._serve.result()
        await self.store.close()

    # -- for the referee -----------------------------------------------------------------------

    def acts_on(self, partition: str) -> bool:
        """Tell whether this server acts on *partition* and believes that it may."""
        return self.alive and self.store.trusts(partition)

    def listens_to(self, partition: str) -> bool:
        """Tell whether it takes messages of *partition*."""
        return self.alive and self.store.is_open(partition)
