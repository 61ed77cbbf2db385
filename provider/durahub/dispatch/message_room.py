"""How many more messages to instances fit into memory.

Counting all sessions for every message would cost too much: what was counted last, plus all that came since,
is never too little, and not much too much.
"""

from collections.abc import Mapping, Sequence

from durahub.dispatch.session import Session
from durahub.engine.commit import Delivery
from durahub.model.sizes import size_of

OWN_SHARE = 8  # parts of the limit, one of which counts of what a single instance holds, at most
BEYOND = 10  # times the limit may be held because of such instances
COUNTED_AFTER = 8  # parts of the limit, at most one of which is held no longer though it is counted


class MessageRoom:
    """The room that *sessions* leave; their messages may take *most_bytes*, about."""

    def __init__(self, sessions: Mapping[str, Session], most_bytes: int) -> None:
        self._sessions = sessions
        self._most_bytes = most_bytes
        self._at_most = 0  # messages in memory, at most
        self._bytes_at_most = 0  # that they take
        self._count_at = 0  # when they are counted again

    @property
    def held(self) -> int:
        """How many messages are in memory."""
        return sum(session.held for session in self._sessions.values())

    @property
    def held_bytes(self) -> int:
        """How many bytes they take, about."""
        return sum(session.size for session in self._sessions.values())

    def took(self, deliveries: Sequence[Delivery]) -> None:
        """Count messages that have come."""
        self._at_most += len(deliveries)
        self._bytes_at_most += size_of(delivery.message.event for delivery in deliveries)

    def left(self, limit: int) -> int:
        """Return how many more messages may be taken, of *limit* at once.

        Of an instance that has a great many messages only a share counts: what it cannot take up would keep
        those of all others out.
        """
        if self._bytes_at_most >= self._most_bytes:
            self._bytes_at_most = self.held_bytes
            if self._bytes_at_most >= self._most_bytes:
                return 0
        if self._at_most >= min(limit, self._count_at):
            self._at_most = self._counted(limit)
            self._count_at = max(limit // 2, self._at_most + limit // COUNTED_AFTER)
        return max(0, limit - self._at_most)

    def _counted(self, limit: int) -> int:
        """Return how many messages count; all of them where they are far too many."""
        held = [session.held for session in self._sessions.values()]
        share = max(1, limit // OWN_SHARE)
        most = sum(held) - (BEYOND - 1) * limit
        return max(most, sum(min(number, share) for number in held))
