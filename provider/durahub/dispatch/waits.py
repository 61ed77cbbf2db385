"""Clients that wait for an instance: woken by what this server writes, else by a look from time to time."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from durahub.model.history import Status
from durahub.model.instance import Instance

FIRST_LOOK = 0.5  # seconds; what another server writes is only seen by looking
LAST_LOOK = 5.0
OWN_LOOK = 30.0  # what this server runs wakes its waiters; this is only a second rope


class Waits:
    """Who waits for which instance. IDs are told apart as storage tells them: by case."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[_Waiter]] = defaultdict(set)

    def notify(self, instance_id: str, status: Status) -> None:
        """Wake those who wait for *instance_id* to be in a status like this."""
        for waiter in self._waiting.get(instance_id, ()):
            if waiter.wanted(status):
                waiter.woken.set()

    async def until(
        self,
        instance_id: str,
        look: Callable[[], Awaitable[Instance | None]],
        wanted: Callable[[Status], bool],
        owned: Callable[[], bool],
    ) -> Instance:
        """Return the instance once its status is *wanted*; waits without limit, also for an unknown one."""
        waiter = _Waiter(wanted)
        self._waiting[instance_id].add(waiter)
        pause = FIRST_LOOK
        try:
            while True:
                waiter.woken.clear()
                instance = await look()
                if instance is not None and wanted(instance.status):
                    return instance
                # not `asyncio.wait_for`, which may swallow the end of a client's call before Python 3.12
                with anyio.move_on_after(OWN_LOOK if owned() else pause):
                    await waiter.woken.wait()
                pause = FIRST_LOOK if waiter.woken.is_set() else min(pause * 1.5, LAST_LOOK)
        finally:
            self._waiting[instance_id].discard(waiter)
            if not self._waiting[instance_id]:
                del self._waiting[instance_id]


@dataclass(eq=False, slots=True)
class _Waiter:
    wanted: Callable[[Status], bool]
    woken: asyncio.Event = field(default_factory=asyncio.Event)
