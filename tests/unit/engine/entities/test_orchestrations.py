"""What orchestrations send to entities, and what they get back."""

from typing import Literal

import pytest

from durahub.engine.actions import (
    Action,
    Complete,
    SendEntityMessage,
    SendEvent,
    TurnResult,
)
from durahub.engine.commit import Commit, Delivery
from durahub.engine.entities.messages import (
    LOCK_GRANTED,
    Response,
    delayed_name,
    release_of,
    request_of,
    response_text,
)
from durahub.engine.entities.releases import locks_held
from durahub.engine.inbox import Verdict
from durahub.engine.turn import Outcome, Turn, finish
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionTerminated,
    OrchestratorStarted,
    Status,
    Trace,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later
from tests.unit.engine.scenes import (
    ID,
    NEXT,
    NOW,
    RUN,
    arrived,
    ended,
    first_turn,
    row,
    turn_of,
    verdict,
)

from .counters import guid

A, B = "@counter@a", "@counter@b"
SECTION = 0xABC
APPROVAL = EventRaised(timestamp=NOW, name="Approval")


def message(
    kind: Literal["call", "signal", "lock", "unlock"],
    number: int,
    *,
    target: str = A,
    locks: tuple[str, ...] = (),
    request: int | None = None,
    scheduled: Ticks | None = None,
) -> SendEntityMessage:
    return SendEntityMessage(
        id=number,
        kind=kind,
        request_id=guid(number if request is None else request).upper(),
        target=target,
        operation="add" if kind in ("call", "signal") else None,
        input="1" if kind in ("call", "signal") else None,
        lock_set=locks,
        scheduled=scheduled,
    )


def done(*, status: Status = Status.Completed) -> Complete:
    return Complete(id=99, status=status, result='"done"')


def later_turn(events: tuple[Event, ...], *, seconds: float = 1, event: Event = APPROVAL) -> Turn:
    now = later(NOW, seconds)
    return turn_of(events, arrived(event), row=row(Status.Running), now=now)


def sent_by(commit: Commit) -> list[EventSent]:
    return [event for event in commit.events if isinstance(event, EventSent)]


def releases(commit: Commit) -> list[tuple[str, str | None, str | None]]:
    """Return whom the releases go to, who held the lock, and the critical section."""
    found = []
    for one in commit.outbound:
        if isinstance(one.event, EventRaised) and one.event.name == "release":
            release = release_of(one.event.input)
            found.append((one.target.instance_id, release.parent, release.id))
    return found


# -- what is written and sent --------------------------------------------------------------------


def test_the_event_and_the_message_hold_the_same_text() -> None:
    commit = ended(first_turn(), message("call", 0))
    (event,) = sent_by(commit)
    (outbound,) = commit.outbound
    assert event.event_id == 0
    assert (event.instance_id, event.name) == (A, "op")
    assert isinstance(outbound.event, EventRaised)
    assert (outbound.event.name, outbound.event.input) == (event.name, event.input)
    assert outbound.target == Execution(A)
    assert outbound.sender == Execution(ID, RUN)
    assert event.input == (
        f'{{"op":"add","input":"1","id":"{guid(0)}","parent":"{ID}","parentExecution":"{RUN}",'
        '"Timestamp":"2026-11-21T12:00:00Z","Predecessor":"0001-01-01T00:00:00",'
        '"IsLockRequest":false,"createTrace":false}'
    )


def test_a_signal_says_so() -> None:
    (event,) = sent_by(ended(first_turn(), message("signal", 0)))
    assert request_of(event.input).signal


def test_a_lock_request_goes_to_the_first_of_its_set() -> None:
    (event,) = sent_by(ended(first_turn(), message("lock", 0, locks=(A, B))))
    request = request_of(event.input)
    assert request.operation is None
    assert request.lock_set == (A, B)
    assert request.timestamp.ticks == NOW


def test_an_unlock_is_a_release() -> None:
    (event,) = sent_by(ended(first_turn(), message("unlock", 1, request=SECTION)))
    assert (event.name, event.instance_id) == ("release", A)
    assert event.input == f'{{"parent":"{ID}","id":"{guid(SECTION)}"}}'


def test_a_scheduled_operation_is_due_later_and_has_no_label() -> None:
    due = later(NOW, 60)
    commit = ended(first_turn(), message("signal", 0, scheduled=due))
    (event,) = sent_by(commit)
    assert event.name == delayed_name(due, NOW)
    assert commit.outbound[0].due == due
    assert request_of(event.input).due == due
    assert request_of(event.input).timestamp.ticks == 0


def test_a_traced_operation_carries_its_context() -> None:
    trace = Trace(trace_parent="00-aa-bb-01")
    action = SendEntityMessage(
        id=0, kind="call", request_id=guid(0), target=A, operation="add", trace=trace, requested=NOW
    )
    (event,) = sent_by(ended(first_turn(), action))
    assert request_of(event.input).trace == trace
    assert request_of(event.input).requested == NOW


def test_what_dotnet_wrote_itself_is_stored_unchanged_and_due_at_its_time() -> None:
    due = later(NOW, 60)
    text = '{"op":"add","anything":1}'
    action = SendEvent(id=0, target=Execution(A), name=delayed_name(due, NOW), input=text)
    commit = ended(first_turn(), action)
    assert sent_by(commit)[0].input == text
    assert commit.outbound[0].due == due
    elsewhere = SendEvent(id=0, target=Execution("order-8"), name=delayed_name(due, NOW))
    assert ended(first_turn(), elsewhere).outbound[0].due is None


# -- labels --------------------------------------------------------------------------------------


def test_labels_take_the_time_of_the_episode_and_one_tick_more_for_each() -> None:
    commit = ended(
        first_turn(), message("call", 0), message("call", 1), message("call", 2, target=B)
    )
    first, second, other = (request_of(event.input) for event in sent_by(commit))
    assert (str(first.timestamp), str(second.timestamp)) == (
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00.0000001",
    )
    assert second.predecessor == first.timestamp
    assert other.predecessor.ticks == 0


def test_the_next_episode_goes_on_from_the_labels_in_the_history() -> None:
    first = ended(first_turn(), message("call", 0), message("call", 1))
    (event,) = sent_by(ended(later_turn(first.events), message("call", 2)))
    request = request_of(event.input)
    assert str(request.timestamp) == "2026-11-21T12:00:01Z"
    assert str(request.predecessor) == "2026-11-21T12:00:00.0000001"


def test_a_repeated_episode_has_the_labels_of_its_time() -> None:
    turn = first_turn()
    texts = [
        [event.input for event in sent_by(finish_at(turn, seconds, message("call", 0)))]
        for seconds in (0, 30)
    ]
    assert texts[0] == texts[1]


def finish_at(turn: Turn, seconds: float, *actions: Action) -> Commit:
    outcome = finish(turn, TurnResult(actions=actions), later(NOW, seconds), NEXT)
    assert isinstance(outcome, Outcome)
    return outcome.commit


def test_a_new_execution_begins_its_labels_anew() -> None:
    restart = Complete(id=9, status=Status.ContinuedAsNew, result="1")
    first = finish(first_turn(), TurnResult(actions=(message("call", 0), restart)), NOW, NEXT)
    assert isinstance(first, Turn)
    assert isinstance(first.new[0], OrchestratorStarted)
    commit = ended(first, message("call", 0))
    request = request_of(sent_by(commit)[0].input)
    assert request.predecessor.ticks == 0
    assert request.parent_execution == NEXT
    assert request.timestamp.ticks == first.new[0].timestamp
    assert len(commit.outbound) == 2  # what the generation before has sent, too


# -- the end of an orchestration inside of a critical section ------------------------------------


@pytest.mark.parametrize("status", [Status.Completed, Status.Failed, Status.Terminated])
def test_an_end_releases_the_locks_that_are_left(status: Status) -> None:
    first = ended(first_turn(), message("lock", 0, locks=(A, B), request=SECTION))
    commit = ended(later_turn(first.events), done(status=status))
    assert releases(commit) == [(A, ID, guid(SECTION)), (B, ID, guid(SECTION))]


def test_what_the_worker_releases_itself_is_released_once() -> None:
    first = ended(first_turn(), message("lock", 0, locks=(A, B), request=SECTION))
    unlocks = (
        message("unlock", 1, target=A, request=SECTION),
        message("unlock", 99, target=B, request=SECTION),
    )
    assert releases(ended(later_turn(first.events), *unlocks, done())) == [
        (A, ID, guid(SECTION)),
        (B, ID, guid(SECTION)),
    ]
    commit = ended(later_turn(first.events), unlocks[0], done())
    assert releases(commit) == [(A, ID, guid(SECTION)), (B, ID, guid(SECTION))]


def test_a_forced_end_releases_the_locks() -> None:
    first = ended(first_turn(), message("lock", 0, locks=(A,), request=SECTION))
    terminated = ExecutionTerminated(timestamp=NOW, input="enough")
    commit = ended(later_turn(first.events, event=terminated))
    assert commit.instance.status is Status.Terminated
    assert releases(commit) == [(A, ID, guid(SECTION))]


def test_without_locks_nothing_is_released_and_before_the_end_neither() -> None:
    first = ended(first_turn(), message("call", 0))
    assert releases(ended(later_turn(first.events), done())) == []
    locked = ended(first_turn(), message("lock", 0, locks=(A,)))
    assert releases(locked) == []
    assert locks_held(locked.events) == ((guid(0), A),)


# -- answers -------------------------------------------------------------------------------------


def answer(number: int, *, sender: str = A, key: str = "m-1", text: str | None = None) -> Delivery:
    raised = EventRaised(
        timestamp=NOW, name=guid(number), input=text or response_text(Response(result="1"))
    )
    sent = Message(event=raised, target=Execution(ID, RUN), sender=Execution(sender, "run-9"))
    return Delivery(key, "hub-control-00", sent, 1)


def called() -> tuple[Event, ...]:
    return ended(first_turn(), message("call", 0), message("lock", 1, locks=(A,))).events


def test_an_answer_is_taken_when_its_request_is_in_the_history() -> None:
    taken = [answer(0), answer(1, key="m-2")]
    assert verdict(called(), *taken, row=row(Status.Running)).take == taken


def test_an_answer_that_overtakes_its_request_waits() -> None:
    judged = verdict(called(), answer(5), row=row(Status.Running))
    assert judged.take == []
    assert [delivery for delivery, _ in judged.defer] == [answer(5)]


def test_a_second_answer_is_dropped() -> None:
    judged = verdict(called(), answer(0), answer(0, key="m-2"), row=row(Status.Running))
    assert judged.take == [answer(0)]
    assert judged.drop == [answer(0, key="m-2")]
    turn = turn_of(called(), answer(0), row=row(Status.Running))
    events = ended(turn).events
    again = verdict((*called(), *events), answer(0, key="m-2"), row=row(Status.Running))
    assert again.drop == [answer(0, key="m-2")]


def test_an_event_of_anybody_else_is_taken_whatever_its_name() -> None:
    raised = [answer(5, sender="order-8"), answer(5, sender="order-8", key="m-2")]
    assert verdict(called(), *raised, row=row(Status.Running)).take == raised


# -- a lock that is granted when nobody waits for it any more ---------------------------------------

GRANT = response_text(Response(result=LOCK_GRANTED))


def given_back(judged: Verdict) -> list[str]:
    return [
        reply.target.instance_id
        for reply in judged.replies
        if isinstance(reply.event, EventRaised) and reply.event.name == "release"
    ]


def in_section(*more: Action) -> tuple[Event, ...]:
    """Return a history that has locked two entities, and then did *more*."""
    first = ended(first_turn(), message("lock", SECTION, locks=(A, B))).events
    grant = answer(SECTION, sender=B, text=GRANT)
    return (*first, *ended(turn_of(first, grant, row=row(Status.Running)), *more).events)


def test_a_second_grant_after_the_release_is_given_back() -> None:
    unlocks = (
        message("unlock", 1, target=A, request=SECTION),
        message("unlock", 2, target=B, request=SECTION),
    )
    grant = answer(SECTION, sender=B, text=GRANT, key="m-2")
    judged = verdict(in_section(*unlocks), grant, row=row(Status.Running))

    assert judged.drop == [grant]
    assert given_back(judged) == [A, B]


def test_a_second_grant_within_the_section_changes_nothing() -> None:
    grant = answer(SECTION, sender=B, text=GRANT, key="m-2")
    judged = verdict(in_section(), grant, row=row(Status.Running))

    assert judged.drop == [grant]
    assert judged.replies == []


def test_a_grant_that_comes_after_the_end_is_given_back_even_of_an_unknown_section() -> None:
    over = in_section(done())
    known = answer(SECTION, sender=B, text=GRANT, key="m-2")
    unknown = answer(0xDEF, sender=A, text=GRANT, key="m-3")

    assert given_back(verdict(over, known, row=row(Status.Completed))) == [A, B]
    assert given_back(verdict(over, unknown, row=row(Status.Completed))) == [A]
    other = answer(0xDEF, sender=A, text=response_text(Response(result="1")), key="m-4")
    assert given_back(verdict(over, other, row=row(Status.Completed))) == []
