"""Events are shown as what they are, their texts cut and redacted."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.messages import Request, request_text
from durahub.model.failure import Failure
from durahub.model.history import (
    EVENT_CLASSES,
    EventRaised,
    Execution,
    ExecutionStarted,
    ExecutionSuspended,
    HistoryState,
    Parent,
    Status,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    Trace,
)
from durahub_migrate.monitor.histories import EventPage
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.telling.event_views import event_page, whole_text
from durahub_migrate.monitor.telling.payloads import Showing
from durahub_migrate.monitor.telling.redaction import RedactionPlace, by_name
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.telling.histories import (
    at,
    live,
    recorded,
    recorded_history,
    started,
    turn,
)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_every_recorded_event_is_shown_and_has_a_form_in_json(hub: RecordedHub) -> None:
    for _, history in recorded(hub):
        page = event_page(history, count=len(history.events))
        assert [one.number for one in page.events] == list(range(len(history.events)))
        assert [one.type for one in page.events] == [one.type.name for one in history.events]
        to_json(page)


@pytest.mark.parametrize("kind", EVENT_CLASSES.values(), ids=lambda kind: kind.__name__)
def test_nothing_of_an_event_is_left_out(kind: type) -> None:
    values = {
        "type": None,
        "event_id": 4,
        "timestamp": at(1),
        "task_scheduled_id": 3,
        "timer_id": 2,
        "fire_at": at(9),
        "scheduled_start": at(5),
        "execution": Execution("i", "told execution"),
        "parent": Parent(name="told parent", execution=Execution("above"), task_schedule_id=1),
        "status": Status.Failed,
        "failure": Failure(error_type="told", message="failure"),
        "trace": Trace(trace_parent="told trace"),
        "tags": {"told": "tag"},
        "generation": 17,
        "worker_number": 18,
        "recurse": True,
        "is_played": True,
        "generate_new_trace": True,
    }
    names = [one.name for one in fields(kind)]
    event = kind(**{name: values.get(name, f"told {name}") for name in names})
    (shown,) = event_page(live([event])).events
    text = str(to_json(shown))
    told_otherwise = {"is_played", "type", "failure", "details"}
    if isinstance(event, TaskFailed) or "Failed" in kind.__name__:
        told_otherwise.add("reason")  # the failure says it
    for name in set(names) - told_otherwise:
        value = values.get(name, f"told {name}")
        match name:
            case "timestamp" | "fire_at" | "scheduled_start":
                continue
            case "execution" | "parent" | "trace":
                assert f"told {name}" in text
            case "status":
                assert "Failed" in text
            case "recurse" | "generate_new_trace":
                assert "True" in text
            case "tags":
                assert "'told': 'tag'" in text
            case _:
                assert str(value) in text, name
    assert ("told: failure" in text) == ("failure" in names)
    assert shown.timestamp == at(1)
    assert shown.due == {"fire_at": at(9), "scheduled_start": at(5)}.get(
        next((name for name in names if name in ("fire_at", "scheduled_start")), "")
    )


def test_an_answer_has_the_name_of_what_it_answers() -> None:
    history = live(
        turn(
            0,
            started(),
            TaskScheduled(timestamp=at(0), event_id=5, name="Charge"),
            TaskCompleted(timestamp=at(1), task_scheduled_id=5, result='"done"'),
        )
    )
    shown = event_page(history).events[3]
    assert (shown.name, shown.answers) == ("Charge", 5)


def test_entity_messages_are_shown_as_what_they_are() -> None:
    shown = event_page(recorded_history("entities", "locked-and-released")).events
    kinds = {one.number: one.facts["entity"]["kind"] for one in shown if "entity" in one.facts}
    assert kinds == {
        2: "lock",
        5: "lock-granted",
        6: "call",
        9: "call-completed",
        10: "call",
        13: "call-completed",
        14: "unlock",
        15: "unlock",
    }
    call, answer = shown[6], shown[9]
    assert (call.type, call.name, call.instance_id) == ("EventSent", "add", "@counter@la")
    assert call.input is not None
    assert call.input.text == "10"
    assert (answer.name, answer.answers, answer.instance_id) == ("add", 1, "@counter@la")
    assert answer.result is not None
    assert answer.result.text == "10"
    assert shown[2].facts["entity"]["locks"] == ["@counter@la", "@counter@lb"]


@pytest.mark.parametrize(("hub", "error"), [("entities", "refused"), ("functions", "Exception")])
def test_the_failure_of_a_call_is_text(hub: str, error: str) -> None:
    answer = event_page(recorded_history(hub, "call-fails")).events[5]
    assert answer.facts["entity"]["kind"] == "call-failed"
    assert answer.failure is not None
    assert error in answer.failure


def test_a_message_between_entities_can_be_read_as_it_was_sent() -> None:
    history = recorded_history("entities", "calls")
    message = whole_text(history, 3, "message")
    assert message is not None
    assert message.startswith('{"op":"add","input":"7"')
    assert whole_text(history, 3, "input") == "7"
    assert whole_text(history, 0, "input") is None
    assert whole_text(history, 99, "input") is None


def test_a_reason_can_be_read_whole() -> None:
    suspended = ExecutionSuspended(timestamp=at(0), reason="because " * 1000)
    history = live([suspended])
    assert whole_text(history, 0, "reason") == "because " * 1000
    shown = event_page(history, showing=Showing(text=7)).events[0].facts["reason"]
    assert shown == "because…"


def test_what_came_in_at_an_entity_is_shown_as_what_it_is() -> None:
    request = Request(
        id="05b6dabc-58fb-0119-0aa7-c87cc74240d7", operation="add", input="3", parent="order/7"
    )
    begin = ExecutionStarted(timestamp=at(0), execution=Execution("@counter@a"), name="@counter@a")
    raised = EventRaised(timestamp=at(1), name="op", input=request_text(request))
    shown = event_page(live(turn(0, begin, raised))).events[2]
    assert (shown.facts["entity"]["kind"], shown.name) == ("call-received", "add")
    assert shown.instance_id == "order/7"


def test_an_event_of_an_app_that_is_called_like_a_request_stays_an_event() -> None:
    raised = EventRaised(timestamp=at(1), name="open", input="{}")
    shown = event_page(live(turn(0, started(), raised))).events[2]
    assert (shown.name, "entity" in shown.facts) == ("open", False)


def test_a_row_that_a_rewind_made_inert_tells_what_it_was() -> None:
    shown = event_page(recorded_history("finished", "rewound")).events[2]
    assert (shown.type, shown.name) == ("GenericEvent", "Throws")
    assert shown.facts["rewound"] == "TaskScheduled"


def test_a_failure_is_told_with_its_causes_and_stacks() -> None:
    cause = Failure(error_type="OSError", message="no route", stack_trace="  at deep")
    failure = Failure(error_type="Wrapped", message="cannot", stack_trace="  at top", inner=cause)
    failed = TaskFailed(timestamp=at(1), task_scheduled_id=0, failure=failure)
    shown = event_page(live([failed])).events[0]
    assert shown.failure == "Wrapped: cannot\n  at top\ncaused by OSError: no route\n  at deep"


def test_a_long_text_is_cut_and_its_size_told_in_bytes() -> None:
    state = HistoryState(timestamp=at(0), state="é" * 5000)
    shown = event_page(live([state]), showing=Showing(text=100)).events[0].input
    assert shown is not None
    assert (shown.text, shown.size, shown.cut) == ("é" * 100, 10_000, True)


def test_a_text_that_is_missing_says_why() -> None:
    done = TaskCompleted(timestamp=at(0), task_scheduled_id=0, result="")
    history = live([done], missing=((0, "result", "its blob is gone"),))
    shown = event_page(history).events[0].result
    assert shown is not None
    assert (shown.text, shown.missing) == (None, "its blob is gone")


def test_a_text_in_a_blob_names_it() -> None:
    done = TaskCompleted(timestamp=at(0), task_scheduled_id=0, result="large")
    history = live([done], beside={0: {"blobs": {"Result": "a/message-1.json.gz"}}})
    shown = event_page(history).events[0].result
    assert shown is not None
    assert shown.blob == "a/message-1.json.gz"


def test_a_hook_sees_the_whole_text_and_where_it_stands() -> None:
    asked: list[tuple[RedactionPlace, str]] = []

    def hook(place: RedactionPlace, text: str) -> str:
        asked.append((place, text))
        return "hidden"

    scheduled = TaskScheduled(timestamp=at(0), event_id=0, name="Charge", input="x" * 3000)
    shown = event_page(
        live(turn(0, started(), scheduled)), showing=Showing(text=10, redact=hook)
    ).events[2]
    assert asked == [(RedactionPlace("order/7", "input", "Charge", 2), "x" * 3000)]
    assert shown.input is not None
    assert (shown.input.text, shown.input.redacted) == ("hidden", True)


def test_a_failure_and_a_whole_text_are_redacted_as_well() -> None:
    failed = TaskFailed(timestamp=at(0), task_scheduled_id=0, reason="AccountKey=abc;x")
    showing = Showing(redact=by_name)
    assert event_page(live([failed]), showing=showing).events[0].failure == "AccountKey=…;x"
    assert whole_text(live([failed]), 0, "failure", showing) == "AccountKey=…;x"


@given(st.integers(0, 30), st.integers(1, 12))
def test_pages_together_are_the_history(length: int, count: int) -> None:
    history = live(HistoryState(timestamp=at(n), state=str(n)) for n in range(length))
    pages: list[EventPage] = []
    after: int | None = None
    while not pages or after is not None:
        pages.append(event_page(history, after=after, count=count))
        after = pages[-1].after
    assert [one.number for page in pages for one in page.events] == list(range(length))
    assert {page.total for page in pages} == {length}
    assert len(pages) == max(1, -(-length // count))
