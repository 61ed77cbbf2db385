"""Keeps an instance's messages in the order in which this server sent them.

Where the listener has no room a message is put visible, to be received like a foreign one. Until that
happens, what is sent to the same instance must not be handed over from memory: it would overtake.
"""

from collections import Counter
from dataclasses import dataclass

MOST = (
    20_000  # messages; beyond it everything goes through the queues, and the order is the queues'
)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message that is being put visible; *era* counts how often its queue was let go."""

    queue: str
    instance_id: str
    era: int


class LeftBehind:
    """The messages that this server left to queues of its own and has not received yet."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._messages: dict[str, Leaving] = {}  # by message ID
        self._instances: Counter[str] = Counter()
        self._putting = 0
        self._early: set[str] = set()  # received before the answer to their put arrived
        self._eras: Counter[str] = Counter()

    def is_behind(self, instance_id: str) -> bool:
        """Tell whether a message to the instance must go through its queue."""
        return instance_id in self._instances or len(self._messages) >= self._most

    def leave(self, queue: str, instance_id: str) -> Leaving:
        """Note that a message is about to be put visible; `left` or `kept` follows."""
        self._putting += 1
        self._instances[instance_id] += 1
        return Leaving(queue, instance_id, self._eras[queue])

    def left(self, leaving: Leaving, message_id: str) -> None:
        """Note that it was put."""
        self._putting -= 1
        if message_id in self._early or leaving.era != self._eras[leaving.queue]:
            self._caught_up(leaving)
        else:
            self._messages[message_id] = leaving
        self._forget_early()

    def kept(self, leaving: Leaving) -> None:
        """Note that it could not be put."""
        self._putting -= 1
        self._caught_up(leaving)
        self._forget_early()

    def came(self, message_id: str) -> bool:
        """Note that a message was received, or taken back; tell whether it was left here."""
        leaving = self._messages.pop(message_id, None)
        if leaving is not None:
            self._caught_up(leaving)
        elif self._putting:
            self._early.add(message_id)
        return leaving is not None

    def let_go(self, queue: str) -> None:
        """Forget what was left to *queue*: others receive it now."""
        self._eras[queue] += 1
        gone = [key for key, leaving in self._messages.items() if leaving.queue == queue]
        for key in gone:
            self._caught_up(self._messages.pop(key))

    def _caught_up(self, leaving: Leaving) -> None:
        self._instances[leaving.instance_id] -= 1
        if not self._instances[leaving.instance_id]:
            del self._instances[leaving.instance_id]

    def _forget_early(self) -> None:
        if not self._putting:
            self._early.clear()
