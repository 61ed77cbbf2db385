"""What instances wait for: a message that is there, one that may be hidden, one that is lost."""

from dataclasses import replace

import pytest

from durahub.classic import unposted
from durahub.classic.doctor.repairs import AnswerParent, ScheduleAgain, SendAgain, StartAgain
from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.table import LeaseRow
from durahub.classic.unposted import Unposted
from durahub.model.history import (
    Event,
    Execution,
    GenericEvent,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    TaskFailed,
    TimerCreated,
    TimerFired,
)
from tests.unit.doctor.shop import (
    EXECUTION,
    NAMES,
    NOW,
    OLD,
    Shop,
    activity,
    at,
    end,
    episode,
    result,
    started,
)

TIMER = TimerCreated(event_id=0, timestamp=at(1), fire_at=at(5))
FIRED = TimerFired(timestamp=at(1), timer_id=0, fire_at=at(5))
CHILD = SubOrchestrationInstanceCreated(
    event_id=0, timestamp=at(1), instance_id="child", name="Child", version=""
)
CHILD_STARTED = replace(
    started("child"),
    execution=Execution("child", OLD),
    parent=Parent(
        name="ProcessOrder", execution=Execution("order-1", EXECUTION), task_schedule_id=0
    ),
)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_pending_instance_without_a_start_message_never_begins(shop: Shop) -> None:
    shop.is_started()
    (finding,) = shop.found()
    assert finding.rule.name == "lost-start"
    assert finding.repair == StartAgain("order-1", EXECUTION)


def test_a_pending_instance_with_its_start_message_is_clean(shop: Shop) -> None:
    shop.sends(shop.is_started())
    assert shop.names() == []


def test_the_start_message_of_another_execution_does_not_count(shop: Shop) -> None:
    event = shop.is_started()
    other = replace(event, execution=Execution("order-1", OLD))
    shop.sends(other, execution=OLD)
    assert shop.names() == ["lost-start", "superseded-start"]


@pytest.mark.parametrize("event", [activity(), result()], ids=["work item", "result"])
def test_an_activity_has_a_work_item_or_a_result(shop: Shop, event: Event) -> None:
    shop.has(*episode(started(), activity()))
    shop.sends(event)
    assert shop.names() == []


def test_an_activity_with_neither_is_scheduled_again_by_its_orchestrator(shop: Shop) -> None:
    shop.has(*episode(started(), activity()))
    (finding,) = shop.found()
    assert finding.rule.name == "lost-activity"
    assert finding.detail == "TaskScheduled 0 (ChargeCard)"
    assert isinstance(finding.repair, ScheduleAgain)
    assert finding.repair.mark.index == 2
    assert isinstance(finding.repair.wake_up.event, GenericEvent)


def test_a_timer_without_message_is_sent_again_as_the_engine_sends_it(shop: Shop) -> None:
    shop.has(*episode(started(), TIMER))
    (finding,) = shop.found()
    assert finding.rule.name == "lost-timer"
    assert isinstance(finding.repair, SendAgain)
    message = finding.repair.message
    assert message.event == FIRED
    assert message.target == message.sender == Execution("order-1", EXECUTION)
    assert message.due == FIRED.fire_at


def test_a_timer_with_its_message_is_clean(shop: Shop) -> None:
    shop.has(*episode(started(), TIMER))
    shop.sends(FIRED)
    assert shop.names() == []


def test_nobody_waits_for_the_timer_of_an_instance_that_has_ended(shop: Shop) -> None:
    shop.has(*episode(started(), TIMER, end()))
    assert shop.names() == []


# -- what is hidden ------------------------------------------------------------------------------


@pytest.mark.parametrize("queue", ["shop-workitems", "own"])
def test_an_activity_may_be_hidden_in_its_queue_or_its_result_in_the_instances(
    shop: Shop, queue: str
) -> None:
    shop.has(*episode(started(), activity()))
    shop.hides(shop.queue_of("order-1") if queue == "own" else NAMES.workitem_queue)
    assert shop.names() == []


def test_a_timer_is_not_hidden_in_another_partitions_queue(shop: Shop) -> None:
    shop.has(*episode(started(), TIMER))
    own = shop.queue_of("order-1")
    shop.hides(next(queue for queue in NAMES.control_queues(2) if queue != own))
    assert shop.names() == ["lost-timer"]


def test_more_than_is_hidden_cannot_be_waited_for(shop: Shop) -> None:
    second = replace(TIMER, event_id=1)
    shop.has(*episode(started(), TIMER, second))
    shop.hides(shop.queue_of("order-1"))
    (finding,) = shop.found()
    assert finding.rule.name == "messages-missing"
    assert finding.detail == "at least 1 of 2: 1 messages are hidden"
    assert finding.repair is None


# -- children ------------------------------------------------------------------------------------


def test_a_child_that_runs_is_clean(shop: Shop) -> None:
    shop.has(*episode(started(), CHILD))
    shop.has(*episode(CHILD_STARTED), instance_id="child", execution=OLD)
    assert shop.names() == []


def test_a_child_that_is_about_to_start_is_clean(shop: Shop) -> None:
    shop.has(*episode(started(), CHILD))
    shop.sends(CHILD_STARTED, "child", execution=OLD)
    assert shop.names() == []


def test_a_child_of_which_there_is_nothing_is_started_again(shop: Shop) -> None:
    shop.has(*episode(started(), CHILD))
    (finding,) = shop.found()
    assert finding.rule.name == "lost-child-start"
    assert isinstance(finding.repair, ScheduleAgain)


def test_the_result_of_a_child_that_has_ended_is_sent_again(shop: Shop) -> None:
    shop.has(*episode(started(), CHILD))
    shop.has(*episode(CHILD_STARTED, end(0)), instance_id="child", execution=OLD)
    (finding,) = shop.found()
    assert finding.rule.name == "lost-child-result"
    assert finding.repair == AnswerParent("child", "order-1")


def test_the_result_of_a_child_may_be_on_its_way(shop: Shop) -> None:
    shop.has(*episode(started(), CHILD))
    shop.has(*episode(CHILD_STARTED, end(0)), instance_id="child", execution=OLD)
    shop.sends(SubOrchestrationInstanceCompleted(timestamp=NOW, task_scheduled_id=0))
    assert shop.names() == []


def test_a_child_that_has_started_anew_for_somebody_else_answers_nobody(shop: Shop) -> None:
    shop.has(*episode(started(), CHILD))
    other = replace(CHILD_STARTED, parent=None)
    shop.has(*episode(other, end(0)), instance_id="child", execution=OLD)
    assert shop.names() == []


# -- rewinding -----------------------------------------------------------------------------------


def rewound(shop: Shop) -> None:
    """Store a failed instance, rewound in its rows as .NET does it."""
    failed = TaskFailed(timestamp=at(1), task_scheduled_id=0, reason="no")
    ended = end(1, status=Status.Failed, result="no")
    shop.has(*episode(started(), activity()), *episode(failed, ended))
    for index, kind in ((2, "TaskScheduled"), (5, "TaskFailed"), (6, "ExecutionCompleted")):
        shop.change(index, EventType="GenericEvent", Reason=f"Rewound: {kind}")
    shop.change_row(RuntimeStatus="Pending")


def test_a_rewound_instance_waits_for_its_wake_up(shop: Shop) -> None:
    rewound(shop)
    (finding,) = shop.found()
    assert finding.rule.name == "rewound-without-wake-up"
    assert isinstance(finding.repair, SendAgain)


def test_a_rewound_instance_with_its_wake_up_is_clean(shop: Shop) -> None:
    rewound(shop)
    shop.sends(GenericEvent(timestamp=NOW, data="again"), execution=None)
    assert shop.names() == []


# -- activities without messages -----------------------------------------------------------------

UNPOSTED = unposted.encode(Unposted(EXECUTION, frozenset({0}), "anchor"))


def test_an_activity_that_a_crashed_server_ran_without_a_message_is_unsettled_not_lost(
    shop: Shop,
) -> None:
    shop.has(*episode(started(), activity()))
    shop.change(-1, **{unposted.COLUMN: UNPOSTED})
    (finding,) = shop.found()
    assert finding.rule.name == "unsettled-activity"
    assert finding.detail == "1 activities without messages"
    assert finding.repair is None


def test_while_servers_work_an_activity_without_a_message_is_as_it_should_be(shop: Shop) -> None:
    shop.has(*episode(started(), activity()))
    shop.change(-1, **{unposted.COLUMN: UNPOSTED})
    row = LeaseRow(partition="shop-control-00", current_owner="w", expires_at=at(10), etag="e")
    shop.others["leases"] = Evidence((row, LeaseRow(partition="shop-control-01")))
    assert shop.names() == []


def test_an_activity_that_the_column_does_not_name_may_be_lost(shop: Shop) -> None:
    shop.has(*episode(started(), activity(0), activity(1)))
    shop.change(-1, **{unposted.COLUMN: UNPOSTED})
    assert shop.names() == ["lost-activity", "unsettled-activity"]


def test_a_column_of_activities_without_messages_that_cannot_be_read_is_told(shop: Shop) -> None:
    shop.has(*episode(started()))
    shop.change(-1, **{unposted.COLUMN: "0-4"})
    (finding,) = shop.found()
    assert finding.rule.name == "unsettled-unreadable"
    assert unposted.COLUMN in finding.detail
