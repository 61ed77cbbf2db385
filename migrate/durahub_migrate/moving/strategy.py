"""How a unit is moved; the letters are those of ``docs/assessment.md``."""

from enum import Enum


class Strategy(Enum):
    """A way to bring a unit to the target."""

    IMPORT = "a"  # rows and messages into a store of ours, as they are
    RECREATE = "b1"  # a client starts it anew
    GHOST = "b2"  # a migration worker answers with what is recorded
    REWIND = "b3"  # the old history is handed over by a rewind
    BACKEND = "b4"  # the old history is written through BackendService
    DRAIN = "c"  # it stays where it is until it has ended
    ARCHIVE = "d"  # it stays in the bundle

    @property
    def is_carried_out(self) -> bool:
        """Whether a move does anything at the target."""
        return self not in (Strategy.DRAIN, Strategy.ARCHIVE)

    @property
    def sends_again(self) -> bool:
        """Whether what a unit has sent to others may come to those again that are at the target."""
        return self is Strategy.GHOST

    @property
    def is_exact(self) -> bool:
        """Whether times and execution IDs at the target are the source's: exact digests compare."""
        return self in (Strategy.IMPORT, Strategy.REWIND, Strategy.BACKEND)
