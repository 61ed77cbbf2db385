"""A simulated SDK worker: connects, does what it is given, and tells what came of it until it is heard."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, Protocol

from durahub.dispatch.hub import TaskHub
from durahub.dispatch.work import ActivityWork, EntityWork, OrchestratorWork, StreamOptions, Work
from durahub.errors import DurahubError, Unavailable, WorkItemNotFound
from durahub.model.failure import Failure
from tests.simulation.whole.link import Link, Lost, Network
from tests.simulation.whole.plan import WorkerPlan
from tests.simulation.whole.program import apply, recipe
from tests.simulation.whole.replay import Diverged, Replay
from tests.simulation.whole.server import NotThere, Server

Tell = Callable[[TaskHub], Coroutine[Any, Any, None]]


class Desk(Protocol):
    """What a worker needs of the world."""

    network: Network

    def server_for(self, who: str) -> Server | None:
        """Return a server that takes connections."""

    def note(self, what: str) -> None:
        """Note what happens."""

    def violated(self, what: str) -> None:
        """Note what must not happen."""

    def begun(self, work: ActivityWork, told: dict[str, str]) -> None:
        """Note that an activity begins, which was told of these results by their numbers."""

    def acted(self, work: ActivityWork, result: str) -> None:
        """Note what an activity did."""

    def turned(self, work: OrchestratorWork) -> None:
        """Note a turn."""


class Worker:
    """One life of a worker."""

    def __init__(self, plan: WorkerPlan, life: int, desk: Desk, random: Random) -> None:
        self.name = plan.name
        self._id = f"{plan.name}-{life}"
        self._plan = plan
        self._desk = desk
        self._random = random
        self._link: Link | None = None
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._connecting = asyncio.create_task(self._connect())

    def die(self, seen_after: float) -> None:
        """End it as its process ends."""
        self._connecting.cancel()
        for task in list(self._tasks):
            task.cancel()
        if self._link is not None:
            self._link.cut(seen_after)

    def cut(self, seen_after: float) -> None:
        """Break its stream; it goes on with what it has, and connects again."""
        if self._link is not None:
            self._link.cut(seen_after)

    async def _connect(self) -> None:
        room = self._plan.room
        options = StreamOptions(
            worker_id=self._id, max_orchestrations=room, max_activities=room, max_entities=room
        )
        while True:
            server = self._desk.server_for(self.name)
            if server is not None:
                try:
                    self._link = Link(server, self._desk.network, options, self._receive)
                    await self._link.lost.wait()
                except NotThere:
                    pass
            await asyncio.sleep(self._random.uniform(0.05, 1.0))

    def _receive(self, link: Link, work: Work) -> None:
        task = asyncio.create_task(self._do(link, work))
        self._tasks[task] = None
        task.add_done_callback(lambda one: self._tasks.pop(one, None))

    async def _do(self, link: Link, work: Work) -> None:
        if isinstance(work, ActivityWork):
            self._desk.begun(work, json.loads(work.task.input or "{}")["after"])
        await asyncio.sleep(self._random.expovariate(1 / self._plan.seconds))
        if self._random.random() < self._plan.abandons:
            token, at_once = work.token, self._random.random() < 0.5
            await self._tell(link, lambda hub: hub.abandon(token, at_once=at_once))
            return
        match work:
            case OrchestratorWork():
                tell = self._turn(work)
            case ActivityWork():
                tell = self._act(work)
            case EntityWork():
                tell = self._apply(work)
        if tell is not None:
            await self._tell(link, tell)

    def _turn(self, work: OrchestratorWork) -> Tell | None:
        self._desk.turned(work)
        replay = Replay(work.instance_id, work.execution_id)
        try:
            result = replay.run(recipe, (*work.past, *work.new))
        except Diverged as error:
            events = ", ".join(f"{type(e).__name__}({e.event_id})" for e in (*work.past, *work.new))
            self._desk.violated(f"the history of {work.instance_id} diverges: {error}: {events}")
            return None
        return lambda hub: hub.complete_orchestration(work.token, work.instance_id, result)

    def _act(self, work: ActivityWork) -> Tell:
        result = f"{self._random.getrandbits(48):012x}"
        failure = None
        if json.loads(work.task.input or "{}")["fails"]:
            failure = Failure(error_type="NotYet", message=result)
        self._desk.acted(work, result)
        return lambda hub: hub.complete_activity(
            work.token, work.instance_id, work.task.event_id, result=result, failure=failure
        )

    def _apply(self, work: EntityWork) -> Tell:
        answer = apply(work)
        return lambda hub: hub.complete_entity(work.token, work.instance_id, answer)

    async def _tell(self, link: Link, tell: Tell) -> None:
        """Tell the server of the link, or the one connected to now, until it has heard."""
        server = link.server
        while True:
            if server.dead or not server.open:
                if self._link is None or self._link.server is server:
                    await asyncio.sleep(0.5)
                    if self._link is None or self._link.server is server:
                        return  # nobody else knows of it
                server = self._link.server
            hub = server.hub
            network = self._desk.network
            try:
                await network.ask(server, lambda: tell(hub))  # noqa: B023 (called before it changes)
                await network.send_twice(server, lambda: tell(hub))  # noqa: B023
            except (Lost, Unavailable):
                continue
            except WorkItemNotFound:
                return
            except DurahubError as error:
                self._desk.violated(f"the hub refuses a worker's answer: {error}")
            return
