"""Kills a server at every request to storage of a scenario, one run a point, and lets the other go on.

A point is a request that has its effect when the server dies with it: before that effect (the request
never arrives), or behind it (its answer never does). A scenario has two points a request.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from durahub.classic.options import Level, Manager
from tests.simulation.account.storage import AccountStorage
from tests.simulation.account.weather import Weather
from tests.simulation.whole.gate import Point
from tests.simulation.whole.plan import Incident, Plan
from tests.simulation.whole.storage import Make
from tests.simulation.whole.world import Outcome, play


@dataclass(frozen=True, slots=True)
class Store:
    """What kind of classic store the servers have."""

    manager: Manager
    level: Level = Level.DEFAULT

    @property
    def make(self) -> Make:
        """What makes its storage, without a weather."""
        return partial(AccountStorage, manager=self.manager, level=self.level, weather=Weather())


STORES = {
    "table": Store(Manager.TABLE),
    "safe": Store(Manager.SAFE),
    "legacy": Store(Manager.LEGACY),
    "exclusive": Store(Manager.TABLE, Level.EXCLUSIVE),
}


def requests_of(plan: Plan, store: Store) -> Outcome:
    """Play *plan* without a crash: it tells how many requests there are, and must end well."""
    return play(plan, store.make)


def points_of(requests: int, every: int = 1, first: int = 0) -> Iterator[Point]:
    """Yield the points of so many requests, or *every* so manyth, the *first* one to begin with."""
    points = [Point(call, after) for call in range(requests) for after in (False, True)]
    yield from points[first::every]


def crashed_at(plan: Plan, store: Store, point: Point) -> Outcome:
    """Play *plan* with a crash at *point*."""
    crash = Incident(at=0.0, what="crash-in", who="s1", point=point)
    return play(replace(plan, incidents=(crash, *plan.incidents)), store.make)
