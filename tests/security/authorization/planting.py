"""Holes made on purpose: the check of one call left out, or one role too many let in."""

from collections.abc import AsyncIterator, Iterable

from tests.security.authorization.callers import OWN, Caller
from tests.security.authorization.matrix import World, should_be


async def planted_and_missed(
    served: World, calls: Iterable[str], everybody: Iterable[Caller]
) -> AsyncIterator[str]:
    """Leave out the check of each call in turn; yield those where nobody noticed."""
    everybody = list(everybody)
    for call in calls:
        served.gate.left_out = call
        try:
            if not await is_noticed(served, call, everybody):
                yield call
        finally:
            served.gate.left_out = None


async def is_noticed(served: World, call: str, everybody: Iterable[Caller]) -> bool:
    """Tell whether one of *everybody* gets another answer than it should."""
    for caller in everybody:
        if await served.call(call, caller, OWN) != should_be(call, caller, OWN):
            return True
    return False
