"""How far a run is, and how long the rest may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the reading of one source is.

    *done* counts a hub's instances, a folder's facts; *total* is ``None`` where nobody counted, as is
    *seconds_left* where that cannot be told yet. *rows* and *requests* are those of this run.
    """

    source: str
    done: int
    total: int | None = None
    rows: int = 0
    requests: int = 0
    seconds_left: float | None = None


def seconds_left(done: int, before: int, total: int | None, seconds: float) -> float | None:
    """Return how long the rest takes at the rate so far; ``None`` where nobody can tell.

    *before* of the *done* were done when the clock began, *seconds* ago. A hub may have grown since it was
    counted: then nothing is left.
    """
    if total is None or done <= before or seconds <= 0:
        return None
    return max(0, total - done) * seconds / (done - before)
