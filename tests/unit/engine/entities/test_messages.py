"""The JSON texts of entity messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.messages import (
    Release,
    Request,
    Response,
    delayed_name,
    due_of_name,
    guid_text,
    is_request_name,
    release_of,
    release_text,
    request_of,
    request_text,
    response_of,
    response_text,
)
from durahub.engine.entities.stamps import NONE, Stamp, stamp_of
from durahub.errors import BadMessage
from durahub.model.failure import Failure
from durahub.model.history import Trace
from durahub.model.ticks import Ticks, later, parse

from .counters import CALLER, NOW, RUN, call, guid, lock, signal

TICKS = st.integers(0, 3_155_378_975_999_999_999).map(Ticks)
STAMPS = st.builds(Stamp, TICKS.filter(lambda ticks: ticks > 0), st.booleans()) | st.just(NONE)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
MAYBE = st.none() | TEXTS
REQUESTS = st.builds(
    Request,
    id=st.uuids().map(str),
    operation=MAYBE,
    signal=st.booleans(),
    input=MAYBE,
    parent=MAYBE,
    parent_execution=MAYBE,
    due=st.none() | TICKS,
    timestamp=STAMPS,
    predecessor=STAMPS,
    lock_set=st.none() | st.just(("@counter@a", "@counter@b@c")),
    position=st.integers(0, 5),
    trace=st.none() | st.builds(Trace, trace_parent=MAYBE, trace_state=MAYBE),
    requested=st.none() | TICKS,
)


def test_a_clients_signal_has_the_members_that_dotnet_writes() -> None:
    assert request_text(signal("add", "1", number=7)) == (
        '{"op":"add","signal":true,"input":"1","id":"00000000-0000-0000-0000-000000000007",'
        '"Timestamp":"0001-01-01T00:00:00","Predecessor":"0001-01-01T00:00:00",'
        '"IsLockRequest":false,"createTrace":false}'
    )


def test_a_call_tells_who_calls_and_carries_its_labels() -> None:
    assert request_text(call("get", None, number=7, after=later(NOW, -1))) == (
        f'{{"op":"get","id":"{guid(7)}","parent":"{CALLER}","parentExecution":"{RUN}",'
        '"Timestamp":"2026-11-21T12:00:00Z","Predecessor":"2026-11-21T11:59:59Z",'
        '"IsLockRequest":false,"createTrace":false}'
    )


def test_a_lock_request_has_no_operation_but_a_set_of_locks() -> None:
    request = lock("@counter@a", "@counter@b", number=7)
    text = request_text(request)
    assert text.startswith('{"op":null,"id":')
    assert '"lockset":[{"name":"counter","key":"a"},{"name":"counter","key":"b"}]' in text
    assert text.endswith('"IsLockRequest":true,"createTrace":false}')
    assert '],"pos":1,"IsLockRequest":true' in request_text(request.at_next_lock())


def test_a_traced_request_says_that_its_span_is_wanted() -> None:
    trace = Trace(trace_parent="00-aa-bb-01", trace_state=None)
    request = Request(id=guid(1), operation="add", trace=trace, requested=NOW)
    assert request_text(request).endswith(
        '"IsLockRequest":false,"parentTraceContext":{"TraceParent":"00-aa-bb-01","TraceState":null,'
        '"Id":null,"SpanId":null,"ActivityStartTime":null},"createTrace":true,'
        '"requestTime":"2026-11-21T12:00:00+00:00"}'
    )


@given(REQUESTS)
def test_a_request_is_read_as_it_was_written(request: Request) -> None:
    assert request_of(request_text(request)) == request


@given(REQUESTS)
def test_what_was_read_is_written_unchanged(request: Request) -> None:
    text = request_text(request)
    assert request_text(request_of(text)) == text


def test_members_of_durable_functions_2_are_accepted_and_kept_without_their_types() -> None:
    text = (
        '{"$type":"X.RequestMessage, X","op":null,"id":"d3a2","parent":"order-9",'
        '"Timestamp":"0001-01-01T00:00:00","Predecessor":"0001-01-01T00:00:00",'
        '"lockset":[{"$type":"X.EntityId, X","name":"account","key":"a"}],'
        '"requestTime":"2026-11-21T12:00:00+00:00"}'
    )
    request = request_of(text)
    assert request.lock_set == ("@account@a",)
    assert request.requested == NOW
    assert request.is_of_functions
    assert request_text(request) == (
        '{"op":null,"id":"d3a2","parent":"order-9","Timestamp":"0001-01-01T00:00:00",'
        '"Predecessor":"0001-01-01T00:00:00","lockset":[{"name":"account","key":"a"}],'
        '"requestTime":"2026-11-21T12:00:00+00:00"}'
    )
    assert not request_of(request_text(signal())).is_of_functions


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{}",
        '{"op":"add"}',
        '{"op":1,"id":"x"}',
        '{"op":"add","id":"x","due":"soon"}',
        '{"op":"add","id":"x","Timestamp":"soon"}',
        '{"op":null,"id":"x","lockset":"a"}',
        '{"op":null,"id":"x","lockset":[{"name":"","key":"a"}]}',
        '{"op":"add","id":"x","parentTraceContext":{"TraceParent":1}}',
    ],
)
def test_what_is_no_request_is_refused(text: str | None) -> None:
    with pytest.raises(BadMessage):
        request_of(text)


@pytest.mark.parametrize(
    "text", ["2026-11-21T12:00:00.1234567Z", "2026-11-21T12:00:00.12", "0001-01-01T00:00:00"]
)
def test_a_stamp_is_written_as_it_came(text: str) -> None:
    assert str(stamp_of(text)) == text


def test_a_stamp_without_a_zone_is_utc() -> None:
    assert stamp_of("2026-11-21T12:00:00").ticks == stamp_of("2026-11-21T14:00:00+02:00").ticks


def test_a_delayed_request_is_named_for_its_time_which_is_capped() -> None:
    due = later(NOW, 1.5)
    assert delayed_name(due, NOW) == "op@2026-11-21T12:00:01.5000000Z"
    assert due_of_name(delayed_name(due, NOW)) == due
    assert delayed_name(later(NOW, 7 * 86_400), NOW) == "op@2026-11-27T12:00:00.0000000Z"


@pytest.mark.parametrize("name", [None, "op", "release", "op@soon"])
def test_other_names_tell_no_time(name: str | None) -> None:
    assert due_of_name(name) is None


def test_every_name_that_begins_with_op_is_a_requests() -> None:
    assert is_request_name("op")
    assert is_request_name("op@2026-11-21T12:00:01.5000000Z")
    assert not is_request_name("release")
    assert not is_request_name(None)


def test_a_guid_is_dashed_and_in_lower_case_and_another_text_stays() -> None:
    assert guid_text("{D3A20000-0000-0000-0000-00000000000A}") == (
        "d3a20000-0000-0000-0000-00000000000a"
    )
    assert guid_text("Approval") == "Approval"


def test_a_response_always_has_a_result() -> None:
    assert response_text(Response(result="4")) == '{"result":"4"}'
    assert response_text(Response()) == '{"result":null}'


def test_a_failed_response_has_the_failure_in_dotnets_members() -> None:
    failure = Failure(error_type="ValueError", message="balance too low")
    response = Response(result="balance too low", error="ValueError", failure=failure)
    assert response_text(response) == (
        '{"result":"balance too low","exceptionType":"ValueError","failureDetails":'
        '{"ErrorType":"ValueError","ErrorMessage":"balance too low","StackTrace":null,'
        '"InnerFailure":null,"IsNonRetriable":false,"Properties":null}}'
    )
    assert response_of(response_text(response)) == response
    assert response.is_failure


@pytest.mark.parametrize("text", [None, "4", '{"result":4}', '{"failureDetails":{"ErrorType":1}}'])
def test_what_is_no_response_is_refused(text: str | None) -> None:
    with pytest.raises(BadMessage):
        response_of(text)


def test_a_release_names_the_holder_and_the_critical_section() -> None:
    text = release_text(Release("order-9", "d3a2"))
    assert text == '{"parent":"order-9","id":"d3a2"}'
    assert release_of(text) == Release("order-9", "d3a2")


def test_requests_are_read_whatever_the_case_of_their_members() -> None:
    request = request_of(f'{{"OP":"add","ID":"{guid(1)}","timestamp":"{"2026-11-21T12:00:00Z"}"}}')
    assert (request.operation, request.timestamp.ticks) == (
        "add",
        parse("2026-11-21T12:00:00Z"),
    )
