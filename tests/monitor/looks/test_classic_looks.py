"""Looks at queues, leases, messages, blobs and storage of a hub in Azure Storage, and what they cost."""

import pytest

from durahub.classic.partitioning.table import LeaseRow
from durahub.errors import BadRequest
from durahub.model.ticks import later
from durahub_migrate.monitor.health.measures import Price
from durahub_migrate.monitor.partitions import Holding
from durahub_migrate.monitor.waiting import Reason
from tests.monitor.looks.conftest import LoadHub

pytestmark = pytest.mark.azurite


async def test_a_look_at_an_idle_hub_takes_its_minimum_and_lasts_for_a_while(
    load_hub: LoadHub,
) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    for queue in (hub.work_items, *hub.parts.names.control_queues(4)):
        await hub.lose(queue)
    looks = hub.looking(fresh=5.0)
    before = hub.requests
    await looks.partitions()
    # queues listed, 5 depths, rows and blobs of leases, freeze, app lease: its blob and its container
    assert hub.requests - before == 1 + 5 + 2 + 1 + 2
    before = hub.requests
    await looks.partitions()
    assert hub.requests == before
    hub.clock.now = later(hub.clock.now, 6.0)
    await looks.partitions()
    assert hub.requests - before == 5 + 2 + 1 + 2


async def test_partitions_show_owners_depths_and_shares(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.held([hub.parts.names.control_queue(1)], by="worker-2", ends_in=-60.0)
    await hub.put_lease(LeaseRow(partition=hub.parts.names.control_queue(2)))
    await hub.fill_index()
    found = await hub.looks.partitions()
    assert found.manager == "table"
    assert [one.holding for one in found.partitions] == [
        Holding.HELD,
        Holding.EXPIRED,
        Holding.FREE,
        Holding.HELD,
    ]
    assert sum(one.instances for one in found.partitions) == hub.index.count()
    assert sum(one.share for one in found.partitions) == pytest.approx(1.0, abs=0.001)
    assert found.work_items is not None
    assert found.work_items.visible == found.work_items.depth > 0
    assert [one.name for one in found.workers] == ["worker-1"]
    assert found.workers[0].partitions == (0, 3)
    assert any("has run out and nobody has taken it" in said for said in found.problems)


@pytest.mark.slow
async def test_an_owner_that_changes_between_looks_is_counted(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    for number in range(5):
        await hub.held(by=f"worker-{number % 2}")
        found = await hub.looks.partitions()
        hub.clock.now = later(hub.clock.now, 40.0)
    assert {one.changes for one in found.partitions} == {4}
    assert all(one.flapping for one in found.partitions)


async def test_messages_of_a_queue_are_told_with_a_verdict(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.fill_index()
    queue = hub.queue_of("nobody-of-that-name")
    await hub.deliver(queue, 1)
    found = {one.target: one for one in await hub.looks.messages(queue)}
    assert found["nobody-of-that-name"].verdict == "orphan"
    assert found["nobody-of-that-name"].event == "EventRaised"
    assert found["nobody-of-that-name"].name == "Approval"
    with pytest.raises(BadRequest):
        await hub.looks.messages("no-such-queue")


async def test_a_message_that_is_not_json_is_unreadable(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    queue = hub.parts.names.control_queue(0)
    await hub.parts.queues.put(queue, "no message at all", 0)
    assert "unreadable" in {one.verdict for one in await hub.looks.messages(queue)}


async def test_a_blob_that_nothing_names_is_an_orphan_once_it_is_old(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.fill_index()
    container = hub.parts.names.large_messages_container
    name = "gone-long-ago/history-0001-0000-TaskCompleted-Result.json.gz"
    await hub.parts.blobs.write(container, name, b"x" * 70)
    assert await hub.looks.orphaned_blobs() == ()  # it may be about to be named
    hub.clock.now = later(hub.clock.now, 2 * 86_400)
    found = await hub.looks.orphaned_blobs()
    assert [(one.name, one.bytes, one.instance_id) for one in found] == [
        (name, 70, "gone-long-ago")
    ]


@pytest.mark.parametrize("recorded", ["waiting", pytest.param("functions", marks=pytest.mark.slow)])
async def test_no_blob_of_a_recorded_hub_is_called_an_orphan(
    load_hub: LoadHub, recorded: str
) -> None:
    hub = await load_hub(recorded)
    hub.clock.now = later(hub.clock.now, 2 * 86_400)
    swept_nothing = await hub.looks.orphaned_blobs()  # the index knows no instance yet
    await hub.fill_index()
    assert swept_nothing == await hub.looks.orphaned_blobs() == ()


async def test_storage_is_measured_by_a_sample_and_then_remembered(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.fill_index()
    price = Price(gb_month=0.05, currency="EUR", file="prices.toml")
    looks = hub.looking(samples=1000, fresh=60.0, price=price)
    found = await looks.storage()
    assert found.sampled == 1.0
    assert found.instances == hub.index.count()
    assert found.rows > found.instances
    assert found.bytes_rows > 0
    assert found.blobs > 0
    assert found.cost_month is not None
    before = hub.requests
    assert (await looks.storage()).bytes_rows == found.bytes_rows
    assert hub.requests == before


async def test_the_stuck_list_explains_the_first_and_leaves_out_what_waits_rightly(
    load_hub: LoadHub,
) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.fill_index()
    await hub.lose(hub.work_items)
    looks = hub.looking(fresh=60.0, explained=50)
    found = {one.instance_id: one for one in await looks.stuck(older_than=300.0)}
    assert found["awaits-activity"].reason is Reason.MESSAGE_LOST
    assert found["awaits-activity"].whole
    assert "suspended" not in found
    assert "awaits-timer-far" not in found
    assert "big-input-waiting" not in found  # it waits for an event
    before = hub.requests
    again = await looks.stuck(older_than=300.0)
    assert {one.instance_id for one in again} == set(found)
    assert hub.requests == before


async def test_without_explanations_rows_and_queues_tell_what_is_at_fault(
    load_hub: LoadHub,
) -> None:
    hub = await load_hub("waiting")
    await hub.fill_index()
    looks = hub.looking(fresh=60.0, explained=0)
    await looks.partitions()
    before = hub.requests
    found = {one.instance_id: one.reason for one in await looks.stuck(older_than=300.0)}
    assert hub.requests == before
    assert found["never-started"] is Reason.NO_WORKERS
    assert "suspended" not in found
