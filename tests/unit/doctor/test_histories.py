"""Histories, sentinels and instance rows that fit, and those that do not."""

from dataclasses import replace

import pytest

from durahub.classic.columns import DateTime
from durahub.classic.doctor.repairs import RewriteRow, SetAside
from durahub.model.failure import Failure
from durahub.model.history import (
    EventSent,
    ExecutionRewound,
    Status,
    SubOrchestrationInstanceCreated,
    TaskFailed,
    TimerFired,
)
from tests.unit.doctor.shop import (
    FINISHED,
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


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_finished_instance_is_clean(shop: Shop) -> None:
    shop.has(*FINISHED)
    assert shop.names() == []


def test_a_row_that_no_writer_produces_makes_its_history_unreadable(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change(2, EventType="NoSuchEvent")
    (finding,) = shop.found()
    assert finding.rule.name == "history-unreadable"
    assert finding.where == "table ShopHistory order-1/0000000000000002"
    assert isinstance(finding.repair, SetAside)


def test_what_is_set_aside_already_is_found_without_a_repair(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change(2, EventType="NoSuchEvent")
    shop.others["set_aside"] = frozenset({"table ShopHistory order-1/0000000000000002"})
    (finding,) = shop.found()
    assert finding.repair is None


def test_a_missing_row_is_a_gap(shop: Shop) -> None:
    shop.has(*FINISHED)
    del shop.history["order-1"][3]
    assert "history-row-gap" in shop.names()


def test_an_action_id_that_two_open_actions_have_is_doubled(shop: Shop) -> None:
    sent = EventSent(event_id=0, timestamp=at(1), instance_id="other", name="Paid")
    shop.has(*episode(started(), sent), *episode(replace(sent, timestamp=at(1.5))))
    (finding,) = shop.found()
    assert (finding.rule.name, finding.detail) == ("doubled-event-ids", "EventSent 0")
    assert finding.repair is None


def test_an_activity_that_failed_is_scheduled_again_under_its_id(shop: Shop) -> None:
    failed = TaskFailed(timestamp=at(1), task_scheduled_id=0, reason="no")
    shop.has(
        *episode(started(), activity()), *episode(failed, activity()), *episode(result(), end())
    )
    assert shop.names() == []


def test_a_result_that_is_stored_twice_is_a_note(shop: Shop) -> None:
    shop.has(*episode(started(), activity()), *episode(result(), result(), end()))
    (finding,) = shop.found()
    assert finding.rule.name == "doubled-results"
    assert not finding.counts


def test_a_result_without_its_action_is_found(shop: Shop) -> None:
    shop.has(*episode(started()), *episode(result(7), end()))
    assert shop.names() == ["result-without-action"]


def test_rows_of_an_older_execution_are_a_note(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.leaves_behind(*episode(result()), first=len(FINISHED))
    (finding,) = shop.found()
    assert finding.rule.name == "rows-of-older-execution"
    assert not finding.counts


def test_a_history_without_sentinel_is_found(shop: Shop) -> None:
    shop.has(*FINISHED)
    del shop.history["order-1"][-1]
    assert shop.names() == ["sentinel-missing"]


def test_a_sentinel_of_an_execution_without_rows_is_found(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change(-1, ExecutionId=OLD)
    assert "sentinel-without-events" in shop.names()


def test_a_checkpoint_that_was_broken_off_is_found(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change(-1, IsCheckpointComplete=False)
    assert shop.names() == ["checkpoint-cut-off"]


def test_an_episode_after_the_last_checkpoint_is_found(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change(-1, CheckpointCompletedTimestamp=DateTime(at(-10)))
    assert shop.names() == ["sentinel-behind-rows"]


def test_clocks_that_differ_by_a_second_are_no_finding(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change(-1, CheckpointCompletedTimestamp=DateTime(at(1)))
    assert shop.names() == []


# -- the instance row ----------------------------------------------------------------------------


def test_a_row_that_was_not_written_after_the_last_checkpoint_is_behind(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change_row(RuntimeStatus="Running", CompletedTime=None, Output=None)
    (finding,) = shop.found()
    assert finding.rule.name == "row-behind-history"
    assert finding.repair == RewriteRow("order-1", Status.Completed, "etag")


def test_a_row_of_an_earlier_generation_is_behind(shop: Shop) -> None:
    shop.has(*episode(started()))
    shop.change_row(ExecutionId=OLD, CreatedTime=DateTime(at(-60)))
    assert shop.names() == ["row-behind-history"]


def test_a_row_that_tells_another_output_is_behind(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change_row(Output='"undone"')
    assert shop.names() == ["row-behind-history"]


def test_a_row_that_was_completed_long_before_its_history_is_behind(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change_row(CompletedTime=DateTime(at(-3600)))
    assert shop.names() == ["row-behind-history"]


def test_the_output_of_a_failure_is_its_type_and_message(shop: Shop) -> None:
    failure = Failure(error_type="E", message="no")
    shop.has(*episode(started(), end(0, status=Status.Failed, result="no", failure=failure)))
    assert shop.names() == []


def test_a_start_that_is_to_come_may_be_newer_than_the_history(shop: Shop) -> None:
    shop.has(*FINISHED)
    event = replace(started(timestamp=at(60)), generation=1)
    event = replace(event, execution=replace(event.execution, execution_id=OLD))
    shop.is_started()
    shop.change_row(ExecutionId=OLD, CreatedTime=DateTime(at(60)))
    shop.sends(event, execution=OLD)
    assert shop.names() == []


def test_a_history_without_row_is_found_and_its_row_can_be_written(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.rows.clear()
    (finding,) = shop.found()
    assert finding.rule.name == "history-without-row"
    assert finding.repair == RewriteRow("order-1", Status.Completed, None)


@pytest.mark.parametrize("status", ["Running", "Completed", "Failed", "Suspended"])
def test_a_row_that_has_begun_and_has_no_history_is_found(shop: Shop, status: str) -> None:
    shop.has(*FINISHED)
    shop.history.clear()
    shop.change_row(RuntimeStatus=status)
    assert shop.names() == ["row-without-history"]


def test_an_instance_that_was_terminated_before_its_start_has_no_history(shop: Shop) -> None:
    shop.is_started()
    shop.change_row(RuntimeStatus="Terminated", CompletedTime=DateTime(NOW))
    assert shop.names() == []


def test_an_instance_row_with_a_column_of_another_type_is_unreadable(shop: Shop) -> None:
    shop.has(*FINISHED)
    shop.change_row(CreatedTime="yesterday")
    (finding,) = shop.found()
    assert finding.rule.name == "instance-row-unreadable"
    assert finding.where == "table ShopInstances order-1/"


def test_a_failed_instance_that_is_asked_to_go_on_may_have_a_running_row(shop: Shop) -> None:
    shop.has(*episode(started(), end(0, status=Status.Failed, result="no")))
    shop.change_row(RuntimeStatus="Running")
    assert shop.names() == ["row-behind-history"]
    shop.sends(ExecutionRewound(timestamp=NOW, reason="again"))
    assert shop.names() == []


# -- what is healthy all the same ----------------------------------------------------------------


def test_a_child_that_nobody_waits_for_has_no_answer(shop: Shop) -> None:
    child = SubOrchestrationInstanceCreated(
        event_id=0, timestamp=at(1), instance_id="c", name="C", tags={"FireAndForget": ""}
    )
    shop.has(*episode(started(), child))
    assert shop.names() == []


def test_a_timer_that_fires_twice_is_a_note(shop: Shop) -> None:
    from durahub.model.history import TimerCreated

    timer = TimerCreated(event_id=0, timestamp=at(1), fire_at=at(5))
    fired = TimerFired(timestamp=at(1), timer_id=0, fire_at=at(5))
    shop.has(*episode(started(), timer), *episode(fired, fired, end()))
    assert shop.names() == ["doubled-results"]
