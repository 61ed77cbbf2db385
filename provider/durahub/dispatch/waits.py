"""Clients that wait for an instance: told of what this server writes, else by a look from time to time.

What a client is told without a look was written this very moment. Nothing is answered from memory later,
for another program may purge, restart or end an instance in storage: who comes too late has to look.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import anyio

from durahub.model.history import Status
from durahub.model.instance import Instance

FIRST_LOOK = 0.5  # seconds; what another server writes is only seen by looking
LAST_LOOK = 5.0
OWN_LOOK = 30.0  # what this server runs wakes its waiters; this is only a second rope
EXPECTED_LOOK = 5.0  # the same at first, for those who have not looked at all

Tell: TypeAlias = Callable[[bool], "Instance | None"]
"""Returns what was written, with payloads or without them; ``None`` where it has to be read."""


class Waits:
    """Who waits for which instance. IDs are told apart as storage tells them: by case."""

    def __init__(self, expected_look: float = EXPECTED_LOOK) -> None:
        self._expected_look = expected_look
        self._waiting: defaultdict[str, set[_Waiter]] = defaultdict(set)

    def notify(self, instance_id: str, status: Status, tell: Tell | None = None) -> None:
        """Tell those who wait for *instance_id* to be in a status like this; without *tell* they look."""
        for waiter in self._waiting.get(instance_id, ()):
            if waiter.wanted(status):
                waiter.told = tell(waiter.payloads) if tell is not None else None
                waiter.woken.set()

    def doubt(self, owned: Callable[[str], bool]) -> None:
        """Let those look who wait for an instance that is no longer *owned*: others run it now."""
        for instance_id, waiters in self._waiting.items():
            if not owned(instance_id):
                for waiter in waiters:
                    waiter.woken.set()

    async def until(
        self,
        instance_id: str,
        look: Callable[[], Awaitable[Instance | None]],
        wanted: Callable[[Status], bool],
        owned: Callable[[], bool],
        *,
        payloads: bool = True,
        expected: bool = False,
    ) -> Instance:
        """Return the instance once its status is *wanted*; waits without limit, also for an unknown one.

        *expected*: it is known not to be so yet, and who brings it about will `notify`.
        """
        waiter = _Waiter(wanted, payloads)
        self._waiting[instance_id].add(waiter)
        pause = FIRST_LOOK
        try:
            if expected:
                await waiter.sleep(self._expected_look)
            while waiter.told is None:
                waiter.woken.clear()
                instance = await look()
                if instance is not None and wanted(instance.status):
                    return instance
                await waiter.sleep(OWN_LOOK if owned() else pause)
                pause = FIRST_LOOK if waiter.woken.is_set() else min(pause * 1.5, LAST_LOOK)
            return waiter.told
        finally:
            self._waiting[instance_id].discard(waiter)
            if not self._waiting[instance_id]:
                del self._waiting[instance_id]


@dataclass(eq=False, slots=True)
class _Waiter:
    wanted: Callable[[Status], bool]
    payloads: bool
    told: Instance | None = None
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, limit: float) -> None:
        # not `asyncio.wait_for`, which may swallow the end of a client's call before Python 3.12
        with anyio.move_on_after(limit):
            await self.woken.wait()
