"""Copies: what was sent once may stand in its queue twice.

A client whose put was not answered in time puts the message again, and both may be there: two messages
with the same envelope, of which each sender makes a new one for each message. The second is not delivered.
"""

from collections import OrderedDict

MOST = 50_000  # messages of which it is remembered, also when they are gone


class Copies:
    """Which message bears what was sent, the longest known forgotten first.

    *sent* names what was sent (`durahub.classic.envelope.Envelope.sent_id`), *key* the message in the queue.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._bearers: OrderedDict[str, str] = OrderedDict()  # by what was sent
        self._sent: dict[str, str] = {}  # by their bearers

    def __len__(self) -> int:
        return len(self._bearers)

    def note(self, sent: str, key: str) -> None:
        """Remember the message *key*, if no other is known that bears the same."""
        if self._bearers.setdefault(sent, key) != key:
            return
        self._sent[key] = sent
        if len(self._bearers) > self._most:
            _, oldest = self._bearers.popitem(last=False)
            del self._sent[oldest]

    def is_copy(self, sent: str, key: str) -> bool:
        """Tell whether another message is known to bear the same."""
        return self._bearers.get(sent, key) != key

    def forget(self, key: str) -> None:
        """Forget a message that is left to its queue: whoever receives a copy first takes that."""
        sent = self._sent.pop(key, None)
        if sent is not None:
            del self._bearers[sent]
