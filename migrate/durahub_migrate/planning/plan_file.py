"""A plan on the disk: written whole or not at all, read unit by unit."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from durahub.errors import FileUnavailable
from durahub_migrate.lint.whole_file import write_whole
from durahub_migrate.moving.plan import PlanEnd, PlanHead, decode, encode
from durahub_migrate.moving.units import Unit
from durahub_migrate.planning.planning import Planner


class PlanFile:
    """The plan at *path*, checked to its end. Raises `FileUnavailable`, `BadPlan`, here and later."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for found in self._all():
            if isinstance(found, PlanHead):
                self.head = found
            elif isinstance(found, PlanEnd):
                self.end = found

    def units(self) -> Iterator[Unit]:
        """Yield its units, in the plan's order."""
        for found in self._all():
            if isinstance(found, Unit):
                yield found

    def _all(self) -> Iterator[PlanHead | Unit | PlanEnd]:
        try:
            with self.path.open("rb") as file:
                yield from decode(file, str(self.path))
        except OSError as error:
            said = (error.strerror or type(error).__name__).lower()
            raise FileUnavailable(str(self.path), said) from None


def write(path: Path, head: PlanHead, planner: Planner) -> PlanFile:
    """Plan, write the plan to *path*, return it. Raises `FileUnavailable`, `BadBundle`."""
    write_whole(path, encode(head, planner.units(), ending=planner.ending))
    return PlanFile(path)


def sorted_units(units: Iterable[Unit]) -> Iterator[tuple[tuple[bool, bytes], Unit]]:
    """Yield units with the key that a plan is sorted by: entities first, then by the root's bytes."""
    for unit in units:
        root = unit.root_id.encode("utf-8", "surrogatepass")
        yield (not unit.is_entity, root), unit
