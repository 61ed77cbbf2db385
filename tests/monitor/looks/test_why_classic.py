"""Why an instance of a hub in Azure Storage waits: each reason by a real situation, in few requests."""

import pytest

from durahub.classic.freezing.freezing import Freezing
from durahub.classic.history_rows import SENTINEL
from durahub.classic.partitioning.table import LeaseRow
from durahub.errors import InstanceNotFound
from durahub.freezing import Terms
from durahub.model.ticks import later, parse
from durahub_migrate.monitor.waiting import Reason, Weight
from tests.monitor.looks.conftest import LoadHub

pytestmark = pytest.mark.azurite


async def test_with_nobody_there_the_reason_is_that_no_worker_is(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    found = await hub.looks.why("awaits-activity")
    assert found.reason is Reason.NO_WORKERS
    assert found.is_stuck
    assert found.next_steps[0].command == f"durahub hub show {hub.name}"
    assert [(one.what, one.name, one.message) for one in found.pending] == [
        ("activity", "Slow", "queued")
    ]


async def test_a_lease_that_ran_out_beside_living_ones_is_an_owner_that_does_not_renew(
    load_hub: LoadHub,
) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.held([hub.queue_of("awaits-event")], by="worker-2", ends_in=-90.0)
    found = await hub.looks.why("awaits-event")
    assert found.reason is Reason.OWNER_NOT_RENEWING
    assert "'worker-2'" in found.sentence


async def test_a_partition_that_nobody_holds_keeps_its_instances(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.put_lease(LeaseRow(partition=hub.queue_of("awaits-event")))
    found = await hub.looks.why("awaits-event")
    assert found.reason is Reason.NO_OWNER


async def test_a_visible_message_waits_in_its_queue(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    fresh = await hub.looks.why("awaits-event")
    assert fresh.reason is Reason.WORKING
    hub.clock.now = later(hub.clock.now, 600.0)
    await hub.held()
    old = await hub.looks.why("awaits-event")
    assert old.reason is Reason.QUEUED_BEHIND_BACKLOG


async def test_an_activity_is_queued_then_taken_then_runs_for_long(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    queued = await hub.looks.why("awaits-activity")
    assert queued.reason is Reason.ACTIVITY_QUEUED
    await hub.take(hub.work_items)
    real = hub.clock.now
    hub.clock.now = parse("2026-11-21T02:45:00Z")  # minutes after it was recorded
    await hub.held()
    running = await hub.looks.why("awaits-activity")
    assert running.reason is Reason.ACTIVITY_RUNNING
    assert "probably" in running.sentence
    assert any(one.weight is Weight.LIKELY for one in running.evidence)
    hub.clock.now = real
    await hub.held()
    assert (await hub.looks.why("awaits-activity")).reason is Reason.ACTIVITY_RUNNING_LONG


async def test_an_activity_that_was_delivered_seven_times_is_poison(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.deliver(hub.work_items, 6)  # it was delivered once when it was recorded
    await hub.deliver(hub.work_items, 1)
    found = await hub.looks.why("awaits-activity")
    assert found.reason is Reason.ACTIVITY_POISON
    assert "delivered 7 times: probably poison" in found.sentence
    assert found.is_stuck


async def test_an_activity_without_message_and_result_is_lost(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.lose(hub.work_items)
    await hub.lose(hub.queue_of("awaits-activity"))
    found = await hub.looks.why("awaits-activity")
    assert found.reason is Reason.MESSAGE_LOST
    assert found.next_steps[0].command == f"durahub hub doctor {hub.name} --repair"


async def test_a_hidden_message_in_its_queue_may_be_the_one_so_nothing_is_called_lost(
    load_hub: LoadHub,
) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    queue = hub.queue_of("awaits-timer-soon")
    await hub.take(queue)
    found = await hub.looks.why("awaits-timer-soon")
    assert found.reason is Reason.CHECKPOINT_STALE
    assert Reason.MESSAGE_LOST not in found.reasons


async def test_a_timer_whose_message_is_gone_never_fires(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.lose(hub.queue_of("awaits-timer-far"))
    found = await hub.looks.why("awaits-timer-far")
    assert found.reason is Reason.MESSAGE_LOST
    assert found.pending[0].message == "missing"


@pytest.mark.slow
async def test_a_timer_that_is_not_due_is_told_with_its_time(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    found = await hub.looks.why("awaits-timer-far")
    assert found.reason is Reason.TIMER_UNTIL
    assert not found.is_stuck
    assert found.pending[0].due is not None


async def test_between_two_tries_the_pause_is_told(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    hub.clock.now = parse("2026-11-21T02:39:00Z")
    await hub.held()
    found = await hub.looks.why("awaits-retry")
    assert found.reason is Reason.RETRY_UNTIL
    assert found.pending[0].attempt == 2
    assert found.pending[0].last_failure


async def test_an_event_that_came_again_and_again_is_poison(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.deliver(hub.queue_of("awaits-event"), 6)
    assert (await hub.looks.why("awaits-event")).reason is Reason.MESSAGE_POISON


async def test_a_start_whose_message_is_gone_never_happens(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.lose(hub.queue_of("never-started"))
    found = await hub.looks.why("never-started")
    assert found.reason is Reason.NEVER_STARTED
    assert found.is_stuck
    assert found.next_steps[0].command == f"durahub hub doctor {hub.name} --repair"


@pytest.mark.slow
async def test_a_start_whose_time_has_not_come_is_scheduled(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    assert (await hub.looks.why("scheduled-far")).reason is Reason.SCHEDULED


async def test_a_suspended_instance_says_since_when_and_why(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    found = await hub.looks.why("suspended")
    assert found.reason is Reason.SUSPENDED
    assert "hold 日本語" in found.sentence
    assert found.next_steps[0].action == "resume"


@pytest.mark.slow
async def test_a_child_is_followed_to_what_it_waits_for(load_hub: LoadHub) -> None:
    hub = await load_hub("functions")
    await hub.held()
    found = await hub.looks.why("awaits-child")
    assert found.reason is Reason.CHILD_RUNNING
    assert [one.instance_id for one in found.chain] == ["awaits-child:child"]
    assert found.chain[0].reason is Reason.EVENT_OR_ENTITY


async def test_a_child_that_is_gone_is_missing(load_hub: LoadHub) -> None:
    hub = await load_hub("functions")
    await hub.held()
    await hub.purge("awaits-child:child")
    await hub.lose(hub.queue_of("awaits-child:child"))
    await hub.lose(hub.queue_of("awaits-child"))
    found = await hub.looks.why("awaits-child")
    assert found.reason is Reason.CHILD_MISSING
    assert found.is_stuck


async def test_a_lock_is_followed_to_its_holder(load_hub: LoadHub) -> None:
    hub = await load_hub("entities")
    await hub.held()
    found = await hub.looks.why("waits-for-locks")
    assert found.reason is Reason.ENTITY_LOCK_HELD_BY
    assert "'holds-locks'" in found.sentence
    assert [one.instance_id for one in found.chain] == ["holds-locks"]
    assert not found.is_stuck  # its holder waits for an event, which may come


async def test_a_lock_whose_holder_is_gone_is_never_released(load_hub: LoadHub) -> None:
    hub = await load_hub("entities")
    await hub.held()
    await hub.purge("holds-locks")
    found = await hub.looks.why("waits-for-locks")
    assert found.reason is Reason.ENTITY_LOCK_HELD_BY
    assert found.is_stuck
    assert found.next_steps[0].action == "clean-entities"


async def test_a_wait_for_an_event_is_told_as_what_is_left(load_hub: LoadHub) -> None:
    hub = await load_hub("killed")
    await hub.held()
    found = await hub.looks.why("awaits-second-event")
    assert found.reason is Reason.EVENT_OR_ENTITY
    assert "probably" in found.sentence
    assert any("'Approval'" in one.sentence for one in found.evidence)


async def test_a_row_that_a_crash_left_behind_disagrees_with_its_history(load_hub: LoadHub) -> None:
    hub = await load_hub("crash-history")
    await hub.held()
    found = await hub.looks.why("crash-history-victim")
    assert found.reason is Reason.STATUS_DISAGREES


@pytest.mark.slow
async def test_what_has_ended_says_so(load_hub: LoadHub) -> None:
    hub = await load_hub("crash-history")
    await hub.change_row("crash-history-victim", RuntimeStatus="Completed")
    assert (await hub.looks.why("crash-history-victim")).reason is Reason.ENDED


async def test_a_history_that_cannot_be_read_leaves_the_reason_unknown(load_hub: LoadHub) -> None:
    hub = await load_hub("killed")
    await hub.held()
    table = hub.parts.names.history_table
    pages = hub.parts.tables.pages(table, "PartitionKey eq 'awaits-event'")
    rows = [row async for page in pages for row in page]
    first = next(row for row in rows if row.columns["RowKey"] != SENTINEL)
    broken = {**first.columns, "EventType": "NoSuchEvent"}
    await hub.parts.tables.replace(table, broken, first.etag)
    found = await hub.looks.why("awaits-event")
    assert Reason.UNKNOWN in found.reasons
    assert any("Not readable" in one.sentence for one in found.evidence)


async def test_a_frozen_hub_gives_nothing_out(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    freezer = Freezing(hub.name, hub.account, hub.clock)
    await freezer.freeze(Terms(wait=0.0, hidden_for=0.0, apart=0.0, lease=15.0), bool)
    try:
        found = await hub.looks.why("awaits-event")
    finally:
        await freezer.release()
    assert found.reason is Reason.HUB_FROZEN
    assert found.next_steps[0].command == f"durahub hub thaw {hub.name}"


async def test_an_unknown_instance_is_an_error(load_hub: LoadHub) -> None:
    hub = await load_hub("killed")
    with pytest.raises(InstanceNotFound):
        await hub.looks.why("no-such-instance")


async def test_an_explanation_takes_a_bounded_number_of_requests(load_hub: LoadHub) -> None:
    hub = await load_hub("waiting")
    await hub.held()
    await hub.looks.why("suspended")  # the queues are listed once
    before = hub.requests
    await hub.looks.why("awaits-activity")
    # 2 queues: depth and messages; rows and blobs of leases, freeze; row and history
    assert hub.requests - before <= 4 + 3 + 2
    before = hub.requests
    await hub.looks.why("awaits-many")
    assert hub.requests - before <= 4 + 3 + 2 + 4  # and one child: its queue, its rows
