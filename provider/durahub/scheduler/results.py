"""Activity results that went from a worker to the listener in memory.

The row of the activity stays in ``tasks`` as their durable twin: if the process dies, the activity runs
again. The commit that consumes a result deletes that row in the same transaction. A result that is not
consumed within a grace, is given back, or is left when serving ends, is moved: into ``inbox``, under the
number of the activity, whose row is deleted. So whoever deletes it later finds it in one of the two tables.
"""

from collections.abc import Iterable

from durahub.engine.commit import Delivery
from durahub.scheduler.message_rows import is_result, seq_of


class Results:
    """The results that are in memory alone, the oldest first. Times are any clock's, in seconds.

    None should be here for longer than *grace*: only so long may a crash cost a second run.
    """

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._held: dict[int, tuple[Delivery, float]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, result: Delivery, now: float) -> None:
        """Keep a result that was taken over at *now*."""
        self._held[seq_of(result.key)] = result, now

    def holds(self, activity: str) -> bool:
        """Tell whether the result of the activity of this key is here."""
        return seq_of(activity) in self._held

    def settle(self, keys: Iterable[str]) -> None:
        """Forget those of *keys* that are results: their rows are gone, or in the inbox."""
        for key in keys:
            if is_result(key):
                self._held.pop(seq_of(key), None)

    def overdue(self, now: float) -> tuple[Delivery, ...]:
        """Return what has been here for too long."""
        found = []
        for delivery, since in self._held.values():
            if now - since < self._grace:
                break
            found.append(delivery)
        return tuple(found)

    @property
    def all(self) -> tuple[Delivery, ...]:
        """Everything that is here."""
        return tuple(delivery for delivery, _ in self._held.values())

    @property
    def next_move(self) -> float | None:
        """When the oldest is overdue."""
        return next((since + self._grace for _, since in self._held.values()), None)
