"""Clients that wait for an instance: woken by what this server writes, else by a look from time to time."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

from durahub.model.instance import Instance

FIRST_LOOK = 0.5  # seconds; what another server writes is only seen by looking
LAST_LOOK = 5.0
OWN_LOOK = 30.0  # what this server runs wakes its waiters; this is only a second rope


class Waits:
    """Who waits for which instance. IDs are told apart as storage tells them: by case."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def notify(self, instance_id: str) -> None:
        """Wake all who wait for *instance_id*."""
        for event in self._waiting.get(instance_id, ()):
            event.set()

    async def until(
        self,
        instance_id: str,
        look: Callable[[], Awaitable[Instance | None]],
        satisfied: Callable[[Instance], bool],
        owned: Callable[[], bool],
    ) -> Instance:
        """Return the instance once it is *satisfied*; waits without limit, also for an unknown one."""
        woken = asyncio.Event()
        self._waiting[instance_id].add(woken)
        pause = FIRST_LOOK
        try:
            while True:
                woken.clear()
                instance = await look()
                if instance is not None and satisfied(instance):
                    return instance
                try:
                    await asyncio.wait_for(woken.wait(), OWN_LOOK if owned() else pause)
                    pause = FIRST_LOOK
                except asyncio.TimeoutError:  # the builtin only from Python 3.11 on
                    pause = min(pause * 1.5, LAST_LOOK)
        finally:
            self._waiting[instance_id].discard(woken)
            if not self._waiting[instance_id]:
                del self._waiting[instance_id]
