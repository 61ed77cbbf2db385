"""What is remembered of instances that were started here and have not begun."""

from durahub.classic.fresh_starts import FreshStarts
from durahub.classic.held import Held, HeldMessages, Stage
from durahub.classic.queues import Receipt
from durahub.classic.together import Together
from durahub.classic.visibility import Visibility
from durahub.engine.commit import Delivery
from durahub.model.history import Execution, Status
from durahub.model.message import Message
from tests.unit.classic_store.test_handover import EVENT, QUEUE, QueueInMemory
from tests.unit.engine.scenes import row


def in_hand(held: HeldMessages, key: str) -> Held:
    delivery = Delivery(key, QUEUE, Message(event=EVENT, target=Execution(key)))
    message = Held(delivery, Receipt(QUEUE, key, "1"), hidden_until=0.0, stage=Stage.PLACED)
    assert held.add(message)
    return message


def messages() -> HeldMessages:
    return HeldMessages(QueueInMemory(), Together(1), Visibility(60, 60, "myhub-workitems"))


def test_a_row_is_known_while_its_start_is_in_hand_and_nothing_is_written() -> None:
    held = messages()
    fresh, pending = FreshStarts(held), row(Status.Pending)
    start = in_hand(held, "m")
    fresh.note(pending, start)
    assert fresh.row(pending.instance_id) == pending
    start.stage = Stage.HELD
    assert fresh.row(pending.instance_id) == pending

    fresh.forget(pending.instance_id)
    assert fresh.row(pending.instance_id) is None


def test_a_start_that_was_settled_put_back_or_received_again_tells_nothing() -> None:
    held = messages()
    fresh, pending = FreshStarts(held), row(Status.Pending)
    settled = in_hand(held, "settled")
    settled.stage = Stage.SETTLED
    fresh.note(pending, settled)
    assert fresh.row(pending.instance_id) is None

    left = in_hand(held, "left")
    fresh.note(pending, left)
    held.forget(left)
    in_hand(held, "left")  # it came back from its queue: others may have had it
    assert fresh.row(pending.instance_id) is None
    assert not len(fresh)


def test_no_more_are_remembered_than_may_be() -> None:
    held = messages()
    fresh, pending = FreshStarts(held, most=1), row(Status.Pending)
    fresh.note(pending, in_hand(held, "one"))
    other = row(Status.Pending, instance_id="other")
    fresh.note(other, in_hand(held, "two"))
    assert fresh.row(pending.instance_id) is None
    assert fresh.row("other") == other
