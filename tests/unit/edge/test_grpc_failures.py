"""Failures on the wire, and those that older hubs store in other ways."""

import json
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from durahub.edge.failures import (
    DEEPEST,
    failure_from_proto,
    failure_of_event,
    failure_to_proto,
)
from durahub.model.failure import Failure
from durahub.model.history import SubOrchestrationInstanceFailed, TaskFailed
from durahub.model.ticks import Ticks

texts = st.text(max_size=20)
properties = st.dictionaries(texts, st.none() | st.booleans() | st.integers(-9, 9) | texts)
failures = st.recursive(
    st.just(None),
    lambda inner: st.builds(
        Failure,
        error_type=st.text(min_size=1, max_size=20),
        message=texts,
        stack_trace=st.none() | texts,
        inner=inner,
        non_retriable=st.booleans(),
        properties=st.none() | properties.filter(bool),
    ),
    max_leaves=4,
).filter(lambda failure: failure is not None)

TIMED = {"timestamp": Ticks(1), "task_scheduled_id": 3}


def chain(length: int) -> Failure:
    failure = Failure(error_type=f"E{length}", message="")
    for number in range(length - 1, 0, -1):
        failure = Failure(error_type=f"E{number}", message="", inner=failure)
    return failure


def length_of(failure: Failure | None) -> int:
    length = 0
    while failure is not None:
        length, failure = length + 1, failure.inner
    return length


@given(failures)
def test_a_failure_survives_the_wire_whole(failure: Failure) -> None:
    sent = failure_to_proto(failure).SerializeToString()
    assert failure_from_proto(pb.TaskFailureDetails.FromString(sent)) == failure


@given(failures)
def test_a_stored_failure_is_sent_as_it_is(failure: Failure) -> None:
    event = TaskFailed(**TIMED, failure=failure, reason="other", details="other")
    assert failure_of_event(event) == failure


def test_causes_are_followed_to_a_depth_of_64_both_ways() -> None:
    assert length_of(failure_from_proto(failure_to_proto(chain(200)))) == DEEPEST

    deeper = failure_to_proto(chain(DEEPEST))
    for _ in range(5):
        deeper = pb.TaskFailureDetails(errorType="outer", innerFailure=deeper)
    assert length_of(failure_from_proto(deeper)) == DEEPEST
    assert failure_to_proto(chain(DEEPEST)) == failure_to_proto(chain(200))


def test_the_deepest_failure_is_within_what_parsers_accept() -> None:
    properties: dict[str, Any] = {"p": 1}
    for _ in range(50):
        properties = {"p": properties}
    failure = Failure(error_type="E", message="", properties=properties)
    for _ in range(DEEPEST - 1):
        failure = Failure(error_type="E", message="", inner=failure)
    event = pb.HistoryEvent(taskFailed={"failureDetails": failure_to_proto(failure)})
    item = pb.WorkItem(orchestratorRequest={"newEvents": [event]})
    assert pb.WorkItem.FromString(item.SerializeToString()) == item


def test_a_type_is_never_empty() -> None:
    assert failure_to_proto(Failure(error_type="", message="m")).errorType == "(unknown)"
    assert failure_from_proto(pb.TaskFailureDetails()).error_type == "(unknown)"


def test_an_exception_that_newtonsoft_serialised_becomes_a_failure_with_its_causes() -> None:
    details = {
        "$type": "System.InvalidOperationException, System.Private.CoreLib",
        "ClassName": "System.InvalidOperationException",
        "Message": "no stock",
        "StackTraceString": "   at Shop.Reserve()",
        "InnerException": {
            "ClassName": "System.TimeoutException",
            "Message": "too late",
            "StackTraceString": None,
            "InnerException": None,
        },
    }
    event = TaskFailed(**TIMED, reason="no stock", details=json.dumps(details))
    assert failure_of_event(event) == Failure(
        error_type="System.InvalidOperationException",
        message="no stock",
        stack_trace="   at Shop.Reserve()",
        inner=Failure(error_type="System.TimeoutException", message="too late"),
    )


@pytest.mark.parametrize(
    "details", ["at Shop.Reserve()", "{not json", '{"a":1}', '["ClassName"]', ""]
)
def test_other_details_become_the_stack_trace(details: str) -> None:
    event = TaskFailed(**TIMED, reason="no stock", details=details)
    assert failure_of_event(event) == Failure(
        error_type="(unknown)", message="no stock", stack_trace=details
    )


def test_a_reason_alone_is_the_message() -> None:
    assert failure_of_event(TaskFailed(**TIMED, reason="r")) == Failure(
        error_type="(unknown)", message="r"
    )
    assert failure_of_event(TaskFailed(**TIMED)) == Failure(error_type="(unknown)", message="")


def test_a_child_of_which_only_a_reason_is_known_was_terminated() -> None:
    event = SubOrchestrationInstanceFailed(**TIMED, reason="enough")
    assert failure_of_event(event) == Failure(error_type="Terminated", message="enough")


def test_a_child_with_details_was_not_terminated() -> None:
    event = SubOrchestrationInstanceFailed(**TIMED, reason="r", details="d")
    assert failure_of_event(event) == Failure(error_type="(unknown)", message="r", stack_trace="d")
