from typing import Any

import pytest
from event_strategies import message_events
from hypothesis import given

from durahub.classic.dialect import DTFX_1_17, DTFX_2_9
from durahub.classic.event_json import read_event, write_event
from durahub.errors import BadMessage
from durahub.model.failure import Failure
from durahub.model.failure_json import DEEPEST
from durahub.model.history import (
    Event,
    EventRaised,
    EventType,
    Execution,
    ExecutionStarted,
    ExecutionTerminated,
    GenericEvent,
    Parent,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    Trace,
)
from durahub.model.json_text import read, write
from durahub.model.ticks import MINIMUM, parse

NOW = parse("2026-01-15T09:30:01.123456Z")


def members(event: Event) -> list[str]:
    return list(write_event(event, DTFX_2_9))


@given(message_events)
def test_an_event_survives_its_json(event: Event) -> None:
    assert read_event(read(write(write_event(event, DTFX_2_9)))) == event


@given(message_events)
def test_the_type_is_the_first_member_and_the_number_is_right(event: Event) -> None:
    written = write_event(event, DTFX_2_9)
    assert next(iter(written)) == "$type"
    assert written["EventType"] == EventType[event.type.name]
    assert list(written)[-3:] == ["EventId", "IsPlayed", "Timestamp"]


def test_members_stand_in_the_order_of_dotnet_s_classes() -> None:
    started = ExecutionStarted(timestamp=NOW, execution=Execution("a", "b"), name="N")
    assert members(started) == [
        *("$type", "OrchestrationInstance", "EventType", "ParentInstance", "Name", "Version"),
        *("Input", "Tags", "Correlation", "ParentTraceContext", "ScheduledStartTime", "Generation"),
        *("GenerateNewTrace", "EventId", "IsPlayed", "Timestamp"),
    ]
    assert members(GenericEvent(timestamp=NOW))[:3] == ["$type", "Data", "EventType"]


def test_the_generic_event_has_no_event_behind_its_name() -> None:
    written = write_event(GenericEvent(timestamp=NOW), DTFX_2_9)
    assert written["$type"] == "DurableTask.Core.History.GenericEvent"
    raised = write_event(EventRaised(timestamp=NOW, name="x"), DTFX_2_9)
    assert raised["$type"] == "DurableTask.Core.History.EventRaisedEvent"


def test_every_object_has_its_type_but_dictionaries() -> None:
    failure = Failure(error_type="E", message="m", inner=Failure(error_type="F", message="n"))
    started = ExecutionStarted(
        timestamp=NOW,
        execution=Execution("a", "b"),
        name="N",
        parent=Parent(name="P", execution=Execution("p"), task_schedule_id=2),
        tags={"k": "v"},
        trace=Trace(trace_parent="00-"),
    )
    written = write_event(started, DTFX_2_9)
    assert written["OrchestrationInstance"]["$type"] == "DurableTask.Core.OrchestrationInstance"
    assert written["ParentInstance"]["$type"] == "DurableTask.Core.ParentInstance"
    assert (
        written["ParentInstance"]["OrchestrationInstance"]["$type"]
        == "DurableTask.Core.OrchestrationInstance"
    )
    trace = written["ParentTraceContext"]
    assert trace["$type"] == "DurableTask.Core.Tracing.DistributedTraceContext"
    assert written["Tags"] == {"k": "v"}
    failed = write_event(TaskFailed(timestamp=NOW, task_scheduled_id=0, failure=failure), DTFX_2_9)
    assert failed["FailureDetails"]["$type"] == "DurableTask.Core.FailureDetails"
    assert failed["FailureDetails"]["InnerFailure"]["$type"] == "DurableTask.Core.FailureDetails"


@pytest.mark.parametrize(
    "event",
    [
        ExecutionStarted(timestamp=NOW, execution=Execution("a", "b"), name="N"),
        TaskScheduled(timestamp=NOW, name="N"),
        SubOrchestrationInstanceCreated(timestamp=NOW, instance_id="c", name="N"),
    ],
    ids=lambda event: event.type.name,
)
def test_what_dotnet_1x_does_not_know_is_left_out_for_it(event: Event) -> None:
    left_out = set(write_event(event, DTFX_2_9)) - set(write_event(event, DTFX_1_17))
    assert left_out == ({"GenerateNewTrace"} if isinstance(event, ExecutionStarted) else {"Tags"})


def test_failure_properties_are_left_out_for_dotnet_1x() -> None:
    failure = Failure(
        error_type="E", message="m", inner=Failure(error_type="F", message="n"), properties={"a": 1}
    )
    failed = TaskFailed(timestamp=NOW, task_scheduled_id=0, failure=failure)
    assert "Properties" not in write(write_event(failed, DTFX_1_17))
    assert '"Properties":{"a":1}' in write(write_event(failed, DTFX_2_9))


def test_the_children_of_a_terminated_instance_are_named_only_if_they_are_meant() -> None:
    assert "Recurse" not in members(ExecutionTerminated(timestamp=NOW))
    written = write_event(ExecutionTerminated(timestamp=NOW, recurse=True), DTFX_2_9)
    assert written["Recurse"] is True


def completed(**given: Any) -> dict[str, Any]:
    """Return a TaskCompleted as .NET writes it, with some members as *given*."""
    return {
        "$type": "DurableTask.Core.History.TaskCompletedEvent",
        "EventType": 5,
        "TaskScheduledId": 0,
        "Result": '"r"',
        "EventId": -1,
        "IsPlayed": False,
        "Timestamp": "2026-01-15T09:30:01.123456Z",
    } | given


DONE = TaskCompleted(timestamp=NOW, task_scheduled_id=0, result='"r"')


def test_a_type_may_name_its_assembly() -> None:
    name = "DurableTask.Core.History.TaskCompletedEvent, DurableTask.Core, Version=2.0.0.0"
    assert read_event(completed(**{"$type": name})) == DONE


def test_names_match_in_any_case_and_unknown_members_are_passed_over() -> None:
    found = {name if name == "$type" else name.lower(): one for name, one in completed().items()}
    assert read_event(found | {"Shiny": {"$type": "System.Diagnostics.Process"}}) == DONE


def test_the_class_decides_and_not_the_number() -> None:
    assert read_event(completed(EventType=0)) == DONE


def test_what_may_be_missing_has_a_meaning() -> None:
    found = completed()
    del found["EventId"], found["IsPlayed"], found["Result"], found["Timestamp"]
    assert read_event(found) == TaskCompleted(timestamp=MINIMUM, task_scheduled_id=0)


@pytest.mark.parametrize(
    "type_name",
    [
        None,
        "",
        5,
        "DurableTask.Core.History.ExecutionFailedEvent",
        "DurableTask.Core.History.TaskCompleted",
        "TaskCompletedEvent",
        "System.Diagnostics.Process",
    ],
)
def test_an_unknown_type_is_never_loaded(type_name: object) -> None:
    with pytest.raises(BadMessage):
        read_event(completed(**{"$type": type_name}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"TaskScheduledId": None},
        {"TaskScheduledId": "0"},
        {"TaskScheduledId": True},
        {"TaskScheduledId": 2**31},
        {"TaskScheduledId": -(2**31) - 1},
        {"Result": {"a": 1}},
        {"EventId": 1.5},
        {"Timestamp": "yesterday"},
        {"Timestamp": 5},
    ],
    ids=str,
)
def test_a_member_of_another_kind_is_no_message(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        read_event(completed(**wrong))


@pytest.mark.parametrize("found", [None, [], "x", 1])
def test_what_is_no_object_is_no_event(found: object) -> None:
    with pytest.raises(BadMessage):
        read_event(found)


def test_an_unknown_status_is_no_message() -> None:
    found = completed(**{"$type": "DurableTask.Core.History.ExecutionCompletedEvent"})
    with pytest.raises(BadMessage):
        read_event(found | {"OrchestrationStatus": 17})


def test_the_type_of_a_dictionary_is_no_tag() -> None:
    found = completed(**{"$type": "DurableTask.Core.History.TaskScheduledEvent"})
    tags = {"$type": "System.Collections.Generic.Dictionary`2[[x],[y]]", "a": "b", "none": None}
    event = read_event(found | {"Name": "N", "Tags": tags})
    assert isinstance(event, TaskScheduled)
    assert event.tags == {"a": "b", "none": ""}


def failed(details: dict[str, Any]) -> TaskFailed:
    found = completed(**{"$type": "DurableTask.Core.History.TaskFailedEvent"})
    event = read_event(found | {"FailureDetails": details})
    assert isinstance(event, TaskFailed)
    return event


def test_causes_beyond_reason_are_left_out() -> None:
    details: dict[str, Any] = {"ErrorType": "E", "ErrorMessage": "last"}
    for _ in range(DEEPEST + 10):
        details = {"ErrorType": "E", "ErrorMessage": "m", "InnerFailure": details}
    failure, depth = failed(details).failure, 0
    while failure is not None:
        failure, depth = failure.inner, depth + 1
    assert depth == DEEPEST


def test_properties_nested_beyond_reason_are_left_out() -> None:
    deep: Any = 1
    for _ in range(DEEPEST + 10):
        deep = {"a": [deep], "$type": "x"}
    failure = failed({"Properties": {"p": deep, "q": 2}}).failure
    assert failure is not None
    assert failure.properties is not None
    assert failure.properties["q"] == 2
    text = write(failure.properties["p"])
    assert "$type" not in text
    assert text.count("[") + text.count("{") == DEEPEST - 1
