"""The hubs of a server: those it was told, and others as they are called for, if it may.

A hub is opened once, whoever asks first and however many ask at the same time; who asks while it is
being opened waits for that. A dynamic hub that could not be opened is forgotten, so that the next
caller tries again.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub.configuration.settings import Settings
from durahub.dispatch.autopurge import Autopurge, Pace
from durahub.dispatch.clock import system_clock
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.limited import LimitedHub
from durahub.dispatch.settings import DispatchSettings
from durahub.edge.lifetime import stopping
from durahub.edge.metrics import HubNumbers
from durahub.edge.server_metrics import HubDetails
from durahub.errors import HubNotFound
from durahub.model.ticks import PER_SECOND, Ticks
from durahub.observing.tracing import NOT_TRACED, Tracing
from durahub.storage import Storage, StorageOptions

log = logging.getLogger(__name__)

NO_INSTANCE = (
    "durahub-readiness"  # that of no instance: its row is looked for to see storage answer
)

DYNAMIC_HINT = (
    "this server serves it when started with --hub {name}, or any hub with --dynamic-hubs "
    "(DTS_USE_DYNAMIC_TASK_HUBS=true)"
)


@dataclass(slots=True)
class _Served:
    """A hub and the tasks that keep it at work, once it is open."""

    hub: TaskHub
    autopurge: Autopurge | None
    opening: "asyncio.Task[None]" = field(init=False)
    running: "asyncio.Task[None] | None" = None
    purging: "asyncio.Task[None] | None" = None

    async def delete(self) -> None:
        """Stop serving the hub, and delete it."""
        if self.running is None:
            with contextlib.suppress(HubNotFound):
                await self.hub.open(create=False)
                await self.hub.delete()
        else:
            self.hub.pause()
            tasks = [task for task in (self.running, self.purging) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.hub.stop_streams()
            await self.hub.delete()
        log.info("hub-deleted", extra={"hub": self.hub.name})
        await self.hub.close()


class Directory:
    """The hubs of a server, found without regard to case."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        tracing: Tracing = NOT_TRACED,
    ) -> None:
        self.default = settings.hubs[0]
        self._storage = storage
        self._settings = settings
        self._tracing = tracing
        self.allows_management = settings.allow_hub_management
        self._served: dict[str, _Served] = {}
        self._leaving: set[str] = set()  # folded names of hubs that are being deleted
        self._stopping = False

    async def start(self) -> None:
        """Open the hubs that were named, created where missing. Raises what opening one raises."""
        try:
            for name in self._settings.hubs:
                await self._open(name)
        except BaseException:
            await self.stop_serving()
            raise

    async def find(self, name: str) -> TaskHub:
        """Return the hub called *name*. Raises `HubNotFound`, or `BadHubName` where any may be made."""
        served = self._served.get(name.casefold())
        if served is not None and served.running is not None:
            return served.hub
        if served is not None or self._settings.dynamic_hubs or self._is_told(name):
            return await self._open(name)
        raise HubNotFound(name, DYNAMIC_HINT.format(name=name))

    def _is_told(self, name: str) -> bool:
        return name.casefold() in (told.casefold() for told in self._settings.hubs)

    async def _open(self, name: str) -> TaskHub:
        """Open a hub and set it to work, if nobody has."""
        if self._stopping:
            raise stopping()
        key = name.casefold()
        if key in self._leaving:
            raise HubNotFound(name)
        served = self._served.get(key)
        if served is None:
            served = self._served[key] = self._make(name)
            served.opening = asyncio.create_task(self._begin(key, served), name=f"open {name}")
        # A caller that goes away must not end what others wait for.
        await asyncio.shield(served.opening)
        return served.hub

    async def create(self, name: str, *, wipe: bool) -> None:
        """Create a hub, if there is none, and serve it; with *wipe* one that exists is deleted before."""
        if wipe:
            await self.delete(name)
        await self._open(name)

    async def delete(self, name: str) -> None:
        """Delete a hub with everything in it; one that does not exist is no error. Raises `BadHubName`."""
        key = name.casefold()
        if self._stopping:
            raise stopping()
        if key in self._leaving:
            raise HubNotFound(name)
        served = self._served.pop(key, None) or self._make(name)
        self._leaving.add(key)
        try:
            await served.delete()
        finally:
            self._leaving.discard(key)

    def _make(self, name: str) -> _Served:
        """Return a hub that nobody has opened yet. Raises `BadHubName`."""
        told = self._settings.of(name)
        store = self._storage.store(
            name,
            StorageOptions(
                partitions=told.partitions,
                visibility_seconds=told.visibility,
                activity_visibility_seconds=told.activity_visibility,
                control_batch=told.control_batch,
                base64_messages=told.base64_messages,
                max_poll_seconds=told.max_poll,
                manager=told.manager,
                level=told.level,
                app_name=self._settings.app_name,
                use_app_lease=self._settings.use_app_lease,
            ),
        )
        dispatch = DispatchSettings(
            message_buffer=told.message_buffer,
            message_bytes=told.message_memory * 1024 * 1024,
            history_cache_bytes=told.history_cache * 1024 * 1024,
            entity_operations=told.entity_operations,
            limits=told.limits,
            max_orchestrations=told.max_orchestrations,
            max_activities=told.max_activities,
            max_entities=told.max_entities,
            drain=self._settings.drain.timeout,
        )
        hub = LimitedHub(store, settings=dispatch, tracing=self._tracing)
        if not told.retention.purges:
            return _Served(hub, None)
        purge = self._settings.purge
        autopurge = Autopurge(
            hub,
            name,
            told.retention,
            claim=store.claim,
            clock=system_clock,
            pace=Pace(purge.requests_per_second, time.monotonic),
            every=purge.every,
            now=time.monotonic,
        )
        return _Served(hub, autopurge)

    async def _begin(self, key: str, served: _Served) -> None:
        try:
            await served.hub.open(create=True)
        except BaseException:
            self._served.pop(key, None)
            await served.hub.close()
            raise
        log.info("hub-opened", extra={"hub": served.hub.name})
        name = served.hub.name
        served.running = asyncio.create_task(served.hub.run(), name=f"hub {name}")
        if served.autopurge is not None:
            served.purging = asyncio.create_task(served.autopurge.run(), name=f"purge {name}")

    async def stop_serving(self) -> None:
        """Open no more hubs, give out no more work, let all partitions go, end the streams."""
        if self._stopping:
            return
        self._stopping = True
        opening = [served.opening for served in self._served.values()]
        await asyncio.gather(*opening, return_exceptions=True)
        for served in self._served.values():
            served.hub.pause()
        before = {served.hub.name: served.hub.uncompleted for served in self._served.values()}
        for served in self._served.values():
            extra = {"hub": served.hub.name, "open_items": sum(served.hub.open_work_items)}
            log.info("drain-no-new-work", extra=extra)
        tasks = [(served.running, served.purging) for served in self._served.values()]
        running = [task for pair in tasks for task in pair if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for served in self._served.values():
            hub = served.hub
            given_back = hub.uncompleted - before[hub.name]
            extra = {"hub": hub.name, "streams": hub.workers, "given_back": given_back}
            log.info("drain-partitions-released", extra=extra)
            hub.stop_streams()

    def amiss(self) -> Mapping[str, str]:
        """Return what is wrong with each hub that was named: a code or ``"opening"``; ``""`` for nothing.

        A hub that is called for and cannot be opened is its caller's affair.
        """
        result = {}
        for name in self._settings.hubs:
            served = self._served.get(name.casefold())
            if served is not None and served.running is not None:
                result[served.hub.name] = served.hub.failing
            elif name.casefold() not in self._leaving and served is not None:
                result[name] = "opening"
        return result

    async def look(self) -> None:
        """Read a row of a hub that is open. Raises what storage says."""
        for served in tuple(self._served.values()):
            if served.running is not None:
                await served.hub.get(NO_INSTANCE, payloads=False)
                return

    async def close(self) -> None:
        """Let go of storage; nothing may be called any more."""
        for served in self._served.values():
            await served.hub.close()

    def workers(self, name: str) -> int:
        """Return how many workers are connected for a hub: none for one that is not served."""
        served = self._served.get(name.casefold())
        return served.hub.workers if served is not None and served.running is not None else 0

    def numbers(self) -> Mapping[str, HubNumbers]:
        """Return the numbers of each hub that is open, for the metrics."""
        opened = [served for served in self._served.values() if served.running]
        return {served.hub.name: _numbers(served) for served in opened}

    def details(self) -> Mapping[str, HubDetails]:
        """Return what was measured of each hub that is open, for the metrics."""
        opened = [served for served in self._served.values() if served.running]
        now = system_clock()
        return {served.hub.name: _details(served.hub, now) for served in opened}


def _details(hub: TaskHub, now: Ticks) -> HubDetails:
    waiting = hub.waiting()
    return HubDetails(
        partitions=hub.held_partitions,
        failing=bool(hub.failing),
        waiting={kind.value: one.count for kind, one in waiting.items()},
        oldest={
            kind.value: max(0.0, (now - one.since) / PER_SECOND) if one.since is not None else 0.0
            for kind, one in waiting.items()
        },
        items={
            (kind.value, *labels): buckets
            for kind, timings in hub.ended_work_items.items()
            for labels, buckets in timings.snapshot().items()
        },
        checkpoints=hub.checkpoints.snapshot(),
        retries={kind.value: count for kind, count in hub.commit_retries.items()},
    )


def _numbers(served: _Served) -> HubNumbers:
    hub = served.hub
    turns, activities, batches = hub.open_work_items
    memory = hub.memory
    return HubNumbers(
        workers=hub.workers,
        messages=hub.messages_in_memory,
        open_orchestrations=turns,
        open_activities=activities,
        open_entities=batches,
        set_aside=hub.set_aside_count,
        purged=served.autopurge.purged if served.autopurge is not None else 0,
        sessions=memory.sessions,
        histories=memory.histories,
        history_bytes=memory.history_bytes,
    )
