"""A message that was put and is void is taken back, wherever it is by then."""

from durahub.classic.held import Held, HeldMessages, Stage
from durahub.classic.together import Together
from durahub.classic.visibility import Visibility
from durahub.engine.commit import Delivery
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import parse
from tests.unit.classic_store.queues_in_memory import QueuesInMemory

QUEUE = "myhub-control-00"
EVENT = EventRaised(timestamp=parse("2026-01-15T09:30:00Z"), name="Approval")
MESSAGE = Message(event=EVENT, target=Execution("order-1"))


def held_messages(queues: QueuesInMemory) -> HeldMessages:
    return HeldMessages(queues, Together(1), Visibility(60, 60, "myhub-workitems"))


async def test_one_that_is_in_its_queue_is_deleted() -> None:
    queues = QueuesInMemory()
    held = held_messages(queues)

    assert await held.withdraw(await queues.put(QUEUE, "text", 0))

    assert queues.there(QUEUE) == []


async def test_one_that_was_received_is_deleted_with_its_new_receipt() -> None:
    queues = QueuesInMemory()
    held = held_messages(queues)
    put = await queues.put(QUEUE, "text", 0)
    received = queues.received(put.message_id)
    held.add(Held(Delivery(put.message_id, QUEUE, MESSAGE), received, 300.0, Stage.HELD))

    assert await held.withdraw(put)

    assert queues.there(QUEUE) == []
    assert len(held) == 0


async def test_one_that_is_on_its_way_here_is_deleted_when_it_comes() -> None:
    queues = QueuesInMemory()
    held = held_messages(queues)
    put = await queues.put(QUEUE, "text", 0)
    received = queues.received(put.message_id)  # its answer is not here yet

    assert not await held.withdraw(put)
    assert queues.there(QUEUE) == [put.message_id]

    assert held.knows(put.message_id)
    assert held.received_again(received) is None
    await held.quiet(5)
    assert queues.there(QUEUE) == []
