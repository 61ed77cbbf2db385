"""What of a unit stands at a target of ours, counted."""

from collections import Counter
from dataclasses import dataclass, field

from durahub_migrate.moving.mover import Moved
from durahub_migrate.targets.complete import Complete

WAS_THERE = "to an instance that was there before"


@dataclass(slots=True)
class Placed:
    """Counts instances as they are placed."""

    instances: int = 0
    events: int = 0
    messages: int = 0
    taken: int = 0
    left: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)

    def add(self, found: Complete, written: int | None) -> None:
        """Count an instance and its messages, of which so many were *written* by the target's own record.

        ``None`` means that none was, for the same instance was there before.
        """
        self.instances += 1
        self.events += len(found.instance.history)
        if written is None:
            self.left[WAS_THERE] += found.taken
        else:
            missing = len(found.messages) + len(found.activities) - written
            self.messages += written
            self.taken += found.taken - missing
        self.left.update(found.left)
        self.doubts.update(found.doubts)

    def moved(self) -> Moved:
        """Return the sums."""
        return Moved(
            instances=self.instances,
            events=self.events,
            messages=self.messages,
            taken=self.taken,
            left=dict(+self.left),
            doubts=dict(self.doubts),
        )
