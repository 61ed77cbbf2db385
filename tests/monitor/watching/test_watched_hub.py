"""What a watch hands on: to actors, to listeners, to looks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import pytest

from durahub.address import StoreAddress, StoreKind
from durahub.errors import NotOffered
from durahub.storage import SqliteStorage
from durahub.store import HubStore
from durahub_migrate.acting.watched import ActorOfWatch
from durahub_migrate.monitor.actions import Command, Cost, Done, Possible, Verb
from durahub_migrate.monitor.waiting import Reason, Stuck
from durahub_migrate.watching.feed import ANYTHING
from durahub_migrate.watching.looks_of import Looks
from durahub_migrate.watching.opened import OpenedHub
from durahub_migrate.watching.opening import monitor_of_storage
from tests.monitor.watching.orders import (
    AT_ONCE,
    HUB,
    filled,
    rows_of,
    start,
    unseen,
    until_found,
    watched,
    whole,
)

KEY = "orders@memory"


class Purger:
    """An actor that can do one thing."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        return (Possible(verb=Verb.PURGE, allowed=True),)

    async def cost(self, command: Command) -> Cost:
        return Cost(instances=1)

    async def do(self, command: Command) -> Done:
        await self._store.purge(command.target)
        return Done(verb=command.verb, target=command.target, instances=1)


@pytest.mark.parametrize("how", ["stands", "listens"])
async def test_who_begins_to_look_finds_what_changed_while_nobody_did(how: str) -> None:
    rarely = replace(AT_ONCE, intervals=replace(AT_ONCE.intervals, watched=0.0, free=0.0))
    async with watched(options=rarely) as (storage, monitor):
        hub = monitor.hub(KEY)
        await unseen(hub)
        store = storage.store(HUB)
        await store.open(create=False)
        await start(store, "order-1")
        if how == "stands":
            hub.standing()
        else:
            told = hub.changes()
            assert "order-1" in await asyncio.wait_for(told.__anext__(), 60)
        await filled(hub)


async def test_what_an_actor_does_is_seen_at_once_and_it_is_closed_with_the_watch() -> None:
    opened: list[str] = []

    @contextlib.asynccontextmanager
    async def open_actor(hub: OpenedHub) -> AsyncIterator[Purger]:
        assert hub.storage is not None
        store = hub.storage.store(hub.ref.name)
        await store.open(create=False)
        opened.append("open")
        yield Purger(store)
        opened.append("closed")

    async with SqliteStorage(":memory:") as storage:
        store = storage.store(HUB)
        await store.open(create=True)
        await start(store, "order-1")
        async with monitor_of_storage(
            storage, StoreAddress(StoreKind.SQLITE, ":memory:"), AT_ONCE, open_actor=open_actor
        ) as monitor:
            await until_found(monitor, 1)
            hub = await whole(monitor.hub(KEY))
            assert "order-1" in rows_of(hub)
            command = Command(verb=Verb.PURGE, hub=KEY, target="order-1")

            assert opened == []  # nobody has asked it for anything yet
            assert (await hub.possible("order-1"))[0].allowed
            assert (await hub.cost(command)).instances == 1
            assert (await hub.do(command)).instances == 1
            assert rows_of(hub) == {}
            assert "act" in hub.standing().can
            assert opened == ["open"]

    assert opened == ["open", "closed"]


async def test_without_an_actor_nothing_can_be_done() -> None:
    async with watched() as (_storage, monitor):
        hub = await whole(monitor.hub(KEY))

        assert await hub.possible("order-1") == ()
        assert "act" not in hub.standing().can
        with pytest.raises(NotOffered):
            await hub.do(Command(verb=Verb.PURGE, hub=KEY, target="order-1"))


async def test_listeners_are_told_which_rows_changed() -> None:
    async with watched() as (storage, monitor):
        store = storage.store(HUB)
        await store.open(create=False)
        hub = await whole(monitor.hub(KEY))
        listener = hub.changes()
        told = asyncio.ensure_future(anext(listener))
        await asyncio.sleep(0)
        await start(store, "order-1")
        await hub.refresh()

        assert await told == {"order-1"}


async def test_looks_answer_for_the_hub() -> None:
    async with watched() as (storage, monitor):
        store = storage.store(HUB)
        await store.open(create=False)
        await start(store, "order-1")
        hub = await whole(monitor.hub(KEY))

        found = await hub.why("order-1")
        queues = await hub.partitions()

        assert isinstance(found.reason, Reason)
        assert found.instance_id == "order-1"
        assert queues.work_items is not None


class Suspects:
    """Looks that find one instance that is stuck."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def stuck(self, *, older_than: float) -> tuple[Stuck, ...]:
        self.asked.append(older_than)
        found = Stuck(
            hub=KEY,
            instance_id="order-1",
            name="Order",
            status="Pending",
            reason=Reason.UNKNOWN,
            sentence="it does not move",
            since=None,
            seconds=400.0,
        )
        return (found,) if older_than <= found.seconds else ()


async def test_who_asks_for_others_does_not_change_the_count_of_those_that_are_stuck() -> None:
    suspects = Suspects()
    async with SqliteStorage(":memory:") as storage:
        await storage.store(HUB).open(create=True)
        async with monitor_of_storage(
            storage,
            StoreAddress(StoreKind.SQLITE, ":memory:"),
            replace(AT_ONCE, stuck_after=60.0),
            looks_of=lambda _: cast("Looks", suspects),
        ) as monitor:
            await until_found(monitor, 1)
            hub = await whole(monitor.hub(KEY))
            assert len(await hub.stuck(older_than=60.0)) == 1
            assert hub.standing().stuck == 1
            assert await hub.stuck(older_than=86_400.0) == ()
            assert hub.standing().stuck == 1


async def test_those_that_are_stuck_are_counted_while_somebody_looks() -> None:
    often = replace(AT_ONCE, intervals=replace(AT_ONCE.intervals, stuck=0.01), stuck_after=60.0)
    suspects = Suspects()
    async with SqliteStorage(":memory:") as storage:
        store = storage.store(HUB)
        await store.open(create=True)
        async with monitor_of_storage(
            storage,
            StoreAddress(StoreKind.SQLITE, ":memory:"),
            often,
            looks_of=lambda _: cast("Looks", suspects),
        ) as monitor:
            await until_found(monitor, 1)
            hub = await whole(monitor.hub(KEY))
            told = hub.changes()
            following = asyncio.ensure_future(anext(told))
            await asyncio.sleep(0.1)  # some rounds, in which nothing is there that could be stuck
            assert suspects.asked == []

            await start(store, "order-1")
            await hub.refresh()
            # The row is told, and the count; as one that anything may have changed, if both came at once.
            heard = [await asyncio.wait_for(following, 60)]
            while hub.standing().stuck == 0 or ANYTHING not in heard:
                heard.append(await asyncio.wait_for(anext(told), 60))
            assert set(heard) <= {frozenset({"order-1"}), ANYTHING}
            assert hub.standing().stuck == 1
            assert set(suspects.asked) == {60.0}


async def test_behind_the_steps_of_a_job_it_is_looked_for_changes_once() -> None:
    async with watched() as (storage, monitor):
        store = storage.store(HUB)
        await store.open(create=False)
        hub = await whole(monitor.hub(KEY))
        told = hub.changes()
        following = asyncio.ensure_future(anext(told))
        await start(store, "order-1")
        for _ in range(3):
            hub.acted(
                Command(verb=Verb.SUSPEND, hub=KEY, target="order-1"),
                Done(verb=Verb.SUSPEND, target="order-1", instances=1),
            )

        assert await asyncio.wait_for(following, 60) == {"order-1"}


async def test_what_a_job_has_deleted_is_gone_from_the_index_without_a_question() -> None:
    async with SqliteStorage(":memory:") as storage:
        store = storage.store(HUB)
        await store.open(create=True)
        await start(store, "order-1")

        @contextlib.asynccontextmanager
        async def open_actor(_hub: OpenedHub) -> AsyncIterator[Purger]:
            yield Purger(store)

        async with monitor_of_storage(
            storage, StoreAddress(StoreKind.SQLITE, ":memory:"), AT_ONCE, open_actor=open_actor
        ) as monitor:
            await until_found(monitor, 1)
            hub = await whole(monitor.hub(KEY))
            assert "order-1" in rows_of(hub)
            await ActorOfWatch(hub).do(Command(verb=Verb.PURGE, hub=KEY, target="order-1"))

            assert rows_of(hub) == {}
