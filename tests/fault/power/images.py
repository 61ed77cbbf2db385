"""What a disk may hold when the power goes: all that was synced, and any part of what was not.

Of a file's unsynced writes any may be on the disk and any may be missing, and of one that is there any
sectors: a disk reorders them. A file that was made, renamed or removed is so for certain only when its
folder was synced; those changes come in their order.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from random import Random

from tests.fault.power.journal import FOLDER, Step

SECTOR = 512  # bytes that a disk writes whole

Image = Mapping[str, bytes]
"""The files of a folder, by name."""


class Kept(Enum):
    """What is on the disk of what was not synced."""

    NOTHING = "nothing"
    EVERYTHING = "everything"
    FIRST = "first"  # of each file, what was written first
    ANY = "any"  # any writes
    TORN = "torn"  # any sectors of any writes


@dataclass(eq=False)
class File:
    """A file: what of it is synced, and what was done to it since."""

    synced: bytearray = field(default_factory=bytearray)
    since: list[Step] = field(default_factory=list)

    def sync(self) -> None:
        for step in self.since:
            _apply(self.synced, step)
        self.since.clear()

    def after_loss(self, kept: Kept, chance: Random) -> bytes:
        content = bytearray(self.synced)
        for step in _chosen(self.since, kept, chance):
            _apply(content, step)
        return bytes(content)


class Disk:
    """A folder on a disk with a cache. Steps are done to it one by one."""

    def __init__(self) -> None:
        self._now: dict[str, File] = {}  # as processes see it
        self._synced: dict[str, File] = {}  # the names that are on the disk
        self._since: list[Step] = []  # done to names
        self._made: dict[int, File] = {}  # the file of a step that made one, by its place

    def do(self, step: Step) -> None:
        """Do a step."""
        match step.kind:
            case "C":
                self._now[step.name] = self._made[step.end] = File()
                self._since.append(step)
            case "U" | "R":
                _rename(self._now, step)
                self._since.append(step)
            case "S" if step.name == FOLDER:
                for one in self._since:
                    self._name(self._synced, one)
                self._since.clear()
            case "S":
                if step.name in self._now:
                    self._now[step.name].sync()
            case _:
                if step.name in self._now:  # else it was removed while it was open
                    self._now[step.name].since.append(step)

    def after_loss(self, kept: Kept, chance: Random) -> Image:
        """Return what may be on the disk if the power went now."""
        names = dict(self._synced)
        order = Kept.FIRST if kept in (Kept.ANY, Kept.TORN) else kept
        for step in _chosen(self._since, order, chance):
            self._name(names, step)
        return {name: file.after_loss(kept, chance) for name, file in names.items()}

    def _name(self, names: dict[str, File], step: Step) -> None:
        if step.kind == "C":
            names[step.name] = self._made[step.end]
        else:
            _rename(names, step)


def images(
    steps: Iterable[Step], cuts: Iterable[tuple[int, Kept]], chance: Random
) -> Iterator[tuple[int, Kept, Image]]:
    """Yield an image for each of *cuts*: a place in the journal, in order, and what is kept."""
    disk, left = Disk(), iter(steps)
    step = next(left, None)
    for cut, kept in cuts:
        while step is not None and step.end <= cut:
            disk.do(step)
            step = next(left, None)
        yield cut, kept, disk.after_loss(kept, chance)


def _rename(names: dict[str, File], step: Step) -> None:
    file = names.pop(step.name, None)
    if step.kind == "R" and file is not None:
        names[step.data.decode()] = file


def _chosen(steps: list[Step], kept: Kept, chance: Random) -> list[Step]:
    match kept:
        case Kept.NOTHING:
            return []
        case Kept.EVERYTHING:
            return steps
        case Kept.FIRST:
            return steps[: chance.randint(0, len(steps))]
        case Kept.ANY:
            return [step for step in steps if chance.random() < 0.5]
        case Kept.TORN:
            return [part for step in steps for part in _sectors(step) if chance.random() < 0.5]


def _sectors(step: Step) -> Iterator[Step]:
    if step.kind != "W":
        yield step
        return
    at = 0
    while at < len(step.data):
        size = SECTOR - (step.offset + at) % SECTOR
        yield Step("W", step.name, step.offset + at, step.data[at : at + size], step.end)
        at += size


def _apply(content: bytearray, step: Step) -> None:
    if step.kind == "T":
        del content[step.offset :]
        content.extend(bytes(step.offset - len(content)))
        return
    content.extend(bytes(max(0, step.offset - len(content))))
    content[step.offset : step.offset + len(step.data)] = step.data
