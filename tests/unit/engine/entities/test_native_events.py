"""The messages of a history in terms of entities."""

import json

import pytest

from durahub.engine.entities.calls import (
    EntityCall,
    EntityCallDone,
    EntityCallFailed,
    EntityLockGranted,
    EntityLockRequest,
    EntitySignal,
    EntityUnlock,
    NativeEvent,
    native_events,
)
from durahub.engine.entities.messages import (
    Release,
    Request,
    Response,
    release_text,
    request_text,
    response_text,
)
from durahub.model.failure import Failure
from durahub.model.history import Event, EventRaised, EventSent, TimerFired
from durahub.model.ticks import later

from .counters import CALLER, ENTITY, NOW, RUN, call, guid, lock

NUMBER = "d3a20000-0000-0000-0000-00000000000a"


def sends(text: str | None, *, name: str = "op", target: str = ENTITY) -> EventSent:
    return EventSent(event_id=0, timestamp=NOW, instance_id=target, name=name, input=text)


def answers(number: str, text: str | None) -> EventRaised:
    return EventRaised(timestamp=NOW, name=number, input=text)


def native(*events: Event) -> NativeEvent | None:
    """Return what the last of *events* is."""
    return native_events(events)[-1]


def asked() -> EventSent:
    request = Request(id=NUMBER, operation="get", parent=CALLER, parent_execution=RUN)
    return sends(request_text(request))


def test_a_call() -> None:
    assert native(sends(request_text(call("add", "4")))) == EntityCall(
        request_id=guid(2),
        operation="add",
        target=ENTITY,
        input="4",
        parent_instance_id=CALLER,
        parent_execution_id=RUN,
    )


def test_a_scheduled_signal() -> None:
    due = later(NOW, 60)
    request = Request(id=guid(1), operation="add", signal=True, due=due)
    name = "op@2026-11-21T12:01:00.0000000Z"
    assert native(sends(request_text(request), name=name)) == EntitySignal(
        request_id=guid(1), operation="add", target=ENTITY, scheduled=due
    )


def test_a_lock_request_and_the_release_of_one_lock() -> None:
    assert native(sends(request_text(lock("@x@a", "@x@b").at_next_lock()))) == EntityLockRequest(
        critical_section_id=guid(3),
        lock_set=("@x@a", "@x@b"),
        position=1,
        parent_instance_id=CALLER,
    )
    text = release_text(Release(CALLER, guid(3)))
    assert native(sends(text, name="release")) == EntityUnlock(
        critical_section_id=guid(3), target=ENTITY, parent_instance_id=CALLER
    )


@pytest.mark.parametrize("number", [NUMBER, NUMBER.upper(), NUMBER.replace("-", "")])
def test_an_answer_is_known_by_its_guid_however_it_is_spelled(number: str) -> None:
    done = native(asked(), answers(number, response_text(Response(result="4"))))
    assert done == EntityCallDone(request_id=NUMBER, output="4")


def test_a_grant_of_locks_is_one_whatever_it_says() -> None:
    granted = EntityLockGranted(critical_section_id=guid(3))
    request = sends(request_text(lock(ENTITY)))
    assert native(request, answers(guid(3), "anything")) == granted


def test_a_failure_is_told_in_full() -> None:
    failure = Failure(error_type="ValueError", message="too low", non_retriable=True)
    text = response_text(Response(result="too low", error="ValueError", failure=failure))
    assert native(asked(), answers(NUMBER, text)) == EntityCallFailed(
        request_id=NUMBER, failure=failure
    )


def test_a_failure_without_details_has_a_type_and_a_message() -> None:
    text = response_text(Response(result="no such thing", error="Error"))
    assert native(asked(), answers(NUMBER, text)) == EntityCallFailed(
        request_id=NUMBER, failure=Failure(error_type="Error", message="no such thing")
    )


def test_of_a_serialised_exception_the_message_and_the_causes_are_told() -> None:
    cause = {"ClassName": "System.FormatException", "Message": "inner", "InnerException": None}
    exception = {"Message": "outer", "InnerException": cause, "StackTraceString": "at Fail()"}
    text = response_text(Response(result=json.dumps(exception), error="System.Exception, Lib"))
    assert native(asked(), answers(NUMBER, text)) == EntityCallFailed(
        request_id=NUMBER,
        failure=Failure(
            error_type="System.Exception, Lib",
            message="outer",
            stack_trace="at Fail()",
            inner=Failure(error_type="System.FormatException", message="inner"),
        ),
    )


@pytest.mark.parametrize(
    "events",
    [
        [answers(NUMBER, '{"result":"4"}')],  # nobody asked
        [asked(), answers("Approval", '{"result":"4"}')],
        [asked(), answers(NUMBER, "{")],
        [sends('{"op":"x","id":"1"}', target="order-8")],
        [sends(None)],
        [sends("{", name="release")],
        [sends('"hello"', name="hello")],
        [TimerFired(timestamp=NOW, timer_id=1, fire_at=NOW)],
    ],
)
def test_anything_else_has_nothing_to_do_with_entities(events: list[Event]) -> None:
    assert native(*events) is None


def test_a_signal_has_no_answer() -> None:
    request = Request(id=NUMBER, operation="add", signal=True)
    assert native(sends(request_text(request)), answers(NUMBER, '{"result":"4"}')) is None
