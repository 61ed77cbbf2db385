"""The longest common subsequence of two sequences of keys, by Myers' algorithm, within a budget of work.

Source: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986. What is alike at both ends is
taken off first. Two sequences that differ in more than `MOST` keys are too different for an alignment to
mean much: then the first occurrence of a key in one goes with the first in the other, in their order.
"""

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence

MOST = 1_000
"""Keys that may be missing on either side in all; the work grows with the square of it."""

Pairs = list[tuple[int, int]]


def aligned(left: Sequence[Hashable], right: Sequence[Hashable], most: int = MOST) -> Pairs:
    """Return places in *left* and *right* that go together, rising in both."""
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    ends = (len(left), len(right))
    while min(ends) > start and left[ends[0] - 1] == right[ends[1] - 1]:
        ends = (ends[0] - 1, ends[1] - 1)
    middle = _middle(left[start : ends[0]], right[start : ends[1]], most)
    return [
        *((n, n) for n in range(start)),
        *((one + start, other + start) for one, other in middle),
        *((ends[0] + n, ends[1] + n) for n in range(len(left) - ends[0])),
    ]


def _middle(left: Sequence[Hashable], right: Sequence[Hashable], most: int) -> Pairs:
    if not left or not right:
        return []
    most = min(len(left) + len(right), most)
    zero = most + 1  # where diagonal 0 stands
    reach = [0] * (2 * most + 3)  # how far in *left* each diagonal leads
    rounds: list[list[int]] = []  # for each number of differences the diagonals around 0, before it
    for size in range(most + 1):
        rounds.append(reach[zero - size - 1 : zero + size + 2])
        for diagonal in range(-size, size + 1, 2):
            at = zero + diagonal
            if _goes_down(diagonal, size, reach[at - 1], reach[at + 1]):
                one = reach[at + 1]
            else:
                one = reach[at - 1] + 1
            other = one - diagonal
            while one < len(left) and other < len(right) and left[one] == right[other]:
                one, other = one + 1, other + 1
            reach[at] = one
            if one >= len(left) and other >= len(right):
                return _back(rounds, len(left), len(right))
    return _rising(left, right)


def _goes_down(diagonal: int, size: int, lower: int, upper: int) -> bool:
    """Tell whether a path comes to *diagonal* by leaving out a key of the right side, not of the left."""
    return diagonal == -size or (diagonal != size and lower < upper)


def _back(rounds: Sequence[Sequence[int]], one: int, other: int) -> Pairs:
    """Return the pairs on the path that was found, followed from its end to its beginning."""
    pairs: Pairs = []
    for size in range(len(rounds) - 1, -1, -1):
        reach, zero, diagonal = rounds[size], size + 1, one - other
        lower, upper = reach[zero + diagonal - 1], reach[zero + diagonal + 1]
        if _goes_down(diagonal, size, lower, upper):
            before = upper, upper - diagonal - 1
        else:
            before = lower, lower - diagonal + 1
        while one > before[0] and other > before[1]:
            one, other = one - 1, other - 1
            pairs.append((one, other))
        if size:
            one, other = before
    pairs.reverse()
    return pairs


def _rising(left: Sequence[Hashable], right: Sequence[Hashable]) -> Pairs:
    """Return pairs of the same key by its occurrences, as far as they rise in both."""
    places: dict[Hashable, deque[int]] = defaultdict(deque)
    for place, key in enumerate(right):
        places[key].append(place)
    pairs: Pairs = []
    last = -1
    for place, key in enumerate(left):
        waiting = places[key]
        while waiting and waiting[0] <= last:
            waiting.popleft()
        if waiting:
            last = waiting.popleft()
            pairs.append((place, last))
    return pairs
