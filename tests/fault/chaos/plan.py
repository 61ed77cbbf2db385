"""What is done to the parts, and when: all from one seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.fault.proxy import STREAM_FAULTS

CALM_BETWEEN = (0.4, 2.0)  # seconds between two acts
LONG_PAUSE = 36.0  # seconds: beyond a partition's lease of 30
SHORT_PAUSES = (1.0, 7.0)  # seconds: beyond the visibility of 5, at times
OUTAGE = 8.0  # seconds without storage until it is killed: it writes its files every five


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that is done *at* so many seconds from the start; *seconds* is how long a pause is.

    *what* is ``kill``, ``pause``, or a fault of a connection; *whom* a part: ``server 0``, ``worker 1``,
    ``azurite``.
    """

    at: float
    what: str
    whom: str
    seconds: float = 0.0

    def __str__(self) -> str:
        lasts = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.at:6.1f} s: {self.what} {self.whom}{lasts}"


def plan(seed: int, seconds: float, servers: int, *, azurite: bool) -> list[Act]:
    """Return the acts of a run, in order; a pause ends before the run does."""
    chance = Random(seed)
    acts = list(_acts(chance, seconds, servers))
    if azurite:
        share = seconds / max(1, round(seconds / 60))
        for number in range(max(1, round(seconds / 60))):
            at = number * share + chance.uniform(0.2, 0.6) * share
            acts.append(Act(at, "kill", "azurite", OUTAGE))
        if seconds > LONG_PAUSE + 4 and servers > 1:
            at = chance.uniform(0, seconds - LONG_PAUSE - 2)
            acts.append(Act(at, "pause", f"server {chance.randrange(servers)}", LONG_PAUSE))
    return sorted(acts, key=lambda act: act.at)


def _acts(chance: Random, seconds: float, servers: int) -> Iterator[Act]:
    at = 1.0
    while at < seconds - 1:
        number = chance.randrange(servers)
        draw = chance.random()
        if draw < 0.12:
            yield Act(at, "kill", f"server {number}")
        elif draw < 0.2:
            yield Act(at, "kill", f"worker {number}")
        elif draw < 0.28:
            part = chance.choice(("server", "worker"))
            length = min(chance.uniform(*SHORT_PAUSES), seconds - at)
            yield Act(at, "pause", f"{part} {number}", length)
        else:
            yield Act(at, chance.choice(STREAM_FAULTS), f"server {number}")
        at += chance.uniform(*CALM_BETWEEN)
