"""What a turn's work item is made of: what was made for an earlier turn is not made again."""

from collections.abc import Iterable

from durabletask.internal import orchestrator_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from durahub.dispatch.work import OrchestratorWork, Projected
from durahub.edge.backend.items import dtfx_item
from durahub.edge.entity_events import EntityEvents
from durahub.edge.projection import for_worker
from durahub.edge.turn_items import past_events
from durahub.edge.work_items import work_item
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionRewound,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    TaskCompleted,
    TaskScheduled,
    Trace,
)
from durahub.model.ticks import Ticks

NOW = Ticks(630_000_000_000_000_000)
STARTED = ExecutionStarted(timestamp=NOW, execution=Execution("order-7", "e1"), name="Order")
REQUEST_ID = "6b7eff3a-72f4-4d1b-9d45-5c5c1c9f8a01"
CALL = f'{{"op":"get","id":"{REQUEST_ID}","parent":"order-7","parentExecution":"e1"}}'
EVENTS: tuple[Event, ...] = (
    OrchestratorStarted(timestamp=NOW),
    STARTED,
    TaskScheduled(timestamp=NOW, event_id=0, name="a"),
    EventSent(timestamp=NOW, event_id=1, instance_id="@counter@k", name="op", input=CALL),
    OrchestratorCompleted(timestamp=NOW),
    OrchestratorStarted(timestamp=NOW),
    TaskCompleted(timestamp=NOW, task_scheduled_id=0, result="é" * 200),
    EventRaised(timestamp=NOW, name=REQUEST_ID, input='{"result":"4"}'),
    OrchestratorCompleted(timestamp=NOW),
)


def turn(
    past: int, new: tuple[Event, ...] = (), projected: Projected | None = None, **more: object
) -> OrchestratorWork:
    fields: dict = {
        "token": "t" * 32,
        "instance_id": "order-7",
        "execution_id": "e1",
        "past": EVENTS[:past],
        "new": new or (OrchestratorStarted(timestamp=NOW),),
        "started": STARTED,
        "projected": projected or Projected(),
    }
    return OrchestratorWork(**(fields | more))


def read(sent: bytes) -> pb.WorkItem:
    return pb.WorkItem.FromString(sent)


@given(
    turns=st.lists(st.integers(0, len(EVENTS)), min_size=1, max_size=6).map(sorted),
    native=st.booleans(),
)
def test_a_turn_after_others_is_sent_as_it_would_be_alone(turns: list[int], native: bool) -> None:
    projected = Projected()
    for past in turns:
        how = {"history_streaming": False, "native_entities": native}
        assert read(work_item(turn(past, (), projected), **how)) == read(
            work_item(turn(past), **how)
        )


@given(turns=st.lists(st.integers(0, len(EVENTS)), min_size=1, max_size=6).map(sorted))
def test_dtfx_is_sent_a_turn_after_others_as_it_would_be_alone(turns: list[int]) -> None:
    projected = Projected()
    for past in turns:
        alone = dtfx_item(turn(past), history_streaming=False)
        assert read(dtfx_item(turn(past, (), projected), history_streaming=False)) == read(alone)


def test_an_entitys_answer_is_known_by_a_request_of_an_earlier_turn() -> None:
    projected = Projected()
    work_item(turn(5, (), projected), history_streaming=False)
    item = read(work_item(turn(5, EVENTS[5:8], projected), history_streaming=False))
    kinds = [event.WhichOneof("eventType") for event in item.orchestratorRequest.newEvents]
    assert kinds == ["orchestratorStarted", "taskCompleted", "entityOperationCompleted"]


def test_each_past_event_is_made_once_however_many_turns_follow() -> None:
    made: list[Event] = []

    def show(
        events: Iterable[Event], started: ExecutionStarted | None, entities: EntityEvents | None
    ) -> list[pb.HistoryEvent]:
        made.extend(events)
        return for_worker(events, started, entities)

    projected = Projected()
    for past in (2, 5, 5, 9):
        past_events(turn(past, (), projected), show, native_entities=True)
    assert made == list(EVENTS)
    assert projected.size == len(past_events(turn(9), for_worker, native_entities=True).sent)


def test_a_worker_of_another_kind_is_sent_what_it_understands() -> None:
    projected = Projected()
    native = read(work_item(turn(9, (), projected), history_streaming=False))
    dtfx = read(work_item(turn(9, (), projected), history_streaming=False, native_entities=False))
    kinds = [
        {event.WhichOneof("eventType") for event in item.orchestratorRequest.pastEvents}
        for item in (native, dtfx)
    ]
    assert "entityOperationCalled" in kinds[0]
    assert "eventSent" in kinds[1]


def test_what_is_shown_of_the_past_in_a_rewind_is_not_kept() -> None:
    projected = Projected()
    rewind = (OrchestratorStarted(timestamp=NOW), ExecutionRewound(timestamp=NOW))
    work_item(turn(9, rewind, projected), history_streaming=False)
    assert projected.value is None


def test_a_start_that_tells_another_trace_is_heeded() -> None:
    projected = Projected()
    work_item(turn(9, (), projected), history_streaming=False)
    traced = ExecutionStarted(
        timestamp=NOW,
        execution=STARTED.execution,
        name="Order",
        trace=Trace(trace_parent="00-a-b-01", span_id="s"),
    )
    item = read(work_item(turn(9, (), projected, started=traced), history_streaming=False))
    assert item == read(work_item(turn(9, started=traced), history_streaming=False))
