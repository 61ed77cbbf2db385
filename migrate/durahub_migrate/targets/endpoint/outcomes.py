"""How a unit fares when the target does not do its part."""

from durahub.errors import DurahubError, ServerUnavailable
from durahub_migrate.moving.mover import Moved, Outcome


def stuck(target_id: str, problem: str) -> Moved:
    """Return that a unit has failed at an instance; it may succeed when it is tried again."""
    reason = f"instance {target_id!r} at the target: {problem}"
    return Moved(outcome=Outcome.FAILED, reason=reason, code=ServerUnavailable.code)


def rejected(error: DurahubError) -> Moved:
    """Return that the target does not take a unit, and never will."""
    return Moved(outcome=Outcome.REJECTED, reason=error.sentence, code=error.code)
