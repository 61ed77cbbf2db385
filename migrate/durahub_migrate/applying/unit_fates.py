"""What has become of a job's units, as its journal has it: counted, or unit by unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from sqlite3 import Connection

from durahub.scheduler.columns import required_text
from durahub_migrate.applying.journal_file import rows
from durahub_migrate.applying.states import UnitState

OVER = tuple(one.value for one in (UnitState.SETTLED, UnitState.VERIFIED, UnitState.DONE))
"""The states of units that have had all their phases."""


@dataclass(frozen=True, slots=True)
class Group:
    """How many units of one kind, strategy and state there are, and what of them is at the target."""

    is_entity: bool
    strategy: str
    is_blocked: bool
    state: UnitState
    units: int
    members: int
    instances: int
    events: int
    messages: int


def groups(connection: Connection) -> list[Group]:
    """Return how many units there are of each kind, strategy and state."""
    found = rows(
        connection,
        "SELECT is_entity, strategy, is_blocked, state, count(*), sum(members), sum(instances), sum(events),"
        " sum(messages) FROM unit GROUP BY is_entity, strategy, is_blocked, state"
        " ORDER BY is_entity, strategy, is_blocked, state",
    )
    return [Group(bool(row[0]), row[1], bool(row[2]), UnitState(row[3]), *row[4:]) for row in found]


@dataclass(frozen=True, slots=True)
class Fate:
    """What the journal says of a unit. *is_over* tells that it has had all its phases."""

    root_id: str
    state: UnitState
    strategy: str
    is_blocked: bool

    @property
    def is_over(self) -> bool:
        """Whether it has had all its phases."""
        return self.state.value in OVER


def fates(connection: Connection) -> Iterator[Fate]:
    """Yield what has become of each unit."""
    found = connection.execute("SELECT root_id, state, strategy, is_blocked FROM unit")
    for root_id, state, strategy, is_blocked in found:
        yield Fate(required_text(root_id), UnitState(state), strategy, bool(is_blocked))


@dataclass(frozen=True, slots=True)
class Lost:
    """A unit that was rejected or has failed."""

    root_id: str
    state: UnitState
    was: str
    code: str
    reason: str


def lost(connection: Connection) -> Iterator[Lost]:
    """Yield the units that were rejected or have failed."""
    found = connection.execute(
        "SELECT root_id, state, was, code, reason FROM unit WHERE state IN ('rejected', 'failed')"
        " ORDER BY number"
    )
    for root_id, state, was, code, reason in found:
        yield Lost(required_text(root_id), UnitState(state), was, code, required_text(reason))
