"""One instance while it is replayed: what the target has of it, and what is in hand."""

from dataclasses import dataclass, field
from enum import Enum, auto

from durahub_migrate.targets.ghost.members import Final, Member
from durahub_migrate.targets.ghost.progress import Progress
from durahub_migrate.targets.ghost.script import Script


class Stage(Enum):
    """How far a replay may go; each goes on where the one before has stopped."""

    PAST = auto()  # up to the locks that are still held: others may have had them before
    LOCKS = auto()  # up to the last recorded input, and all but what waits for the app
    END = auto()  # what waits is scheduled, too: nobody but the app takes it now


class Halt(Enum):
    """Why nothing more is done for an instance in this stage."""

    STANDS = auto()
    PARKED = auto()  # before locks that it still holds
    HELD = auto()  # its last answer waits for `Stage.END`


@dataclass(slots=True)
class Replay:
    """An instance while it is replayed. *known* is what the target has stored, *token* that of its turn."""

    member: Member
    final: Final | None
    known: Progress = field(default_factory=Progress)
    found: Progress = field(default_factory=Progress)
    token: str | None = None
    fed: int = 1  # the start is fed by whoever makes the instance
    owed: set[int] = field(
        default_factory=set
    )  # activities whose later results are still to be fed
    halt: Halt | None = None
    restarts: int = 0
    execution_id: str = ""  # at the target
    renamed: dict[str, str] = field(default_factory=dict)  # GUIDs at the target by the recorded

    @property
    def script(self) -> Script:
        """The script of a member whose turns are answered: it has one."""
        script = self.member.script
        assert script is not None  # noqa: S101 (for the types)
        return script
