"""What a run of the tool has found, as values, and as lines of a file from which it can go on."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from benchmarks.large import HubSize, Scale
from benchmarks.lint import Linted
from benchmarks.measuring import Counted, Failed, Timed
from benchmarks.monitor import MonitorIndex
from benchmarks.monitor_requests import MonitorRequests
from benchmarks.monitor_served import MonitorServed
from benchmarks.move import MovedHub

Found = (
    Timed
    | Counted
    | HubSize
    | Scale
    | Linted
    | MovedHub
    | MonitorIndex
    | MonitorRequests
    | MonitorServed
    | Failed
)
KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        Timed,
        Counted,
        HubSize,
        Scale,
        Linted,
        MovedHub,
        MonitorIndex,
        MonitorRequests,
        MonitorServed,
        Failed,
    )
}


@dataclass
class Results:
    """All that was found, and under which circumstances."""

    about: dict[str, str] = field(default_factory=dict)  # machine, versions, command, …
    found: list[Found] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # steps that were not begun, in words

    @property
    def timed(self) -> list[Timed]:
        """The runs without a proxy."""
        return [one for one in self.found if isinstance(one, Timed)]

    @property
    def counted(self) -> list[Counted]:
        """The runs through the proxy."""
        return [one for one in self.found if isinstance(one, Counted)]

    @property
    def sizes(self) -> list[HubSize]:
        """What large hubs cost."""
        return [one for one in self.found if isinstance(one, HubSize)]

    @property
    def scales(self) -> list[Scale]:
        """What sleeping instances cost."""
        return [one for one in self.found if isinstance(one, Scale)]

    @property
    def linted(self) -> list[Linted]:
        """What linting hubs cost."""
        return [one for one in self.found if isinstance(one, Linted)]

    @property
    def moved(self) -> list[MovedHub]:
        """What moving hubs costs."""
        return [one for one in self.found if isinstance(one, MovedHub)]

    @property
    def indexes(self) -> list[MonitorIndex]:
        """What the monitor's index costs."""
        return [one for one in self.found if isinstance(one, MonitorIndex)]

    @property
    def watched(self) -> list[MonitorRequests]:
        """What watching costs storage."""
        return [one for one in self.found if isinstance(one, MonitorRequests)]

    @property
    def served(self) -> list[MonitorServed]:
        """What the whole monitor costs."""
        return [one for one in self.found if isinstance(one, MonitorServed)]

    @property
    def failed(self) -> list[Failed]:
        """What could not be measured."""
        return [one for one in self.found if isinstance(one, Failed)]

    def problems(self) -> list[str]:
        """Return a sentence for each wrong result, each disagreement, and each failure."""
        return [sentence for one in self.found for sentence in _problems(one)]


def _problems(one: Found) -> Iterable[str]:
    if isinstance(one, Failed):
        yield f"{one.what}: {one.error}"
        return
    what = one.contestant
    if isinstance(one, MonitorRequests):
        what = f"{one.figure} on {one.contestant}, n = {one.size}"
    if isinstance(one, Timed | Counted):
        what = f"{one.scenario} on {one.contestant}, n = {one.n}"
    yield from (f"{what}: {sentence}" for sentence in one.wrong)
    if isinstance(one, Counted) and not one.agrees:
        yield from (f"{what}: {sentence}" for sentence in one.differences)


def lines_of(results: Results) -> bytes:
    """Return all, one JSON object a line."""
    lines: list[dict[str, Any]] = [{"about": results.about}, {"left_out": results.left_out}]
    lines += [{type(one).__name__: asdict(one)} for one in results.found]
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def read(file: Path) -> Results:
    """Return what was written as `lines_of` makes it."""
    results = Results()
    for line in file.read_bytes().splitlines():
        ((kind, fields),) = orjson.loads(line).items()
        if kind == "about":
            results.about = fields
        elif kind == "left_out":
            results.left_out = fields
        else:
            results.found.append(KINDS[kind](**fields))
    return results
