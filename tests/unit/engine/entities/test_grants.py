"""Locks that are granted to nobody: an orchestration that is over, gone, another, or has lost its turn."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from durahub.engine.actions import Action, Complete, SendEntityMessage, TurnResult
from durahub.engine.commit import Delivery
from durahub.engine.entities.answers import UNASKED_PATIENCE
from durahub.engine.entities.grants import LOCKS_TAG, is_grant, tags_of_grant
from durahub.engine.entities.messages import (
    LOCK_GRANTED,
    Response,
    release_of,
    response_text,
)
from durahub.engine.inbox import Verdict, backoff
from durahub.engine.turn import Turn, finish
from durahub.model.history import Event, EventRaised, Execution, Status, Tags
from durahub.model.message import Message
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
)

from .counters import ENTITY, after, guid, lock, raised, sent, state_of

A, B, C = "@counter@a", "@counter@b", "@counter@c"
SECTION, LOST = 0xABC, 0xDEF
GRANT = response_text(Response(result=LOCK_GRANTED))


def granted(
    number: int = SECTION,
    *locks: str,
    sender: str = B,
    run: str | None = RUN,
    times: int = 1,
    tags: Tags | None = None,
) -> Delivery:
    """Return the grant of *locks* that a durahub server sends; of none: one that .NET sends."""
    event = EventRaised(timestamp=NOW, name=guid(number), input=GRANT)
    message = Message(
        event=event,
        target=Execution(ID, run),
        sender=Execution(locks[-1] if locks else sender, "run-9"),
        tags=tags or tags_of_grant(locks),
    )
    return Delivery("m-9", "hub-control-00", message, times)


def asks(*locks: str, number: int = SECTION) -> SendEntityMessage:
    return SendEntityMessage(
        id=number, kind="lock", request_id=guid(number), target=locks[0], lock_set=locks
    )


def lets_go(*locks: str, number: int = SECTION) -> Sequence[Action]:
    return [
        SendEntityMessage(id=number + n, kind="unlock", request_id=guid(number), target=one)
        for n, one in enumerate(locks, 1)
    ]


def history(*actions: Action) -> tuple[Event, ...]:
    return ended(first_turn(), *actions).events


def given_back(judged: Verdict) -> list[tuple[str, str | None]]:
    """Return whom the releases go to, and for which critical section."""
    found = []
    for reply in judged.replies:
        assert isinstance(reply.event, EventRaised)
        assert reply.event.name == "release"
        release = release_of(reply.event.input)
        assert release.parent == ID
        found.append((reply.target.instance_id, release.id))
    return found


def all_of(number: int, *locks: str) -> list[tuple[str, str | None]]:
    return [(one, guid(number)) for one in locks]


# -- what a grant says -----------------------------------------------------------------------------


def test_a_grant_of_several_locks_names_them_and_one_of_a_single_lock_has_no_tag() -> None:
    (single,) = after(sent(lock(ENTITY))).outbound
    assert is_grant(single)
    assert single.tags is None

    first = after(sent(lock(ENTITY, B)))
    (passed,) = first.outbound
    assert not is_grant(passed)
    assert isinstance(passed.event, EventRaised)
    (grant,) = after(raised("op", passed.event.input, entity=B)).outbound
    assert is_grant(grant)
    assert grant.tags == {LOCKS_TAG: f'["{ENTITY}","{B}"]'}


def test_nothing_else_is_a_grant() -> None:
    grant = granted().message
    assert is_grant(grant)
    result = EventRaised(timestamp=NOW, name=guid(1), input=response_text(Response(result='"no"')))
    unreadable = EventRaised(timestamp=NOW, name=guid(1), input="no")
    for event in (result, unreadable, started()):
        assert not is_grant(Message(event=event, target=grant.target, sender=grant.sender))
    for sender in (None, Execution("order-8")):
        assert not is_grant(Message(event=grant.event, target=grant.target, sender=sender))


# -- who is over, or somebody else -------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.Completed, Status.Failed, Status.Terminated])
def test_what_is_granted_after_the_end_is_given_back(status: Status) -> None:
    over = history(Complete(id=1, status=status))
    grant = granted(LOST, A, B, C)

    judged = verdict(over, grant, row=row(status))

    assert judged.drop == [grant]
    assert given_back(judged) == all_of(LOST, A, B, C)


def test_of_a_grant_by_a_dotnet_worker_the_history_tells_the_set_and_else_the_sender_itself() -> (
    None
):
    over = history(asks(A, B, C), Complete(id=1, status=Status.Failed))
    at_end = row(Status.Failed)

    assert given_back(verdict(over, granted(sender=C), row=at_end)) == all_of(SECTION, A, B, C)
    assert given_back(verdict(over, granted(LOST, sender=C), row=at_end)) == all_of(LOST, C)


@pytest.mark.parametrize("tag", ["no JSON", "5", "[]", '["order-8",7]'])
def test_a_tag_that_tells_nothing_is_none(tag: str) -> None:
    over = history(Complete(id=1, status=Status.Failed))
    grant = granted(LOST, sender=C, tags={LOCKS_TAG: tag})
    assert given_back(verdict(over, grant, row=row(Status.Failed))) == all_of(LOST, C)


def test_what_is_granted_to_an_earlier_execution_is_given_back() -> None:
    judged = verdict(history(), granted(LOST, A, B, run=NEXT), row=row(Status.Running))
    assert len(judged.drop) == 1
    assert given_back(judged) == all_of(LOST, A, B)


def test_but_not_what_the_present_one_waits_for_or_holds() -> None:
    now_asks = history(asks(B, C))
    judged = verdict(now_asks, granted(LOST, A, B, run=NEXT), row=row(Status.Running))
    assert given_back(judged) == all_of(LOST, A)


def test_what_is_granted_to_an_earlier_execution_while_the_next_one_begins_is_given_back() -> None:
    grant = granted(LOST, A, B, run=NEXT)
    for waiting in ((arrived(started()), grant), (grant,)):
        judged = verdict((), *waiting, row=row())
        assert judged.drop == [grant]
        assert given_back(judged) == all_of(LOST, A, B)


def test_what_is_granted_to_one_that_was_ended_before_it_was_written_is_given_back() -> None:
    judged = verdict((), granted(LOST, A, B), row=row(Status.Terminated))
    assert given_back(judged) == all_of(LOST, A, B)


# -- who is not known, or did not ask: perhaps not yet ------------------------------------------------

UNKNOWN = pytest.mark.parametrize(
    ("events", "found"),
    [((), None), ((), row()), ((), row(Status.Running)), (history(), row(Status.Running))],
    ids=["purged", "begins", "without a history", "a turn was lost"],
)


@UNKNOWN
@pytest.mark.parametrize("times", range(1, UNASKED_PATIENCE))
def test_a_grant_waits_for_the_turn_that_asked(
    events: tuple[Event, ...], found: object, times: int
) -> None:
    grant = granted(LOST, A, B, times=times)
    judged = verdict(events, grant, row=found)  # type: ignore[arg-type]
    assert judged.defer == [(grant, backoff(times))]
    assert judged.replies == []


@UNKNOWN
def test_but_not_for_ever(events: tuple[Event, ...], found: object) -> None:
    grant = granted(LOST, A, B, times=UNASKED_PATIENCE)
    judged = verdict(events, grant, row=found)  # type: ignore[arg-type]
    assert judged.drop == [grant]
    assert given_back(judged) == all_of(LOST, A, B)


def test_a_lock_that_a_lost_turn_got_is_given_back_where_the_turn_that_came_instead_has_no_use_for_it() -> (
    None
):
    given_up = granted(LOST, A, B, C, times=UNASKED_PATIENCE)

    holds = history(asks(A, B))
    assert given_back(verdict(holds, given_up, row=row(Status.Running))) == all_of(LOST, C)

    left = history(asks(A, B), *lets_go(A, B))
    assert given_back(verdict(left, given_up, row=row(Status.Running))) == all_of(LOST, A, B, C)


def test_a_request_of_a_lost_turn_that_is_passed_on_late_leaves_no_entity_locked() -> None:
    # the turn that came instead has locked all three, let go of them, and its orchestration has ended
    over = history(asks(A, B, C), *lets_go(A, B, C), Complete(id=99_999, status=Status.Completed))
    late = replace(lock(A, B, C, number=LOST, parent=ID), position=1)

    at_b = after(sent(late))
    assert state_of(at_b).locked_by == ID
    at_c = after(*(delivered(one) for one in at_b.outbound))
    assert state_of(at_c).locked_by == ID

    grants = [delivered(one) for one in at_c.outbound]
    judged = verdict(over, *grants, row=row(Status.Completed))

    assert given_back(judged) == all_of(LOST, A, B, C)
    for before in (at_b, at_c):
        back = delivered(judged.replies[0])
        assert state_of(after(back, events=before.events)).locked_by is None


def delivered(message: Message) -> Delivery:
    return Delivery(f"m-{id(message)}", "hub-control-00", message)


def answers(name: str, times: int, sender: str | None = A, run: str | None = RUN) -> Delivery:
    """Return what *sender* raises under *name*: of an entity, the answer to a call."""
    event = EventRaised(timestamp=NOW, name=name, input=response_text(Response(result="1")))
    by = Execution(sender, "run-9") if sender is not None else None
    message = Message(event=event, target=Execution(ID, run), sender=by)
    return Delivery("m", "hub-control-00", message, times)


@UNKNOWN
def test_an_answer_that_no_turn_asked_for_waits_as_a_grant_does(
    events: tuple[Event, ...], found: object
) -> None:
    waits = answers(guid(LOST), UNASKED_PATIENCE - 1)
    judged = verdict(events, waits, row=found)  # type: ignore[arg-type]
    assert (judged.defer, judged.drop) == ([(waits, backoff(UNASKED_PATIENCE - 1))], [])

    given_up = answers(guid(LOST), UNASKED_PATIENCE)
    judged = verdict(events, given_up, row=found)  # type: ignore[arg-type]
    assert (judged.drop, judged.unasked, judged.defer) == ([given_up], [given_up], [])
    assert judged.replies == []


def test_of_an_instance_that_is_over_or_another_execution_it_is_dropped_at_once() -> None:
    over = history(Complete(id=1, status=Status.Completed))
    first = answers(guid(LOST), 1)
    of_another = answers(guid(LOST), 1, run=NEXT)
    for judged in (
        verdict(over, first, row=row(Status.Completed)),
        verdict((), first, row=row(Status.Terminated)),
        verdict(history(), of_another, row=row(Status.Running)),
    ):
        assert len(judged.drop) == 1
        assert (judged.defer, judged.unasked) == ([], [])


def test_an_answer_that_was_asked_for_counts_however_often_it_came() -> None:
    asked = history(asks(A))
    late = answers(guid(SECTION), UNASKED_PATIENCE + 9)
    assert verdict(asked, late, row=row(Status.Running)).take == [late]


@pytest.mark.parametrize("sender", [None, "order-8"])
@pytest.mark.parametrize("name", ["Approval", guid(LOST)])
def test_what_users_raise_is_never_given_up(sender: str | None, name: str) -> None:
    event = answers(name, UNASKED_PATIENCE + 9, sender)
    assert verdict(history(), event, row=row(Status.Running)).take == [event]


def test_nor_what_an_entity_sends_under_a_name_of_a_users() -> None:
    event = answers("Approval", UNASKED_PATIENCE + 9)
    assert verdict(history(), event, row=row(Status.Running)).drop == []


# -- who goes on as another execution -------------------------------------------------------------------


def test_who_continues_as_new_lets_go_of_what_it_holds_or_waits_for() -> None:
    again = Complete(id=9_999, status=Status.ContinuedAsNew, result="1")
    turn = turn_of(history(asks(A, B)), arrived(EventRaised(timestamp=NOW, name="Go")))

    following = finish(turn, TurnResult(actions=(again,)), NOW, NEXT)
    assert isinstance(following, Turn)
    assert [one.target.instance_id for one in following.outbound] == [A, B]

    following = finish(turn, TurnResult(actions=(*lets_go(A), again)), NOW, NEXT)
    assert isinstance(following, Turn)
    assert [one.target.instance_id for one in following.outbound] == [A, B]
    assert {one.sender for one in following.outbound} == {Execution(ID, RUN)}
