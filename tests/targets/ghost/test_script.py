"""What a recorded history becomes when it is replayed: the same inputs in their order, the same actions."""

from datetime import datetime, timezone

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from hypothesis import given

from durahub.model.ticks import from_datetime
from durahub_migrate.targets.ghost.guids import Made, Maker, made_by, making_of
from durahub_migrate.targets.ghost.progress import Progress
from durahub_migrate.targets.ghost.script import script_of
from tests.targets.ghost.histories import (
    actions_of,
    answered,
    asked,
    histories,
    inputs_of,
    raised,
    replayed,
    start,
    turn,
)

NOON = from_datetime(datetime(2026, 11, 1, 12, tzinfo=timezone.utc))


@given(histories())
def test_a_replayed_history_has_the_recorded_inputs_and_actions(
    events: list[pb.HistoryEvent],
) -> None:
    script = script_of("order", events)
    assert script is not None

    target, progress = replayed(script)

    assert inputs_of(target.past) == inputs_of(events)
    assert actions_of(target.past) == actions_of(events)
    assert progress.seen == len(script.inputs)


@given(histories())
def test_nothing_is_asked_for_before_the_code_has_asked(events: list[pb.HistoryEvent]) -> None:
    script = script_of("order", events)
    assert script is not None

    target, _ = replayed(script)

    recorded = [one for one in events if one.WhichOneof("eventType") != "orchestratorStarted"]
    for output in script.outputs:
        before = inputs_of(recorded[: recorded.index(output.event)])
        assert inputs_of(target.past[: target.past.index(output.event)])[: len(before)] == before


@given(histories())
def test_a_replay_that_is_begun_anew_reads_how_far_it_is(events: list[pb.HistoryEvent]) -> None:
    script = script_of("order", events)
    assert script is not None
    target, progress = replayed(script)

    read = Progress()
    read.follow(script, target.past)

    assert (read.seen, read.sent, read.stray) == (progress.seen, progress.sent, None)


def test_a_timer_of_the_past_is_not_set_before_what_came_before_it_fired() -> None:
    timer, task = asked("timer", 0), asked("task", 1)
    events = [turn(), start(), timer, task, turn(), answered("task", task), turn()]
    script = script_of("order", [*events, answered("timer", timer)])
    assert script is not None

    assert [output.due for output in script.outputs] == [2, 1]


def test_what_waits_is_asked_for_behind_all_inputs() -> None:
    script = script_of("order", [turn(), start(), asked("task", 0), turn(), raised("a", "1")])
    assert script is not None

    assert [(one.due, one.waits) for one in script.outputs] == [(2, True)]


def test_a_retry_under_the_number_of_the_first_try_gets_its_own_answer() -> None:
    task = asked("task", 1)
    failed = pb.HistoryEvent(eventId=-1)
    failed.taskFailed.taskScheduledId = 1
    events = [turn(), start(), task, turn(), failed, task, turn(), answered("task", task)]
    script = script_of("order", events)
    assert script is not None

    assert [one.answer for one in script.outputs] == [1, 2]


def test_an_event_during_the_last_pause_is_not_waited_for() -> None:
    pause = pb.HistoryEvent(eventId=-1, executionSuspended={})
    script = script_of("order", [turn(), start(), pause, raised("a", "1"), raised("b", "2")])
    assert script is not None

    assert [one.sign.kind for one in script.inputs] == ["started", "suspended"]
    assert [one.sign.key for one in script.behind] == [("a", "1"), ("b", "2")]


def test_an_input_that_is_not_recorded_is_seen() -> None:
    script = script_of("order", [turn(), start(), turn(), raised("a", "1")])
    assert script is not None
    progress = Progress()

    progress.follow(script, [turn(), start(), turn(), raised("b", "1")])

    assert progress.stray is not None


@pytest.mark.parametrize("maker", Maker)
def test_how_an_sdk_made_up_a_guid_is_found(maker: Maker) -> None:
    guid = made_by(maker, "order-7", NOON, 12)

    assert making_of(guid, "order-7", NOON) == Made(maker, 12)
    assert making_of(guid, "order-8", NOON) is None
