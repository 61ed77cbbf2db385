"""Messages beside the instances that they are for."""

from dataclasses import replace

import pytest

from durahub.classic.doctor.repairs import SetAside
from durahub.model.history import EventRaised, Execution, TimerFired
from tests.unit.doctor.shop import (
    FINISHED,
    NAMES,
    NOW,
    OLD,
    Shop,
    activity,
    at,
    broken,
    episode,
    result,
    started,
)

APPROVAL = EventRaised(timestamp=NOW, name="Approval", input="true")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_an_event_for_a_live_instance_is_clean(shop: Shop) -> None:
    shop.has(*episode(started()))
    shop.sends(APPROVAL, execution=None)
    assert shop.names() == []


def test_a_message_that_cannot_be_read_can_be_set_aside(shop: Shop) -> None:
    shop.sends(APPROVAL, execution=None)
    shop.messages[0] = broken(shop.messages[0], "no JSON")
    (finding,) = shop.found()
    assert finding.rule.name == "message-unreadable"
    assert finding.repair == SetAside(finding.where, "no JSON", "{")


def test_a_message_that_is_delivered_again_and_again_is_poison(shop: Shop) -> None:
    shop.has(*episode(started()))
    shop.sends(APPROVAL, execution=None, deliveries=9)
    assert shop.names() == []
    shop.sends(APPROVAL, execution=None, deliveries=10)
    assert shop.names() == ["message-poison"]


def test_a_message_lies_in_the_queue_of_its_instance(shop: Shop) -> None:
    shop.has(*episode(started()))
    own = shop.queue_of("order-1")
    other = next(queue for queue in NAMES.control_queues(2) if queue != own)
    shop.sends(APPROVAL, execution=None, queue=other)
    (finding,) = shop.found()
    assert finding.rule.name == "message-in-wrong-queue"
    assert finding.detail == f"EventRaised; {own} is the right one"


def test_an_activity_in_a_control_queue_is_in_the_wrong_one(shop: Shop) -> None:
    shop.has(*episode(started(), activity()))
    shop.sends(activity(), queue=shop.queue_of("order-1"))
    assert shop.names() == ["message-in-wrong-queue"]


def test_a_message_for_an_instance_that_does_not_exist_is_a_note(shop: Shop) -> None:
    shop.sends(APPROVAL, "nobody", execution=None)
    (finding,) = shop.found()
    assert finding.rule.name == "message-for-nobody"
    assert not finding.counts


def test_a_signal_begins_its_entity(shop: Shop) -> None:
    signal = EventRaised(timestamp=NOW, name="op", input='{"op":"add","signal":true,"id":"1"}')
    shop.sends(signal, "@counter@a", execution=None)
    assert shop.names() == []


def test_an_event_may_wait_for_the_start_of_its_instance(shop: Shop) -> None:
    shop.sends(shop.is_started())
    shop.sends(APPROVAL, execution=None)
    assert shop.names() == []


def test_a_start_message_needs_a_row(shop: Shop) -> None:
    shop.sends(started())
    assert shop.names() == ["start-without-row"]


def test_the_start_of_a_terminated_instance_is_a_note(shop: Shop) -> None:
    shop.sends(shop.is_started())
    shop.change_row(RuntimeStatus="Terminated")
    assert shop.names() == ["message-for-ended-instance"]


def test_a_message_for_an_older_execution_is_a_note(shop: Shop) -> None:
    shop.has(*episode(started()))
    shop.sends(TimerFired(timestamp=NOW, timer_id=0, fire_at=at(1)), execution=OLD)
    assert shop.names() == ["message-for-older-execution"]


def test_a_message_for_an_instance_that_has_ended_is_a_note(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.sends(result())
    assert shop.names() == ["message-for-ended-instance"]


def test_a_result_that_the_history_has_is_a_note(shop: Shop) -> None:
    shop.has(*episode(started(), activity()), *episode(result()))
    shop.sends(result())
    assert shop.names() == ["message-repeated"]


def test_a_result_before_its_action_waits_for_the_episode_to_run_again(shop: Shop) -> None:
    shop.has(*episode(started()))
    shop.sends(result())
    assert shop.names() == ["result-for-no-action"]
    shop.sends(APPROVAL, execution=None)
    assert shop.names() == ["result-before-action"]


def test_the_result_before_it_makes_the_episode_run_again(shop: Shop) -> None:
    shop.has(*episode(started(), activity(0)))
    shop.sends(result(1))
    shop.sends(result(0))
    assert shop.names() == ["result-before-action"]


def test_what_may_run_the_episode_again_may_be_hidden(shop: Shop) -> None:
    shop.has(*episode(started()))
    shop.sends(result())
    shop.hides(shop.queue_of("order-1"))
    assert shop.names() == ["result-before-action"]


def test_an_activity_whose_result_was_lost_makes_the_episode_run_again(shop: Shop) -> None:
    shop.has(*episode(started(), activity(0)))
    shop.sends(activity(1))
    assert "result-for-no-action" in shop.names()
    shop.sends(activity(0))
    assert shop.names() == ["result-before-action"]


def test_an_activity_whose_result_is_stored_in_an_open_episode_makes_it_go_on(shop: Shop) -> None:
    shop.has(*episode(started(), activity(0)), *episode(result(0))[:-1])
    shop.sends(activity(1))
    shop.hides(NAMES.workitem_queue)
    assert "result-before-action" in shop.names()


def test_a_repeated_result_of_an_open_episode_makes_it_go_on(shop: Shop) -> None:
    shop.has(*episode(started(), activity(0)), *episode(result(0))[:-1])
    shop.sends(activity(1))
    assert "result-for-no-action" in shop.names()
    shop.sends(activity(0))
    assert "result-before-action" in shop.names()
    assert "result-for-no-action" not in shop.names()


def test_an_open_activity_may_be_hidden(shop: Shop) -> None:
    shop.has(*episode(started(), activity(0)))
    shop.sends(activity(1))
    shop.hides(NAMES.workitem_queue)
    assert "result-before-action" in shop.names()


def test_a_start_that_lost_against_another_is_a_note(shop: Shop) -> None:
    event = shop.is_started()
    shop.sends(event)
    shop.sends(replace(event, execution=Execution("order-1", OLD)), execution=OLD)
    assert shop.names() == ["superseded-start"]
