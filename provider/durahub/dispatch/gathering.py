"""How long a turn waits for more answers, so that many activities at once end in few turns.

Answers that come while a turn runs are the next one's anyway. Without more than that, each turn of a fast
store would have one or two of a hundred answers: a checkpoint for each, and a replay by the worker, which
the other activities wait for. So a turn waits a few milliseconds where more is to be expected: other
activities of the instance are in this server's hands, and waiting has not been in vain the last time.

What comes one after the other never waits. Nor does the last of many: with it nothing more is to come.
"""

from dataclasses import dataclass, field

from durahub.model.history import Event, TaskCompleted, TaskFailed


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds a turn waits: without another answer, and since the first that waits."""

    quiet: float = 0.005
    longest: float = 0.015


USUAL = Patience()


@dataclass(slots=True)
class Gathering:
    """What has come for an instance since its last turn began; times are monotonic seconds.

    ``first`` is ``None`` where no answer has come.
    """

    first: float | None = None
    last: float = 0.0
    is_urgent: bool = False  # something else has come: it is not for us to hold it back

    def note(self, event: Event, now: float) -> None:
        """Note what has come."""
        if isinstance(event, TaskCompleted | TaskFailed):
            self.first = now if self.first is None else self.first
            self.last = now
        else:
            self.is_urgent = True

    def pause(self, outstanding: int, now: float, patience: Patience) -> float:
        """Return for how many seconds the turn waits; 0 if it begins now.

        *outstanding* activities of the instance are here or with our workers.
        """
        if self.is_urgent or self.first is None or not outstanding:
            return 0.0
        return max(0.0, min(self.first + patience.longest, self.last + patience.quiet) - now)


def pays(before: bool, had: int, has: int, *, waited: bool) -> bool:
    """Tell whether the next turn of an instance is to wait, where this one *had* so many messages.

    *has* it more now that it *waited*, that paid. Where none waits, because it did not pay *before*,
    two that have come together show that it may again.
    """
    if waited:
        return has > had
    return before or had > 1


@dataclass(slots=True)
class Outstanding:
    """How many activities of each instance wait here for a worker or are with one."""

    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, instance_id: str) -> None:
        """Count one more."""
        self._counts[instance_id] = self._counts.get(instance_id, 0) + 1

    def remove(self, instance_id: str) -> None:
        """Count one less."""
        left = self._counts.pop(instance_id) - 1
        if left:
            self._counts[instance_id] = left

    def of(self, instance_id: str) -> int:
        """Return how many there are."""
        return self._counts.get(instance_id, 0)

    def __len__(self) -> int:
        """Return how many instances have any."""
        return len(self._counts)
