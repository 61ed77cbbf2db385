"""Applies a plan again and again in processes that are killed, and prints what became of it.

``python -m tests.applying.killed_app FOLDER apply|abort FIRST COUNT``: runs number FIRST and so on. Each
forks a process for a fresh copy of the move, which is killed with SIGKILL at the moment of that number:
before or behind a commit of the journal, before or behind a call to the target. It is run again, killed by
chance, until it comes to its end. A line of JSON a run: how often it was killed, and what the target holds.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Phase
from durahub_migrate.moving.units import Unit
from tests.applying.counting_target import CountingMover, Target
from tests.applying.forked import in_child
from tests.applying.jobs import Script, a_run

KILLS = 4  # of one run, at most


def main() -> None:
    folder, what = Path(sys.argv[1]), sys.argv[2]
    first, count = map(int, sys.argv[3:])
    for number in range(first, first + count):
        print(json.dumps(one_run(folder, what, number)), flush=True)


def one_run(folder: Path, what: str, number: int) -> dict[str, object]:
    """Have one move come to its end; the first kill is at moment *number*, the others by chance from it."""
    copy = folder / f"{what}-{number}"
    copy.mkdir()
    (copy / "orders.hub").symlink_to(folder / "orders.hub")
    shutil.copy(folder / "orders.plan", copy)
    if what == "abort":
        in_child(partial(start, copy, "apply", 0))
    chance = random.Random(number)
    killed = 0
    moment = number
    while not in_child(partial(start, copy, what, moment)):
        killed += 1
        moment = chance.randint(1, 60) if killed < KILLS else 0
    held = Target(copy / "target").holds()
    shutil.rmtree(copy)
    return {"number": number, "killed": killed, "holds": held}


@dataclass
class Moments:
    """Counts moments, and ends the process at one of them; 0 is none."""

    left: int

    def pass_by(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class KilledTarget(Target):
    """A target at which a call may be the last thing that its caller does."""

    def __init__(self, folder: Path, moments: Moments) -> None:
        super().__init__(folder)
        self._moments = moments

    def call(self, line: str) -> None:
        self._moments.pass_by()
        super().call(line)
        self._moments.pass_by()


class KilledMover(CountingMover):
    """Takes more than one turn of the loop for a phase, as calls do."""

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        await asyncio.sleep(0)
        return await super().carry_out(phase, unit, content, ledger)


def start(folder: Path, what: str, moment: int) -> None:
    asyncio.run(run(folder, what, Moments(moment)))


async def run(folder: Path, what: str, moments: Moments) -> None:
    mover = KilledMover(KilledTarget(folder / "target", moments))
    script = Script(parallel=3, on_write=moments.pass_by)
    async with a_run(folder / "orders.plan", mover, script) as running:
        if what == "apply":
            await running.apply()
        else:
            await running.abort(past_return=True)


if __name__ == "__main__":
    main()
