"""The seam between a move and the target: whoever implements it can be moved to.

A move goes through its units in phases. All units have had one before any has the next; within a phase
entities are first. Several units are moved at a time, what happens within one is in order. Whatever is
done can be done again: a mover looks at the ledger, and at the target where a step was begun and not ended.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, runtime_checkable

from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.units import Unit

UnitOf = Callable[[str], Awaitable[Unit | None]]
"""Returns the unit of a root ID, ``None`` if the plan has none."""


class Phase(Enum):
    """What is done to all units before anything later is done to any."""

    PLACE = "place"  # instances and entities stand where they stood
    DELIVER = "deliver"  # messages between units and from clients: events, signals
    SETTLE = "settle"  # what stops them while they are moved: suspensions


class Outcome(Enum):
    """How a phase of a unit has ended."""

    DONE = "done"
    REJECTED = (
        "rejected"  # the target does not take it; it will not, either, when it is tried again
    )
    FAILED = "failed"  # it may succeed when it is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a phase did. *instances* and *messages* are those that are at the target now.

    Each message that the bundle has from a queue is counted once in all phases of its unit: in *taken* if the
    target has it, or what it says; else in *left*, by reason: ``poison``, ``for nobody``, ``seen twice``.
    *dropped* counts by reason what stands in histories and states and is not at the target; *doubts* what
    was decided without evidence, by a phrase: an activity that may have run, and runs again.
    """

    outcome: Outcome = Outcome.DONE
    reason: str = ""  # of one that is not done: a sentence
    code: str = ""  # and its error code
    instances: int = 0
    events: int = 0
    messages: int = 0
    taken: int = 0
    left: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    doubts: dict[str, int] = field(default_factory=dict)


class Mover(Protocol):
    """Moves units to one target that is open.

    Raises `Unavailable` where the target does not answer, and `Refused`, `UsageError` where nothing at all
    can be moved to it. What is wrong with one unit is its `Outcome`.
    """

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Do *phase* for *unit*, as far as the ledger says that it is not done yet."""

    async def withdraw(self, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Remove from the target what this job has put there of *unit*, and nothing that was there before.

        What has run on at the target since is removed too: who asks for it has been told.
        """

    async def hand_over(self) -> None:
        """Let go of everything: from now on the target's own app may run it."""


STAY = "in the target's queues, and cannot be taken back"
"""Why `Mover.withdraw` leaves messages, in `Moved.left`: a worker may take them, or has."""


@runtime_checkable
class GivesUp(Protocol):
    """A `Mover` whose target is the job's alone until it lets go of it."""

    async def give_up(self) -> None:
        """Let other jobs have the target. Everything that this one has put there was withdrawn."""


@runtime_checkable
class TellsWhatRan(Protocol):
    """A `Mover` that can see whether its target has gone on by itself since."""

    async def has_run(self, unit: Unit, content: Content, ledger: Ledger) -> bool:
        """Tell whether anything of *unit* at the target is not as this job has left it.

        Then taking it back loses what was done there: who aborts a move is asked before.
        """


@runtime_checkable
class LooksUpUnits(Protocol):
    """A `Mover` that has to know how others are moved: who sends what to whom, under which IDs."""

    def look_up(self, find: UnitOf) -> None:
        """Take *find* for the units of the plan."""


@runtime_checkable
class SkipsPhases(Protocol):
    """A `Mover` that does nothing in some phases: its units have had these as soon as they begin."""

    def works_in(self, phase: Phase) -> bool:
        """Tell whether `Mover.carry_out` does anything in *phase*, of any unit."""


@runtime_checkable
class PutsInOrder(Protocol):
    """A mover that can place some units only when others are at the target.

    Whoever leads it keeps the order, at any number of units at a time and after any crash. Those that wait
    for each other are rejected.
    """

    async def behind(self, unit: Unit, content: Content) -> frozenset[str]:
        """Return the roots of the units that have to be placed before *unit*; some may not be of the plan."""

    async def before(self, unit: Unit, content: Content) -> frozenset[str]:
        """Return the roots of the units before which *unit* has to be placed: the other way round."""


@runtime_checkable
class DeliversStrays(Protocol):
    """A mover that takes messages to instances which the bundle does not have: they begin entities.

    It is asked once, when all units have had their last phase and before `Mover.hand_over`.
    """

    async def deliver_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Deliver what begins an entity and was sent by no unit; count the rest as ``for nobody``."""


@runtime_checkable
class WithdrawsStrays(Protocol):
    """A mover that `DeliversStrays` and can take them back. It is asked before any unit is withdrawn."""

    async def withdraw_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Remove from the target what was delivered there that belongs to no unit."""


@runtime_checkable
class TellsWhatStays(Protocol):
    """A `Mover` whose messages nobody can take back once the target was handed over."""

    def stays(self, ledger: Ledger) -> int:
        """Return how many messages of a unit stay at the target when it is withdrawn after that."""
