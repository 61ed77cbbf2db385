"""What goes wrong with one account in one run: a value drawn from the seed, and who lets it happen.

Everything of it ends when the run becomes calm. A queue's disorder is what Azure allows: messages come out of
their order, at times none comes though some are there, one comes again before its time, and what a look at
a queue or a count of it shows is behind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.simulation.account.line import CALM, Trouble
from tests.simulation.account.queues import Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A time in which nothing of a process goes on; then it goes on as if nothing had been."""

    server: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How often what goes wrong, as shares from 0 to 1, and until when."""

    trouble: Trouble = CALM
    shuffled: float = 0.0  # receives that come in another order
    withheld: float = 0.0  # receives that come without some
    early: float = 0.0  # messages that come again before their time
    stale: float = 0.0  # looks at, and counts of, a queue that are behind
    short: float = 0.0  # pages of queries that end early
    stalls: tuple[Stall, ...] = ()
    calm_at: float = 0.0


def weather_of(seed: int, servers: Sequence[str], calm_at: float) -> Weather:
    """Return the weather of *seed*."""
    random = Random(f"weather/{seed}")
    if random.random() < 0.15:
        return Weather()
    worst = random.choice([0.01, 0.03, 0.08])
    shares = {
        what: random.choice([0.0, 0.5, 1.0]) * worst
        for what in ("late", "unsent", "reset", "silent", "stale", "busy", "unsure")
    }
    stalls = []
    for _ in range(random.choice([0, 0, 1, 1, 2])):
        begins = random.uniform(2.0, max(2.0, calm_at))
        ends = begins + random.choice([5.0, 28.0, 45.0, 70.0]) * random.uniform(0.8, 1.2)
        stalls.append(Stall(server=random.choice(servers), begins=begins, ends=ends))
    return Weather(
        trouble=Trouble(**shares),
        shuffled=random.choice([0.0, 0.2, 0.8]),
        withheld=random.choice([0.0, 0.1, 0.3]),
        early=random.choice([0.0, 0.0, 0.02, 0.1]),
        stale=random.choice([0.0, 0.3]),
        short=random.choice([0.0, 0.1, 0.5]),
        stalls=tuple(stalls),
        calm_at=calm_at,
    )


class SeededDisorder:
    """A queue's disorder while *now* is before the calm."""

    def __init__(self, weather: Weather, random: Random, now: Callable[[], float]) -> None:
        self._weather = weather
        self._random = random
        self._now = now
        self._before: dict[str, Sequence[Stored]] = {}

    def _happens(self, share: float) -> bool:
        return self._now() < self._weather.calm_at and self._random.random() < share

    def order(self, visible: list[Stored]) -> list[Stored]:
        """Return those that come, in the order in which they come."""
        if self._happens(self._weather.shuffled):
            visible = self._random.sample(visible, len(visible))
        if self._happens(self._weather.withheld):
            visible = [one for one in visible if self._random.random() < 0.5]
        return visible

    def hidden_for(self, seconds: float) -> float:
        """Return how long a message stays hidden."""
        return seconds * self._random.random() if self._happens(self._weather.early) else seconds

    def seen(self, queue: str, now: Sequence[Stored]) -> Sequence[Stored]:
        """Return what a look shows."""
        before = self._before.get(queue, now)
        self._before[queue] = now
        return before if self._happens(self._weather.stale) else now

    def fewer(self, most: int) -> int:
        """Return after how many rows a page ends."""
        return self._random.randint(1, most) if self._happens(self._weather.short) else most

    def stalled_until(self, server: str) -> float:
        """Return until when nothing of *server* goes on; a time in the past if it does."""
        now = self._now()
        stalls = [one for one in self._weather.stalls if one.server == server]
        return max((one.ends for one in stalls if one.begins <= now < one.ends), default=0.0)

    @property
    def trouble(self) -> Trouble:
        """What goes wrong with requests now."""
        return self._weather.trouble if self._now() < self._weather.calm_at else CALM
