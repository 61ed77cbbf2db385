"""What a run of a job works with, whatever it does to the job's units."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from durahub_migrate.applying.journal import Journal, StopRequested
from durahub_migrate.applying.patience import Patience
from durahub_migrate.applying.settings import ApplySettings
from durahub_migrate.applying.several import several
from durahub_migrate.applying.unit_rows import Entry
from durahub_migrate.applying.watching import Watcher
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.mover import Mover
from durahub_migrate.moving.units import Unit

T = TypeVar("T")

AT_ONCE = 256  # units that are read from the journal by one look


@dataclass(frozen=True, slots=True, kw_only=True)
class Gear:
    """The places, the choices and the limits of one run.

    *unit_of* reads a unit's line of the plan; *parallel* tells how many may be under way now.
    """

    journal: Journal
    mover: Mover
    content: Content
    settings: ApplySettings
    unit_of: Callable[[Entry], Unit]
    parallel: Callable[[], int]
    patience: Patience
    watcher: Watcher

    async def with_all(
        self, entries: AsyncIterator[Entry], work: Callable[[Entry], Awaitable[None]]
    ) -> None:
        """Have *work* done with all units, as many at a time as may be. Raises `StopRequested`."""
        stop = self.patience.stop
        await several(entries, work, self.parallel, stop)
        if stop.is_set():
            raise StopRequested
