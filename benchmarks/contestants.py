"""Who is measured: durahub on a store at a level with some servers, and those beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_LEVEL = "default"
FLOOR = "floor"
FLOOR_CLIENT = "floor-client"
SDK_MEMORY = "sdk-memory"
BUNDLE = "bundle"
BESIDE = {
    FLOOR: "a worker behind a backend that does nothing: what nothing can be faster than",
    FLOOR_CLIENT: "the floor with a client that starts and awaits each orchestration",
    SDK_MEMORY: "the SDK's own in-memory backend, in a process of its own",
}
LINTED = {BUNDLE: "a hub bundle that was exported from a SQLite file; for lint alone"}


@dataclass(frozen=True)
class Level:
    """What a hub promises to whom: a setting of the server."""

    about: str
    arguments: tuple[str, ...] = ()  # of ``durahub up``
    env: Mapping[str, str] = field(default_factory=dict)


LEVELS = {
    DEFAULT_LEVEL: Level("what a hub is without settings; .NET workers may share it"),
    "exclusive": Level("only durahub servers serve the hub", ("--level", "exclusive")),
}


@dataclass(frozen=True)
class Contestant:
    """One of those that are measured in turn."""

    store: str  # of `benchmarks.stores.STORES`, or of `BESIDE`
    level: str = DEFAULT_LEVEL
    servers: int = 1

    @property
    def name(self) -> str:
        """As ``"azurite exclusive x2"``; `parse` reads it."""
        level = f" {self.level}" if self.level != DEFAULT_LEVEL else ""
        servers = f" x{self.servers}" if self.servers > 1 else ""
        return f"{self.store}{level}{servers}"

    @property
    def counted(self) -> bool:
        """Whether it sends requests to a storage."""
        return self.store.startswith("azurite")

    @property
    def durahub(self) -> bool:
        """Whether it is ours."""
        return self.store not in BESIDE


def parse(name: str) -> Contestant:
    """Return the contestant of that name. Raises ValueError."""
    from benchmarks.stores import STORES

    store, *rest = name.split()
    servers = [int(part[1:]) for part in rest if part[0] == "x" and part[1:].isdigit()]
    levels = [part for part in rest if part in LEVELS]
    if store not in (*STORES, *BESIDE, *LINTED) or len(rest) != len(servers) + len(levels):
        raise ValueError(f"{name!r} is none of the contestants; --help lists their parts")
    contestant = Contestant(
        store, levels[-1] if levels else DEFAULT_LEVEL, servers[-1] if servers else 1
    )
    if rest and not contestant.counted:
        raise ValueError(f"{store} has no levels, and one server")
    return contestant
