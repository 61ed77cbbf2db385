"""Messages that wait in memory for their time: what is due soon, and of that a bounded number."""

import asyncio
import math
from collections.abc import Callable

from durahub.classic.held import Held, HeldMessages, Stage
from durahub.model.ticks import Ticks, seconds_between

SOON = 300.0  # seconds: what is due later than that waits in its queue alone
MOST = 5_000  # messages; the rest waits in its queue, too
COUNT_AGAIN = 1.0  # seconds between two counts of them when there seem to be as many


class Waiting:
    """The messages that wait here; each is given to *come* when it is due, never before."""

    def __init__(
        self,
        held: HeldMessages,
        clock: Callable[[], Ticks],
        come: Callable[[Held], None],
        soon: float = SOON,
    ) -> None:
        self._held = held
        self._clock = clock
        self._come = come
        self._soon = soon
        self._keys: set[str] = set()
        self._counted_at = -math.inf

    def takes(self, due: Ticks) -> bool:
        """Tell whether a message that is due then may wait here."""
        return seconds_between(self._clock(), due) <= self._soon and self._has_room()

    def add(self, held: Held, due: Ticks) -> None:
        """Let a message wait until *due*."""
        seconds = max(0.0, seconds_between(self._clock(), due))
        held.stop_timer()
        self._keys.add(held.delivery.key)
        held.stage, held.due = Stage.WAITING, due
        held.timer = asyncio.get_running_loop().call_later(seconds, self._come_due, held)

    def remove(self, held: Held) -> None:
        """Let a message wait no longer."""
        held.stop_timer()
        self._keys.discard(held.delivery.key)

    def _has_room(self) -> bool:
        now = asyncio.get_running_loop().time()
        if len(self._keys) >= MOST and now >= self._counted_at + COUNT_AGAIN:
            self._counted_at = now  # some may have been withdrawn
            self._keys = {key for key in self._keys if self._held.find(key) is not None}
        return len(self._keys) < MOST

    def _come_due(self, held: Held) -> None:
        assert held.due is not None  # noqa: S101 (for the types)
        if held.stage is not Stage.WAITING:
            return
        if self._clock() < held.due:  # the two clocks differ: never early
            self.add(held, held.due)
            return
        self.remove(held)
        self._come(held)
