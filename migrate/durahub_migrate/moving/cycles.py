"""Who waits for itself, through others; no I/O."""

from collections import defaultdict
from collections.abc import Iterable, Mapping


def cyclic(behind: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the keys from which a way leads back to themselves."""
    waits = {one: set(others) for one, others in behind.items()}
    asks: defaultdict[str, set[str]] = defaultdict(set)
    for one, others in waits.items():
        for other in others:
            asks[other].add(one)
    _strip(waits, asks)  # nobody waits for it
    _strip(asks, waits)  # it waits for nobody
    return {one for one in waits if waits[one] and _returns(one, waits)}


def _strip(forth: dict[str, set[str]], back: dict[str, set[str]]) -> None:
    """Remove from both what *back* leads to nothing from, again and again."""
    free = [one for one in forth if not back.get(one)]
    while free:
        one = free.pop()
        for other in forth.pop(one, set()):
            left = back.get(other, set())
            left.discard(one)
            if not left and other in forth:
                free.append(other)
        back.pop(one, None)


def _returns(start: str, waits: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    ahead = list(waits[start])
    while ahead:
        one = ahead.pop()
        if one == start:
            return True
        if one not in seen:
            seen.add(one)
            ahead += waits.get(one, ())
    return False
