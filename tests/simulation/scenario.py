"""A scenario: what a seed makes of two durahub servers, one or two .NET workers, their network and work.

For two to three minutes workers come, stop and are killed, lines are cut, requests are late or get lost,
and messages arrive. Then all is calm, and the hub must come to rest: every message has had its effect,
every partition one worker, and nobody more than one partition more than another.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from durahub.classic.options import ClassicOptions, Manager
from durahub.classic.partitioning.lease_blob import LeaseBlob, encode
from tests.simulation import virtual_time
from tests.simulation.dotnet_blobs import DotnetLegacy, DotnetSafe
from tests.simulation.dotnet_table import DotnetTable
from tests.simulation.dotnet_worker import DotnetManager, DotnetWorker
from tests.simulation.durahub_clients import Clients
from tests.simulation.durahub_server import DurahubServer
from tests.simulation.network import CALM, Line, Trouble
from tests.simulation.referee import Bounds, Referee
from tests.simulation.storage import Hub
from tests.simulation.work import Task, Workload, message_of, queue_of, text_of

DOTNET: dict[Manager, Callable[[DotnetWorker], DotnetManager]] = {
    Manager.TABLE: DotnetTable,
    Manager.SAFE: DotnetSafe,
    Manager.LEGACY: DotnetLegacy,
}
BOUNDS = {
    # a lease that runs out (30), a look (10), the skew of clocks (5), requests
    Manager.TABLE: Bounds(overlap=0.0, ownerless=50.0),
    # an intent (30), a look for it (10), a look for the ownership (5); and the ownership runs out meanwhile
    Manager.SAFE: Bounds(overlap=0.0, ownerless=50.0),
    # who is robbed finds out at the next renewal, 10 s later at most, or trusts for 25 s without an answer
    Manager.LEGACY: Bounds(overlap=26.0, ownerless=45.0),
}
OURS = Clients()
LOOK_EVERY = 0.5
REST = 12.0  # seconds in which nothing may change any more: longer than any round
PATIENCE = 240.0  # seconds to come to rest, plus the longest for which a message may be hidden


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happens: ``kill``, ``stop``, ``start``, ``cut`` (for *seconds*) or ``trouble``."""

    at: float
    what: str
    worker: str = ""
    seconds: float = 0.0
    trouble: Trouble = CALM


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens in one run; ``skews`` are seconds by which a worker's clock is ahead."""

    seed: int
    manager: Manager
    partitions: int
    skews: dict[str, float]
    visibility: float  # .NET's, seconds
    tasks: tuple[tuple[float, Task], ...]
    incidents: tuple[Incident, ...]
    calm_at: float
    calm_network: bool
    skewed: bool  # clocks differ by more than leases allow for

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}, {self.manager.value} manager, {self.partitions} partitions, "
            f".NET's visibility {self.visibility:.0f} s, "
            f"{len(self.tasks)} messages, calm from {self.calm_at:.1f} s",
            "clocks ahead: " + ", ".join(f"{k} {v:+.1f} s" for k, v in self.skews.items()),
        ]
        for one in self.incidents:
            more = f" for {one.seconds:.1f} s" if one.seconds else ""
            what = f"{one.what} {one.trouble}" if one.what == "trouble" else one.what
            lines.append(f"{one.at:9.3f}  {what} {one.worker}{more}")
        return "\n".join(lines)


@dataclass(slots=True)
class Outcome:
    """How a run ended. ``violations`` is empty if all went well."""

    scenario: Scenario
    violations: list[str]
    trace: str
    ended_at: float = 0.0
    collisions: int = 0
    overlapped: float = 0.0

    def __str__(self) -> str:
        return "\n".join([str(self.scenario), "", self.trace, "", *self.violations])


# -- from a seed -----------------------------------------------------------------------------------

DURAHUB, PEERS = ("d1", "d2"), ("n1", "n2")


def scenario(seed: int, manager: Manager) -> Scenario:
    """Return the scenario of *seed*."""
    random = Random(f"{manager.value}/{seed}")
    calm_network = random.random() < 0.4
    skewed = manager is Manager.TABLE and random.random() < 0.15
    spread = 22.0 if skewed else 2.4
    workers = [*DURAHUB, *PEERS[: random.choice([1, 1, 1, 2])]]
    starts = [Incident(random.choice([0.0, random.uniform(0, 50)]), "start", w) for w in workers]
    calm_at = random.uniform(90, 170)
    incidents = _incidents(random, workers, calm_at, calm_network=calm_network)
    return Scenario(
        seed=seed,
        manager=manager,
        partitions=random.choice([1, 2, 3, 4, 4, 4, 5, 7]),
        skews={one: random.uniform(-spread, spread) for one in workers},
        visibility=random.choice([60.0, 90.0, 300.0]),
        tasks=_tasks(
            random,
            Random(f"{manager.value}/{seed}/activities"),
            calm_at,
            [one.at for one in (*starts, *incidents)],
        ),
        incidents=tuple(sorted([*starts, *incidents], key=lambda one: one.at)),
        calm_at=calm_at,
        calm_network=calm_network,
        skewed=skewed,
    )


def _incidents(
    random: Random, workers: list[str], calm_at: float, *, calm_network: bool
) -> list[Incident]:
    """Return what happens between the start and the calm; what is gone mostly comes again."""
    found = []
    for _ in range(random.randint(1, 5)):
        at, worker = random.uniform(5, calm_at - 5), random.choice(workers)
        kind = random.choice(["kill", "kill", "stop", "stop", "cut", "cut", "trouble"])
        if kind in ("kill", "stop"):
            found.append(Incident(at, kind, worker))
            if random.random() < 0.7:
                found.append(Incident(at + random.uniform(0.5, 40), "start", worker))
        elif kind == "cut" and not calm_network:
            seconds = random.choice([random.uniform(1, 20), random.uniform(20, 90)])
            found.append(Incident(at, "cut", worker, min(seconds, calm_at - at)))
        elif not calm_network:
            share = random.choice([0.02, 0.1, 0.3])
            parts = [random.random() for _ in range(4)]
            trouble = Trouble(*(share * part / sum(parts) for part in parts))
            seconds = min(random.uniform(10, 80), calm_at - at)
            found.append(Incident(at, "trouble", worker, seconds, trouble))
    return found


def _tasks(
    random: Random, of_activities: Random, calm_at: float, incidents: list[float]
) -> tuple[tuple[float, Task], ...]:
    """Return messages, and when they are sent: at any time, or shortly before something happens.

    Half of what one of them causes are activities of its own instance.
    """
    instances = [f"order-{n}" for n in range(random.randint(2, 10))]
    length = random.choice([0.2, 1.0, 4.0])
    found = []
    for number in range(random.randint(5, 40)):
        seconds = random.expovariate(1 / length)
        if random.random() < 0.03:
            seconds = random.uniform(10, 40)  # longer than a server waits for it when it closes
        sends = tuple(
            Task(f"m{number}.{n}", random.choice(instances), random.uniform(0, length))
            for n in range(random.choice([0, 0, 1, 2]))
        )
        instance_id = random.choice(instances)
        sends = tuple(
            replace(one, instance_id=instance_id, is_activity=True)
            if of_activities.random() < 0.5
            else one
            for one in sends
        )
        task = Task(f"m{number}", instance_id, min(seconds, 45.0), sends)
        at = random.uniform(0, calm_at)
        if random.random() < 0.5:
            at = random.choice(incidents) - random.uniform(0, 6)
        found.append((max(at, 0.0), task))
    return tuple(sorted(found, key=lambda one: one[0]))


# -- a run -----------------------------------------------------------------------------------------


class Run:
    """One scenario as it happens."""

    def __init__(self, scenario: Scenario, clients: Clients) -> None:
        self._scenario = scenario
        self._clients = clients
        loop = asyncio.get_running_loop()
        self._hub = hub = Hub(scenario.partitions, loop.time)
        for folder in ("intent", "ownership", "default"):
            for partition in hub.partitions:
                hub.lease_blobs.create(f"{folder}/{partition}", encode(LeaseBlob(partition)))
        self._workload = Workload()
        for _, task in scenario.tasks:
            self._workload.add(task)
        bounds = BOUNDS[scenario.manager]
        if scenario.manager is Manager.LEGACY and scenario.calm_network:
            bounds = Bounds(overlap=12.0, ownerless=bounds.ownerless)
        if scenario.skewed:
            bounds = Bounds(overlap=None, ownerless=bounds.ownerless + 50.0)
        self.referee = Referee(hub, self._workload, bounds)
        self.workers: dict[str, DurahubServer | DotnetWorker] = {}
        self.all: list[DurahubServer | DotnetWorker] = []
        self._ending: list[asyncio.Task[None]] = []
        self._lives: dict[str, int] = {}

    async def play(self) -> Outcome:
        scenario, loop = self._scenario, asyncio.get_running_loop()
        plays = [(one.at, self._happen, one) for one in scenario.incidents]
        plays += [(at, self._send, task) for at, task in scenario.tasks]  # type: ignore[misc]
        if scenario.calm_network:
            self.referee.calm_since = 0.0
            self.referee.orderly = scenario.manager is not Manager.LEGACY and not scenario.skewed
        for at, do, what in sorted(plays, key=lambda one: one[0]):
            await asyncio.sleep(max(0.0, at - loop.time()))
            do(what)  # type: ignore[arg-type]
        await asyncio.sleep(max(0.0, scenario.calm_at - loop.time()))
        self._calm()
        await self._rest()
        outcome = Outcome(
            scenario,
            self.referee.violations,
            self.referee.trace(),
            loop.time(),
            sum(one.collisions for one in self.all),
            self.referee.overlapped,
        )
        for worker in self.all:
            if worker.alive:
                self._ending.append(asyncio.create_task(worker.kill()))
        await asyncio.gather(*self._ending)
        return outcome

    async def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + PATIENCE + self._scenario.visibility
        since: float | None = None
        while since is None or loop.time() < since + REST:
            await asyncio.sleep(LOOK_EVERY)
            self.referee.check()
            if self.referee.violations:
                return
            why = self.referee.unsettled(shared=not self._scenario.skewed)
            since = None if why is not None else (since if since is not None else loop.time())
            if loop.time() > ends:
                self.referee.violations.append(f"never at rest: {why}")
                return

    # -- incidents -----------------------------------------------------------------------------

    def _send(self, task: Task) -> None:
        queue = queue_of(self._hub.partitions, task.instance_id)
        self._hub.queues[queue].put(text_of(message_of(task)), 0, "client")
        self.referee.note(f"client: sends {task.name} to {queue}")

    def _happen(self, incident: Incident) -> None:
        worker = self.workers.get(incident.worker)
        if incident.what == "start":
            if worker is None:
                self._start(incident.worker)
            return
        if worker is None:
            return
        self.referee.disturbed(f"{incident.what} {incident.worker}")
        loop = asyncio.get_running_loop()
        if incident.what in ("kill", "stop"):
            del self.workers[incident.worker]
            end = self._stop(worker) if incident.what == "stop" else worker.kill()
            self._ending.append(asyncio.create_task(end, name=f"end of {worker.name}"))
        elif incident.what == "cut":
            worker.line.cut = True
            loop.call_later(incident.seconds, self._mend, worker.line)
        else:
            worker.line.trouble = incident.trouble
            loop.call_later(incident.seconds, self._mend, worker.line)

    def _mend(self, line: Line) -> None:
        line.cut, line.trouble = False, CALM
        self.referee.disturbed("a line is mended")

    def _start(self, key: str) -> None:
        self._lives[key] = life = self._lives.get(key, 0) + 1
        scenario = self._scenario
        self.referee.disturbed(f"start {key}")
        # a .NET worker is named for its machine: it comes again under its name, but not beside itself
        beside = any(one.alive and one.name == key for one in self.all)
        name = key if key in PEERS and not beside else f"{key}-{life}"
        line = Line(scenario.seed, f"{key}-{life}", self.referee.arrived, name)
        worker: DurahubServer | DotnetWorker
        if key in PEERS:
            worker = DotnetWorker(
                name,
                self._hub,
                line,
                self._workload,
                self.referee,
                visibility=scenario.visibility,
                skew=scenario.skews[key],
            )
            worker.start(DOTNET[scenario.manager](worker))
        else:
            options = ClassicOptions(
                worker_id=name, manager=scenario.manager, partitions=scenario.partitions
            )
            worker = DurahubServer(
                name,
                self._hub,
                line,
                self._workload,
                self.referee,
                options,
                scenario.seed,
                scenario.skews[key],
                self._clients,
            )
            worker.start()
        self.workers[key] = worker
        self.all.append(worker)
        self.referee.workers.append(worker)

    async def _stop(self, worker: DurahubServer | DotnetWorker) -> None:
        await worker.stop()
        self.referee.disturbed(f"{worker.name} has stopped")
        if isinstance(worker, DurahubServer) and self._scenario.calm_network:
            self.referee.left(worker.name)

    def _calm(self) -> None:
        """Let nothing go wrong from now on; if nobody is there, let somebody come."""
        for worker in self.all:
            worker.line.cut, worker.line.trouble = False, CALM
        if not self.workers:
            self._start(DURAHUB[0])
        self.referee.disturbed("calm")
        self.referee.calm_since = asyncio.get_running_loop().time()


def play(scenario: Scenario, clients: Clients = OURS) -> Outcome:
    """Run *scenario* to its end, or until something has happened that must not."""

    async def begin() -> Outcome:
        return await Run(scenario, clients).play()

    return virtual_time.run(begin())
