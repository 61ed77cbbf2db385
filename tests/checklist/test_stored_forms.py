"""Lines 5 to 11: what stands in storage, and that it comes back as it was."""

from dataclasses import replace
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.struct_pb2 import Value

from durahub.classic.history_rows import decode
from durahub.classic.names import HubNames
from durahub.dispatch.clock import system_clock
from durahub.edge.wellknown import ticks_of
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    TaskFailed,
    TaskScheduled,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from tests.checklist.answers import Action, again, call, child, done, fail, failure, text, timer
from tests.checklist.recording_worker import Failing, Held
from tests.checklist.served_hubs import ServedHub
from tests.checklist.stored_histories import begun, episodes, put_history, recorded
from tests.checklist.turns import Turn, always, in_turns, only
from tests.golden.recorded import RecordedHub
from tests.sdk.raw_tables import raw_rows

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEEP = failure(
    "ShopError",
    "the order failed",
    isNonRetriable=True,
    stackTrace=text("  at Shop.Order()"),
    innerFailure=failure(
        "PaymentError", "the card was refused", innerFailure=failure("IOError", "no line")
    ),
    properties={"row": Value(number_value=3.0), "fatal": Value(bool_value=False)},
)


def hold(given: object) -> object:
    raise Held


def refuse(given: object) -> object:
    raise Failing(DEEP)


async def raw_events(hub: ServedHub, instance_id: str) -> list[dict[str, Any]]:
    """Return the rows as the table service sends them, or the stored protobuf as dictionaries."""
    if hub.kind == "classic":
        rows = raw_rows(hub.connection_string, HubNames(hub.name).history_table)
        return [r for r in rows if r["PartitionKey"] == instance_id and r["RowKey"] != "sentinel"]
    found = await raw_protobuf(hub, instance_id)
    return [{"EventType": e.WhichOneof("eventType"), "event": e} for e in found]


async def raw_protobuf(hub: ServedHub, instance_id: str) -> list[pb.HistoryEvent]:
    sql = (
        "SELECT event FROM events JOIN histories ON number = history"
        " WHERE instance = ? ORDER BY position"
    )
    assert hub.file is not None
    rows = await hub.file.read(lambda db: db.execute(sql, (instance_id,)).fetchall())
    return [pb.HistoryEvent.FromString(body) for (body,) in rows]


def carry_once(turn: Turn) -> list[Action]:
    if not turn.raised():
        return []
    if turn.given is None:
        return [again(0, "next", [only(turn.new, "eventRaised")])]
    return [done(0)]


@pytest.mark.line(5)
async def test_a_time_with_seven_decimals_survives_reading_projecting_and_storing(
    hub: ServedHub,
) -> None:
    odd = Ticks(system_clock() // 10 * 10 + 7)
    order = await hub.start(carry_once)
    await hub.worker.turn(order)

    late = EventRaised(timestamp=odd, name="Paid", input="1")
    await hub.store.send(Message(event=late, target=Execution(order)))
    await hub.ended(order)

    seen = only((await hub.worker.turn(order, 2)).new, "eventRaised")
    assert ticks_of(seen, "timestamp") == odd
    (stored,) = [e for e in await hub.history(order) if isinstance(e, EventRaised)]
    assert stored.timestamp == odd  # after it was read, sent to the worker and carried over


@pytest.mark.line(5)
async def test_the_times_that_dotnet_wrote_are_sent_to_the_nanosecond_and_left_alone(
    hub: ServedHub,
) -> None:
    events = recorded("waiting", "awaits-event")  # rows of the golden hub: see `put_history`
    order = hub.unique("awaits-event")
    await put_history(hub, order, events)
    hub.worker.orchestrators["Waits"] = always(done(9))

    await hub.send(order, "Approval")
    await hub.ended(order)

    odd = [event.timestamp for event in events if event.timestamp % 10]
    assert odd
    assert [e.timestamp for e in (await hub.history(order))[: len(events)]] == [
        event.timestamp for event in events
    ]
    shown = {ticks_of(event, "timestamp") for event in hub.worker.turns_of(order)[0].past}
    completed = {e.timestamp for e in events if isinstance(e, OrchestratorCompleted)}
    assert shown >= {event.timestamp for event in events} - completed


@pytest.mark.line(6)
async def test_rows_of_activities_and_children_have_no_input_and_their_messages_do(
    hub: ServedHub,
) -> None:
    charge = hub.activity(hold)
    leaf = hub.orchestrator(always())
    order = await hub.start(
        lambda turn: [
            call(0, charge, "for the card"),
            child(1, leaf, f"{turn.instance_id}:leaf", "for the child"),
        ]
    )

    task = await hub.worker.task(order)
    assert task.activityRequest.input.value == '"for the card"'
    assert (await hub.worker.turn(f"{order}:leaf")).given == "for the child"
    await hub.stored(order, 5)

    for row in await raw_events(hub, order):
        if hub.kind == "classic" and row["EventType"] != "ExecutionStarted":
            assert "Input" not in row
            assert "InputBlobName" not in row
        elif row["EventType"] == "taskScheduled":
            assert not row["event"].taskScheduled.HasField("input")
        elif row["EventType"] == "subOrchestrationInstanceCreated":
            assert not row["event"].subOrchestrationInstanceCreated.HasField("input")


@pytest.mark.line(7)
async def test_a_fired_timer_has_the_time_of_its_creation_and_no_id(hub: ServedHub) -> None:
    order = await hub.start(
        in_turns(lambda turn: [timer(0, turn.new[0].timestamp)], always(done(1)))
    )
    await hub.ended(order)

    turn = await hub.worker.turn(order, 2)
    fired, created = only(turn.new, "timerFired"), only(turn.past, "timerCreated")
    assert (fired.eventId, fired.timerFired.timerId, created.eventId) == (-1, 0, 0)
    assert fired.timestamp == created.timestamp
    assert fired.timerFired.fireAt == created.timerCreated.fireAt


@pytest.mark.line(8)
async def test_a_failure_with_causes_and_properties_comes_back_equal_everywhere(
    hub: ServedHub,
) -> None:
    charge = hub.activity(refuse)
    order = await hub.start(
        in_turns(
            always(call(0, charge)),
            lambda turn: [fail(1, only(turn.new, "taskFailed").taskFailed.failureDetails)],
        )
    )
    state = await hub.ended(order)

    turn = await hub.worker.turn(order, 2)
    assert only(turn.new, "taskFailed").taskFailed.failureDetails == DEEP
    assert state.failureDetails == DEEP


@pytest.mark.line(9)
async def test_a_failure_of_reason_and_details_alone_reaches_the_worker_with_a_failure(
    hub: ServedHub,
) -> None:
    order = hub.unique("in-process")
    first, started = begun(order, hub.orchestrator(always(done(1))))
    now = started.timestamp
    await put_history(
        hub,
        order,
        [
            first,
            started,
            TaskScheduled(event_id=0, timestamp=now, name="Charge"),
            OrchestratorCompleted(timestamp=now),
            OrchestratorStarted(timestamp=now),
            TaskFailed(
                timestamp=now, task_scheduled_id=0, reason="the card was refused", details="at Shop"
            ),
            OrchestratorCompleted(timestamp=now),
        ],
    )
    await hub.send(order, "Go")
    await hub.ended(order)

    (turn,) = hub.worker.turns_of(order)
    shown = only(turn.past, "taskFailed").taskFailed.failureDetails
    assert shown.errorMessage == "the card was refused"
    assert shown.errorType


@pytest.mark.line(9)
async def test_a_failure_that_dotnet_1x_wrote_reaches_the_worker_with_a_failure(
    hub: ServedHub,
) -> None:
    events = recorded("legacy1x", "compensates")
    number, failed = next((n, e) for n, e in enumerate(events) if isinstance(e, TaskFailed))
    assert failed.failure is None
    order = hub.unique("compensates")
    await put_history(hub, order, [*events[: number + 1], replace(events[-1])])
    hub.worker.orchestrators["Compensates"] = always(done(9))

    await hub.send(order, "Go")
    await hub.ended(order)

    shown = only((await hub.worker.turn(order)).past, "taskFailed").taskFailed.failureDetails
    assert shown.errorType
    assert shown.errorMessage


@pytest.mark.line(10)
async def test_the_output_of_a_failed_run_is_its_type_and_message_and_the_failure_is_structured(
    hub: ServedHub,
) -> None:
    order = await hub.start(always(fail(0, DEEP)))
    state = await hub.ended(order)

    assert (await hub.row(order)).output == "ShopError: the order failed"
    assert state.failureDetails == DEEP


@pytest.mark.line(11)
async def test_what_is_null_is_read_as_absent_and_an_absent_column_too(hub: ServedHub) -> None:
    order = await hub.start(always(done(0)))
    await hub.ended(order)

    started = next(e for e in await hub.history(order) if isinstance(e, ExecutionStarted))
    assert (started.tags, started.trace, started.parent) == (None, None, None)
    if hub.kind == "scheduler":  # there null is a field that is not set
        raw = only(await raw_protobuf(hub, order), "executionStarted").executionStarted
        assert not raw.HasField("parentInstance")
        assert not raw.HasField("parentTraceContext")
        assert not raw.tags
        return
    row = next(r for r in await raw_events(hub, order) if r["EventType"] == "ExecutionStarted")
    assert (row["Tags"], row["ParentTraceContext"], row["ParentInstance"]) == ("null",) * 3


@pytest.mark.line(11)
async def test_null_texts_and_absent_columns_of_dotnet_rows_read_the_same(hub: ServedHub) -> None:
    """Rows of the classic layout are read the same; the scheduler store then gets equal events."""
    rows = RecordedHub("finished").current_history["five-cities"]
    nulls = [row for row in rows if "null" in row.values()]
    assert nulls
    for row in nulls:
        without = {name: value for name, value in row.items() if value != "null"}
        assert decode(row).event == decode(without).event
    order = hub.unique("five-cities")
    events = episodes(recorded("finished", "five-cities"), 2)
    await put_history(hub, order, events)
    stored = await hub.history(order)
    assert [e for e in stored if not isinstance(e, ExecutionStarted)] == [
        replace(e) for e in events if not isinstance(e, ExecutionStarted)
    ]
