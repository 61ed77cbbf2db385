"""Reads what one explanation needs of a hub in Azure Storage, and asks twice before something is called lost.

What it costs at most, where no look is at hand: 1 for the list of queues (once), 4 for its two queues, 3 for
leases and freeze (more under a blob manager: see `classic_hub`), 1 for its row, 1 for each 1,000 rows of its
history, `MOST_BLOBS` for messages in blobs; for each of at most `MOST_OTHERS` other instances its queue, row
and history. When a message seems to be lost, everything once more.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from durahub.classic.doctor.reading import Reading
from durahub.classic.keys import escape
from durahub.classic.parts import Parts
from durahub.classic.stored_rows import is_of_hub
from durahub.errors import InstanceNotFound, StorageDenied
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.explaining import HubSeen, InstanceSeen, SeenQueue, explain, needs
from durahub_migrate.monitor.explaining.seen import Frozen
from durahub_migrate.monitor.health.owners import Held
from durahub_migrate.monitor.row import Row
from durahub_migrate.monitor.waiting import Explanation, Reason
from durahub_migrate.watching.looks.classic_hub import ClassicHub
from durahub_migrate.watching.looks.classic_seen import instance_seen
from durahub_migrate.watching.sources.classic_rows import RowMaker

MOST_OTHERS = 6
"""So many other instances are looked at for one explanation."""
MOST_BLOBS = 5
"""So many messages in blobs are read for one explanation."""
CLAIMS = frozenset({Reason.MESSAGE_LOST, Reason.CHILD_MISSING, Reason.NEVER_STARTED})
"""What is said only after a second look."""
Leases = tuple["Held | None", "Frozen | None"]


class ClassicWhy:
    """Explains instances of one hub."""

    def __init__(
        self,
        hub_key: str,
        parts: Parts,
        hub: ClassicHub,
        clock: Callable[[], Ticks],
        pause: float,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._parts = parts
        self._hub = hub
        self._reading = Reading(parts, clock)
        self._clock = clock
        self._sleep = sleep
        self._pause = pause
        self._maker = RowMaker(hub_key, parts.payloads.url, lambda _: None)

    async def why(
        self, instance_id: str, leases: Leases | None, *, twice: bool = True
    ) -> Explanation:
        """Explain an instance; *leases* are those of a look that is at hand. Raises `InstanceNotFound`."""
        found = await self._once(instance_id, leases)
        if twice and _claims(found):
            await self._sleep(self._pause)
            found = await self._once(instance_id, leases)
        return found

    async def _once(self, instance_id: str, leases: Leases | None) -> Explanation:
        # the history first: what is open in it had its message in a queue when these are looked at
        first = await self._instance(instance_id)
        queues: dict[str, SeenQueue] = {}
        unread = await self._look_at({self._hub.work_items, first.queue or ""}, queues)
        if leases is None:
            try:
                leases = await self._hub.leases(await self._hub.control_queues())
            except StorageDenied as error:
                leases = (None, None)
                unread.append(f"Leases and freeze were not read: {error.sentence}.")
        instances = {instance_id: first}
        for _ in range(MOST_OTHERS):
            wanted = [one for one in needs(instance_id, instances) if one not in instances]
            if not wanted or len(instances) > MOST_OTHERS:
                break
            other = wanted[0]
            # here the queue first: whoever starts in between is there afterwards
            unread += await self._look_at({await self._hub.queue_of(other)}, queues)
            instances[other] = await self._instance(other)
        looked = replace(
            self._hub.seen(queues.values(), *leases), unread=tuple(dict.fromkeys(unread))
        )
        seen = await self._with_blobs(looked, instances)
        if not first.is_there and not list(seen.messages_to(instance_id, activities=False)):
            raise InstanceNotFound(instance_id)
        return explain(instance_id, instances, seen)

    async def _look_at(self, names: set[str], queues: dict[str, SeenQueue]) -> list[str]:
        """Look at queues that were not looked at; return a sentence where that is refused."""
        wanted = sorted(name for name in names if name and name not in queues)
        try:
            queues.update({queue.name: queue for queue in await self._hub.queues(wanted)})
        except StorageDenied as error:
            return [f"The queues were not looked at: {error.sentence}."]
        return []

    async def _with_blobs(self, seen: HubSeen, instances: dict[str, InstanceSeen]) -> HubSeen:
        """Return the hub with the messages in blobs that are for one of *instances*, the first few."""
        left = MOST_BLOBS
        queues = {}
        for name, queue in seen.queues.items():
            messages = []
            for message in queue.messages:
                told = message
                if message.blob is not None and message.target in instances and left:
                    left -= 1
                    told = await self._hub.with_blob(message)
                messages.append(told)
            queues[name] = replace(queue, messages=tuple(messages))
        return replace(seen, queues=queues)

    async def _instance(self, instance_id: str) -> InstanceSeen:
        queue = await self._hub.queue_of(instance_id)
        stored = await self._reading.stored_of(escape(instance_id))
        if stored.row is not None and self._is_of_another_hub(stored.row.columns):
            return InstanceSeen(instance_id=instance_id, queue=queue, history=())
        row: Row | None = None
        if stored.row is not None:
            row, _ = self._maker.row(stored.row.columns, self._clock())
        return replace(instance_seen(stored.facts, row, queue), instance_id=instance_id)

    def _is_of_another_hub(self, columns: object) -> bool:
        names = self._parts.names
        return names.tracking_prefix is not None and not is_of_hub(columns, names.hub)  # type: ignore[arg-type]


def _claims(found: Explanation) -> bool:
    every = {reason for one in (found, *found.chain) for reason in one.reasons}
    every |= {one.reason for one in found.pending}
    return bool(every & CLAIMS)
