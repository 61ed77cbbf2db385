"""The state of a history, extended by what follows instead of read anew."""

from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.messages import REQUEST, Request, request_text
from durahub.engine.entities.stamps import Stamp
from durahub.engine.state import State, read
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionSuspended,
    ExecutionTerminated,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import Ticks, later
from tests.unit.engine.scenes import NOW, started

GUIDS = ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "{6BA7B811-9DAD-11D1-80B4-00C04FD430C8}")
moments = st.integers(0, 5).map(lambda seconds: later(NOW, seconds))


def _request(now: Ticks, number: int) -> Request:
    request = Request(id=GUIDS[number % 2], operation="add", parent="o")
    return request.labelled(Stamp(Ticks(now + number)), request.predecessor)


def _event(now: Ticks, number: int, kind: str) -> Event:
    request = request_text(_request(now, number))
    made: dict[str, Event] = {
        "start": started(),
        "begin": OrchestratorStarted(timestamp=now),
        "close": OrchestratorCompleted(timestamp=now),
        "task": TaskScheduled(timestamp=now, event_id=number, name="A"),
        "done": TaskCompleted(timestamp=now, task_scheduled_id=number),
        "failed": TaskFailed(timestamp=now, task_scheduled_id=number),
        "child": SubOrchestrationInstanceCreated(
            timestamp=now, event_id=number, name="C", instance_id="c"
        ),
        "child done": SubOrchestrationInstanceCompleted(timestamp=now, task_scheduled_id=number),
        "child failed": SubOrchestrationInstanceFailed(timestamp=now, task_scheduled_id=number),
        "timer": TimerCreated(timestamp=now, event_id=-100 + number % 2, fire_at=now),
        "fired": TimerFired(timestamp=now, timer_id=-100 + number % 2, fire_at=now),
        "sent": EventSent(timestamp=now, event_id=number, instance_id="x", name="n"),
        "call": EventSent(
            timestamp=now, event_id=number, instance_id="@e@k", name=REQUEST, input=request
        ),
        "raised": EventRaised(timestamp=now, name=GUIDS[number % 2]),
        "nameless": EventRaised(timestamp=now, name=None),
        "suspended": ExecutionSuspended(timestamp=now),
        "resumed": ExecutionResumed(timestamp=now),
        "terminated": ExecutionTerminated(timestamp=now, input=str(number)),
        "continued": ContinueAsNew(timestamp=now, status=Status.ContinuedAsNew),
        "completed": ExecutionCompleted(timestamp=now, event_id=number, status=Status.Completed),
    }
    return made[kind]


KINDS = (
    *("start", "begin", "close", "task", "done", "failed", "child", "child done", "child failed"),
    *("timer", "fired", "sent", "call", "raised", "nameless", "suspended", "resumed"),
    *("terminated", "continued", "completed"),
)
events = st.builds(_event, moments, st.integers(0, 3), st.sampled_from(KINDS))
histories = st.lists(events, max_size=20)


@given(st.lists(histories, max_size=4), histories)
def test_a_state_that_is_extended_is_that_of_the_whole_history(
    turns: list[list[Event]], other: list[Event]
) -> None:
    state, past = State(), list[Event]()
    states: list[tuple[State, list[Event]]] = []
    for turn in turns:
        state.extended(other)  # a turn that was lost
        state = state.extended(turn)
        past = [*past, *turn]
        states.append((state, past))

    for found, whole in states:
        assert found == read(whole)
        assert found.labels.sent == read(whole).labels.sent


def test_the_state_of_a_longer_history_shares_what_has_grown() -> None:
    whole = [_event(NOW, number, kind) for number in range(1000) for kind in ("task", "done")]
    state = read(whole)
    visited = 0

    def more() -> Event:
        nonlocal visited
        visited += 1
        return _event(NOW, 1000, "task")

    longer = state.extended(more() for _ in range(2))

    assert visited == 2
    assert longer.answers is state.answers
    assert len(longer.action_ids) == len(state.action_ids) + 1


def test_a_request_to_an_entity_is_known_by_its_guid_however_it_is_spelled() -> None:
    state = read([_event(NOW, 1, "call"), _event(NOW, 1, "raised")])

    assert list(state.requested) == list(state.raised) == [GUIDS[1].strip("{}").lower()]
