"""How long a received message stays hidden from others, which is its own for each kind of queue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visibility:
    """Whole seconds, as the service takes them: of messages to instances, and of activities."""

    messages: int
    activities: int
    workitem_queue: str

    def of(self, queue: str) -> int:
        """Return the seconds for messages of *queue*."""
        return self.activities if queue == self.workitem_queue else self.messages

    @property
    def shortest(self) -> int:
        """The seconds within which something must be renewed, if anything is held."""
        return min(self.messages, self.activities)
