"""A plan: what a seed makes of servers, workers, clients and all that goes wrong, as values to shrink.

For half a minute to two minutes things go wrong. Then all is calm, and the hub must come to rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.simulation.whole.gate import Point
from tests.simulation.whole.program import entity
from tests.simulation.whole.recipe import Step


@dataclass(frozen=True, slots=True)
class Line:
    """How bad a network is: shares of what is lost on the way, lost on the way back, and comes twice."""

    lost: float = 0.0
    unanswered: float = 0.0
    doubled: float = 0.0
    latency: float = 0.005  # seconds, on average


CALM = Line()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """A worker: how many items of a kind it takes, how long one takes, how often it gives one back."""

    name: str
    room: int
    seconds: float
    abandons: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a client does with an instance, or an entity, at a time.

    ``what`` is ``start``, ``raise``, ``signal``, ``suspend``, ``resume``, ``terminate``, ``force`` (the end
    in storage), ``query``, ``purge`` or ``restart``.
    """

    at: float
    what: str
    instance_id: str = ""
    name: str = ""
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        steps = f" [{', '.join(map(str, self.steps))}]" if self.steps else ""
        return f"{self.at:8.3f}  client: {self.what} {self.instance_id} {self.name}{steps}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What goes wrong: ``crash`` or ``stop`` of a server, ``crash-in`` a call of it, ``cut`` or ``die`` of a
    worker, ``faults`` or ``slow`` of storage (a ``share`` of calls), for some ``seconds``."""

    at: float
    what: str
    who: str = ""
    seconds: float = 0.0
    share: float = 0.0
    point: Point | None = None

    def __str__(self) -> str:
        said = [f"{self.at:8.3f}  {self.what} {self.who}".rstrip()]
        said += [f"for {self.seconds:.1f} s"] if self.seconds else []
        said += [f"({self.share:.0%})"] if self.share else []
        if self.point is not None:
            said.append(f"{'after' if self.point.after else 'before'} call {self.point.call}")
        return " ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens in one run; ``skew`` is how far servers' clocks are apart at most, in seconds."""

    seed: int
    servers: int
    skew: float
    line: Line
    workers: tuple[WorkerPlan, ...]
    calls: tuple[Call, ...]
    incidents: tuple[Incident, ...]
    calm_at: float

    def __str__(self) -> str:
        head = [
            f"seed {self.seed}: {self.servers} server{'s' * (self.servers > 1)}, clocks up to "
            f"{self.skew:.1f} s apart, calm from {self.calm_at:.1f} s; network: {self.line}",
        ]
        head += [f"          {worker}" for worker in self.workers]
        happens = [(one.at, str(one)) for one in (*self.calls, *self.incidents)]
        return "\n".join([*head, *(text for _, text in sorted(happens, key=lambda one: one[0]))])


EVENTS = ("go", "told", "stop")
ENTITIES = tuple(entity(key) for key in ("a", "b", "c"))


def plan_of(seed: int, servers: int) -> Plan:
    """Return the plan of *seed* for a storage that so many *servers* may use at once."""
    random = Random(f"whole/{seed}")
    calm_at = random.uniform(20, 90)
    bad = random.random()
    line = Line(
        lost=random.choice([0.0, 0.02, 0.1]),
        unanswered=random.choice([0.0, 0.03, 0.15]),
        doubled=random.choice([0.0, 0.05, 0.2]),
        latency=random.choice([0.002, 0.02, 0.3]),
    )
    names = [f"i{number}" for number in range(random.choice([1, 2, 3, 3, 4, 6]))]
    calls = sorted(_calls(random, names, calm_at), key=lambda call: call.at)
    workers = tuple(_worker(random, number) for number in range(random.choice([1, 1, 2, 3])))
    incidents = [_incident(random, workers, calm_at) for _ in range(random.randint(0, 5))]
    return Plan(
        seed=seed,
        servers=min(servers, random.choice([1, 2, 2])),
        skew=random.choice([0.0, 0.0, 0.5, 3.0]),
        line=CALM if bad < 0.25 else line,
        workers=workers,
        calls=tuple(calls),
        incidents=tuple(sorted(incidents, key=lambda one: one.at)),
        calm_at=calm_at,
    )


def _worker(random: Random, number: int) -> WorkerPlan:
    return WorkerPlan(
        name=f"w{number + 1}",
        room=random.choice([1, 2, 5, 20]),
        seconds=random.choice([0.002, 0.02, 0.5, 4.0]),
        abandons=random.choice([0.0, 0.0, 0.05, 0.2]),
    )


def _incident(random: Random, workers: tuple[WorkerPlan, ...], calm_at: float) -> Incident:
    at = random.uniform(0.0, calm_at) ** random.choice([1.0, 0.5])
    what = random.choice(
        ["crash", "crash-in", "crash-in", "crash-in", "stop", "cut", "cut", "die", "faults", "slow"]
    )
    who = random.choice(workers).name if what in ("cut", "die") else ""
    if what in ("crash", "stop", "crash-in"):
        who = random.choice(["s1", "s2"])
    return Incident(
        at=at,
        what=what,
        who=who,
        seconds=random.choice([random.uniform(0.1, 3.0), random.uniform(3.0, 30.0)]),
        share=random.choice([0.02, 0.2, 1.0]) if what in ("faults", "slow") else 0.0,
        point=Point(random.randrange(25), random.random() < 0.5) if what == "crash-in" else None,
    )


# -- what clients do -----------------------------------------------------------------------------


def _calls(random: Random, names: list[str], calm_at: float) -> Iterator[Call]:
    for name in names:
        at = random.choice([0.0, random.uniform(0, calm_at / 2)])
        yield Call(at=at, what="start", instance_id=name, steps=_steps(random, names, 2))
        for _ in range(random.choice([0, 1, 2, 4])):
            event = random.choice(EVENTS)
            yield Call(at=_soon(random, at), what="raise", instance_id=name, name=event)
        if random.random() < 0.25:
            begin = _soon(random, at)
            yield Call(at=begin, what="suspend", instance_id=name)
            yield Call(at=begin + random.uniform(0, 9), what="resume", instance_id=name)
        if random.random() < 0.2:
            end = random.choice(["terminate", "terminate", "force"])
            yield Call(at=_soon(random, at), what=end, instance_id=name)
        if random.random() < 0.35:
            gone = _soon(random, at) + random.uniform(0, calm_at / 2)
            yield Call(at=gone, what="purge", instance_id=name)
            if random.random() < 0.7:
                again = gone + random.choice([0.0, 0.001, 0.01, random.uniform(-3, 3)])
                what = random.choice(["start", "start", "restart"])
                steps = _steps(random, names, 2) if what == "start" else ()
                yield Call(at=max(again, at), what=what, instance_id=name, steps=steps)
                yield Call(
                    at=again + random.uniform(0, 5), what="raise", instance_id=name, name="go"
                )
    for _ in range(random.choice([0, 1, 4])):
        signalled = random.choice(ENTITIES)
        yield Call(at=random.uniform(0, calm_at), what="signal", instance_id=signalled)
    for _ in range(random.choice([0, 1])):
        yield Call(at=random.uniform(0, calm_at), what="query")


def _soon(random: Random, at: float) -> float:
    return at + random.choice(
        [0.0, random.uniform(0, 0.1), random.uniform(0, 5), random.uniform(0, 30)]
    )


def _steps(random: Random, names: list[str], depth: int) -> tuple[Step, ...]:
    kinds = ["act", "act", "fan", "sleep", "hear", "call", "signal", "tell", "note"]
    kinds += ["child", "lock", "again", "again"] if depth == 2 else []
    found = [_one(random, names, random.choice(kinds), depth) for _ in range(random.randint(1, 4))]
    if random.random() < 0.1:
        found.append(Step("fail"))
    return tuple(found)


def _one(random: Random, names: list[str], kind: str, depth: int) -> Step:
    match kind:
        case "act":
            return Step("act", random.choice([0, 0, 0, 1, 2]), random.uniform(0.1, 3.0))
        case "fan":
            return Step("fan", random.randint(2, 5))
        case "sleep":
            return Step("sleep", seconds=random.choice([0.0, 0.5, random.uniform(1, 20)]))
        case "hear":
            return Step("hear", seconds=random.uniform(1, 20), name=random.choice(EVENTS))
        case "child":
            name = random.choice(["", random.choice(names) + "-child"])
            return Step("child", name=name, steps=_steps(random, names, depth - 1))
        case "lock":
            locked = random.sample(ENTITIES, random.choice([1, 1, 2, 3]))
            inner = tuple(
                _one(random, names, random.choice(["act", "sleep"]), depth - 1)
                for _ in range(random.choice([0, 1]))
            )
            return Step("lock", name=",".join(locked), steps=inner)
        case "call" | "signal":
            return Step(kind, name=random.choice(ENTITIES))
        case "tell":
            return Step("tell", name=random.choice(names))
        case _:
            return Step(kind)
