"""The linter's rules on the hubs that the doctor is tested with: one defect, one finding."""

from dataclasses import replace

import pytest

from durahub.classic.partitioning.app_lease import AppLeaseInfo
from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.table import LeaseRow
from durahub.model.history import (
    EventRaised,
    OrchestratorStarted,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TimerCreated,
    TimerFired,
)
from durahub_migrate.lint.finding import Severity
from tests.lint.hub.judged import codes, judged, of_profile, of_shop, without_storage
from tests.unit.doctor.shop import FINISHED, NOW, Shop, activity, at, episode, started

LOCKED = '{"state":"{\\"value\\":1}","lockedBy":"order-1","sorter":{}}'
LOCKED_STATUS = '{"entityExists":true,"lockedBy":"order-1"}'
OVERDUE = TimerCreated(event_id=0, timestamp=at(-7200), fire_at=at(-3600))
FIRED = TimerFired(timestamp=at(-7200), timer_id=0, fire_at=at(-3600))
TODAY = of_profile("recommended")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def entity(shop: Shop) -> None:
    clock = OrchestratorStarted(timestamp=at(1))
    rest = episode()[1:]
    shop.has(clock, started("@counter@a", input=LOCKED), *rest, instance_id="@counter@a")
    shop.change_row("@counter@a", CustomStatus=LOCKED_STATUS)


def test_a_hub_in_order_is_clean(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.has(*episode(started(), activity()), instance_id="order-2")
    shop.sends(activity(), "order-2")
    assert judged(of_shop(shop), TODAY) == []


def test_a_timer_whose_message_is_gone_is_lost_and_not_overdue(shop: Shop) -> None:
    shop.has(*episode(started(), OVERDUE))
    assert codes(judged(of_shop(shop))) == ["HUB220"]


def test_a_timer_whose_message_is_there_is_overdue_and_not_lost(shop: Shop) -> None:
    shop.has(*episode(started(), OVERDUE))
    shop.sends(FIRED)
    assert codes(judged(of_shop(shop))) == ["QUE607"]


def test_a_timer_whose_message_may_be_hidden_is_overdue(shop: Shop) -> None:
    shop.has(*episode(started(), OVERDUE))
    shop.hides(shop.queue_of("order-1"))
    assert codes(judged(of_shop(shop))) == ["QUE607"]


def test_a_scheduled_start_whose_message_is_gone_is_lost_and_not_overdue(shop: Shop) -> None:
    shop.is_started(scheduled_start=at(-3600))
    assert codes(judged(of_shop(shop))) == ["HUB220"]


def test_a_lock_of_an_orchestration_that_has_ended_is_leaked(shop: Shop) -> None:
    entity(shop)
    shop.has(*FINISHED)
    assert codes(judged(of_shop(shop))) == ["ENT701"]
    assert codes(judged(without_storage(of_shop(shop)))) == ["ENT701"]


def test_a_lock_of_an_orchestration_at_work_matters_to_a_move(shop: Shop) -> None:
    entity(shop)
    shop.has(*episode(started()))
    assert judged(of_shop(shop), TODAY) == []
    assert codes(judged(of_shop(shop))) == ["ENT702"]


def test_a_lock_whose_release_is_on_its_way_is_not_leaked(shop: Shop) -> None:
    entity(shop)
    shop.has(*FINISHED)
    release = EventRaised(timestamp=NOW, name="release", input='{"parent":"order-1","id":"1"}')
    shop.sends(release, "@counter@a", execution=None)
    assert codes(judged(of_shop(shop))) == []
    bundle = judged(without_storage(of_shop(shop)))
    assert codes(bundle) == ["QUE601"]  # the release itself


def test_half_an_instance_is_one_finding(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.rows.clear()
    assert codes(judged(of_shop(shop))) == ["HUB205"]
    assert codes(judged(without_storage(of_shop(shop)))) == ["HUB205"]


@pytest.mark.parametrize("index", [0, 3])
def test_a_row_that_cannot_be_decoded_is_found(shop: Shop, index: int) -> None:
    shop.has(*FINISHED)
    shop.change(index, EventType="TaskFinished")
    assert codes(judged(of_shop(shop), TODAY)) == ["HUB211"]


def test_a_missing_row_is_a_gap(shop: Shop) -> None:
    shop.has(*FINISHED)
    del shop.history["order-1"][4]
    assert "HUB217" in codes(judged(of_shop(shop)))


def test_a_history_without_sentinel_is_found(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.history["order-1"].pop()
    assert codes(judged(of_shop(shop))) == ["HUB215"]


def test_poison_has_two_severities(shop: Shop) -> None:
    shop.has(*episode(started(), activity(0), activity(1), activity(2)))
    for number, deliveries in enumerate((4, 5, 100)):
        shop.sends(activity(number), deliveries=deliveries)
    found = judged(of_shop(shop))
    assert [(one.code, one.severity) for one in found] == [
        ("QUE602", Severity.WARNING),
        ("QUE602", Severity.ERROR),
    ]


def test_a_message_in_another_partitions_queue_is_found(shop: Shop) -> None:
    shop.has(*episode(started(), OVERDUE))
    queues = set(shop.queues()[:2]) - {shop.queue_of("order-1")}
    shop.sends(FIRED, queue=queues.pop())
    assert codes(judged(of_shop(shop), TODAY)) == ["HUB221", "QUE607"]


def test_a_result_that_answers_nothing_is_found(shop: Shop) -> None:
    shop.has(*episode(started()))
    shop.sends(TaskCompleted(timestamp=NOW, task_scheduled_id=4, result="1"))
    (found,) = judged(of_shop(shop), TODAY)
    assert (found.code, found.severity) == ("HUB223", Severity.WARNING)


def test_a_late_result_is_information_as_long_as_the_hub_is_not_stopped(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.sends(TaskCompleted(timestamp=NOW, task_scheduled_id=0, result="1"))
    (now,) = judged(of_shop(shop), TODAY)
    assert (now.code, now.severity) == ("QUE605", Severity.INFO)
    (stopped,) = judged(of_shop(shop), TODAY, frozen=True)
    assert stopped.severity is Severity.WARNING


def test_a_parent_that_waits_for_a_child_of_which_there_is_nothing_is_stuck(shop: Shop) -> None:
    child = SubOrchestrationInstanceCreated(
        event_id=0, timestamp=NOW, instance_id="parcel-1", name="Parcel"
    )
    shop.has(*episode(started(), child))
    assert codes(judged(of_shop(shop))) == ["HUB220"]


def test_hidden_messages_are_told_where_nobody_works(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.hides(shop.queue_of("order-1"), 2)
    (idle,) = judged(of_shop(shop))
    assert (idle.code, idle.severity) == ("QUE603", Severity.WARNING)
    (stopped,) = judged(of_shop(shop), frozen=True)
    assert stopped.severity is Severity.ERROR


def test_hidden_messages_mean_nothing_while_workers_run(shop: Shop) -> None:
    rows = (LeaseRow(partition=queue) for queue in shop.queues()[:-1])
    held = [replace(row, current_owner="w", expires_at=at(10), etag="e") for row in rows]
    shop.others["leases"] = Evidence(held)
    shop.hides(shop.queue_of("order-1"), 2)
    assert judged(of_shop(shop)) == []
    assert codes(judged(of_shop(shop), frozen=True)) == ["HUB203", "QUE603"]


def test_a_hub_that_two_apps_want_is_found_once(shop: Shop) -> None:
    shop.others["app_lease"] = AppLeaseInfo(owner_id="one", desired_swap_id="two")
    assert codes(judged(of_shop(shop))) == ["HUB204"]
