"""A run: a plan happens, all becomes calm, the hub comes to rest, and the judge says what was wrong."""

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from durahub.dispatch.work import ActivityWork, OrchestratorWork
from durahub.engine.entities.ids import is_entity
from durahub.errors import DurahubError
from durahub.model.ticks import Ticks, later
from durahub.store import HubStore
from tests.simulation import virtual_time
from tests.simulation.whole.book import Book, Run, Told
from tests.simulation.whole.client import Client
from tests.simulation.whole.gate import Gate
from tests.simulation.whole.judging import TERMINAL, Judge, verdicts
from tests.simulation.whole.link import Network
from tests.simulation.whole.plan import CALM, Call, Incident, Plan
from tests.simulation.whole.program import log_of
from tests.simulation.whole.server import NotThere, Server, make_task
from tests.simulation.whole.storage import Make
from tests.simulation.whole.watching import watched
from tests.simulation.whole.worker import Worker
from tests.simulation.work import START

Plant = Callable[[HubStore], HubStore]
"""Puts a bug into a store; ``None`` leaves it as it is."""

LONGEST = 7_200.0  # seconds to come to rest: some retries are an hour apart
RESTART = (0.5, 5.0)  # seconds until a crashed server is there again


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: ``violations`` is empty if all went well."""

    plan: Plan
    violations: tuple[str, ...]
    story: str
    calls: int  # to storage
    names: dict[str, int]  # of those calls
    crashes: int
    ended_at: float
    turns: int
    tolerated: int  # what would be violations of another storage

    def __str__(self) -> str:
        return "\n".join([str(self.plan), "", self.story, "", *self.violations])


class World:
    """A run as it happens."""

    def __init__(self, plan: Plan, make: Make, plant: Plant | None = None) -> None:
        self._plan = plan
        self._plant = plant
        self._context = contextvars.copy_context()
        seed = plan.seed
        self._random = Random(f"world/{seed}")
        self.network = Network(plan.line, Random(f"network/{seed}"))
        self.book = Book()
        self.gate = Gate(Random(f"gate/{seed}"), self._killed)
        self.storage = make(self.gate, seed)
        self.judge = Judge(self.storage, self.book)
        self.book.tolerates = self._tolerates
        self._servers: dict[str, Server | None] = {
            f"s{number + 1}": None for number in range(plan.servers)
        }
        self._lives: dict[str, int] = {}
        self._workers: dict[str, Worker | None] = {}
        self._background: dict[asyncio.Task[None], None] = {}
        self._crashes = 0
        self._is_calm = self._is_over = False

    def _tolerates(self, violation: str) -> bool:
        return self.storage.tolerates(violation, self.judge.overtaken)

    # -- what others ask of the world ----------------------------------------------------------

    def note(self, what: str) -> None:
        """Write a line of the story."""
        self.book.trace.append((asyncio.get_running_loop().time(), what))

    def acknowledged(self, told: Told) -> None:
        """A client knows now that its call was done: what it was done to is looked at in storage.

        A server may have to wait long for the last answer of the commit that ended an instance, and it ends
        rows without one; who asks storage meanwhile finds the instance over.
        """
        if told.what == "raise":
            found = self.storage.instance(told.instance_id)
            if found is not None:
                self.judge.seen(found)

    def violated(self, what: str) -> None:
        """Write down what must not happen."""
        self.book.violated(asyncio.get_running_loop().time(), what)

    def server_for(self, who: str) -> Server | None:
        """Return the server that *who* prefers, or another that takes connections."""
        there = [one for one in self._servers.values() if one is not None and one.open]
        return there[sum(map(ord, who)) % len(there)] if there else None

    def any_server(self) -> Server | None:
        """Return a server that takes calls."""
        there = [one for one in self._servers.values() if one is not None and one.open]
        return self._random.choice(there) if there else None

    def begun(self, work: ActivityWork, told: dict[str, str]) -> None:
        """An activity begins."""
        self.judge.begun(work, told)

    def acted(self, work: ActivityWork, result: str) -> None:
        """An activity has had its effect."""
        at = asyncio.get_running_loop().time()
        key = work.instance_id, work.execution_id or "", work.task.event_id
        self.book.runs[key].append(Run(result, at))
        self.note(f"activity {work.task.event_id} of {work.instance_id}: {result}")

    def turned(self, work: OrchestratorWork) -> None:
        """A worker runs a turn."""
        self.book.turns += 1
        news = ", ".join(type(event).__name__ for event in work.new[1:])
        self.note(f"turn of {work.instance_id} ({work.execution_id[-6:]}): {news}")

    # -- a run ---------------------------------------------------------------------------------

    async def play(self) -> Outcome:
        """Let the plan happen."""
        asyncio.get_running_loop().set_task_factory(make_task)
        plan, loop = self._plan, asyncio.get_running_loop()
        for name in self._servers:
            self._spawn(self._start(name, 0.0))
        for worker in plan.workers:
            self._start_worker(worker.name)
        happens: list[tuple[float, Callable[[], None]]] = []
        for number, call in enumerate(plan.calls):
            happens.append((call.at, self._client(call, number)))
        happens += [(one.at, self._incident(one)) for one in plan.incidents]
        for at, do in sorted(happens, key=lambda one: one[0]):
            await asyncio.sleep(max(0.0, at - loop.time()))
            if self.book.violations:
                break
            do()
        if not self.book.violations:
            await asyncio.sleep(max(0.0, plan.calm_at - loop.time()))
            await self._rest()
        return Outcome(
            plan,
            tuple(dict.fromkeys(self.book.violations)),
            self.book.story(),
            self.gate.calls,
            dict(self.gate.names),
            self._crashes,
            loop.time(),
            self.book.turns,
            len(set(self.book.tolerated)),
        )

    def end(self) -> None:
        """End everything that runs."""
        self._is_over = True
        for name, server in self._servers.items():
            if server is not None:
                self._crash(name)
        for worker in self._workers.values():
            if worker is not None:
                worker.die(0.0)

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        # whoever is in a server's call right now: what goes on in the world is no server's
        task = self._context.run(asyncio.ensure_future, work)
        self._background[task] = None
        task.add_done_callback(lambda one: self._background.pop(one, None))

    async def _rest(self) -> None:
        """Let nothing go wrong any more, and wait until nothing happens any more."""
        self._is_calm = True
        self.network.line = CALM
        self.gate.calm()
        self.note("calm")
        for name, worker in self._workers.items():
            if worker is None:
                self._start_worker(name)
        loop = asyncio.get_running_loop()
        ends = loop.time() + LONGEST
        pause = 2.0
        while loop.time() < ends and not self.book.violations:
            await asyncio.sleep(pause)
            if not await self._is_at_rest():
                pause = min(pause * 1.2, 60.0)
                continue
            await asyncio.sleep(5.0)
            if await self._is_at_rest():
                break
        if self.book.violations:
            return
        if self.any_server() is None:
            self.violated("no server comes back")
            return
        for violation in verdicts(self.judge, self.storage, await self._logs()):
            self.violated(violation)

    async def _is_at_rest(self) -> bool:
        there = any(server is not None and server.open for server in self._servers.values())
        if not there or any(not task.done() for task in self._background):
            return False
        open_ones = [
            one
            for one in self.storage.instances()
            if not is_entity(one.instance_id) and one.status not in TERMINAL
        ]
        for one in open_ones:
            if one.status == "Suspended":
                self._client(Call(at=0.0, what="resume", instance_id=one.instance_id), 9_000)()
        return not open_ones and not self.storage.messages()

    async def _logs(self) -> dict[str, list[str]]:
        while True:
            try:
                return await self._logs_of(self.any_server())
            except NotThere:  # it crashed in the last calls of the run
                await asyncio.sleep(10.0)

    async def _logs_of(self, server: Server | None) -> dict[str, list[str]]:
        if server is None:
            raise NotThere
        logs = {}
        for one in self.storage.instances():
            if is_entity(one.instance_id):
                entity = await server.call(server.hub.get_entity(one.instance_id, with_state=True))
                logs[one.instance_id] = log_of(entity.state if entity is not None else None)
                if entity is not None and entity.status.locked_by is not None:
                    self.violated(
                        f"{one.instance_id} is locked by {entity.status.locked_by} for ever"
                    )
        return logs

    # -- servers -------------------------------------------------------------------------------

    async def _start(self, name: str, pause: float) -> None:
        await asyncio.sleep(pause)
        while self._servers[name] is None and not self._is_over:
            self._lives[name] = life = self._lives.get(name, 0) + 1
            key = f"{name}.{life}"
            skew = self._random.uniform(-self._plan.skew, self._plan.skew)
            loop = asyncio.get_running_loop()

            def clock(skew: float = skew, loop: asyncio.AbstractEventLoop = loop) -> Ticks:
                return later(START, loop.time() + skew)

            store = self.storage.store(key, clock)
            if self._plant is not None:
                store = self._plant(store)
            server = Server(
                key, watched(store, self.judge), clock, Random(f"{key}/{self._plan.seed}")
            )
            self._servers[name] = server
            try:
                await server.spawn(server.start())
                self.note(f"server {key} is there, its clock {skew:+.1f} s ahead")
            except DurahubError as error:
                self.note(f"server {key} cannot start: {error}")
                self._crash(name)
                await asyncio.sleep(1.0)
            except asyncio.CancelledError:
                if not server.dead or self._is_over:
                    raise
                return  # it crashed, and whoever took note of that starts the next

    def _killed(self, server: str) -> None:
        """Take note that a server crashed in a call to storage."""
        name = server.partition(".")[0]
        self.note(f"server {server} crashes in a call to storage")
        self._crash(name)
        self._spawn(self._start(name, self._random.uniform(*RESTART)))

    def _crash(self, name: str) -> None:
        server = self._servers[name]
        if server is None:
            return
        self._servers[name] = None
        self._crashes += 1
        self.gate.bury(server.name)
        server.crash()
        self.storage.kill(server.name)
        if not self._is_over:
            for one in self.storage.instances():
                self.judge.seen(one)

    async def _stop(self, name: str, server: Server, pause: float) -> None:
        self.note(f"server {server.name} is told to end")
        await asyncio.gather(server.spawn(server.stop()), return_exceptions=True)
        if self._servers[name] is server:
            self.note(f"server {server.name} has ended")
            self.gate.bury(server.name)
            self._servers[name] = None
            await self._start(name, pause)

    # -- what happens --------------------------------------------------------------------------

    def _client(self, call: Call, number: int) -> Callable[[], None]:
        return lambda: self._spawn(Client(self, call, number).run())

    def _incident(self, incident: Incident) -> Callable[[], None]:
        return lambda: self._happen(incident)

    def _happen(self, incident: Incident) -> None:
        self.note(str(incident).strip())
        loop = asyncio.get_running_loop()
        names = list(self._servers)
        name = incident.who if incident.who in names else names[0]
        server, worker = self._servers[name], self._workers.get(incident.who)
        match incident.what:
            case "crash" if server is not None and server.open:
                self._crash(name)
                self._spawn(self._start(name, min(incident.seconds, 10.0)))
            case "stop" if server is not None and server.open:
                self._spawn(self._stop(name, server, min(incident.seconds, 10.0)))
            case "crash-in":
                assert incident.point is not None
                self.gate.arm(incident.point)
            case "cut" if worker is not None:
                worker.cut(min(incident.seconds, 3.0))
            case "die" if worker is not None:
                self._workers[incident.who] = None
                worker.die(incident.seconds)
                loop.call_later(incident.seconds / 2, self._start_worker, incident.who)
            case "faults":
                self.gate.faults = min(incident.share, 0.5)
                loop.call_later(incident.seconds, self._no_faults)
            case "slow":
                self.gate.slow = incident.share
                loop.call_later(incident.seconds, self._no_slowness)

    def _no_faults(self) -> None:
        self.gate.faults = 0.0

    def _no_slowness(self) -> None:
        self.gate.slow = 0.0

    def _start_worker(self, name: str) -> None:
        if self._workers.get(name) is not None:
            return
        self._lives[name] = life = self._lives.get(name, 0) + 1
        (plan,) = (one for one in self._plan.workers if one.name == name)
        if self._is_calm:
            plan = replace(plan, abandons=0.0, seconds=min(plan.seconds, 0.1))
        random = Random(f"{name}.{life}/{self._plan.seed}")
        self._workers[name] = Worker(plan, life, self, random)


def play(plan: Plan, make: Make, plant: Plant | None = None) -> Outcome:
    """Run *plan* over the storage that *make* makes, to its end or to the first violation."""

    async def begin() -> Outcome:
        world = World(plan, make, plant)
        try:
            return await world.play()
        finally:
            world.end()
            world.storage.close()

    return virtual_time.run(begin())


def failing(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return those that did not go well."""
    return [one for one in outcomes if one.violations]
