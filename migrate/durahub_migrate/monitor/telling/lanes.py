"""Lanes of a timeline: rows in which no two spans overlap, as few as there can be.

Spans are taken by their beginnings, and each gets the first lane that is free: so a history that grows
keeps the lanes that it has. A moment takes one tick.
"""

import heapq
from collections.abc import Iterable

Span = tuple[int, int]


def lanes_of(spans: Iterable[Span]) -> list[int]:
    """Return the lanes of *spans* in the order of their beginnings; an end is not part of one."""
    free: list[int] = []
    taken: list[tuple[int, int]] = []  # until when, lane
    lanes: list[int] = []
    for start, end in spans:
        while taken and taken[0][0] <= start:
            heapq.heappush(free, heapq.heappop(taken)[1])
        lane = heapq.heappop(free) if free else len(taken)
        heapq.heappush(taken, (max(end, start + 1), lane))
        lanes.append(lane)
    return lanes
