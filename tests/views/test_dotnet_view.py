"""The .NET view: each event as the ExportHistory of .NET writes it, byte for byte."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.model.failure import Failure
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
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
from durahub.model.ticks import later, parse
from durahub_migrate.views import dotnet
from durahub_migrate.views.html_safe import encode
from tests.bundle.bundles import an_instance
from tests.unit.scheduler.scheduler_values import events

GOLDEN = Path(__file__).with_name("dotnet-history.jsonl")
AT = parse("2026-11-01T08:30:00Z")
DUE = later(AT, 90.0000007)
WHY = Failure(
    error_type="Shop.NoStock",
    message="none left",
    stack_trace="  at Take()",
    inner=Failure(error_type="System.Exception", message="empty", non_retriable=True),
    properties={"shelf": 7},
)
EVENTS: tuple[Event, ...] = (
    OrchestratorStarted(timestamp=AT),
    ExecutionStarted(
        event_id=-1,
        timestamp=AT,
        execution=Execution("basket-9", "run1"),
        name="Pack",
        parent=Parent(
            name="Shop", execution=Execution("shop-1", "run0"), task_schedule_id=3, version="2"
        ),
        version="1.4",
        input="\"<tea> & 'milk'\"",
        tags={"team": "é"},
        scheduled_start=DUE,
    ),
    TaskScheduled(event_id=0, timestamp=AT, name="Take", version="1", input="[7]"),
    TaskCompleted(timestamp=AT, task_scheduled_id=0, result='{"left":3}'),
    TaskFailed(timestamp=AT, task_scheduled_id=1, failure=WHY),
    TaskFailed(timestamp=AT, task_scheduled_id=1, reason="r", details="d"),
    SubOrchestrationInstanceCreated(
        event_id=2, timestamp=AT, instance_id="basket-9:2", name="Ship", input="null"
    ),
    SubOrchestrationInstanceCompleted(timestamp=AT, task_scheduled_id=2, result="true"),
    SubOrchestrationInstanceFailed(timestamp=AT, task_scheduled_id=2, failure=WHY.inner),
    TimerCreated(event_id=3, timestamp=AT, fire_at=DUE),
    TimerFired(event_id=3, timestamp=AT, timer_id=3, fire_at=DUE),
    EventSent(event_id=4, timestamp=AT, instance_id="basket-10", name="go", input='"+"'),
    EventRaised(timestamp=AT, name="paid"),
    GenericEvent(timestamp=AT, data="woken"),
    ExecutionSuspended(timestamp=AT, reason="lunch"),
    ExecutionResumed(timestamp=AT),
    ExecutionTerminated(timestamp=AT, input='"stop"', recurse=True),
    ExecutionRewound(timestamp=AT, reason="again"),
    ContinueAsNew(event_id=5, timestamp=AT, status=Status.ContinuedAsNew, result="8"),
    OrchestratorCompleted(timestamp=AT),
    ExecutionCompleted(event_id=6, timestamp=AT, status=Status.Failed, failure=WHY),
    ExecutionCompleted(event_id=6, timestamp=AT, status=Status.Completed, result='"🎉"'),
)


def test_each_event_is_written_as_in_the_golden_file() -> None:
    assert [dotnet.line(event) for event in EVENTS] == GOLDEN.read_text("ascii").splitlines()


def test_a_file_is_called_for_the_last_update_and_the_id() -> None:
    # printf '2026-11-01T08:30:00.0000003+00:00|basket-9' | sha256sum
    instance = an_instance("basket-9", last_updated=AT + 3)
    digest = "7373b440c7e195834dfe3ea93ab75c5b6d30a18a4b6d3a57db1c2d8af8494a02"
    assert dotnet.file_name(instance) == f"{digest}.jsonl.gz"


def test_the_same_instance_makes_the_same_file() -> None:
    instance = an_instance(history=EVENTS)
    content = dotnet.content(instance)
    assert content == dotnet.content(instance)
    assert gzip.decompress(content) == GOLDEN.read_bytes()


@given(events)
def test_every_event_has_a_line_of_json(event: Event) -> None:
    found = json.loads(dotnet.line(event))
    assert found["eventType"] == event.type.name
    assert None not in found.values()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_comes_back_from_its_escapes(text: str) -> None:
    written = encode(text)
    assert json.loads(written) == text
    assert written.isascii()
    assert not set(written[1:-1]) & set("\"'<>&+`\x7f")


@pytest.mark.parametrize(
    ("text", "written"),
    [("\ud800", "\\uFFFD"), ("a\\\n\x01", "a\\\\\\n\\u0001"), ("é🎉", "\\u00E9\\uD83C\\uDF89")],
)
def test_escapes_are_those_of_dotnet(text: str, written: str) -> None:
    assert encode(text) == f'"{written}"'
