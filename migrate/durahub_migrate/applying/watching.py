"""Whoever wants to know how a run goes: what it is told."""

from durahub.errors import Unavailable
from durahub_migrate.applying.deciding import Lap
from durahub_migrate.applying.states import UnitState
from durahub_migrate.applying.unit_rows import Entry
from durahub_migrate.moving.mover import Moved
from durahub_migrate.moving.units import Unit


class Watcher:
    """Is told what happens; this one does not care."""

    def began(self, lap: Lap) -> None:
        """Note that a wave begins to go through a phase."""

    def ended(self, entry: Entry, unit: Unit, lap: Lap, state: UnitState, moved: Moved) -> None:
        """Note that a unit has had a phase."""

    def passed(self, lap: Lap, units: int) -> None:
        """Note that so many units have had a phase in which nothing is done."""

    def kept(self, entry: Entry, moved: Moved) -> None:
        """Note that a unit could not be taken back."""

    def waits(self, error: Unavailable, seconds: float) -> None:
        """Note that the target does not answer, and is asked again after so many *seconds*."""
