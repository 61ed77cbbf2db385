"""The clock of this machine against that of storage: leases are told by clocks, with a margin."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from durahub.errors import ClocksApart

MARGIN = 5.0  # seconds: what leases bear, see durahub.classic.partitioning.holding


def check_clock(date: str, asked: datetime, answered: datetime) -> str:
    """Return how far apart the clocks are, by the ``Date`` of an answer. Raises `ClocksApart`.

    That has whole seconds and was written between *asked* and *answered*: what they leave open is not told
    as a difference.
    """
    try:
        theirs = parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):
        return "storage tells no time"
    if theirs.tzinfo is None:
        return "storage tells no time"  # of which zone, says the header's -0000, it does not know
    early = (asked - theirs).total_seconds() - 1.0  # it may be the end of its second
    late = (theirs - answered).total_seconds()
    apart = max(early, late, 0.0)
    if apart >= MARGIN:
        raise ClocksApart(apart, ahead=early > late)
    return f"less than {max(1, round(apart + 1))} s apart"
