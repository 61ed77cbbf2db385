"""How a plan is carried out; none of it changes what the target looks like in the end."""

from dataclasses import dataclass, replace

from durahub_migrate.applying.throttle import Limits
from durahub_migrate.moving.place import PlaceKind

PARALLEL = 8  # units
PARALLEL_IN_A_FILE = 64  # what is written at the same time is one commit, there and in the journal
TRIES = 4  # of a unit that fails
PATIENCE = 300.0  # seconds for which a target that does not answer is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplySettings:
    """Choices of one run.

    *max_failures* units may fail all their *tries* before the run ends; with more than *max_rejects* rejected
    ones, or any failed one, the job is not handed over by itself. *patience* is in seconds.
    """

    max_failures: int = 100
    max_rejects: int = 0
    tries: int = TRIES
    patience: float = PATIENCE
    postpone: bool = False


def settled(limits: Limits, target: PlaceKind) -> Limits:
    """Return *limits* with as many units at a time as suit the target, where nobody has said how many."""
    if limits.parallel:
        return limits
    in_a_file = target is PlaceKind.SCHEDULER
    return replace(limits, parallel=PARALLEL_IN_A_FILE if in_a_file else PARALLEL)
