"""All hubs that are watched, each by a task of its own: none holds up another."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from durahub.address import HubAddress
from durahub.dispatch.clock import system_clock
from durahub.errors import DurahubError, HubNotFound
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.hub import HubRef
from durahub_migrate.monitor.hub import StoreKind as HubKind
from durahub_migrate.monitor.seam import Index
from durahub_migrate.watching.actor import OpenActor
from durahub_migrate.watching.budget import RequestBudget
from durahub_migrate.watching.connecting import Connection, Found, Told
from durahub_migrate.watching.discovering import Discovery
from durahub_migrate.watching.keeping import Indexes
from durahub_migrate.watching.looks_of import LooksOf
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.stores import WatchedStore
from durahub_migrate.watching.watched_hub import WatchedHub

Connect = Callable[[Told], Connection]
"""Returns the way to a hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What all hubs are watched with."""

    options: MonitorOptions
    indexes: Indexes
    looks_of: LooksOf | None = None
    open_actor: OpenActor | None = None
    clock: Callable[[], Ticks] = system_clock
    monotonic: Callable[[], float] = time.monotonic
    by_themselves: bool = True  # hubs are swept by tasks of their own


class WatchedHubs:
    """A `durahub_migrate.monitor.seam.Monitor`."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._hubs: dict[str, WatchedHub] = {}
        self._keys: dict[str, str] = {}  # by address
        self._unfound: dict[
            str, WatchedHub
        ] = {}  # by the address of a store that cannot be looked into
        self._stores: list[Discovery] = []
        self._tasks: set[asyncio.Task[None]] = set()

    # -- the seam ------------------------------------------------------------------------------

    def hubs(self) -> tuple[WatchedHub, ...]:
        """Return them by key; a store that cannot be looked into stands among them, as ``*``."""
        found = {**self._hubs, **{one.ref.key: one for one in self._unfound.values()}}
        return tuple(found[key] for key in sorted(found))

    def hub(self, key: str) -> WatchedHub:
        """Return one. Raises `HubNotFound`."""
        found = self._hubs.get(key)
        if found is None:
            found = next((one for one in self._unfound.values() if one.ref.key == key), None)
        if found is None:
            raise HubNotFound(key, "it is not among those that are watched")
        return found

    @property
    def index(self) -> Index:
        """The index of all hubs together."""
        return self._means.indexes.whole

    def look_again(self) -> None:
        """Look for new hubs now."""
        for one in self._stores:
            one.again()

    # -- watching ------------------------------------------------------------------------------

    def watch(
        self, name: str, where: str, address: str, kind: HubKind, connect: Connect
    ) -> WatchedHub:
        """Watch a hub from now on; one that is watched stays. Raises what *connect* does."""
        known = self._keys.get(address)
        if known is not None:
            return self._hubs[known]
        means = self._means
        ref = HubRef(self._free_key(f"{name}@{where}"), name, address, kind)
        per_second = None if kind in (HubKind.SCHEDULER, HubKind.BUNDLE) else self._per_second
        budget = RequestBudget(per_second, clock=means.monotonic)
        told = Told(
            ref=ref,
            index=means.indexes.of(ref.key),
            budget=budget,
            clock=means.clock,
            limits=means.options.limits,
            inputs=means.options.inputs,
            answers_within=means.options.answers_within,
        )
        hub = self._hub(ref, connect(told), told)
        self._hubs[ref.key] = hub
        self._keys[address] = ref.key
        if means.by_themselves:
            self._start(hub.run(), f"watch {ref.key}")
        return hub

    def discover(self, store: WatchedStore) -> None:
        """Watch every hub that is found in a store, from now on."""
        every = self._means.options.look_for_hubs
        discovery = Discovery(store, every, self._on_found, self._on_lost)
        self._stores.append(discovery)
        self._start(discovery.run(), f"look into {store.address}")

    async def close(self) -> None:
        """End all watching; calling it twice is fine."""
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for hub in (*self._hubs.values(), *self._unfound.values()):
            await hub.close()
        for one in self._stores:
            await one.store.close()

    @property
    def _per_second(self) -> float:
        return self._means.options.requests_per_second

    def _on_found(self, store: WatchedStore, names: tuple[str, ...]) -> None:
        self._unfound.pop(str(store.address), None)
        there = set()
        for name in names:
            address = str(HubAddress(store.address, name))
            there.add(address)
            with contextlib.suppress(DurahubError):  # a name that no hub can have
                self.watch(name, store.where, address, store.kind, _way(store, name))
        prefix = str(HubAddress(store.address, ""))
        for address, key in self._keys.items():
            if address.startswith(prefix) and address not in there:
                self._hubs[key].is_gone("it is not in its store any more")

    def _on_lost(self, store: WatchedStore, error: DurahubError) -> None:
        prefix = str(HubAddress(store.address, ""))
        if any(address.startswith(prefix) for address in self._keys):
            return  # its hubs tell by themselves
        address = str(store.address)
        hub = self._unfound.get(address)
        if hub is None:
            ref = HubRef(self._free_key(f"*@{store.where}"), "*", address, store.kind)
            told = Told(
                ref=ref,
                index=self._means.indexes.of(ref.key),
                budget=RequestBudget(self._per_second),
                clock=self._means.clock,
                limits=self._means.options.limits,
            )
            hub = self._unfound[address] = self._hub(ref, _Nowhere(), told)
        hub.driver.lose(error)

    def _hub(self, ref: HubRef, connection: Connection, told: Told) -> WatchedHub:
        means = self._means
        return WatchedHub(
            ref,
            connection,
            told.index,
            told.budget,
            intervals=means.options.intervals,
            clock=means.clock,
            monotonic=means.monotonic,
            looks_of=means.looks_of,
            open_actor=means.open_actor,
            inputs=means.options.inputs,
            stuck_after=means.options.stuck_after,
        )

    def _free_key(self, wanted: str) -> str:
        taken = {*self._hubs, *(one.ref.key for one in self._unfound.values())}
        key, number = wanted, 1
        while key in taken:
            number += 1
            key = f"{wanted}~{number}"
        return key

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.ensure_future(work)
        task.set_name(name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Nowhere:
    """The way to a hub of a store that cannot be looked into."""

    async def open(self) -> Found:
        raise HubNotFound("*", "its store cannot be looked into")

    async def close(self) -> None:
        return


def _way(store: WatchedStore, name: str) -> Connect:
    return lambda told: store.connection(name, told)
