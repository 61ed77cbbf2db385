"""The history as workers and clients are shown it."""

from dataclasses import replace

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from history_decoding import decode
from hypothesis import given
from hypothesis import strategies as st

from durahub.edge.event_bodies import BODIES
from durahub.edge.history_chunks import HistoryChunks
from durahub.edge.projection import event_to_proto, for_clients, for_worker, is_rewind
from durahub.edge.traces import LONGEST_STATE, span_from_proto, span_to_proto, trace_from_proto
from durahub.model import history as h
from durahub.model.failure import Failure
from durahub.model.ticks import Ticks, parse

# -- events of every kind, with every field that the wire carries ------------------------------

texts = st.text(max_size=10)
nullable = st.none() | texts
versions = st.none() | st.text(min_size=1, max_size=5)
moments = st.integers(0, parse("9999-12-31T23:59:59.9999999Z")).map(Ticks)
numbers = st.integers(-(2**31), 2**31 - 1)
tags = st.none() | st.dictionaries(texts, texts, min_size=1, max_size=3)
hexes = st.text("0123456789abcdef", min_size=16, max_size=16)
executions = st.builds(h.Execution, texts, nullable)
traces = st.none() | st.builds(
    h.Trace, trace_parent=st.text(min_size=1, max_size=10), trace_state=nullable
)
parents = st.builds(
    h.Parent, name=nullable, version=versions, execution=executions, task_schedule_id=numbers
)
failures = st.builds(Failure, error_type=st.text(min_size=1), message=texts)
headers = {"event_id": numbers, "timestamp": moments}
answers = headers | {"task_scheduled_id": numbers}

EVENTS: dict[h.EventType, st.SearchStrategy[h.Event]] = {
    h.EventType.ExecutionStarted: st.builds(
        h.ExecutionStarted,
        **headers,
        execution=executions,
        name=texts,
        parent=st.none() | parents,
        version=versions,
        input=nullable,
        tags=tags,
        trace=st.none()
        | st.builds(
            h.Trace, trace_parent=st.text(min_size=1), trace_state=nullable, span_id=nullable
        ),
        scheduled_start=st.none() | moments,
    ),
    h.EventType.ExecutionCompleted: st.builds(
        h.ExecutionCompleted,
        **headers,
        status=st.sampled_from(h.Status),
        result=nullable,
        failure=st.none() | failures,
    ),
    h.EventType.ContinueAsNew: st.builds(
        h.ContinueAsNew, **headers, status=st.just(h.Status.ContinuedAsNew), result=nullable
    ),
    h.EventType.ExecutionTerminated: st.builds(h.ExecutionTerminated, **headers, input=nullable),
    h.EventType.TaskScheduled: st.builds(
        h.TaskScheduled,
        **headers,
        name=texts,
        version=versions,
        input=nullable,
        trace=traces,
        tags=tags,
    ),
    h.EventType.TaskCompleted: st.builds(h.TaskCompleted, **answers, result=nullable),
    h.EventType.TaskFailed: st.builds(h.TaskFailed, **answers, failure=failures),
    h.EventType.SubOrchestrationInstanceCreated: st.builds(
        h.SubOrchestrationInstanceCreated,
        **headers,
        instance_id=texts,
        name=texts,
        version=versions,
        input=nullable,
        client_span_id=st.none() | hexes,
        tags=tags,
    ),
    h.EventType.SubOrchestrationInstanceCompleted: st.builds(
        h.SubOrchestrationInstanceCompleted, **answers, result=nullable
    ),
    h.EventType.SubOrchestrationInstanceFailed: st.builds(
        h.SubOrchestrationInstanceFailed, **answers, failure=failures
    ),
    h.EventType.TimerCreated: st.builds(h.TimerCreated, **headers, fire_at=moments),
    h.EventType.TimerFired: st.builds(h.TimerFired, **headers, timer_id=numbers, fire_at=moments),
    h.EventType.OrchestratorStarted: st.builds(h.OrchestratorStarted, **headers),
    h.EventType.OrchestratorCompleted: st.builds(h.OrchestratorCompleted, **headers),
    h.EventType.EventSent: st.builds(
        h.EventSent, **headers, instance_id=texts, name=texts, input=nullable
    ),
    h.EventType.EventRaised: st.builds(h.EventRaised, **headers, name=texts, input=nullable),
    h.EventType.GenericEvent: st.builds(h.GenericEvent, **headers, data=nullable),
    h.EventType.ExecutionSuspended: st.builds(h.ExecutionSuspended, **headers, reason=nullable),
    h.EventType.ExecutionResumed: st.builds(h.ExecutionResumed, **headers, reason=nullable),
    h.EventType.ExecutionRewound: st.builds(
        h.ExecutionRewound,
        **headers,
        reason=nullable,
        parent_execution_id=nullable,
        instance_id=nullable,
        trace=traces,
    ),
}
events = st.one_of(*EVENTS.values())

TRACED = h.ExecutionStarted(
    timestamp=Ticks(1),
    execution=h.Execution("order-7", "e" * 32),
    name="Order",
    trace=h.Trace(trace_parent=f"00-{'a' * 32}-{'b' * 16}-01", span_id="c" * 16),
)
CREATED = h.SubOrchestrationInstanceCreated(
    event_id=4, timestamp=Ticks(2), instance_id="kid", name="Kid", client_span_id="d" * 16
)


def kinds(sent: list[pb.HistoryEvent]) -> list[str]:
    return [event.WhichOneof("eventType") for event in sent]


# -- one event ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
@given(data=st.data())
def test_an_event_keeps_every_field_that_the_wire_has(
    kind: h.EventType, data: st.DataObject
) -> None:
    event = data.draw(EVENTS[kind])
    sent = event_to_proto(event, TRACED)
    assert decode(pb.HistoryEvent.FromString(sent.SerializeToString())) == event


def test_every_kind_of_event_has_an_arm_of_its_own() -> None:
    assert set(BODIES) == set(h.EventType)
    arms = [arm for arm, _ in BODIES.values()]
    assert len(set(arms)) == len(arms)
    for event in (h.HistoryState(timestamp=Ticks(1)), h.OrchestratorStarted(timestamp=Ticks(1))):
        assert event_to_proto(event).WhichOneof("eventType") == BODIES[event.type][0]


def test_nulls_of_plain_texts_are_sent_as_empty_ones() -> None:
    event = h.EventSent(timestamp=Ticks(1), instance_id=None, name=None)
    assert event_to_proto(event).eventSent == pb.EventSentEvent()


def test_what_only_dtfx_knows_of_a_start_stays_in_the_hub() -> None:
    more = replace(TRACED, correlation="c", generation=3, generate_new_trace=True)
    assert event_to_proto(more) == event_to_proto(TRACED)


def test_a_termination_never_says_that_it_recurses() -> None:
    event = h.ExecutionTerminated(timestamp=Ticks(1), input="x", recurse=True)
    assert not event_to_proto(event).executionTerminated.recurse


def test_the_span_of_an_orchestration_goes_with_its_start() -> None:
    assert event_to_proto(TRACED).executionStarted.orchestrationSpanID.value == "c" * 16


# -- traces ------------------------------------------------------------------------------------


def test_a_child_is_shown_the_trace_that_it_was_started_with() -> None:
    sent = event_to_proto(CREATED, TRACED).subOrchestrationInstanceCreated
    assert sent.parentTraceContext.traceParent == f"00-{'a' * 32}-{'d' * 16}-01"


@pytest.mark.parametrize(
    ("created", "started"),
    [
        (replace(CREATED, client_span_id=None), TRACED),
        (CREATED, replace(TRACED, trace=None)),
        (CREATED, replace(TRACED, trace=h.Trace(trace_parent=None, span_id="c"))),
        (CREATED, replace(TRACED, trace=h.Trace(trace_parent="of another form"))),
        (CREATED, None),
    ],
)
def test_a_child_whose_trace_is_not_wholly_known_is_shown_none(
    created: h.SubOrchestrationInstanceCreated, started: h.ExecutionStarted | None
) -> None:
    sent = event_to_proto(created, started).subOrchestrationInstanceCreated
    assert not sent.HasField("parentTraceContext")


def test_a_trace_state_that_dtfx_would_drop_is_dropped() -> None:
    def state_of(length: int) -> str | None:
        trace = trace_from_proto(
            pb.TraceContext(traceParent="p", traceState={"value": "s" * length})
        )
        return trace.trace_state if trace else None

    assert state_of(LONGEST_STATE) == "s" * LONGEST_STATE
    assert state_of(LONGEST_STATE + 1) is None


def test_an_empty_trace_context_is_none() -> None:
    assert trace_from_proto(pb.TraceContext()) is None


def test_a_workers_span_comes_back_in_the_next_request() -> None:
    context = pb.OrchestrationTraceContext(spanID={"value": "e4bcb10d10018dae"})
    context.spanStartTime.FromJsonString("2026-11-21T03:56:44.2412669Z")
    span_id, start = span_from_proto(context)
    assert start == "2026-11-21T03:56:44.2412669+00:00"
    trace = h.Trace(trace_parent="p", span_id=span_id, activity_start_time=start)
    assert span_to_proto(trace) == context


def test_no_span_is_sent_before_there_is_one() -> None:
    assert span_to_proto(None) is None
    assert span_to_proto(h.Trace(trace_parent="p")) is None
    assert span_from_proto(pb.OrchestrationTraceContext()) == (None, None)


def test_a_span_whose_start_is_written_otherwise_is_sent_alone() -> None:
    sent = span_to_proto(h.Trace(trace_parent="p", span_id="s", activity_start_time="yesterday"))
    assert sent == pb.OrchestrationTraceContext(spanID={"value": "s"})


# -- what is left out --------------------------------------------------------------------------

NEVER_SENT = [
    h.OrchestratorCompleted(timestamp=Ticks(1)),
    h.GenericEvent(timestamp=Ticks(1)),
    h.HistoryState(timestamp=Ticks(1)),
    h.ContinueAsNew(timestamp=Ticks(1), status=h.Status.ContinuedAsNew),
    h.TimerCreated(event_id=-100, timestamp=Ticks(1), fire_at=Ticks(1)),
    h.TimerFired(timestamp=Ticks(1), timer_id=-100, fire_at=Ticks(1)),
]
COMPLETED = h.ExecutionCompleted(timestamp=Ticks(9), status=h.Status.Failed)


@pytest.mark.parametrize("event", NEVER_SENT, ids=lambda event: type(event).__name__)
def test_what_some_sdk_does_not_survive_is_shown_to_nobody(event: h.Event) -> None:
    assert for_worker([TRACED, event, CREATED], TRACED) == for_worker([TRACED, CREATED], TRACED)
    assert for_worker([event], TRACED, rewind=True) == []
    assert for_clients(event, TRACED) is None


def test_an_end_is_shown_to_clients_and_to_a_worker_that_rewinds() -> None:
    assert kinds(for_worker([TRACED, COMPLETED], TRACED)) == ["executionStarted"]
    assert kinds(for_worker([COMPLETED], TRACED, rewind=True)) == ["executionCompleted"]
    sent = for_clients(COMPLETED, TRACED)
    assert sent is not None
    assert sent.WhichOneof("eventType") == "executionCompleted"


def test_a_turn_rewinds_if_a_new_event_says_so() -> None:
    started = h.OrchestratorStarted(timestamp=Ticks(1))
    assert not is_rewind([started])
    assert is_rewind([started, h.ExecutionRewound(timestamp=Ticks(1))])


@given(st.lists(events, max_size=12))
def test_order_and_numbers_are_those_of_the_store(stored: list[h.Event]) -> None:
    sent = for_worker(stored, TRACED)
    numbers = [(e.event_id, e.timestamp) for e in map(decode, sent)]
    remaining = iter([(e.event_id, e.timestamp) for e in stored])
    assert all(number in remaining for number in numbers)


def test_a_child_that_was_rewound_brings_what_it_takes_to_make_it_again() -> None:
    child = replace(
        TRACED, input="7", parent=h.Parent(name="P", execution=h.Execution("p"), task_schedule_id=2)
    )
    by_parent = h.ExecutionRewound(timestamp=Ticks(1), parent_execution_id="new")
    sent = event_to_proto(by_parent, child).executionRewound
    assert (sent.name.value, sent.input.value) == ("Order", "7")
    assert sent.parentInstance.taskScheduledId == 2
    by_client = event_to_proto(h.ExecutionRewound(timestamp=Ticks(1)), child).executionRewound
    assert by_client == pb.ExecutionRewoundEvent()


# -- chunks ------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 300), max_size=20))
def test_chunks_hold_all_events_in_order_and_stay_small(sizes: list[int]) -> None:
    history = [
        pb.HistoryEvent(eventId=n, eventRaised={"name": "x" * size}) for n, size in enumerate(sizes)
    ]
    cutter = HistoryChunks(most_bytes=256)
    chunks = [chunk for event in history if (chunk := cutter.add(event))]
    chunks += [rest] if (rest := cutter.rest()) else []
    assert [event for chunk in chunks for event in chunk.events] == history
    assert all(chunk.ByteSize() <= 256 or len(chunk.events) == 1 for chunk in chunks)
    assert all(chunk.events for chunk in chunks)


def test_an_empty_history_has_no_chunk() -> None:
    assert HistoryChunks().rest() is None
