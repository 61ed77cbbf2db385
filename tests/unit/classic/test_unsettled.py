"""What a checkpoint makes of activities without messages: those it schedules, and those it finds."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from durahub.classic import unposted
from durahub.classic.held import Held
from durahub.classic.held import Stage as HeldStage
from durahub.classic.queues import Receipt
from durahub.classic.unposted import Unposted
from durahub.classic.unsettled import Stage, Task, Unsettled, plan, with_inputs
from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.model.history import (
    Event,
    Execution,
    ExecutionCompleted,
    Status,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks

NOW = Ticks(638_000_000_000_000_000)
ORDER = Execution("order-7", "e1")
NUMBERS = st.frozensets(st.integers(0, 30), max_size=12)


def activity(number: int, execution: Execution = ORDER) -> Message:
    event = TaskScheduled(event_id=number, timestamp=NOW, name="Pay", version="", input="[42]")
    return Message(event=event, target=execution, sender=execution, episode=1, tags={})


def commit(
    *events: Event,
    schedules: tuple[Message, ...] = (),
    replaces: bool = False,
    execution: str = "e1",
) -> Commit:
    rows = [
        replace(one.event, input=None)
        for one in schedules
        if isinstance(one.event, TaskScheduled) and one.target.execution_id == execution
    ]
    return Commit(
        instance_id="order-7",
        outbound=(),
        activities=schedules,
        execution_id=execution,
        base=HistoryVersion("e1", 3, "t1"),
        events=(*events, *rows),
        replaces=replaces,
        instance=InstanceUpdate(execution_id=execution, last_updated=NOW, custom_status=None),
        consumed=(),
    )


def known(tasks: dict[int, Stage], *, anchored: bool = True) -> Unsettled:
    """Return an instance of which this server knows these activities."""
    found = Unsettled("q", "order-7", "e1", "anchor")
    found.tasks = {number: Task(activity(number), stage) for number, stage in tasks.items()}
    if anchored:
        delivery = Delivery("anchor", "q", activity(0))
        found.anchor = Held(delivery, Receipt("q", "anchor", "p"), 0.0, HeldStage.HELD)
    return found


def numbers(messages: tuple[Message, ...]) -> list[int]:
    return [message.event.event_id for message in messages]


def room() -> bool:
    return True


def no_room() -> bool:
    return False


END = ExecutionCompleted(event_id=99, timestamp=NOW, status=Status.Completed)


def test_without_an_anchor_every_activity_has_a_message() -> None:
    made = plan(commit(schedules=(activity(0),)), None, None, room)

    assert made.posted == (activity(0),)
    assert made.texts("e1") is None


def test_with_one_no_activity_has_and_the_column_names_them_all() -> None:
    made = plan(commit(schedules=(activity(0), activity(1))), None, "m1", room)

    assert (made.posted, numbers(made.local)) == ((), [0, 1])
    text = unposted.encode(Unposted("e1", frozenset({0, 1}), "m1"))
    assert made.texts("e1") == (text, text)


def test_what_finds_no_room_has_a_message() -> None:
    assert plan(commit(schedules=(activity(0),)), None, "m1", no_room).posted == (activity(0),)


def test_an_activity_of_a_generation_that_is_left_behind_has_a_message() -> None:
    old = activity(0, Execution("order-7", "e0"))

    made = plan(commit(schedules=(old, activity(0))), None, "m1", room)

    assert made.posted == (old,)
    assert made.local == (activity(0),)


def test_a_recorded_result_leaves_the_column_with_its_checkpoint_and_not_before() -> None:
    answered = TaskFailed(timestamp=NOW, task_scheduled_id=0)
    before = known({0: Stage.ANSWERED, 1: Stage.RUNNING})

    made = plan(commit(answered), before, None, room)

    during, after = made.texts("e1") or ("", "")
    assert during == unposted.encode(Unposted("e1", frozenset({0, 1}), "anchor"))
    assert after == unposted.encode(Unposted("e1", frozenset({1}), "anchor"))


def test_when_the_last_one_is_recorded_the_column_is_empty() -> None:
    answered = TaskCompleted(timestamp=NOW, task_scheduled_id=0)

    made = plan(commit(answered), known({0: Stage.ANSWERED}), None, room)

    assert made.texts("e1") == (unposted.encode(Unposted("e1", frozenset({0}), "anchor")), "")


def test_an_end_gives_messages_to_what_still_runs_and_to_what_it_schedules() -> None:
    stages = {0: Stage.RUNNING, 1: Stage.ANSWERED, 2: Stage.ELSEWHERE}

    made = plan(commit(END, schedules=(activity(5),)), known(stages), "m2", room)

    assert [task.id for task in made.spilled] == [0, 2]
    assert numbers(made.posted) == [5]
    assert made.left == frozenset()


def test_a_new_generation_has_an_anchor_of_its_own_or_messages() -> None:
    new = activity(0, Execution("order-7", "e2"))
    again = commit(schedules=(new,), replaces=True, execution="e2")

    without = plan(again, known({0: Stage.RUNNING}), None, room)
    within = plan(again, known({0: Stage.RUNNING}), "m2", room)

    assert (without.posted, [t.id for t in without.spilled]) == ((new,), [0])
    assert without.texts("e2") == ("", "")
    assert (within.local, within.anchor_id) == ((new,), "m2")


def test_while_somebody_else_has_the_anchor_nothing_is_added_to_it() -> None:
    elsewhere = known({0: Stage.ELSEWHERE}, anchored=False)

    made = plan(commit(schedules=(activity(1),)), elsewhere, "m2", room)

    assert numbers(made.posted) == [1]
    assert (made.left, made.spilled) == (frozenset({0}), ())


def test_an_anchor_that_comes_with_the_commit_gives_messages_to_what_nobody_runs() -> None:
    made = plan(commit(schedules=(activity(1),)), known({0: Stage.ELSEWHERE}), None, room)

    assert [task.id for task in made.spilled] == [0]
    assert made.left == frozenset({1})


@given(NUMBERS, NUMBERS, NUMBERS, st.booleans(), st.booleans(), st.booleans())
def test_every_activity_has_a_message_or_a_place_in_the_column_or_a_result(
    before: frozenset[int],
    answered: frozenset[int],
    new: frozenset[int],
    ends: bool,
    replaces: bool,
    anchored: bool,
) -> None:
    new = new - before
    events: list[Event] = [TaskCompleted(timestamp=NOW, task_scheduled_id=n) for n in answered]
    written = commit(
        *events,
        *([END] if ends else []),
        schedules=tuple(activity(number) for number in sorted(new)),
        replaces=replaces,
    )
    earlier = known(dict.fromkeys(before, Stage.RUNNING), anchored=anchored) if before else None

    made = plan(written, earlier, "m2", room)

    spilled = {task.id for task in made.spilled}
    assert before - answered == (before & made.left) | spilled
    assert not made.left & spilled
    assert new == set(numbers(made.posted)) | set(numbers(made.local))
    assert set(numbers(made.local)) <= made.left
    assert made.left <= made.during | {*numbers(made.local)}


def test_the_rows_of_activities_without_messages_hold_their_inputs() -> None:
    both = activity(0), activity(1)
    written = commit(schedules=both)

    events = with_inputs(written.events, both[:1])

    assert events == (both[0].event, replace(both[1].event, input=None))  # type: ignore[arg-type]
