"""What was left to a queue is not overtaken by what is sent to the same instance afterwards."""

from durahub.classic.left_behind import LeftBehind

QUEUE = "myhub-control-00"


def left(behind: LeftBehind, message_id: str, instance_id: str = "order-1") -> None:
    behind.left(behind.leave(QUEUE, instance_id), message_id)


def test_an_instance_is_behind_until_the_last_of_its_messages_came() -> None:
    behind = LeftBehind()
    left(behind, "a")
    left(behind, "b")

    assert behind.is_behind("order-1")
    assert not behind.is_behind("order-2")
    behind.came("a")
    assert behind.is_behind("order-1")
    behind.came("b")
    assert not behind.is_behind("order-1")


def test_it_is_behind_while_the_message_is_being_put() -> None:
    behind = LeftBehind()
    leaving = behind.leave(QUEUE, "order-1")

    assert behind.is_behind("order-1")
    behind.kept(leaving)
    assert not behind.is_behind("order-1")


def test_a_message_may_come_before_its_put_is_answered() -> None:
    behind = LeftBehind()
    leaving = behind.leave(QUEUE, "order-1")
    behind.came("a")
    behind.left(leaving, "a")

    assert not behind.is_behind("order-1")


def test_a_foreign_message_makes_no_difference() -> None:
    behind = LeftBehind()
    behind.came("foreign")
    left(behind, "foreign")

    assert behind.is_behind("order-1")  # it is another one of that ID: nothing was being put before


def test_what_was_left_to_a_queue_that_is_let_go_is_others_matter() -> None:
    behind = LeftBehind()
    left(behind, "a")
    leaving = behind.leave(QUEUE, "order-1")
    behind.let_go(QUEUE)
    behind.left(leaving, "b")

    assert not behind.is_behind("order-1")


def test_when_too_many_are_behind_everything_goes_through_the_queues() -> None:
    behind = LeftBehind(most=2)
    left(behind, "a")
    assert not behind.is_behind("order-2")
    left(behind, "b")
    assert behind.is_behind("order-2")
