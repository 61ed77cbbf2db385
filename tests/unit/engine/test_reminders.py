"""What reminds of the locks that a forced end gives back."""

from dataclasses import replace

import pytest

from durahub.engine.actions import SendEntityMessage
from durahub.engine.commit import Commit, Delivery
from durahub.engine.entities.releases import (
    RELEASES_TAG,
    release_in,
    releases_of_termination,
)
from durahub.engine.forced_end import forced_end, reminder_of
from durahub.engine.inbox import judge
from durahub.engine.state import read
from durahub.model.history import Event, ExecutionTerminated, Status
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
LATER = later(NOW, 60)


def locked() -> tuple[Event, ...]:
    asks = SendEntityMessage(id=0, kind="lock", request_id=SECTION, target=A, lock_set=(A, B))
    return ended(first_turn(), asks).events


def end(events: tuple[Event, ...]) -> Commit:
    commit = forced_end(row(Status.Running), version_of(events), events, ENOUGH, NOW)
    assert commit is not None
    return commit


def reminded(events: tuple[Event, ...]) -> Delivery:
    reminder = reminder_of(end(events))
    assert reminder is not None
    return Delivery("m-1", "hub-control-00", reminder[0])


def given_back(messages: tuple[Message, ...] | list[Message]) -> set[tuple[str, str] | None]:
    return {release_in(one) for one in messages}


def test_a_forced_end_with_locks_leaves_a_reminder_that_names_them() -> None:
    commit = end(locked())

    found = reminder_of(commit)
    assert found is not None
    reminder, releases = found

    assert releases == commit.outbound
    assert reminder.event == ENOUGH
    assert reminder.target == commit.execution
    assert reminder.tags == {RELEASES_TAG: f'{{"{A}":["{SECTION}"],"{B}":["{SECTION}"]}}'}
    assert given_back(releases_of_termination(reminder, LATER)) == given_back(releases)


def test_without_locks_there_is_nothing_to_be_reminded_of() -> None:
    assert reminder_of(end(ended(first_turn()).events)) is None
    assert reminder_of(ended(first_turn())) is None


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
