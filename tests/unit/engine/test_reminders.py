"""What reminds of a forced end: of those who are to be told, and of the locks that it gives back."""

from dataclasses import replace

import pytest

from durahub.engine.actions import Complete, CreateSubOrchestration, SendEntityMessage
from durahub.engine.commit import Commit, Delivery
from durahub.engine.entities.releases import (
    RELEASES_TAG,
    release_in,
    releases_of_termination,
)
from durahub.engine.forced_end import forced_end
from durahub.engine.inbox import judge
from durahub.engine.reminders import CHILDREN_TAG, reminder_of
from durahub.engine.state import read
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionTerminated,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceFailed,
)
from durahub.model.message import Message
from durahub.model.ticks import later
from tests.unit.engine.scenes import (
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

A, B = "@counter@a", "@counter@b"
SECTION = "00000000-0000-0000-0000-00000000abcd"
ENOUGH = ExecutionTerminated(timestamp=NOW, input="enough")
ALL = ExecutionTerminated(timestamp=NOW, input="enough", recurse=True)
LATER = later(NOW, 60)
PARENT = "parent"


def locked() -> tuple[Event, ...]:
    asks = SendEntityMessage(id=0, kind="lock", request_id=SECTION, target=A, lock_set=(A, B))
    return ended(first_turn(), asks).events


def family() -> tuple[Event, ...]:
    """Return the history of a child that has two children at work, and one whose end it knows."""
    parent = Parent(
        name="P", version="", execution=Execution(PARENT, "run-of-parent"), task_schedule_id=4
    )
    children = [
        CreateSubOrchestration(id=number, name="C", instance_id=f"child-{number}")
        for number in range(3)
    ]
    events = ended(first_turn(started(parent=parent)), *children).events
    done = SubOrchestrationInstanceCompleted(timestamp=NOW, task_scheduled_id=0, result=None)
    return (*events, *ended(turn_of(events, arrived(done, run=RUN))).events)


def told(messages: tuple[Message, ...] | list[Message]) -> set[str]:
    return {one.target.instance_id for one in messages}


def end(events: tuple[Event, ...], cause: ExecutionTerminated = ENOUGH) -> Commit:
    commit = forced_end(row(Status.Running), version_of(events), events, cause, NOW)
    assert commit is not None
    return commit


def reminded(events: tuple[Event, ...], cause: ExecutionTerminated = ENOUGH) -> Delivery:
    reminder = reminder_of(end(events, cause))
    assert reminder is not None
    return Delivery("m-1", "hub-control-00", reminder)


def given_back(messages: tuple[Message, ...] | list[Message]) -> set[tuple[str, str] | None]:
    return {release_in(one) for one in messages}


def test_a_forced_end_with_locks_leaves_a_reminder_that_names_them() -> None:
    commit = end(locked())

    reminder = reminder_of(commit)

    assert reminder is not None
    assert reminder.event == ENOUGH
    assert reminder.target == commit.execution
    assert reminder.tags == {RELEASES_TAG: f'{{"{A}":["{SECTION}"],"{B}":["{SECTION}"]}}'}
    assert given_back(releases_of_termination(reminder, LATER)) == given_back(commit.outbound)


def test_a_commit_that_ends_nothing_is_not_reminded_of() -> None:
    assert reminder_of(ended(first_turn())) is None


def test_a_forced_end_without_any_to_tell_is_reminded_of_for_its_row() -> None:
    events = ended(first_turn()).events
    over = (*events, *end(events).events)

    judged = verdict(over, reminded(events), row=row(Status.Running), now=LATER)

    assert judged.repair is not None
    assert judged.repair.update.status is Status.Terminated
    assert (judged.replies, len(judged.drop)) == ([], 1)


def test_who_finds_a_reminder_behind_the_end_tells_the_parent_and_the_children() -> None:
    events = family()
    last = end(events, ALL)

    reminder = reminded(events, ALL)
    judged = verdict((*events, *last.events), reminder, row=row(Status.Running), now=LATER)

    assert told(judged.replies) == told(last.outbound) == {PARENT, "child-1", "child-2"}
    (answer,) = [one for one in judged.replies if one.target.instance_id == PARENT]
    assert isinstance(answer.event, SubOrchestrationInstanceFailed)
    assert (answer.event.task_scheduled_id, answer.event.reason) == (4, "enough")
    children = [one.event for one in judged.replies if one.target.instance_id != PARENT]
    assert children == [replace(ALL, timestamp=LATER)] * 2


def test_children_that_are_to_live_on_are_not_told() -> None:
    events = family()
    over = (*events, *end(events).events)

    judged = verdict(over, reminded(events), row=row(Status.Terminated), now=LATER)

    assert told(judged.replies) == {PARENT}


def test_a_reminder_of_what_has_ended_by_itself_tells_nobody() -> None:
    events = family()
    by_itself = ended(
        turn_of(events, arrived(EventRaised(timestamp=NOW, name="x"), run=RUN)),
        Complete(id=7, status=Status.Completed),
    )

    over = (*events, *by_itself.events)
    judged = verdict(over, reminded(events, ALL), row=row(Status.Completed), now=LATER)

    assert (judged.replies, len(judged.drop)) == ([], 1)


def test_a_reminder_of_an_end_that_was_never_written_tells_nobody_of_it() -> None:
    events = family()

    judged = verdict(events, reminded(events, ALL), now=LATER)

    assert (judged.replies, judged.drop) == ([], [])
    assert [one.message.event for one in judged.take] == [ALL]


@pytest.mark.parametrize("tag", ["", "[", "{}", "[1]", "1"])
def test_a_tag_that_names_no_children_ends_none(tag: str) -> None:
    events = family()
    reminder = reminded(events, ALL)
    tags = {**(reminder.message.tags or {}), CHILDREN_TAG: tag}
    reminder = replace(reminder, message=replace(reminder.message, tags=tags))

    judged = verdict((*events, *end(events, ALL).events), reminder, row=row(Status.Running))

    assert told(judged.replies) == {PARENT}


def test_a_plain_termination_of_what_is_over_tells_nobody() -> None:
    events = family()
    over = (*events, *end(events, ALL).events)

    judged = verdict(over, arrived(ALL, run=RUN), row=row(Status.Terminated), now=LATER)

    assert (judged.replies, len(judged.drop)) == ([], 1)


def test_who_finds_a_reminder_behind_the_end_gives_the_locks_back() -> None:
    events = locked()
    over = (*events, *end(events).events)

    judged = verdict(over, reminded(events), row=row(Status.Terminated), now=LATER)

    assert given_back(judged.replies) == {(A, SECTION), (B, SECTION)}
    assert len(judged.drop) == 1


def test_who_finds_it_when_another_execution_is_there_gives_them_back_too() -> None:
    events = locked()
    begins = arrived(started(run=NEXT))
    another = ended(turn_of((), begins, row=row(run=NEXT))).events

    judged = verdict(another, reminded(events), row=row(Status.Running, run=NEXT), now=LATER)

    assert given_back(judged.replies) == {(A, SECTION), (B, SECTION)}
    assert len(judged.drop) == 1


def test_who_finds_it_and_nothing_else_gives_them_back() -> None:
    judged = verdict((), replace(reminded(locked()), deliveries=9), now=LATER)

    assert given_back(judged.replies) == {(A, SECTION), (B, SECTION)}
    assert len(judged.drop) == 1


def test_where_the_end_was_never_written_the_reminder_ends_the_execution() -> None:
    events = locked()

    judged = verdict(events, reminded(events), now=LATER)

    assert (judged.replies, judged.drop) == ([], [])
    assert [one.message.event for one in judged.take] == [ENOUGH]


def test_a_reminder_that_comes_again_takes_no_lock_from_an_execution_that_lives() -> None:
    events, reminder = locked(), reminded(locked())

    known = frozenset({reminder.key})
    judged = judge(version_of(events), read(events), [reminder], None, LATER, known)

    assert judged.replies == []
    assert judged.drop == [reminder]


@pytest.mark.parametrize(
    "tag", ["", "[", "[1]", '{"@counter@a":1}', '{"@counter@a":[1]}', '{"x":["y"]}']
)
def test_a_tag_that_says_nothing_gives_nothing_back(tag: str) -> None:
    message = replace(reminded(locked()).message, tags={RELEASES_TAG: tag})

    assert releases_of_termination(message, LATER) == ()


def test_other_messages_remind_of_nothing() -> None:
    reminder = reminded(locked()).message

    assert releases_of_termination(replace(reminder, event=started()), LATER) == ()
    assert releases_of_termination(replace(reminder, tags=None), LATER) == ()
    assert release_in(reminder) is None
    assert reminder.target.execution_id == RUN
