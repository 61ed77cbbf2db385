"""The plan of a move as a source of facts, with the bundle that it is of."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from durahub.errors import BadPlan, DurahubError, FileUnavailable
from durahub_migrate.bundle.archive import opened_bundle
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.contents.indexed import IndexedContent, open_content
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.plans import PlanFacts, UnitFacts
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.sources.source import Read
from durahub_migrate.moving.content import Tree
from durahub_migrate.moving.plan import FORMAT, PlanEnd, PlanHead, decode
from durahub_migrate.moving.units import Unit

_BEGINNING = 64 * 1024  # bytes: the first line is shorter


class PlanSource:
    """Reads the plan in the file *path*; its bundle is looked for where the plan says."""

    def __init__(self, address: str, path: Path) -> None:
        self.address = address
        self._path = path

    @property
    def provides(self) -> frozenset[Need]:
        """What a plan has."""
        return frozenset({Need.PLAN})

    async def count(self) -> int | None:
        """Return nothing: that takes as long as to read it."""
        return None

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:  # noqa: ARG002
        """Yield the plan, then its units. Raises `BadPlan`, `FileUnavailable`."""
        head, end = self._checked()
        folder = self._path.parent / head.bundle
        problem = _problem(folder, head)
        yield Read(
            PlanFacts(place=self._place(), head=head, end=end, bundle_problem=problem),
        )
        if problem is not None:
            for unit in self._units():
                yield Read(UnitFacts(place=self._place(unit), unit=unit, head=head))
            return
        with open_content(folder) as content:
            for unit, tree in _beside(self._units(), content.trees()):
                yield Read(
                    UnitFacts(
                        place=self._place(unit),
                        unit=unit,
                        head=head,
                        members=tree.members if tree is not None else 0,
                        locked_by=_holder(unit, content),
                    )
                )

    def _checked(self) -> tuple[PlanHead, PlanEnd]:
        head, end = None, None
        for found in self._all():
            if isinstance(found, PlanHead):
                head = found
            elif isinstance(found, PlanEnd):
                end = found
        if head is None or end is None:
            raise BadPlan(str(self._path), "it is empty")
        return head, end

    def _units(self) -> Iterator[Unit]:
        for found in self._all():
            if isinstance(found, Unit):
                yield found

    def _all(self) -> Iterator[PlanHead | Unit | PlanEnd]:
        try:
            with self._path.open("rb") as file:
                yield from decode(file, str(self._path))
        except OSError as error:
            raise FileUnavailable(str(self._path), error.strerror or "it cannot be read") from None

    def _place(self, unit: Unit | None = None) -> Place:
        if unit is None:
            return Place(source=self.address, kind=PlaceKind.HUB)
        kind = PlaceKind.ENTITY if unit.is_entity else PlaceKind.INSTANCE
        return Place(source=self.address, kind=kind, key=unit.root_id)


def is_plan(path: Path) -> bool:
    """Tell whether *path* is a file that begins as a plan does."""
    try:
        with path.open("rb") as file:
            return f'"format":"{FORMAT}"'.encode() in file.readline(_BEGINNING)
    except OSError:
        return False


def _problem(folder: Path, head: PlanHead) -> str | None:
    """Return what is wrong with a plan's bundle; all of it is read."""
    try:
        with opened_bundle(folder) as there:
            reader = BundleReader(there)
            if reader.manifest.root != head.bundle_root:
                return "the bundle is another one than the plan was made of"
            reader.verify()
    except DurahubError as error:
        return error.sentence
    return None


def _beside(units: Iterator[Unit], trees: Iterator[Tree]) -> Iterator[tuple[Unit, Tree | None]]:
    """Yield each unit with its tree: both come in the same order, and trees that are skipped have no unit."""
    passed: dict[str, Tree] = {}  # a plan that is out of order has been tampered with
    for unit in units:
        found = passed.get(unit.root_id)
        while found is None and (tree := next(trees, None)) is not None:
            if tree.root_id == unit.root_id:
                found = tree
            else:
                passed[tree.root_id] = tree
        yield unit, found


def _holder(unit: Unit, content: IndexedContent) -> str | None:
    """Return the root of whoever holds the lock of an entity."""
    held = content.member(unit.root_id) if unit.is_entity else None
    if held is None or held.entity is None or not held.entity.locked_by:
        return None
    holder = content.member(held.entity.locked_by)
    return holder.root_id if holder is not None else held.entity.locked_by
