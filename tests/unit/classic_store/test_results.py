"""Results in memory: what stands for them in storage, whatever becomes of them, and what that costs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from queues_in_memory import QueuesInMemory

from durahub.classic.dialect import DTFX_2_9
from durahub.classic.grace import Grace
from durahub.classic.handover import HandOver
from durahub.classic.held import Held, HeldMessages, Stage
from durahub.classic.outbox import Outbox
from durahub.classic.results import Results
from durahub.classic.together import Together
from durahub.classic.visibility import Visibility
from durahub.engine.commit import Delivery
from durahub.model.history import Execution, TaskCompleted, TaskScheduled
from durahub.model.message import Message
from durahub.model.ticks import parse

NOW = parse("2026-01-15T09:30:00Z")
ORDERS, WORK = "myhub-control-00", "myhub-workitems"
HIDDEN = Visibility(60, 300, WORK)
TARGET = Execution("order-1", "run")
GRACE = 0.05  # seconds
ACTIVITY = Message(
    event=TaskScheduled(event_id=0, timestamp=NOW, name="ChargeCard"), target=TARGET, sender=TARGET
)
RESULT = Message(
    event=TaskCompleted(timestamp=NOW, task_scheduled_id=0, result='"paid"'),
    target=TARGET,
    sender=TARGET,
)


class Blobs:
    """Large payloads: what was written, by name."""

    def __init__(self) -> None:
        self.written: list[str] = []

    async def write(self, name: str, text: str) -> None:
        self.written.append(name)


class Listening:
    def __init__(self) -> None:
        self.messages: list[Delivery] = []
        self.activities: list[Delivery] = []
        self.room = 10

    def on_messages(self, deliveries: list[Delivery]) -> None:
        self.messages += deliveries

    def on_activities(self, deliveries: list[Delivery]) -> None:
        self.activities += deliveries

    async def on_partition_closing(self, partition: str) -> None: ...

    def message_room(self) -> int:
        return self.room

    activity_room = message_room


class Desk:
    """A server's results with all that they need, its queues in memory."""

    def __init__(self, grace: Grace) -> None:
        self.queues = QueuesInMemory()
        self.blobs = Blobs()
        self.listener = Listening()
        self.held = HeldMessages(self.queues, Together(4), HIDDEN)
        self.handover = HandOver(
            self.listener,  # type: ignore[arg-type]
            self.held,
            WORK,
            lambda: NOW,
            HIDDEN,
            bool,
            lambda queue: None,
            lambda queue: None,
            Together(4),
        )
        self.handover.open(ORDERS)
        self.handover.open(WORK)
        guids = iter(range(1000))
        outbox = Outbox(self.blobs, DTFX_2_9, lambda: f"guid-{next(guids)}")  # type: ignore[arg-type]
        self.results = Results(
            self.handover, self.held, self.queues, outbox, HIDDEN, Together(4), grace
        )

    async def activity(self) -> Held:
        """Receive the message of an activity, and hand that over."""
        receipt = await self.queues.put(WORK, "{}", 300)
        held = self.handover.received(receipt, ACTIVITY, 1, None)
        assert held is not None
        self.handover.hand(WORK, [held])
        self.queues.log.clear()
        return held

    async def done(self, message: Message = RESULT) -> Delivery:
        """Run an activity, and hand its result over in memory."""
        held = await self.activity()
        assert self.results.hand_over(held.delivery.key, ORDERS, message, held)
        return self.listener.messages[-1]

    async def settle(self, delivery: Delivery) -> None:
        """Do what a commit does at its end."""
        await self.results.settle([delivery])
        await self.held.delete([delivery.key])

    async def moved(self) -> None:
        """Wait until nothing is in memory only, and nothing goes on."""
        deadline = asyncio.get_running_loop().time() + 60
        while len(self.results):
            assert asyncio.get_running_loop().time() < deadline, "it was not moved"
            await asyncio.sleep(0.01)  # a timer moves it
        await self.held.quiet(5)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk(Grace(still=GRACE, busy=20 * GRACE))
    yield made
    await made.held.close()


@pytest.fixture
async def patient() -> AsyncIterator[Desk]:
    made = Desk(Grace(still=60, busy=60))
    yield made
    await made.held.close()


# -- as it mostly goes -------------------------------------------------------------------------


async def test_a_result_costs_one_request_the_deletion_of_its_activity(patient: Desk) -> None:
    delivery = await patient.done()
    assert delivery.message == RESULT
    assert delivery.partition == ORDERS
    assert patient.queues.log == []

    await patient.settle(delivery)
    assert patient.queues.log == [("delete", WORK, 0)]
    assert len(patient.results) == len(patient.held) == 0


async def test_a_large_result_is_written_to_a_blob_only_if_it_is_moved(patient: Desk) -> None:
    large = replace(RESULT, event=replace(RESULT.event, result="x" * 100_000))
    await patient.settle(await patient.done(large))
    assert patient.blobs.written == []

    await patient.results.release([await patient.done(large)], 0)
    assert len(patient.blobs.written) == 1


async def test_where_there_is_no_room_nothing_is_taken_over(patient: Desk) -> None:
    patient.listener.room = 0
    held = await patient.activity()
    assert not patient.results.hand_over(held.delivery.key, ORDERS, RESULT, held)
    assert held.stage is Stage.HELD

    patient.listener.room = 1
    patient.handover.stop(ORDERS)  # the instance's partition is another server's
    assert not patient.results.hand_over(held.delivery.key, ORDERS, RESULT, held)


async def test_a_result_does_not_overtake_what_was_left_in_its_queue(patient: Desk) -> None:
    held = await patient.activity()
    await patient.handover.leave(ORDERS, "order-1", lambda: patient.queues.put(ORDERS, "{}", 0))
    assert not patient.results.hand_over(held.delivery.key, ORDERS, RESULT, held)


async def test_the_place_that_a_result_was_promised_is_given_back(patient: Desk) -> None:
    await patient.done()
    assert patient.handover.room(ORDERS).reserve(100) == patient.listener.room


async def test_an_activity_that_is_done_does_not_run_again_when_its_message_comes_again(
    patient: Desk,
) -> None:
    delivery = await patient.done()
    assert patient.handover.again(patient.queues.received(delivery.key), 2) is None
    await patient.settle(delivery)
    assert patient.queues.there(WORK) == []  # by the new receipt
    assert len(patient.listener.activities) == 1


async def test_the_message_of_an_activity_that_is_done_goes_on_being_renewed(desk: Desk) -> None:
    short = HeldMessages(desk.queues, Together(4), Visibility(2, 2, WORK))
    receipt = await desk.queues.put(WORK, "{}", 2)
    now = asyncio.get_running_loop().time()
    short.add(Held(Delivery("m", "", ACTIVITY), receipt, now + 0.1, Stage.TWIN))
    renewing = asyncio.create_task(short.keep_hidden())
    deadline = now + 60
    while ("update", WORK, 2) not in desk.queues.log:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)  # renewals go by the clock
    renewing.cancel()


# -- grace -------------------------------------------------------------------------------------


async def test_a_result_that_waits_for_long_is_put_into_its_queue_then_its_activity_is_deleted(
    desk: Desk,
) -> None:
    delivery = await desk.done()
    await desk.moved()
    assert desk.queues.log == [("put", ORDERS, 60), ("delete", WORK, 0)]  # hidden: it is here

    (moved,) = desk.queues.there(ORDERS)
    assert desk.handover.again(desk.queues.received(moved), 2) is None  # not handed over twice
    assert desk.held.as_stored((delivery,))[0].key == moved  # as it would come after a crash
    await desk.settle(delivery)
    assert desk.queues.receipts == {}
    assert len(desk.held) == 0
    assert desk.listener.messages == [delivery]


async def test_a_copy_of_a_moved_result_is_dropped(desk: Desk) -> None:
    """The first put of two was done, though it was answered as if it were not."""
    await desk.done()
    await desk.moved()
    (moved,) = desk.queues.there(ORDERS)
    held = desk.held.find(desk.listener.messages[0].key)
    assert held is not None
    assert held.message_id == moved

    copy = await desk.queues.put(ORDERS, "{}", 0)
    assert desk.handover.received(copy, RESULT, 1, None, held.sent_id) is None
    await desk.held.quiet(5)
    assert desk.queues.there(ORDERS) == [moved]


async def test_a_result_that_cannot_be_put_keeps_its_activity_and_is_tried_again(
    desk: Desk,
) -> None:
    desk.queues.broken = frozenset({"put"})
    work = await _after_some_graces(desk)
    assert desk.queues.there(WORK) == [work]
    desk.queues.broken = frozenset()
    await desk.moved()
    assert desk.queues.log == [("put", ORDERS, 60), ("delete", WORK, 0)]


async def _after_some_graces(desk: Desk) -> str:
    desk.queues.broken, broken = frozenset(), desk.queues.broken
    delivery = await desk.done()
    desk.queues.broken = broken
    await asyncio.sleep(4 * GRACE)  # no event tells of a try that failed
    return delivery.key


async def test_what_is_recorded_while_it_is_moved_is_gone_from_both_queues(desk: Desk) -> None:
    delivery = await desk.done()
    desk.queues.before_put.clear()
    desk.queues.putting.clear()
    await desk.queues.putting.wait()
    settling = asyncio.create_task(desk.settle(delivery))
    await asyncio.sleep(0)
    assert not settling.done()
    desk.queues.before_put.set()
    await settling
    await desk.moved()
    assert desk.queues.receipts == {}
    assert len(desk.held) == 0


async def test_a_moved_result_whose_queue_is_let_go_is_made_visible(desk: Desk) -> None:
    await desk.done()
    await desk.moved()
    await desk.results.let_go(ORDERS)
    await desk.handover.put_back_all(ORDERS)
    assert desk.queues.log[-1] == ("update", ORDERS, 0)


# -- released ----------------------------------------------------------------------------------


async def test_a_released_result_is_put_with_its_delay_and_its_activity_deleted(
    patient: Desk,
) -> None:
    delivery = await patient.done()
    other = Delivery("other", ORDERS, RESULT)
    assert await patient.results.release([delivery, other], 4.5) == [other]
    assert patient.queues.log == [("put", ORDERS, 5), ("delete", WORK, 0)]
    assert len(patient.results) == len(patient.held) == 0


async def test_a_result_that_was_moved_before_is_released_as_other_messages_are(
    desk: Desk,
) -> None:
    delivery = await desk.done()
    await desk.moved()
    assert await desk.results.release([delivery], 4) == [delivery]
    held = desk.held.find(delivery.key)
    assert held is not None
    assert held.receipt.queue == ORDERS


async def test_a_released_result_that_storage_refuses_is_put_later_and_its_activity_kept(
    desk: Desk,
) -> None:
    delivery = await desk.done()
    desk.queues.broken = frozenset({"put"})
    assert await desk.results.release([delivery], 0) == []
    assert desk.queues.there(WORK) == [delivery.key]

    desk.queues.broken = frozenset()
    await desk.moved()
    assert desk.queues.log == [("put", ORDERS, 0), ("delete", WORK, 0)]


# -- let go ------------------------------------------------------------------------------------


async def test_letting_a_partition_go_makes_its_results_visible_before_their_activities_go(
    patient: Desk,
) -> None:
    await patient.done()
    patient.handover.stop(ORDERS)
    await patient.results.let_go(ORDERS)
    assert patient.queues.log == [("put", ORDERS, 0), ("delete", WORK, 0)]


async def test_results_that_are_recorded_just_as_their_partition_is_let_go_are_put_nowhere(
    patient: Desk,
) -> None:
    deliveries = [await patient.done(), await patient.done()]
    letting_go = patient.results.let_go(ORDERS)
    await asyncio.gather(letting_go, *map(patient.settle, deliveries))
    assert patient.queues.receipts == {}


async def test_results_that_are_released_just_as_their_partition_is_let_go_are_put_once(
    patient: Desk,
) -> None:
    deliveries = [await patient.done(), await patient.done()]
    await asyncio.gather(patient.results.let_go(ORDERS), patient.results.release(deliveries, 0))
    assert len(patient.queues.there(ORDERS)) == len(deliveries)
    assert patient.queues.there(WORK) == []


async def test_letting_another_partition_go_leaves_a_result_alone(patient: Desk) -> None:
    await patient.done()
    await patient.results.let_go("myhub-control-01")
    assert patient.queues.log == []
    assert len(patient.results) == 1


async def test_the_end_of_activities_does_not_put_back_what_stands_for_a_result(
    patient: Desk,
) -> None:
    await patient.done()
    await patient.activity()  # this one is not done
    await patient.handover.put_back_all(WORK)
    assert patient.queues.log == [("update", WORK, 0)]
    await patient.results.let_go()
    assert patient.queues.log[1:] == [("put", ORDERS, 0), ("delete", WORK, 0)]


async def test_an_activity_whose_result_cannot_be_put_at_the_end_runs_again(
    patient: Desk,
) -> None:
    delivery = await patient.done()
    patient.queues.broken = frozenset({"put"})
    await patient.results.let_go()
    assert patient.queues.log == [("update", WORK, 0)]
    assert patient.queues.there(WORK) == [delivery.key]
    assert len(patient.results) == len(patient.held) == 0


# -- a twin of several -------------------------------------------------------------------------


async def test_a_message_that_stands_for_several_results_is_not_theirs_to_delete(
    patient: Desk,
) -> None:
    receipt = await patient.queues.put(ORDERS, "{}", 60)
    anchor = patient.handover.received(receipt, RESULT, 1, None)
    assert anchor is not None
    for key in ("a", "b"):
        assert patient.results.hand_over(key, ORDERS, RESULT, anchor, shared=True)
    recorded, released = patient.listener.messages[-2:]
    patient.queues.log.clear()

    await patient.settle(recorded)
    await patient.results.release([released], 0)
    assert patient.queues.log == [("put", ORDERS, 0)]
    assert receipt.message_id in patient.queues.there(ORDERS)
    assert anchor.stage is Stage.HELD


# -- how long ----------------------------------------------------------------------------------


def test_where_nothing_is_recorded_all_that_waits_for_long_is_written() -> None:
    grace = Grace(still=1.0, busy=10.0)
    assert grace.late([0.0, 1.5, 3.0], now=3.0, recorded_at=-1.0) == [0, 1]


def test_where_results_are_recorded_only_what_is_very_late_is_written_the_oldest_first() -> None:
    grace = Grace(still=1.0, busy=10.0)
    assert grace.late([3.0, 2.0, 14.0], now=14.0, recorded_at=13.5) == [1]
    assert grace.late([5.0, 6.0], now=14.0, recorded_at=13.5) == []
