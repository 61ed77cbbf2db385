"""What a comparison is to look at."""

from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase

from durahub.model.ticks import Ticks
from durahub_migrate.verifying.verdicts import Match


class Level(IntEnum):
    """How deep to look; each looks at what those before it do."""

    COUNTS = 0
    STATE = 1
    HISTORY = 2
    OPEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to compare. *sample* is how many instances, ``None`` for all; *retention* days, of the target.

    *now* is needed to tell how long ago something ended.
    """

    level: Level = Level.OPEN
    match: Match | None = None
    sample: int | None = None
    only: tuple[str, ...] = ()
    retention: int | None = None
    now: Ticks | None = None

    def includes(self, instance_id: str) -> bool:
        """Tell whether an instance is to be told of."""
        return not self.only or any(fnmatchcase(instance_id, one) for one in self.only)
