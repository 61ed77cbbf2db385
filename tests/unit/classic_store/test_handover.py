"""The races of a message that is in memory and in its queue at once, played through step by step."""

import asyncio
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from durahub.classic.backoff import Backoff
from durahub.classic.handover import HandOver, Room
from durahub.classic.held import HeldMessages, Stage
from durahub.classic.outbox import Outgoing
from durahub.classic.poller import Poller
from durahub.classic.posting import Posting
from durahub.classic.queues import Queues, Receipt, Received
from durahub.classic.together import Together
from durahub.classic.visibility import Visibility
from durahub.classic.waiting import MOST
from durahub.engine.commit import Delivery
from durahub.errors import StorageUnavailable
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later, parse

QUEUE = "myhub-control-00"
NOW = parse("2026-01-15T09:30:00Z")
DAY = 86_400  # seconds
EVENT = EventRaised(timestamp=NOW, name="Approval")
MESSAGE = Message(event=EVENT, target=Execution("order-1"))


class QueueInMemory(Queues):
    """One queue with the service's rules for receipts: only the newest one counts."""

    def __init__(self) -> None:
        self.receipts: dict[str, int] = {}  # message ID → the number that counts
        self.updates: list[tuple[str, int]] = []
        self.delays: list[int] = []
        self.broken = False
        self.next = 0
        self.before_delete = asyncio.Event()
        self.before_delete.set()

    def _issue(self, message_id: str) -> Receipt:
        self.next += 1
        self.receipts[message_id] = self.next
        return Receipt(QUEUE, message_id, str(self.next))

    def _counts(self, receipt: Receipt) -> bool:
        return self.receipts.get(receipt.message_id) == int(receipt.pop_receipt)

    def received(self, message_id: str) -> Receipt:
        """Receive a message that is there, as a poller does."""
        assert message_id in self.receipts
        return self._issue(message_id)

    async def put(self, queue: str, text: str, delay: int) -> Receipt:
        self._check()
        self.delays.append(delay)
        return self._issue(f"m{self.next}")

    async def update(self, receipt: Receipt, visibility: int) -> Receipt | None:
        self._check()
        if not self._counts(receipt):
            return None
        self.updates.append((receipt.message_id, visibility))
        return self._issue(receipt.message_id)

    async def delete(self, receipt: Receipt) -> bool:
        await self.before_delete.wait()
        self._check()
        if not self._counts(receipt):
            return False
        del self.receipts[receipt.message_id]
        return True

    def _check(self) -> None:
        if self.broken:
            raise StorageUnavailable("shop", "the test says so")


HIDDEN = Visibility(60, 300, "myhub-workitems")


class Listening:
    def __init__(self) -> None:
        self.messages: list[Delivery] = []
        self.room = 10

    def on_messages(self, deliveries: object) -> None:
        self.messages += deliveries  # type: ignore[arg-type]

    on_activities = on_messages

    async def on_partition_closing(self, partition: str) -> None: ...

    def message_room(self) -> int:
        return self.room

    activity_room = message_room


class Desk:
    """A hand-over with all its parts, its clock in the test's hands."""

    def __init__(self) -> None:
        self.now = NOW
        self.queue = QueueInMemory()
        self.listener = Listening()
        self.held = HeldMessages(self.queue, Together(4), HIDDEN)
        self.nudged: list[str] = []
        self.expected: list[str] = []
        self.handover = HandOver(
            self.listener,
            self.held,
            HIDDEN.workitem_queue,
            lambda: self.now,
            HIDDEN,
            bool,
            self.nudged.append,
            self.expected.append,
            Together(4),
        )
        self.handover.open(QUEUE)

    def posting(self) -> Posting:
        return Posting(self.queue, self.handover, lambda: self.now, HIDDEN)

    async def send(self, due: Ticks | None = None) -> str:
        with self.posting() as posting:
            outgoing = Outgoing(replace(MESSAGE, due=due), QUEUE, "{}", None)
            return (await posting.put(outgoing)).receipt.message_id


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_twin_that_is_received_is_not_handed_over_but_its_receipt_counts(
    desk: Desk,
) -> None:
    key = await desk.send()
    assert [d.key for d in desk.listener.messages] == [key]
    assert desk.handover.again(desk.queue.received(key), 2) is None
    assert await desk.held.delete([key]) == {key}
    assert desk.queue.receipts == {}


async def test_what_is_sent_goes_behind_what_may_wait_in_a_queue_that_was_just_opened(
    desk: Desk,
) -> None:
    desk.handover.open(QUEUE, behind=True)
    first = await desk.send()
    assert desk.listener.messages == []
    assert desk.nudged == [QUEUE]  # it is received, in its turn

    desk.handover.came(first)
    assert not desk.handover.reserve(QUEUE, "order-2")
    desk.handover.caught_up(QUEUE)
    key = await desk.send()
    assert [d.key for d in desk.listener.messages] == [key]


async def test_a_message_received_before_its_put_was_answered_is_handed_over_once(
    desk: Desk,
) -> None:
    posting = desk.posting()
    outgoing = Outgoing(MESSAGE, QUEUE, "{}", None)
    receipt = await desk.queue.put(QUEUE, "{}", 60)
    early = desk.handover.received(desk.queue.received(receipt.message_id), MESSAGE, 1, None)
    assert early is not None
    desk.handover.hand(QUEUE, [early])

    assert desk.handover.reserve(QUEUE, "order-1")  # and now the answer to the put arrives
    placed = desk.handover.placed(receipt, outgoing.message, 0.0)
    desk.handover.deliver([placed])

    assert len(desk.listener.messages) == 1
    assert desk.handover.room(QUEUE).reserve(100) == desk.listener.room
    posting.deliver()


async def test_a_message_received_while_it_is_deleted_is_deleted_with_the_new_receipt(
    desk: Desk,
) -> None:
    key = await desk.send()
    desk.queue.before_delete.clear()
    deleting = asyncio.create_task(desk.held.delete([key]))
    await asyncio.sleep(0)
    assert desk.handover.again(desk.queue.received(key), 2) is None
    desk.queue.before_delete.set()
    assert await deleting == {key}
    assert desk.queue.receipts == {}
    assert len(desk.listener.messages) == 1


async def test_a_settled_message_that_comes_again_is_deleted_at_last(desk: Desk) -> None:
    key = await desk.send()
    fresh = desk.queue.received(key)  # received, but its poller has not said so yet
    assert await desk.held.delete([key]) == set()
    assert desk.held.knows(key)
    assert desk.handover.again(fresh, 2) is None
    await desk.held.quiet(5)
    assert desk.queue.receipts == {}
    assert len(desk.listener.messages) == 1


async def test_a_deletion_that_is_refused_goes_on_behind(desk: Desk) -> None:
    key = await desk.send()
    desk.queue.broken = True
    assert await desk.held.delete([key]) == set()
    found = desk.held.find(key)
    assert found is not None
    assert found.stage is Stage.SETTLED
    desk.queue.broken = False
    await desk.held.quiet(10)
    assert desk.queue.receipts == {}


async def test_nothing_is_handed_over_before_the_end_of_the_posting(desk: Desk) -> None:
    with desk.posting() as posting:
        for number in range(3):
            message = replace(MESSAGE, episode=number)
            await posting.put(Outgoing(message, QUEUE, "{}", None))
        assert desk.listener.messages == []
    assert [d.message.episode for d in desk.listener.messages] == [0, 1, 2]


async def test_what_is_promised_counts_as_taken_until_it_is_handed_over(desk: Desk) -> None:
    desk.listener.room = 2
    posting = desk.posting()
    for _ in range(4):
        await posting.put(Outgoing(MESSAGE, QUEUE, "{}", None))
    assert len(desk.held) == 2
    assert desk.nudged == [QUEUE, QUEUE]  # the others are visible, and polled for
    posting.deliver()
    assert len(desk.listener.messages) == 2


async def test_what_found_no_room_is_not_overtaken_by_what_is_sent_to_its_instance_later(
    desk: Desk,
) -> None:
    desk.listener.room = 0
    first = await desk.send()
    desk.listener.room = 10

    second = await desk.send()
    assert desk.listener.messages == []
    for key in (first, second):
        desk.handover.came(key)
    third = await desk.send()
    assert [d.key for d in desk.listener.messages] == [third]


async def test_a_put_that_fails_gives_its_promise_back(desk: Desk) -> None:
    desk.listener.room = 1
    desk.queue.broken = True
    with pytest.raises(StorageUnavailable):
        await desk.send()
    assert desk.handover.room(QUEUE).reserve(5) == 1


async def test_what_was_placed_is_put_back_when_the_queue_was_let_go_meanwhile(
    desk: Desk,
) -> None:
    posting = desk.posting()
    posted = await posting.put(Outgoing(MESSAGE, QUEUE, "{}", None))
    desk.handover.stop(QUEUE)
    posting.deliver()
    await desk.held.quiet(5)
    assert desk.listener.messages == []
    assert desk.queue.updates == [(posted.receipt.message_id, 0)]


async def test_a_timer_is_not_handed_over_before_its_time_even_if_its_twin_comes(
    desk: Desk,
) -> None:
    key = await desk.send(due=later(NOW, 200))
    assert desk.handover.again(desk.queue.received(key), 1) is None  # somebody made it visible, say
    await desk.held.quiet(5)
    assert desk.queue.updates == [(key, 200)]
    desk.now = later(NOW, 200)
    due = desk.handover.again(desk.queue.received(key), 2)
    assert due is not None
    assert due.delivery.deliveries == 2
    desk.handover.hand(QUEUE, [due])
    desk.handover.stop(QUEUE)
    assert len(desk.listener.messages) == 1


async def test_what_is_due_in_days_is_in_its_queue_alone_and_looked_for_at_that_moment(
    desk: Desk,
) -> None:
    key = await desk.send(due=later(NOW, DAY))
    assert desk.queue.delays == [DAY]
    assert (len(desk.held), desk.handover.alarms) == (0, 1)

    desk.now = later(NOW, DAY)
    due = desk.handover.received(desk.queue.received(key), MESSAGE, 1, desk.now)
    assert due is not None
    desk.handover.hand(QUEUE, [due])
    assert [d.key for d in desk.listener.messages] == [key]


async def test_ten_thousand_timers_of_days_keep_no_message_and_few_times_in_memory(
    desk: Desk,
) -> None:
    tracemalloc.start()
    for number in range(10_000):
        await desk.send(due=later(NOW, DAY + number // 10))
    desk.queue.receipts.clear()
    desk.queue.delays.clear()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(desk.held) == 0
    assert desk.handover.alarms <= 2_000  # four a second at most, whatever is due then
    assert kept < 500_000  # bytes


async def test_what_comes_days_early_is_hidden_again_and_costs_no_message_in_memory(
    desk: Desk,
) -> None:
    receipt = await desk.queue.put(QUEUE, "{}", 0)  # after the six days that a queue can hide it
    assert desk.handover.received(receipt, MESSAGE, 1, later(NOW, 3 * DAY)) is None
    await desk.held.quiet(5)
    assert desk.queue.updates == [(receipt.message_id, 3 * DAY)]
    assert (len(desk.held), desk.handover.alarms) == (0, 1)
    assert desk.listener.messages == []


async def test_a_message_too_many_waits_in_its_queue_though_it_is_due_soon(desk: Desk) -> None:
    for _ in range(MOST + 1):
        await desk.send(due=later(NOW, 100))
    assert (len(desk.held), desk.handover.alarms) == (MOST, 1)
    receipt = await desk.queue.put(QUEUE, "{}", 0)
    assert desk.handover.received(receipt, MESSAGE, 1, later(NOW, 10)) is None
    await desk.held.quiet(5)
    assert desk.queue.updates == [(receipt.message_id, 10)]
    assert len(desk.held) == MOST
    desk.handover.stop(QUEUE)


async def test_a_queue_that_is_let_go_is_not_looked_into_later(desk: Desk) -> None:
    await desk.send(due=later(NOW, DAY))
    desk.handover.stop(QUEUE)
    assert desk.handover.alarms == 0


async def test_a_message_that_came_early_waits_in_memory(desk: Desk) -> None:
    receipt = await desk.queue.put(QUEUE, "{}", 0)
    due = later(NOW, 0.05)
    assert desk.handover.received(receipt, MESSAGE, 1, due) is None
    desk.now = Ticks(due - 1)
    await asyncio.sleep(0.06)
    assert desk.listener.messages == []
    desk.now = due
    while not desk.listener.messages:  # noqa: ASYNC110 (a timer hands it over, and tells nobody)
        await asyncio.sleep(0.01)
    assert len(desk.listener.messages) == 1


async def test_letting_a_queue_go_makes_all_visible_and_what_is_due_later_in_time(
    desk: Desk,
) -> None:
    held = await desk.send()
    in_time = await desk.send(due=later(NOW, 100))  # its twin comes in time by itself
    received = await desk.queue.put(QUEUE, "{}", 0)  # this one is hidden for 60 s
    assert desk.handover.received(received, MESSAGE, 1, later(NOW, 10)) is None

    desk.handover.stop(QUEUE)
    await desk.handover.put_back_all(QUEUE)

    assert sorted(desk.queue.updates) == sorted([(held, 0), (received.message_id, 10)])
    assert in_time in desk.queue.receipts
    assert len(desk.held) == 0


async def test_a_copy_of_what_is_here_or_was_done_is_deleted(desk: Desk) -> None:
    first = await desk.queue.put(QUEUE, "{}", 0)
    here = desk.handover.received(first, MESSAGE, 1, None, "sent")
    assert here is not None

    copy = await desk.queue.put(QUEUE, "{}", 0)
    assert desk.handover.received(copy, MESSAGE, 1, None, "sent") is None
    assert await desk.held.delete([first.message_id]) == {first.message_id}
    late = await desk.queue.put(QUEUE, "{}", 0)
    assert desk.handover.received(late, MESSAGE, 1, None, "sent") is None
    await desk.held.quiet(5)

    assert desk.queue.receipts == {}
    other = await desk.queue.put(QUEUE, "{}", 0)
    assert desk.handover.received(other, MESSAGE, 1, None, "sent later") is not None


async def test_a_copy_of_what_this_server_sent_itself_is_deleted(desk: Desk) -> None:
    with desk.posting() as posting:
        await posting.put(Outgoing(MESSAGE, QUEUE, "{}", None, "sent"))
        await posting.put(
            Outgoing(replace(MESSAGE, due=later(NOW, 100)), QUEUE, "{}", None, "later")
        )

    for sent in ("sent", "later"):
        copy = await desk.queue.put(QUEUE, "{}", 0)
        assert desk.handover.received(copy, MESSAGE, 1, None, sent) is None
        await desk.held.quiet(5)
        assert copy.message_id not in desk.queue.receipts


async def test_a_copy_of_what_was_put_back_is_delivered_in_its_place(desk: Desk) -> None:
    first = await desk.queue.put(QUEUE, "{}", 0)
    here = desk.handover.received(first, MESSAGE, 1, None, "sent")
    assert here is not None
    await desk.held.put_back(here, 5)

    copy = await desk.queue.put(QUEUE, "{}", 0)
    assert desk.handover.received(copy, MESSAGE, 1, None, "sent") is not None
    again = desk.queue.received(first.message_id)
    assert desk.handover.received(again, MESSAGE, 2, None, "sent") is None


# -- rooms and pollers -------------------------------------------------------------------------


def test_a_room_never_promises_more_than_there_is() -> None:
    places = [5]
    room = Room(lambda: places[0])
    assert room.reserve(3) == 3
    assert room.reserve(3) == 2
    assert room.reserve(3) == 0
    places[0] = 1  # the listener is fuller than was thought
    assert room.reserve(1) == 0
    room.give_back(5)
    assert room.reserve(9) == 1


async def test_a_poller_asks_for_no_more_than_there_is_room_and_waits_for_more() -> None:
    places = [2]
    asked: list[int] = []
    polled = asyncio.Event()

    async def receive(most: int) -> list[Received]:
        asked.append(most)
        places[0] = 0
        polled.set()
        return [received] * most

    async def take(batch: object, reserved: int) -> None:
        room.give_back(reserved)

    received = Received(Receipt(QUEUE, "m", "1"), "{}", 1, None)  # type: ignore[arg-type]
    room = Room(lambda: places[0])
    poller = Poller(QUEUE, receive, take, room, lambda: True, Backoff(30, Random(1)), 32)
    polling = asyncio.create_task(poller.run())
    await asyncio.wait_for(polled.wait(), 60)
    await asyncio.sleep(0.05)
    assert asked == [2]
    polled.clear()
    places[0] = 50
    poller.wake()
    await asyncio.wait_for(polled.wait(), 60)
    assert asked == [2, 32]
    poller.stop()
    await polling


async def test_a_poller_that_expects_a_message_looks_once_and_rests_as_long_as_before() -> None:
    visible = [0]
    looks: asyncio.Queue[int] = asyncio.Queue()  # how many messages each has found

    async def receive(most: int) -> list[Received]:
        found, visible[0] = min(visible[0], most), max(0, visible[0] - most)
        looks.put_nowait(found)
        return [received] * found

    async def take(batch: object, reserved: int) -> None:
        room.give_back(reserved)

    async def look() -> int:
        return await asyncio.wait_for(looks.get(), 60)

    received = Received(Receipt(QUEUE, "m", "1"), "{}", 1, None)  # type: ignore[arg-type]
    room = Room(lambda: 100)
    backoff = Backoff(600, Random(1))
    while backoff.pause() < 300:
        pass
    poller = Poller(QUEUE, receive, take, room, lambda: True, backoff, 32)
    polling = asyncio.create_task(poller.run())
    assert await look() == 0

    visible[0] = 1
    poller.expect()
    assert await look() == 1
    await asyncio.sleep(0.1)  # in which it would look once more
    assert looks.empty()

    visible[0] = 33  # what fills a batch tells of more
    poller.expect()
    assert [await look(), await look()] == [32, 1]
    poller.stop()
    await polling


async def test_a_poller_survives_whatever_goes_wrong() -> None:
    calls = 0
    enough = asyncio.Event()

    async def receive(most: int) -> list[Received]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise StorageUnavailable("shop", "the test says so")
        if calls == 3:
            enough.set()
            return []
        return [received]

    async def take(batch: object, reserved: int) -> None:
        room.give_back(reserved)
        raise ValueError

    received = Received(Receipt(QUEUE, "m", "1"), "{}", 1, None)  # type: ignore[arg-type]
    room = Room(lambda: 5)
    poller = Poller(QUEUE, receive, take, room, lambda: True, Backoff(0.01, Random(1)))
    polling = asyncio.create_task(poller.run())
    await asyncio.wait_for(enough.wait(), 60)
    poller.stop()
    await polling
    assert room.reserve(9) == 5


async def test_activities_are_hidden_as_long_as_is_said_for_them(desk: Desk) -> None:
    desk.handover.open(HIDDEN.workitem_queue)
    with desk.posting() as posting:
        for queue in (QUEUE, HIDDEN.workitem_queue):
            await posting.put(Outgoing(MESSAGE, queue, "{}", None))

    assert desk.queue.delays == [60, 300]
    assert HIDDEN.shortest == 60


@pytest.mark.parametrize("turns", range(5))
async def test_a_poller_that_is_woken_and_cancelled_at_once_ends(turns: int) -> None:
    async def receive(_: int) -> list[Received]:
        return []

    async def take(_: Sequence[Received], places: int) -> None:
        room.give_back(places)

    room = Room(lambda: 2)
    poller = Poller(QUEUE, receive, take, room, lambda: True, Backoff(30, Random(1)))
    polling = asyncio.create_task(poller.run())
    await asyncio.sleep(0.05)  # it rests by then, for seconds
    poller.nudge()
    for _ in range(turns):
        await asyncio.sleep(0)  # a turn of the loop: the two meet in any order
    polling.cancel()

    done, _ = await asyncio.wait({polling}, timeout=20)
    poller.stop()
    assert done == {polling}
