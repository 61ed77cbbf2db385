"""A large hub in an index, and how many steps of SQLite a question takes."""

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from durahub.model.ticks import PER_SECOND, Ticks
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.watching.index import LocalHubIndex

HUB = "large@local"
STEP = 10  # virtual machine instructions that are counted at once
_NAMES = [("Order", 60), ("Invoice", 25), ("Payment", 10), ("Import", 4), ("Repair", 1)]
_ENDS = [("Completed", 90), ("Failed", 4), ("Running", 3), ("Terminated", 2), ("Suspended", 1)]

T = TypeVar("T")


def large_rows(count: int, now: Ticks, hub: str = HUB) -> Iterator[Row]:
    """Yield instances of 30 days by chance, always the same."""
    dice = random.Random(11)
    names, statuses = _spread(_NAMES), _spread(_ENDS)
    for at in range(count):
        created = Ticks(now - dice.randrange(30 * 86_400 * PER_SECOND))
        status = dice.choice(statuses)
        lasted = round(dice.expovariate(1 / 60) * PER_SECOND)
        updated = Ticks(min(now, created + lasted))
        is_ended = status not in ("Running", "Suspended")
        yield Row(
            hub=hub,
            instance_id=f"{dice.getrandbits(128):032x}",
            execution_id=f"{dice.getrandbits(64):016x}",
            name=dice.choice(names),
            status=status,
            created=created,
            updated=updated,
            completed=updated if is_ended else None,
            custom_status=f"step {dice.randrange(20)}" if at % 3 == 0 else None,
            output=f'{{"order":{dice.getrandbits(30)},"state":"{status.lower()}"}}'
            if is_ended
            else None,
            partition=at % 4,
        )


def fill(index: LocalHubIndex, rows: Iterator[Row], at_once: int = 1_000) -> None:
    """Put *rows* as a sweep does."""
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == at_once:
            index.put(batch)
            batch = []
    index.put(batch)


class Steps:
    """Counts the instructions of SQLite's virtual machine on all connections that were prepared."""

    def __init__(self) -> None:
        self.counted = 0

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Count on *connection* from now on."""
        connection.set_progress_handler(self._count, STEP)

    def of(self, ask: Callable[[], T]) -> tuple[T, int]:
        """Return what *ask* returns, and the instructions that it took."""
        before = self.counted
        return ask(), self.counted - before

    def _count(self) -> None:
        self.counted += STEP


def _spread(shares: Sequence[tuple[str, int]]) -> list[str]:
    return [name for name, share in shares for _ in range(share)]


def cursor_at(index: LocalHubIndex, query: Query, sort: Sort, at: int) -> str | None:
    """Return the cursor of the page that begins with row *at*; ``None`` is the first."""
    after: str | None = None
    while at > 0:
        count = min(at, 1_000)
        after = index.page(query, sort, count=count, after=after).after
        at -= count
    return after
