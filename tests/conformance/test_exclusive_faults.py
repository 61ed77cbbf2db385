"""The level exclusive when something goes wrong: what fails, is refused or taken away, and dies by chance."""

import asyncio
import base64
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from random import Random
from typing import Any

import pytest
from failing_orders import answers, in_turn, scheduled
from hubs_under_test import ClassicHub
from listening_desk import Desk, eventually
from scripted_worker import scripted
from shop_orders import activity, episode, raised, result, start
from test_exclusive_level import an_order, depths, exclusive, paying, settle, unsettled

from durahub.classic.names import HubNames
from durahub.classic.options import Level
from durahub.classic.store import ClassicStore
from durahub.classic.unposted import COLUMN
from durahub.dispatch.clients import StartRequest
from durahub.engine.actions import Action, ScheduleTask
from durahub.engine.commit import Commit, Delivery
from durahub.errors import BadRow, Unavailable
from durahub.model.history import Event, Status, TaskCompleted, TaskScheduled
from tests.conftest import Storage
from tests.sdk.bare_hub import BareHub, ForeignWorker

pytestmark = pytest.mark.azurite

LARGE = "x" * 70_000


@pytest.fixture
async def hub(azurite: Any, hub_name: str) -> AsyncIterator[ClassicHub]:
    made = ClassicHub(hub_name, azurite.connection_string)
    yield made
    await made.close()


async def test_a_checkpoint_that_ends_an_order_and_fails_gives_its_activity_one_message(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    version = await an_order(store, desk, 0)
    await store.send(raised("order-1"))
    end = episode(await desk.message(2), version, status=Status.Completed)
    hub.transport(store).refuses = lambda url: "batch" in url
    for _ in range(2):
        with pytest.raises(Unavailable):
            await store.commit(end)
    hub.transport(store).refuses = lambda _: False

    await store.commit(end)

    assert (await depths(store))[0] == 1
    assert await unsettled(hub) == []
    work = await desk.activity()
    await store.complete_activity(work, result(work))
    assert (await depths(store))[0] <= 1  # the message stands for its result
    while sum(await depths(store)):
        for delivery in desk.messages[2:]:
            await store.discard([delivery])
        await asyncio.sleep(0.1)  # the anchor comes again


async def about_to_end(hub: ClassicHub) -> tuple[ClassicStore, Commit, Delivery]:
    """Return a store whose order has had its activity, the commit that ends it, and the answer in that."""
    desk = Desk()
    store = await exclusive(hub, desk)
    version = await an_order(store, desk, 0)
    work = await desk.activity()
    await store.complete_activity(work, result(work))
    answer = await desk.message(2)
    return store, episode(answer, version, status=Status.Completed), answer


async def test_an_anchor_that_a_checkpoint_has_parted_with_goes_though_its_row_is_refused(
    hub: ClassicHub,
) -> None:
    store, end, answer = await about_to_end(hub)
    hub.transport(store).refuses = lambda url: "Instances" in url
    with pytest.raises(Unavailable):
        await store.commit(end)
    hub.transport(store).refuses = lambda _: False

    await store.discard([answer])  # as the history has it already

    deadline = asyncio.get_running_loop().time() + 60
    while sum(await depths(store)):
        assert asyncio.get_running_loop().time() < deadline, await depths(store)
        await asyncio.sleep(0.1)  # it is deleted behind


async def test_an_anchor_stays_as_long_as_the_row_behind_the_checkpoint_is_refused(
    hub: ClassicHub,
) -> None:
    """It may be the last message that makes a server look at the row."""
    store, end, answer = await about_to_end(hub)
    refused = 0

    def refuse(url: str) -> bool:
        nonlocal refused
        refused += "Instances" in url
        return "Instances" in url

    hub.transport(store).refuses = refuse
    with pytest.raises(Unavailable):
        await store.commit(end)
    tried = refused
    await store.discard([answer])  # as the history has it already
    await eventually(lambda: refused > tried)  # the row is seen to behind

    assert sum(await depths(store)) == 1


async def test_activities_that_nobody_takes_leave_the_column_together(hub: ClassicHub) -> None:
    desk = Desk()
    store = await exclusive(hub, desk, visibility=60.0)
    await an_order(store, desk, *range(7))
    await desk.activity(7)
    log = hub.transport(store).log
    log.clear()

    await store.release(desk.activities, 0)

    assert Counter(log) == {("queue", "put"): 7, ("table", "merge"): 1, ("queue", "delete"): 1}
    assert await depths(store) == (7, 0)
    assert await unsettled(hub) == []


async def test_a_result_that_comes_while_its_activity_gets_a_message_takes_that_away(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    await an_order(store, desk, 0)
    work = await desk.activity()
    workitems = HubNames(hub.name).workitem_queue
    completing: list[asyncio.Task[None]] = []

    def complete(url: str) -> bool:
        is_put = f"{workitems}/messages" in url and "numofmessages" not in url  # and no poll
        if is_put and not completing:
            answer = store.complete_activity(work, result(work))
            completing.append(asyncio.create_task(answer))
        return False

    hub.transport(store).refuses = complete  # asked before the message is put
    await hub.stop(store)
    await asyncio.gather(*completing)

    assert completing
    deadline = asyncio.get_running_loop().time() + 60
    while await depths(store) != (0, 1):
        assert asyncio.get_running_loop().time() < deadline, await depths(store)
        await asyncio.sleep(0.1)  # the activity's message may be deleted behind
    assert await unsettled(hub) == []


async def test_an_activity_that_runs_on_is_not_run_again_when_its_partition_comes_back(
    hub: ClassicHub, azurite: Storage
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk, worker_id=f"host:{'0' * 12}")
    await an_order(store, desk, 0)
    bare = BareHub(azurite, hub.name)
    await asyncio.to_thread(take_away, bare, f"host:{'1' * 12}", 1.0)
    await desk.until(lambda: bool(desk.closed))
    await eventually(lambda: store.owns("order-1"))

    begun = len(desk.messages)
    await store.load("order-1")
    await store.discard([await desk.message(max(begun, 2))])  # the anchor

    assert len(desk.activities) == 1
    await store.complete_activity(desk.activities[0], result(desk.activities[0]))
    assert isinstance((await desk.message(3)).message.event, TaskCompleted)


def take_away(bare: BareHub, worker_id: str, seconds: float) -> None:
    """Write another worker into the rows of all partitions, as one does that believes them free."""
    now = datetime.now(timezone.utc)
    for row in bare.rows("Partitions"):
        bare.change(
            "Partitions",
            "",
            row["RowKey"],
            CurrentOwner=worker_id,
            LastRenewal=now,
            ExpiresAt=now + timedelta(seconds=seconds),
        )


async def test_where_a_foreign_worker_comes_activities_have_messages_from_then_on(
    hub: ClassicHub, azurite: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    store = await hub.open(level=Level.EXCLUSIVE, partitions=2)
    hub.serve(store, desk)
    ours, theirs = "order-1", next(n for n in names() if queue_of(store, n) != queue_of(store))
    await eventually(lambda: store.owns(ours) and store.owns(theirs))
    version = await an_order(store, desk, 0, instance_id=ours)
    bare = BareHub(azurite, hub.name)

    await asyncio.to_thread(ask_for, bare, queue_of(store, theirs), "dotnet-1")

    await eventually(lambda: "hub-not-exclusive" in caplog.text)
    (told,) = (one for one in caplog.records if one.message == "hub-not-exclusive")
    assert vars(told)["workers"] == ["dotnet-1"]
    deadline = asyncio.get_running_loop().time() + 60
    while await unsettled(hub):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.1)  # it is done behind the warning
    assert (await depths(store))[0] == 1
    await store.send(raised(ours))
    delivery = await desk.message(2)
    target = desk.activities[0].message.target
    version = (await store.load(ours)).version
    await store.commit(episode(delivery, version, **paying(1, target=target)))
    assert await unsettled(hub) == []
    assert (await depths(store))[0] == 2


def names() -> list[str]:
    return [f"order-{n}" for n in range(2, 50)]


def queue_of(store: ClassicStore, instance_id: str = "order-1") -> str:
    return store._queue_of(instance_id)


def ask_for(bare: BareHub, partition: str, worker_id: str) -> None:
    """Ask for a partition, as a worker does that has too few."""
    bare.change("Partitions", "", partition, NextOwner=worker_id)


async def test_an_activity_of_the_execution_before_gets_a_message_and_that_of_the_new_one_none(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    version = await an_order(store, desk, 0)
    work = await desk.activity()
    await store.complete_activity(work, result(work))
    version = await store.commit(
        episode(await desk.message(2), version, **paying(1, target=work.message.target))
    )
    running = await desk.activity(2)
    again = start("order-1")
    await store.send(again)

    delivery = await desk.message(3)
    await store.commit(episode(delivery, version, **paying(0, 1, target=again.target)))

    assert [one.message.target for one in desk.activities[2:]] == [again.target] * 2
    assert await depths(store) == (1, 1)  # the message of what ran before, and the new anchor
    assert await unsettled(hub) == ["order-1"]
    await hub.crash(store)
    await hub.expire_leases()
    successor = Desk()
    second = await exclusive(hub, successor, worker_id="w")
    await second.load("order-1")
    await second.discard([await successor.message()])
    await successor.activity(3)
    came = {(one.message.target, one.message.event.event_id) for one in successor.activities}
    assert came == {(running.message.target, 1), (again.target, 0), (again.target, 1)}


async def test_a_purged_order_leaves_no_anchor_and_its_activity_has_no_effect(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    await an_order(store, desk, 0)
    work = await desk.activity()

    await store.purge("order-1")
    await store.complete_activity(work, result(work))

    await store.discard([await desk.message(2)])
    deadline = asyncio.get_running_loop().time() + 60
    while sum(await depths(store)):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.1)  # the anchor is deleted behind
    assert (await store.load("order-1")).events == ()


async def test_a_column_that_cannot_be_read_stops_its_instance_and_is_set_aside(
    hub: ClassicHub, azurite: Storage
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    await an_order(store, desk, 0)
    bare = BareHub(azurite, hub.name)
    spoil = partial(bare.change, "History", "order-1", "sentinel", **{COLUMN: "0-4"})
    await asyncio.to_thread(spoil)

    with pytest.raises(BadRow):
        await store.load("order-1")

    (found,) = await store.set_aside()
    assert "order-1/sentinel" in found.location


# -- a foreign worker after settling --------------------------------------------------------------


async def test_a_foreign_worker_gets_after_settling_what_it_gets_at_the_default_level(
    azurite: Storage, hub_name: str
) -> None:
    begun = start("order-1", input='"Oslo"', tags={"city": "Oslo"})
    made = (activity(begun.target, n, text) for n, text in enumerate(('["a"]', '"ü"', LARGE)))
    works = [replace(one, tags={"city": "Oslo"}) for one in made]
    found: dict[Level, list[Any]] = {}
    for level in Level:
        hub = ClassicHub(f"{hub_name}{level.value}", azurite.connection_string)
        store, desk = await hub.open(level=level, worker_id="w", partitions=1), Desk()
        hub.serve(store, desk)
        await eventually(lambda store=store: store.owns("order-1"))
        await store.start(begun, None)
        more = {
            "activities": tuple(works),
            "more": [replace(one.event, input=None) for one in works],
        }
        await store.commit(episode(await desk.message(), **more))
        await desk.activity(3)
        await hub.crash(store)
        await hub.expire_leases()
        bare = BareHub(azurite, hub.name)
        workitems = HubNames(hub.name).workitem_queue
        if level is Level.EXCLUSIVE:
            await settle(hub)
        await asyncio.sleep(hub.visibility + 2)  # no event tells that time is over
        await asyncio.to_thread(ForeignWorker(bare).claim)
        found[level] = await asyncio.to_thread(contents, bare, workitems)
        assert len(found[level]) == len(works)
        await hub.close()

    assert found[Level.DEFAULT] == found[Level.EXCLUSIVE]


def contents(bare: BareHub, name: str) -> list[Any]:
    """Receive what is in a queue: the messages, less what is different in each."""
    found = []
    with bare.queue(name) as queue:
        for one in queue.receive_messages(messages_per_page=32, visibility_timeout=300):
            text = one.content
            plain = text if text.startswith("{") else base64.b64decode(text).decode()
            envelope = json.loads(plain)
            for member in ("ActivityId", "SequenceNumber", "CompressedBlobName"):
                envelope.pop(member, None)
            found.append(envelope)
    return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))


# -- by chance -----------------------------------------------------------------------------------

ORDERS = 4
PER_ORDER = 4
TROUBLE = 0.04  # of the requests, refused or done without an answer
SEEDS = 3
MORE_SEEDS = 25
DRAINED_WITHIN = (
    180.0  # seconds: some wait for what a dead server held, and several hubs share the time
)


GREETED = "Completed: Hello 0 Hello 1 Hello 2 Hello 3"


def fan_out(events: Sequence[Event]) -> Sequence[Action]:
    """Greet three at once, two of them with a lot of text, then one more."""
    first = [
        ScheduleTask(id=n, name="Greet", input=f"{n}{LARGE[: n * 30_000]}")
        for n in range(PER_ORDER - 1)
    ]
    missing = [one for one in first if one.id not in scheduled(events)]
    if missing:
        return missing
    if len(answers(events)) < len(first):
        return []
    return in_turn(events, *first, ScheduleTask(id=PER_ORDER - 1, name="Greet", input="3"))


async def crash_by_chance(hub: ClassicHub, seed: int) -> None:
    """Let servers of either level die at any write, one after the other; the last one ends it all."""
    random = Random(seed)
    left = [f"order-{n}" for n in range(ORDERS)]
    doing = {"Greet": lambda text: f"Hello {(text or '')[:1]}"}
    first = await hub.open(level=Level.DEFAULT, worker_id="w", partitions=2)
    async with scripted(first) as server:
        for name in left:
            await server.start(StartRequest(name="Order", instance_id=name))
    for _ in range(3):
        level = random.choice([Level.EXCLUSIVE, Level.EXCLUSIVE, Level.DEFAULT])
        dying = await hub.open(level=level, worker_id="w")
        async with scripted(dying) as server:
            server.work({"Order": fan_out}, doing)
            await eventually(lambda dying=dying: all(map(dying.owns, left)))
            if random.random() < 0.5:
                hub.transport(dying).refuses = lambda _: random.random() < TROUBLE
                hub.transport(dying).loses = lambda _: random.random() < TROUBLE
            hub.transport(dying).writes_left = random.randint(1, 30)
            with contextlib.suppress(asyncio.TimeoutError):
                dead = eventually(lambda dying=dying: hub.transport(dying).writes_left < 0)
                await asyncio.wait_for(dead, 4)
            hub.transport(dying).writes_left = -1
        await dying.close()
    last = await hub.open(level=random.choice(list(Level)), worker_id="w")
    async with scripted(last) as server:
        server.work({"Order": fan_out}, doing)
        for name in left:
            assert await server.ended(name) == GREETED, seed
        deadline = asyncio.get_running_loop().time() + DRAINED_WITHIN
        while sum((await last.info()).queues.values()):
            assert asyncio.get_running_loop().time() < deadline, (seed, (await last.info()).queues)
            await asyncio.sleep(0.1)
        for name in left:
            events = (await last.load(name)).events
            asked = Counter(one.event_id for one in events if isinstance(one, TaskScheduled))
            done = Counter(
                one.task_scheduled_id for one in events if isinstance(one, TaskCompleted)
            )
            assert asked == done == Counter(range(PER_ORDER)), (seed, name)
    assert await unsettled(hub) == []
    await hub.close()


async def chances(azurite: Storage, hub_name: str, seeds: range) -> None:
    places = asyncio.Semaphore(5)

    async def one(seed: int) -> None:
        async with places:
            await crash_by_chance(ClassicHub(f"{hub_name}x{seed}", azurite.connection_string), seed)

    await asyncio.gather(*map(one, seeds))


@pytest.mark.slow
async def test_servers_of_either_level_die_by_chance_one_after_the_other(
    azurite: Storage, hub_name: str
) -> None:
    await chances(azurite, hub_name, range(SEEDS))


@pytest.mark.fault
@pytest.mark.timeout(900)
async def test_servers_of_either_level_die_by_chance_with_many_seeds(
    azurite: Storage, hub_name: str
) -> None:
    await chances(azurite, hub_name, range(SEEDS, SEEDS + MORE_SEEDS))
