"""``durahub hub freeze`` and ``thaw``: nobody else can take the hub, and who writes to it is found out."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import pytest
from hubs_under_test import ClassicHub
from listening_desk import A_WHILE, PATIENCE, Desk, eventually
from shop_orders import start

from durahub.classic.freezing.freezing import Freezing
from durahub.classic.freezing.grip import Grip
from durahub.classic.freezing.naming import holder_name
from durahub.classic.freezing.standing import check, standing
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions, Manager
from durahub.classic.partitioning.app_lease import app_lease_id
from durahub.classic.partitioning.evidence import Evidence, all_sightings
from durahub.classic.parts import Parts, assemble
from durahub.dispatch.clock import system_clock
from durahub.errors import ForeignWriter, HubInUse, NotFrozen
from durahub.freezing import Freeze, Terms

pytestmark = pytest.mark.azurite

QUICK = Terms(
    wait=60.0, hidden_for=0.0, apart=0.3, lease=60.0
)  # a lease that nobody renews is to last
ONCE = Terms(wait=0.0, hidden_for=0.0, apart=0.3, lease=60.0)
SHORT = Terms(wait=60.0, hidden_for=0.0, apart=0.3, lease=15.0)


@pytest.fixture
async def hub(azurite: Any, hub_name: str) -> AsyncIterator[ClassicHub]:
    made = ClassicHub(hub_name, azurite.connection_string)
    yield made
    await made.close()


@pytest.fixture(
    params=["safe", *(pytest.param(one, marks=pytest.mark.slow) for one in ("table", "legacy"))]
)
def manager(request: pytest.FixtureRequest) -> Manager:
    return Manager(request.param)


def parts_of(hub: ClassicHub) -> Parts:
    return assemble(HubNames(hub.name), hub.account(), ClassicOptions(), system_clock, Random())


def freezing(hub: ClassicHub) -> Freezing:
    return Freezing(hub.name, hub.account(), system_clock)


async def frozen(hub: ClassicHub, terms: Terms = QUICK) -> tuple[Freezing, Freeze]:
    freezer = freezing(hub)
    return freezer, await freezer.freeze(terms, bool)


async def evidence(hub: ClassicHub) -> Evidence:
    return await parts_of(hub).leases.evidence()


async def holders(hub: ClassicHub) -> set[str]:
    return {one.worker for one in all_sightings(await evidence(hub), "", system_clock())}


@contextlib.asynccontextmanager
async def held(freezer: Freezing) -> AsyncIterator["asyncio.Task[None]"]:
    """Have it renew its leases beside the body."""
    task = asyncio.create_task(freezer.hold())
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# -- holding ---------------------------------------------------------------------------------------


async def test_no_worker_takes_a_partition_of_a_frozen_hub_and_after_the_thaw_it_has_all(
    hub: ClassicHub, manager: Manager
) -> None:
    await hub.open(partitions=2, manager=manager)
    freezer, freeze = await frozen(hub)
    async with held(freezer):
        worker = await hub.open(manager=manager, worker_id="w")
        hub.serve(worker, Desk())
        await asyncio.sleep(A_WHILE)  # two of its passes

        assert not any(worker.owns(f"order-{number}") for number in range(20))
        found = await standing(parts_of(hub))
        assert found is not None
        assert (found.freeze, found.problem) == (freeze, "")

    await freezer.release()
    await eventually(lambda: all(worker.owns(f"order-{number}") for number in range(20)))
    assert await standing(parts_of(hub)) is None


@pytest.mark.slow
async def test_a_lease_of_a_freeze_cannot_be_stolen_by_the_token_in_its_blob(
    hub: ClassicHub,
) -> None:
    await hub.open(partitions=1, manager=Manager.SAFE)
    freezer, _ = await frozen(hub)
    blobs = parts_of(hub).leases.of_blobs

    for folder, found in (await evidence(hub)).blobs.items():
        for blob in found:
            assert blob.token is not None
            assert not await blobs.change(
                f"{folder}/{blob.partition}", blob.token, str(uuid.uuid4())
            )
    await freezer.release()


@pytest.mark.slow
async def test_the_app_lease_is_held_too_and_another_app_has_it_after_the_thaw(
    hub: ClassicHub,
) -> None:
    store = await hub.open(partitions=1, app_name="Shop")
    parts = parts_of(hub)
    assert not await parts.app_lease.is_leased()
    freezer, freeze = await frozen(hub)

    assert f"container {parts.names.app_lease_container}" in freeze.leases
    assert not await parts.app_lease.acquire(app_lease_id("Shop"), 60)

    await freezer.release()
    assert await parts.app_lease.acquire(app_lease_id("Shop"), 60)
    assert store


@pytest.mark.slow
async def test_a_lasting_freeze_needs_no_process_and_is_thawed_by_another(
    hub: ClassicHub, manager: Manager
) -> None:
    await hub.open(partitions=2, manager=manager, app_name="Shop")
    await frozen(hub, Terms(**{**_terms(QUICK), "lasting": True}))
    parts = parts_of(hub)
    held_for_ever = await evidence(hub)
    assert await parts.blobs.is_leased_for_ever(parts.names.app_lease_container)
    assert all(row.expires_at > system_clock() + 10**16 for row in held_for_ever.rows)  # 30 years
    with pytest.raises(HubInUse, match="frozen already"):
        await frozen(hub, ONCE)

    released = await freezing(hub).thaw()

    per_partition = 2 if manager is Manager.SAFE else 1
    assert len(released) == 1 + 2 * per_partition + 1  # app lease, partitions, record
    assert await holders(hub) == set()
    assert await freezing(hub).thaw() == ()
    _, freeze = await frozen(hub)
    assert freeze.seen == ()


def _terms(terms: Terms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in ("wait", "hidden_for", "apart", "lease")}


async def test_a_freezer_takes_no_row_that_another_took_after_it_saw_nobody(
    hub: ClassicHub,
) -> None:
    await hub.open(partitions=2, manager=Manager.TABLE, app_name="Shop")
    freezer, freeze = await frozen(hub)

    with pytest.raises(HubInUse, match=f"{freeze.holder} has taken the row .* just now"):
        await Grip(parts_of(hub), holder_name(7), 15.0).take()

    assert await holders(hub) == {freeze.holder}
    await freezer.release()


@pytest.mark.slow
async def test_of_two_freezers_at_once_one_has_all_and_the_other_nothing(
    hub: ClassicHub, manager: Manager
) -> None:
    await hub.open(partitions=4, manager=manager, app_name="Shop")
    freezers = [freezing(hub) for _ in range(2)]

    found = await asyncio.gather(
        *(one.freeze(ONCE, bool) for one in freezers), return_exceptions=True
    )

    won = [one for one in found if isinstance(one, Freeze)]
    lost = [one for one in found if isinstance(one, HubInUse)]
    assert len(won) + len(lost) == 2
    for freeze in won:
        there = await standing(parts_of(hub))
        assert there is not None
        assert (there.freeze.holder, there.problem) == (freeze.holder, "")
    for freezer in freezers:
        await freezer.release()
    assert await standing(parts_of(hub)) is None
    assert await freezing(hub).thaw() == ()


@pytest.mark.slow
async def test_one_who_holds_a_hub_that_is_thawed_finds_out(hub: ClassicHub) -> None:
    await hub.open(partitions=1)
    freezer, _ = await frozen(hub)
    assert await freezing(hub).thaw()

    with pytest.raises(NotFrozen, match="thawed"):
        await freezer.hold()


@pytest.mark.slow  # leases on blobs last for 15 s at least
async def test_leases_of_a_freezer_that_was_killed_run_out(
    hub: ClassicHub, manager: Manager
) -> None:
    await hub.open(partitions=1, manager=manager, app_name="Shop")
    await frozen(hub, SHORT)  # and nobody renews
    worker = await hub.open(manager=manager, app_name="Shop", worker_id="w", app_lease_acquire=1.0)
    hub.serve(worker, Desk())

    await eventually(lambda: worker.owns("order-1"))
    found = await standing(parts_of(hub))
    assert found is not None
    assert "not held" in found.problem
    await hub.stop(worker)
    assert await freezing(hub).thaw() == ("the record of the freeze",)


@pytest.mark.slow
async def test_a_thaw_behind_leases_that_have_run_out_clears_what_they_said(
    hub: ClassicHub, manager: Manager
) -> None:
    await hub.open(partitions=1, manager=manager)
    await frozen(hub)
    await freezing(hub).thaw()

    left = await evidence(hub)
    assert {row.current_owner for row in left.rows} <= {None}
    blobs = [blob for found in left.blobs.values() for blob in found]
    assert {(blob.owner, blob.token, blob.leased) for blob in blobs} <= {(None, None, False)}


# -- who is in the way -----------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_hub_that_a_worker_has_is_not_frozen_and_the_worker_keeps_it(
    hub: ClassicHub, manager: Manager
) -> None:
    worker = await hub.open(partitions=2, manager=manager, worker_id="w", lease=30.0)
    hub.serve(worker, Desk())
    await eventually(lambda: worker.owns("order-1"))
    told: list[str] = []

    with pytest.raises(HubInUse, match="w "):
        await freezing(hub).freeze(Terms(**{**_terms(ONCE), "wait": 1.0}), told.append)

    assert told
    assert "waiting for w" in told[0]
    assert worker.owns("order-1")
    assert await holders(hub) == {"w"}


async def test_an_app_that_has_the_app_lease_is_in_the_way(hub: ClassicHub) -> None:
    await hub.open(partitions=1, app_name="Shop")
    assert await parts_of(hub).app_lease.acquire(app_lease_id("Shop"), 60)

    with pytest.raises(HubInUse, match="app lease"):
        await frozen(hub, ONCE)


@pytest.mark.slow
async def test_workers_that_leave_are_waited_for_and_named_in_the_report(hub: ClassicHub) -> None:
    worker = await hub.open(partitions=1, manager=Manager.LEGACY, worker_id="w")
    hub.serve(worker, Desk())
    await eventually(lambda: worker.owns("order-1"))
    freezer = freezing(hub)
    told: list[str] = []
    work = asyncio.create_task(freezer.freeze(QUICK, told.append))
    await eventually(lambda: told)

    await hub.stop(worker)
    freeze = await work

    assert [one.who for one in freeze.seen] == ["w"]
    await freezer.release()


@pytest.mark.slow
async def test_a_message_that_a_worker_has_is_waited_for(hub: ClassicHub) -> None:
    await hub.open(partitions=1)
    parts = parts_of(hub)
    await parts.queues.put(parts.names.workitem_queue, "an activity", 0)
    await parts.queues.receive(parts.names.workitem_queue, 1, 60)

    with pytest.raises(HubInUse, match="1 activities are at work"):
        await frozen(hub, Terms(**{**_terms(QUICK), "wait": 1.0}))
    assert await holders(hub) == set()


@pytest.mark.slow
async def test_timers_stay_hidden_and_are_not_waited_for_longer_than_a_worker_could_hide_them(
    hub: ClassicHub,
) -> None:
    await hub.open(partitions=1)
    parts = parts_of(hub)
    await parts.queues.put(parts.names.control_queue(0), "a timer", 3600)

    freezer, freeze = await frozen(hub)

    assert freeze.samples[-1].queues[parts.names.control_queue(0)].depth == 1
    await freezer.release()


# -- who writes ------------------------------------------------------------------------------------

Write = Callable[[Parts], Any]


async def _a_client_enqueues(parts: Parts) -> None:
    await parts.queues.put(parts.names.control_queue(0), "an event", 0)


async def _an_activity_worker_takes(parts: Parts) -> None:
    await parts.queues.receive(parts.names.workitem_queue, 1, 60)


async def _an_activity_worker_deletes(parts: Parts) -> None:
    [taken] = await parts.queues.receive(parts.names.workitem_queue, 1, 60)
    await parts.queues.delete(taken.receipt)


async def _somebody_writes_a_row(parts: Parts) -> None:
    row = {"PartitionKey": "order-1", "RowKey": "", "CustomStatus": "seen"}
    await parts.tables.merge(parts.names.instances_table, row)


WRITERS = {
    "grew from 0 to 1": _a_client_enqueues,
    "had a message taken": _an_activity_worker_takes,
    "shrank from 1 to 0": _an_activity_worker_deletes,
    "the row of 'order-1'": _somebody_writes_a_row,
}


@pytest.mark.slow
@pytest.mark.parametrize("says", WRITERS)
async def test_who_writes_between_the_counts_is_told_of_and_nothing_stays_held(
    hub: ClassicHub, says: str
) -> None:
    await hub.open(partitions=1)
    parts = parts_of(hub)
    await parts.queues.put(parts.names.workitem_queue, "an activity", 0)
    freezer = freezing(hub)
    between = asyncio.Event()

    def told(sentence: str) -> None:
        if "counting again" in sentence:
            between.set()

    work = asyncio.create_task(freezer.freeze(Terms(**{**_terms(QUICK), "apart": 5.0}), told))
    await between.wait()
    await WRITERS[says](parts)

    with pytest.raises(ForeignWriter, match=says):
        await work
    assert await holders(hub) == set()
    assert await standing(parts) is None


async def test_who_writes_after_the_freeze_is_found_by_whoever_looks_again(
    hub: ClassicHub,
) -> None:
    await hub.open(partitions=1)
    parts = parts_of(hub)
    await parts.queues.put(parts.names.workitem_queue, "an activity", 0)
    freezer, freeze = await frozen(hub)
    assert (await check(parts, freeze)).problem == ""

    await _a_client_enqueues(parts)
    await _an_activity_worker_takes(parts)
    await _somebody_writes_a_row(parts)

    problem = (await check(parts, freeze)).problem
    assert f"queue {parts.names.control_queue(0)} grew from 0 to 1 messages" in problem
    assert f"queue {parts.names.workitem_queue} had a message taken, which is hidden now" in problem
    assert f"the row of 'order-1' in {parts.names.instances_table} was written" in problem
    await freezer.release()


@pytest.mark.slow
async def test_a_client_of_ours_that_starts_an_instance_is_found(hub: ClassicHub) -> None:
    store = await hub.open(partitions=1)
    parts = parts_of(hub)
    freezer, freeze = await frozen(hub)

    await store.start(start("order-1"), None)

    problem = (await check(parts, freeze)).problem
    assert "grew from 0 to 1" in problem
    assert "'order-1' in" in problem
    await freezer.release()


@pytest.mark.slow
async def test_a_worker_that_asks_for_a_row_is_told_of_but_changes_nothing(hub: ClassicHub) -> None:
    await hub.open(partitions=2)
    freezer, freeze = await frozen(hub)
    worker = await hub.open(worker_id="w")
    hub.serve(worker, Desk())
    parts = parts_of(hub)

    async def asking() -> tuple[str, ...]:
        return (await check(parts, freeze)).asking

    async with held(freezer):
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not await asking():
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.1)
        assert await asking() == ("w",)
        assert (await check(parts, freeze)).problem == ""
    await hub.stop(worker)
    await freezer.release()


async def test_without_any_lease_that_could_be_taken_nothing_is_frozen(hub: ClassicHub) -> None:
    await hub.open(partitions=1)
    parts = parts_of(hub)
    await parts.tables.delete(parts.names.partitions_table, "", parts.names.control_queue(0))

    with pytest.raises(NotFrozen, match="no lease"):
        await frozen(hub)
