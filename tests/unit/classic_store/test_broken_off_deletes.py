"""Deletions that are broken off, as when their queue is let go before storage answers."""

import asyncio

import pytest

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


@pytest.mark.parametrize("count", [1, 3])
async def test_what_comes_again_behind_a_deletion_that_was_broken_off_is_deleted(
    count: int,
) -> None:
    queues = QueuesInMemory()
    held = HeldMessages(queues, Together(1), Visibility(60, 60, "myhub-workitems"))
    keys = []
    for _ in range(count):
        receipt = await queues.put(QUEUE, "text", 0)
        keys.append(receipt.message_id)
        held.add(Held(Delivery(keys[-1], QUEUE, MESSAGE), receipt, 300.0, Stage.HELD))
    queues.before_delete.clear()
    deleting = asyncio.create_task(held.delete(keys))
    await asyncio.sleep(0)

    deleting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await deleting
    queues.before_delete.set()

    assert queues.there(QUEUE) == keys
    for key in keys:
        assert held.knows(key)
        assert held.received_again(queues.received(key)) is None
    await held.quiet(5)
    assert queues.there(QUEUE) == []
    assert len(held) == 0
