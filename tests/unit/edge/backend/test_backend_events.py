"""Events as workers of ``BackendService`` write them, read as the hub stores them."""

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from durahub.edge.backend.events import event_from_proto, events_from_proto
from durahub.edge.projection import event_to_proto
from durahub.errors import BadRequest
from durahub.model import history as h
from durahub.model.failure import Failure
from durahub.model.ticks import Ticks, parse

NOW = parse("2026-11-21T12:00:00Z")
FAILURE = Failure(
    error_type="E",
    message="no",
    stack_trace="at x",
    inner=Failure(error_type="I", message="why", properties={"n": 1}),
    non_retriable=True,
)
TRACE = h.Trace(trace_parent="00-aa-bb-01", trace_state="s")

texts = st.none() | st.text(st.characters(exclude_categories=("Cs",)), max_size=5)
names = st.text("abcé@", min_size=1, max_size=4)
times = st.integers(600_000_000_000_000_000, 700_000_000_000_000_000).map(Ticks)
numbers = st.integers(0, 2**31 - 1)
tags = st.none() | st.dictionaries(names, names, min_size=1, max_size=2)
executions = st.builds(h.Execution, names, st.none() | names)
parents = st.builds(
    h.Parent, name=names, execution=executions, task_schedule_id=numbers, version=st.none() | names
)
traces = st.none() | st.just(TRACE)
failures = st.none() | st.just(FAILURE)


def told(failure: Failure | None) -> str | None:
    return failure.message if failure is not None else None


def failed(cls: type, number: int, failure: Failure | None, at: Ticks) -> h.Event:
    """Return a failure with its message beside it, as .NET's older mode reads it."""
    event: h.Event = cls(
        timestamp=at, task_scheduled_id=number, reason=told(failure), failure=failure
    )
    return event


arrived = st.one_of(
    st.builds(
        h.ExecutionStarted,
        timestamp=times,
        execution=executions,
        name=names,
        parent=st.none() | parents,
        version=st.none() | names,
        input=texts,
        tags=tags,
        trace=st.none()
        | st.builds(h.Trace, trace_parent=names, trace_state=texts, span_id=st.none() | names),
        scheduled_start=st.none() | times,
    ),
    st.builds(h.ExecutionTerminated, timestamp=times, input=texts),
    st.builds(h.TaskCompleted, timestamp=times, task_scheduled_id=numbers, result=texts),
    st.builds(
        h.SubOrchestrationInstanceCompleted,
        timestamp=times,
        task_scheduled_id=numbers,
        result=texts,
    ),
    st.builds(failed, st.just(h.TaskFailed), numbers, st.just(FAILURE), times),
    st.builds(failed, st.just(h.SubOrchestrationInstanceFailed), numbers, st.just(FAILURE), times),
    st.builds(h.TimerFired, timestamp=times, timer_id=st.integers(-100, 9), fire_at=times),
    st.builds(h.OrchestratorStarted, timestamp=times),
    st.builds(h.OrchestratorCompleted, timestamp=times),
    st.builds(h.EventRaised, timestamp=times, name=names, input=texts),
    st.builds(h.GenericEvent, timestamp=times, data=texts),
    st.builds(h.ExecutionSuspended, timestamp=times, reason=texts),
    st.builds(h.ExecutionResumed, timestamp=times, reason=texts),
    st.builds(
        h.ExecutionRewound,
        timestamp=times,
        reason=texts,
        parent_execution_id=texts,
        instance_id=texts,
        trace=traces,
    ),
)
acted = st.one_of(
    st.builds(
        h.ExecutionCompleted,
        event_id=numbers,
        timestamp=times,
        status=st.sampled_from(h.Status),
        result=texts,
        failure=failures,
    ),
    st.builds(
        h.TaskScheduled,
        event_id=numbers,
        timestamp=times,
        name=names,
        version=st.none() | names,
        input=texts,
        trace=traces,
        tags=tags,
    ),
    st.builds(
        h.SubOrchestrationInstanceCreated,
        event_id=numbers,
        timestamp=times,
        instance_id=names,
        name=names,
        version=st.none() | names,
        input=texts,
        client_span_id=st.none() | st.just("cc"),
        tags=tags,
    ),
    st.builds(h.TimerCreated, event_id=numbers, timestamp=times, fire_at=times),
    st.builds(
        h.EventSent, event_id=numbers, timestamp=times, instance_id=names, name=names, input=texts
    ),
    st.builds(
        h.ContinueAsNew,
        event_id=numbers,
        timestamp=times,
        status=st.just(h.Status.ContinuedAsNew),
        result=texts,
    ),
)


@given(arrived | acted)
def test_reading_undoes_writing(event: h.Event) -> None:
    parent = h.ExecutionStarted(timestamp=NOW, execution=h.Execution("p"), name="P", trace=TRACE)
    assert event_from_proto(event_to_proto(event, parent), NOW) == event


def test_what_arrives_has_no_number_whatever_the_worker_says() -> None:
    message = pb.HistoryEvent(eventId=7, eventRaised=pb.EventRaisedEvent(name="Go"))
    assert event_from_proto(message, NOW).event_id == -1


def test_a_missing_time_is_that_of_the_completion() -> None:
    message = pb.HistoryEvent(orchestratorStarted=pb.OrchestratorStartedEvent())
    assert event_from_proto(message, NOW).timestamp == NOW


def test_a_termination_tells_whether_it_goes_down_the_tree() -> None:
    message = pb.HistoryEvent(executionTerminated=pb.ExecutionTerminatedEvent(recurse=True))
    assert event_from_proto(message, NOW) == h.ExecutionTerminated(timestamp=NOW, recurse=True)


def test_empty_events_and_states_are_left_out_of_a_history() -> None:
    state = pb.HistoryEvent(historyState=pb.HistoryStateEvent())
    raised = pb.HistoryEvent(eventRaised=pb.EventRaisedEvent(name="Go"))
    found = events_from_proto([pb.HistoryEvent(), state, raised], NOW)
    assert found == (h.EventRaised(timestamp=NOW, name="Go"),)


@pytest.mark.parametrize(
    "message",
    [
        pb.HistoryEvent(),
        pb.HistoryEvent(timerCreated=pb.TimerCreatedEvent()),
        pb.HistoryEvent(timerFired=pb.TimerFiredEvent()),
    ],
    ids=["empty", "timer without time", "fired without time"],
)
def test_an_event_that_means_nothing_is_refused(message: pb.HistoryEvent) -> None:
    with pytest.raises(BadRequest):
        event_from_proto(message, NOW)
