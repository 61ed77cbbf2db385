"""A plan as it is carried out: checked once, read unit by unit; its memory does not grow with its length."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from durahub.errors import BadPlan, FileUnavailable
from durahub_migrate.applying.unit_rows import Entry
from durahub_migrate.moving import plan
from durahub_migrate.moving.plan import PlanEnd, PlanHead
from durahub_migrate.moving.units import Unit


class OpenPlan:
    """A plan that is open; somebody may put another one in its place meanwhile."""

    def __init__(self, path: Path) -> None:
        """Open and check it. Raises `FileUnavailable`, `BadPlan`."""
        self.path = path
        try:
            self._file: IO[bytes] = path.open("rb")
        except OSError as error:
            raise FileUnavailable(str(path), str(error.strerror)) from None
        self._as_checked = (
            self._stamp()
        )  # taken before: what changes while it is checked counts, too
        try:
            for found in plan.decode(self._file, str(path)):
                if isinstance(found, PlanHead):
                    self.head = found
                elif isinstance(found, PlanEnd):
                    self.end = found
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "OpenPlan":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def bundle(self) -> Path:
        """Where its bundle is."""
        return self.path.parent / self.head.bundle

    def units(self) -> Iterator[tuple[Unit, int, int]]:
        """Yield the units, each with the place and the size of its line in bytes."""
        place = size = 0

        def lines() -> Iterator[bytes]:
            nonlocal place, size
            self._file.seek(0)
            for line in self._file:
                place, size = place + size, len(line)
                yield line

        for found in plan.decode(lines(), str(self.path)):
            if isinstance(found, Unit):
                yield found, place, size

    def unit_of(self, entry: Entry) -> Unit:
        """Return the unit of an entry of the journal. Raises `BadPlan` if the file was written since."""
        self._file.seek(entry.place)
        line = self._file.read(entry.size)
        if self._stamp() != self._as_checked:
            raise BadPlan(str(self.path), "it was written while it is carried out")
        return plan.decode_unit(line, str(self.path))

    def _stamp(self) -> tuple[int, int]:
        """Return what changes when the file is written in its place."""
        found = os.fstat(self._file.fileno())
        return found.st_size, found.st_mtime_ns
