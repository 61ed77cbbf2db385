"""Stretches of a history in which nothing happened but waiting: a timeline folds them.

Waiting is what timers, events, locks and suspensions do; while an activity, a child or an entity works for
the instance, it is not idle. A stretch is worth folding if it is long beside all the rest, `SHARE` of it, so
that a pause of a minute stands out in seconds of work and not in hours. A history without any work has
nothing that folding would make room for.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from durahub.model.ticks import PER_SECOND, Ticks
from durahub_migrate.monitor.histories import Idle

SHARE = 0.5
SHORTEST = PER_SECOND  # ticks


def idle_stretches(
    work: Iterable[tuple[Ticks, Ticks]], moments: Sequence[Ticks], start: Ticks, until: Ticks
) -> tuple[Idle, ...]:
    """Return the stretches between *start* and *until* to fold.

    *work* are the spans of activities, children and entity calls; at *moments* something happened.
    """
    spans = sorted(work)
    if not spans:
        return ()
    points = sorted({start, until, *moments})
    gaps: list[tuple[Ticks, Ticks]] = []
    reach, place = start, 0  # work that began before a point lasts up to *reach*
    for before, after in pairwise(points):
        while place < len(spans) and spans[place][0] <= before:
            reach = max(reach, spans[place][1])
            place += 1
        if reach <= before and after - before >= SHORTEST:
            gaps.append((before, after))
    rest = until - start - sum(after - before for before, after in gaps)
    return tuple(
        Idle(start=before, end=after) for before, after in gaps if after - before >= SHARE * rest
    )
