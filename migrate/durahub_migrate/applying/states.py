"""The states of a unit and of a job, and how each may follow another.

A unit's state is what is known to have happened to it, never what is about to: that is in its steps. One that
has failed remembers where, and goes on from there.
"""

from collections.abc import Mapping
from enum import Enum, IntEnum

from durahub_migrate.moving.mover import Outcome, Phase
from durahub_migrate.moving.units import Unit


class UnitState(Enum):
    """How far a unit is."""

    PLANNED = "planned"  # nothing of it is at the target
    CLAIMED = "claimed"  # something may be
    PLACED = "placed"  # its instances are
    DELIVERED = "delivered"  # its messages are
    SETTLED = "settled"  # nothing is left to do
    VERIFIED = "verified"  # as many are at the target as the plan says
    DONE = "done"  # the target's app may run it
    REJECTED = "rejected"  # the target does not take it
    FAILED = "failed"  # it may succeed when it is tried again
    LEFT = "left"  # the plan does not move it: it is drained, archived or blocked
    WITHDRAWN = "withdrawn"  # nothing of it is at the target any more


class JobState(Enum):
    """How far a job is. Until it is confirmed it can be aborted."""

    PLACING = "placing"
    DELIVERING = "delivering"
    SETTLING = "settling"
    CHECKING = "checking"
    READY = "ready"  # for the cut-over
    HANDING_OVER = "handing-over"
    HANDED_OVER = "handed-over"
    CONFIRMED = "confirmed"
    ABORTING = "aborting"
    ABORTED = "aborted"


class Wave(IntEnum):
    """What has its turn one after the other within a phase."""

    ENTITIES = 0
    ENDED = 1
    LIVE = 2


_U, _J = UnitState, JobState
_LOST = frozenset({_U.REJECTED, _U.FAILED, _U.WITHDRAWN})

UNIT_MOVES: Mapping[UnitState, frozenset[UnitState]] = {
    _U.PLANNED: frozenset({_U.CLAIMED, _U.WITHDRAWN}),
    _U.CLAIMED: _LOST | {_U.PLACED},
    _U.PLACED: _LOST | {_U.DELIVERED},
    _U.DELIVERED: _LOST | {_U.SETTLED},
    _U.SETTLED: _LOST | {_U.VERIFIED},
    _U.VERIFIED: frozenset({_U.DONE, _U.WITHDRAWN}),
    _U.DONE: frozenset({_U.WITHDRAWN}),
    _U.FAILED: _LOST | {_U.PLACED, _U.DELIVERED, _U.SETTLED, _U.VERIFIED},
    _U.REJECTED: frozenset({_U.WITHDRAWN}),
    _U.LEFT: frozenset(),
    _U.WITHDRAWN: frozenset(),
}
"""Which states may follow one; from a failed unit those behind the phase that it has failed in."""

JOB_MOVES: Mapping[JobState, frozenset[JobState]] = {
    _J.PLACING: frozenset({_J.DELIVERING, _J.ABORTING}),
    _J.DELIVERING: frozenset({_J.SETTLING, _J.ABORTING}),
    _J.SETTLING: frozenset({_J.CHECKING, _J.ABORTING}),
    _J.CHECKING: frozenset({_J.READY, _J.PLACING, _J.ABORTING}),  # failed units are tried again
    _J.READY: frozenset({_J.HANDING_OVER, _J.PLACING, _J.ABORTING}),
    _J.HANDING_OVER: frozenset({_J.HANDED_OVER, _J.ABORTING}),
    _J.HANDED_OVER: frozenset({_J.CONFIRMED, _J.ABORTING, _J.PLACING}),  # by a resync
    _J.CONFIRMED: frozenset(),
    _J.ABORTING: frozenset({_J.ABORTED}),
    _J.ABORTED: frozenset(),
}

BEFORE: Mapping[Phase, UnitState] = {
    Phase.PLACE: _U.CLAIMED,
    Phase.DELIVER: _U.PLACED,
    Phase.SETTLE: _U.DELIVERED,
}
"""The state of units that a phase takes."""

BEHIND: Mapping[Phase, UnitState] = {
    Phase.PLACE: _U.PLACED,
    Phase.DELIVER: _U.DELIVERED,
    Phase.SETTLE: _U.SETTLED,
}

DOING: Mapping[Phase, JobState] = {
    Phase.PLACE: _J.PLACING,
    Phase.DELIVER: _J.DELIVERING,
    Phase.SETTLE: _J.SETTLING,
}
"""The state of a job during a phase."""

IS_THERE = frozenset(
    {_U.CLAIMED, _U.PLACED, _U.DELIVERED, _U.SETTLED, _U.VERIFIED, _U.DONE, _U.FAILED, _U.REJECTED}
)
"""The states of units of which something may be at the target."""


def may_follow(after: UnitState) -> tuple[UnitState, ...]:
    """Return the states that *after* may follow."""
    return tuple(before for before, moves in UNIT_MOVES.items() if after in moves)


def wave_of(unit: Unit) -> Wave:
    """Return when a unit has its turn."""
    if unit.is_entity:
        return Wave.ENTITIES
    return Wave.LIVE if unit.live else Wave.ENDED


def first_state(unit: Unit) -> UnitState:
    """Return the state in which a unit of a plan begins."""
    return UnitState.PLANNED if unit.is_moved else UnitState.LEFT


def after(phase: Phase, outcome: Outcome) -> UnitState:
    """Return the state of a unit of which a phase has ended so."""
    match outcome:
        case Outcome.DONE:
            return BEHIND[phase]
        case Outcome.REJECTED:
            return UnitState.REJECTED
        case Outcome.FAILED:
            return UnitState.FAILED
