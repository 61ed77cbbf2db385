"""A server that stands still right before a write, for longer than its lease: then the write arrives.

Meanwhile the other server has taken over and gone on with the instances. Such a write must have no effect:
this is where a bug of leases shows, and seeds meet it rarely.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from durahub.classic.options import Manager
from tests.simulation.account.exchange import Request
from tests.simulation.account.line import CALM, Fate, Line, draw, name_of
from tests.simulation.account.storage import AccountStorage, GatedPassage, MakeStore, OwnedStore
from tests.simulation.account.weather import Weather
from tests.simulation.whole.gate import Gate
from tests.simulation.whole.plan import CALM as CALM_LINE
from tests.simulation.whole.plan import Call, Plan, WorkerPlan
from tests.simulation.whole.program import entity
from tests.simulation.whole.recipe import PROGRAM, Step
from tests.simulation.whole.storage import Make

_ROUND = (Step("act"), Step("sleep", seconds=2.0))
_SIGNALS = range(5, 110, 3)

PLAN = Plan(
    seed=10,
    servers=2,
    skew=0.5,
    line=CALM_LINE,
    workers=tuple(WorkerPlan(name=name, room=5, seconds=0.02) for name in ("w1", "w2")),
    calls=(
        Call(at=1.0, what="start", instance_id="i0", name=PROGRAM, steps=_ROUND * 20),
        Call(at=2.0, what="start", instance_id="i1", name=PROGRAM, steps=_ROUND * 48),
        *(Call(at=float(at), what="signal", instance_id=entity("a")) for at in _SIGNALS),
    ),
    incidents=(),
    calm_at=120.0,
)
"""Two orchestrations and an entity that are written to all the time, with both servers on one hub."""


def writes_a_history(request: Request) -> bool:
    """Tell whether this is the write of a checkpoint of the shorter orchestration."""
    return name_of(request) == "table transaction" and b"'i0'" in request.body


def renews_a_lease(request: Request) -> bool:
    """Tell whether this keeps a partition: its row is written, or the lease of its blob asked for."""
    if name_of(request) == "table replace":
        return "Partitions(" in request.path
    return name_of(request) == "blob lease" and "ownership/" in request.path


@dataclass(frozen=True, slots=True)
class Standstill:
    """Whoever sends the first request from *at* on that is ``before`` stands still for *seconds*."""

    before: Callable[[Request], bool]
    at: float
    seconds: float


HISTORIES = tuple(Standstill(writes_a_history, at, 70.0) for at in (14.0, 26.0, 38.0))
"""The instance has gone on to its end, by the other server, when the write arrives."""
RENEWALS = tuple(Standstill(renews_a_lease, at, 45.0) for at in (12.0, 28.0, 44.0))
"""A lease is 30 s: the other server has taken it, and works, when the renewal arrives."""


class StandstillStorage(AccountStorage):
    """A hub in a storage account, on a quiet day but for one standstill."""

    def __init__(
        self,
        gate: Gate,
        seed: int,
        standstill: Standstill,
        manager: Manager,
        make_store: MakeStore = OwnedStore,
    ) -> None:
        super().__init__(gate, seed, manager=manager, weather=Weather(), make_store=make_store)
        self._standstill = standstill
        self._still: tuple[str, float] | None = None  # who, until when

    def _line(self, server: str, random: Random) -> Line:
        def fate(request: Request) -> Fate:
            now, asked = asyncio.get_running_loop().time(), self._standstill
            if self._still is None and now >= asked.at and asked.before(request):
                line.faults += 1
                self._still = server, now + asked.seconds
            return draw(random, CALM, self._gate.pause())

        def stalled_until() -> float:
            who, until = self._still or ("", 0.0)
            return until if who == server else 0.0

        line = Line(self.account, fate, random, GatedPassage(self._gate, server), stalled_until)
        return line


def standing_still(
    standstill: Standstill, manager: Manager, make_store: MakeStore = OwnedStore
) -> Make:
    """Return what makes the storage of such a run."""

    def make(gate: Gate, seed: int) -> StandstillStorage:
        return StandstillStorage(gate, seed, standstill, manager, make_store)

    return make
