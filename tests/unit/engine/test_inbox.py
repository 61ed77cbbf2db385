"""Which messages an episode takes; a table over section 8 of the semantics, and its subtle rows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.actions import Complete, CreateTimer, ScheduleTask
from durahub.engine.commit import Delivery
from durahub.engine.inbox import ANSWER_PATIENCE, EVENT_PATIENCE, START_PATIENCE, backoff, judge
from durahub.engine.state import read
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionResumed,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
    Status,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.model.ticks import later
from tests.unit.engine.scenes import (
    ID,
    NEXT,
    NOW,
    RUN,
    arrived,
    ended,
    first_turn,
    row,
    started,
    turn_of,
    verdict,
    version_of,
)

RUNNING = ended(
    first_turn(), ScheduleTask(id=1, name="t"), CreateTimer(id=2, fire_at=later(NOW, 60))
).events
SUSPENDED = (
    *RUNNING,
    *ended(turn_of(RUNNING, arrived(ExecutionSuspended(timestamp=NOW)))).events,
)
COMPLETED = ended(first_turn(), Complete(id=1, status=Status.Completed, result='"r"')).events
FAILED = ended(first_turn(), Complete(id=1, status=Status.Failed, result="no")).events
TERMINATED = ended(first_turn(), Complete(id=1, status=Status.Terminated)).events

RAISED = EventRaised(timestamp=NOW, name="e", input="1")
ANSWER = TaskCompleted(timestamp=NOW, task_scheduled_id=1)


def outcome(events: tuple[Event, ...], delivery: Delivery, row: Instance | None = None) -> str:
    judged = verdict(events, delivery, row=row)
    if judged.take:
        return "take"
    return "drop" if judged.drop else "hold"


ENDS = {"Completed": COMPLETED, "Failed": FAILED, "Terminated": TERMINATED}
EXTERNAL = [
    RAISED,
    ExecutionSuspended(timestamp=NOW),
    ExecutionResumed(timestamp=NOW),
    ExecutionTerminated(timestamp=NOW),
    GenericEvent(timestamp=NOW),
]


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("event", [*EXTERNAL, ANSWER], ids=lambda e: e.type.name)
def test_an_instance_that_has_ended_drops_everything(name: str, event: Event) -> None:  # [29]
    assert outcome(ENDS[name], arrived(event), row(Status[name])) == "drop"


@pytest.mark.parametrize("events", [RUNNING, SUSPENDED], ids=["Running", "Suspended"])
@pytest.mark.parametrize("event", [*EXTERNAL, ANSWER], ids=lambda e: e.type.name)
def test_a_live_instance_takes_what_is_meant_for_it(
    events: tuple[Event, ...], event: Event
) -> None:
    already = events is SUSPENDED and isinstance(event, ExecutionSuspended)
    assert outcome(events, arrived(event)) == ("drop" if already else "take")


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (RAISED, "hold"),
        (ExecutionSuspended(timestamp=NOW), "hold"),
        (ExecutionResumed(timestamp=NOW), "hold"),
        (ExecutionTerminated(timestamp=NOW), "drop"),
        (ANSWER, "hold"),
    ],
    ids=lambda v: v.type.name if not isinstance(v, str) else v,
)
def test_what_comes_before_a_scheduled_start_waits_for_it(event: Event, wanted: str) -> None:
    pending = row(scheduled_start=later(NOW, 50))

    assert outcome((), arrived(event), pending) == wanted


def test_a_termination_before_the_start_marks_the_row_and_the_start_never_runs() -> None:  # [26]
    stop = arrived(ExecutionTerminated(timestamp=NOW, input='"no"'))
    judged = verdict((), stop, row=row())
    assert judged.repair is not None
    assert judged.repair.update.status is Status.Terminated
    assert judged.repair.update.output == '"no"'
    assert not judged.repair.insert

    assert outcome((), arrived(started()), row(Status.Terminated)) == "drop"


@pytest.mark.parametrize("other", [None, "another", NEXT])
def test_an_answer_to_another_execution_is_dropped(other: str | None) -> None:
    wanted = "take" if other is None else "drop"
    assert outcome(RUNNING, arrived(ANSWER, run=other)) == wanted


def test_execution_ids_are_compared_without_case() -> None:
    assert outcome(RUNNING, arrived(ANSWER, run=RUN.upper())) == "take"


def test_an_answer_that_overtook_its_question_waits_and_is_taken_once() -> None:  # [30]
    early = arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=9), run=RUN, times=3)
    judged = verdict(RUNNING, early)

    assert judged.defer == [(early, 8.0)]


def test_a_second_answer_to_one_action_is_dropped_in_one_batch_and_later() -> None:  # [22]
    one, two = (arrived(ANSWER, run=RUN, key=key) for key in "ab")
    judged = verdict(RUNNING, one, two)
    assert (judged.take, judged.drop) == ([one], [two])

    history = (*RUNNING, *ended(turn_of(RUNNING, one)).events)
    assert outcome(history, two) == "drop"


def test_a_timer_never_fires_before_its_time() -> None:
    fired = TimerFired(timestamp=NOW, timer_id=2, fire_at=later(NOW, 60))
    judged = verdict(RUNNING, arrived(fired, run=RUN))
    assert judged.defer[0][1] == 60.0

    due = arrived(replace(fired, fire_at=NOW), run=RUN)
    assert verdict(RUNNING, due).take == [due]


def test_a_message_that_the_history_holds_already_is_dropped_when_it_comes_again() -> None:
    again = arrived(RAISED, key="seen")
    judged = judge(version_of(RUNNING), read(RUNNING), [again], None, NOW, frozenset({"seen"}))

    assert judged.drop == [again]


def test_a_start_waits_for_its_row_and_is_given_up_at_the_tenth_delivery() -> None:
    assert outcome((), arrived(started(), times=START_PATIENCE - 1)) == "hold"
    assert outcome((), arrived(started(), times=START_PATIENCE)) == "drop"


def test_of_two_starts_of_one_id_the_one_without_a_row_is_dropped() -> None:  # [25]
    lost = replace(started(run=NEXT), timestamp=NOW)
    assert outcome((), arrived(lost), row(created=later(NOW, -1))) == "drop"
    assert outcome((), arrived(started()), row()) == "take"


def test_a_start_before_its_time_is_held_until_then() -> None:  # [26]
    early = arrived(started(scheduled=later(NOW, 30)))
    judged = verdict((), early, row=row(scheduled_start=later(NOW, 30)))

    assert judged.defer == [(early, 30.0)]


def test_a_redelivered_start_is_dropped() -> None:
    assert outcome(RUNNING, arrived(started()), row(Status.Running)) == "drop"
    assert outcome(COMPLETED, arrived(started()), row(Status.Completed)) == "drop"


def test_a_new_start_of_a_finished_id_replaces_it() -> None:  # [23]
    judged = verdict(COMPLETED, arrived(started(run=NEXT)), row=row(run=NEXT, generation=1))

    assert judged.start is not None
    turn = turn_of(COMPLETED, arrived(started(run=NEXT)), row=row(run=NEXT, generation=1))
    assert turn.replaces
    assert turn.past == ()
    assert turn.base == version_of(COMPLETED)


def child_of(run: str, action: int = 4) -> Parent:
    return Parent(name="P", execution=Execution("parent", run), task_schedule_id=action)


def test_a_child_whose_id_is_taken_tells_its_parent() -> None:  # [27]
    judged = verdict(RUNNING, arrived(started(run=NEXT, parent=child_of("a"))))

    assert judged.take == []
    (reply,) = judged.replies
    assert isinstance(reply.event, SubOrchestrationInstanceFailed)
    assert reply.event.task_scheduled_id == 4
    assert reply.target == Execution("parent", "a")
    assert outcome(COMPLETED, arrived(started(run=NEXT, parent=child_of("a")))) == "take"


def test_a_child_that_its_parent_starts_again_is_not_started_twice() -> None:
    running = ended(first_turn(started(parent=child_of("a")))).events
    judged = verdict(running, arrived(started(run=NEXT, parent=child_of("a"))))

    assert (len(judged.drop), judged.replies) == (1, [])


def test_a_row_that_a_crash_left_behind_is_repaired_when_a_message_comes() -> None:
    judged = verdict(COMPLETED, arrived(RAISED), row=row(Status.Running))
    assert judged.repair is not None
    assert judged.repair.update.status is Status.Completed
    assert judged.repair.update.output == '"r"'
    assert judged.repair.insert is False

    assert verdict(COMPLETED, arrived(RAISED), row=row(Status.Completed)).repair is None
    missing = verdict(COMPLETED, arrived(RAISED)).repair
    assert missing is not None
    assert missing.insert


def test_messages_for_nobody_are_held_for_a_while_and_then_dropped() -> None:
    assert outcome((), arrived(RAISED, times=EVENT_PATIENCE - 1)) == "hold"
    assert outcome((), arrived(RAISED, times=EVENT_PATIENCE)) == "drop"
    assert outcome((), arrived(ANSWER, run=RUN, times=ANSWER_PATIENCE - 1)) == "hold"
    assert outcome((), arrived(ANSWER, run=RUN, times=ANSWER_PATIENCE)) == "drop"


def test_the_pause_doubles_up_to_ten_minutes() -> None:
    assert [backoff(n) for n in (1, 2, 9, 10, 1000)] == [2.0, 4.0, 512.0, 600.0, 600.0]


histories = st.sampled_from([(), RUNNING, SUSPENDED, COMPLETED, FAILED, TERMINATED])
events = st.sampled_from(
    [
        *EXTERNAL,
        ANSWER,
        TaskCompleted(timestamp=NOW, task_scheduled_id=7),
        TimerFired(timestamp=NOW, timer_id=2, fire_at=NOW),
        started(),
        started(run=NEXT),
        started(run=NEXT, parent=child_of("a")),
    ]
)
rows = st.one_of(
    st.none(), st.builds(row, st.sampled_from(Status), run=st.sampled_from([RUN, NEXT]))
)


@given(histories, st.lists(st.tuples(events, st.integers(1, 12)), max_size=8), rows)
def test_every_message_of_a_batch_is_taken_dropped_or_put_back_and_never_two_of_these(
    history: tuple[Event, ...], batch: list[tuple[Event, int]], found: Instance | None
) -> None:
    deliveries = [
        arrived(event, key=f"m{number}", times=times) for number, (event, times) in enumerate(batch)
    ]
    judged = verdict(history, *deliveries, row=found)

    settled = [*judged.take, *judged.drop, *(delivery for delivery, _ in judged.defer)]
    assert sorted(d.key for d in settled) == sorted(d.key for d in deliveries)
    assert all(delay >= 0 for _, delay in judged.defer)
    if judged.take:
        turn = turn_of(history, *deliveries, row=found)
        assert turn.instance_id == ID
        assert len(turn.new) == len(judged.take) + 1


STORED_IN_PART = (*RUNNING, OrchestratorStarted(timestamp=NOW), ANSWER)


def test_what_comes_again_causes_the_rest_of_an_episode_that_is_stored_in_part() -> None:
    again = arrived(replace(ANSWER, result='"other"'), run=RUN)
    judged = verdict(STORED_IN_PART, again)
    assert (judged.take, judged.drop, judged.wake_ups) == ([], [], [again])


def test_what_is_new_causes_the_rest_of_an_episode_as_well() -> None:
    again, new = arrived(ANSWER, run=RUN), arrived(RAISED)
    judged = verdict(STORED_IN_PART, again, new)
    assert (judged.take, judged.drop, judged.wake_ups) == ([new], [again], [])


def test_what_comes_again_causes_nothing_when_the_episode_is_stored() -> None:
    again = arrived(ANSWER, run=RUN)
    judged = verdict((*STORED_IN_PART, OrchestratorCompleted(timestamp=NOW)), again)
    assert (judged.drop, judged.causes) == ([again], [])


def test_what_comes_again_causes_nothing_when_the_part_that_is_stored_has_the_end() -> None:
    again = arrived(ANSWER, run=RUN)
    judged = verdict((*STORED_IN_PART, *COMPLETED[2:3]), again)
    assert (judged.drop, judged.causes) == ([again], [])
