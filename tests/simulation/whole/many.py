"""Many seeds, on several processors, and what they come to."""

import json
import logging
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from tests.simulation.whole.plan import plan_of
from tests.simulation.whole.storage import storage_of
from tests.simulation.whole.world import play

AT_ONCE = 20  # seeds that a process is given


@dataclass(slots=True)
class Tally:
    """What a number of runs came to."""

    seeds: int = 0
    crashes: int = 0
    calls: int = 0
    turns: int = 0
    hours: float = 0.0  # that the clocks showed
    failed: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Add what others came to."""
        self.seeds += other.seeds
        self.crashes += other.crashes
        self.calls += other.calls
        self.turns += other.turns
        self.hours += other.hours
        self.failed |= other.failed


def tally_of(seeds: Sequence[int], store: str, servers: int) -> Tally:
    """Play *seeds*, one after the other."""
    logging.disable(logging.CRITICAL)
    tally = Tally()
    for seed in seeds:
        outcome = play(plan_of(seed, servers), storage_of(store))
        tally.seeds += 1
        tally.crashes += outcome.crashes
        tally.calls += outcome.calls
        tally.turns += outcome.turns
        tally.hours += outcome.ended_at / 3600
        if outcome.violations:
            tally.failed[seed] = outcome.violations
    return tally


def tallies(first: int, last: int, store: str, servers: int, jobs: int) -> Iterator[Tally]:
    """Play the seeds from *first* to *last*, *jobs* at once; yield what parts of them came to."""
    parts = [range(n, min(n + AT_ONCE, last + 1)) for n in range(first, last + 1, AT_ONCE)]
    play_part = partial(tally_of, store=store, servers=servers)
    if jobs == 1:
        yield from map(play_part, parts)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(play_part, parts)


def write_report(
    place: Path, suite: str, command: str, figures: dict[str, int | float | str]
) -> None:
    """Write a record of a run, as ``docs/trust`` keeps them."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    report = {
        "suite": suite,
        "command": command,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": commit,
        "figures": figures,
    }
    place.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
