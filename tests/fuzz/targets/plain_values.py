"""Small values that stand in everything: times, lengths of time, sizes, failures, traces."""

import contextlib
import json

from durahub.configuration import durations
from durahub.edge.failures import failure_from_proto, failure_of_event, failure_to_proto
from durahub.edge.traces import child_trace, span_to_proto, trace_to_proto
from durahub.edge.web.functions_parameters import time_of
from durahub.engine.entities.stamps import stamp_of
from durahub.model.failure_json import failure_object, read_failure
from durahub.model.history import TaskFailed, Trace
from durahub.model.ticks import MAXIMUM, Ticks, parse, to_round_trip_text, to_text
from durahub_migrate.lint.settings import kinds
from durahub_migrate.monitor.querying import moments
from tests.fuzz.target import JSON, TIMES, clean_text_of, target

NOW = Ticks(639_000_000_000_000_000)


@target("ticks", words=TIMES, may_raise=(ValueError,))
def ticks(data: bytes) -> None:
    """A time as ISO text. What is read is written and read the same; `ValueError` is documented."""
    text = clean_text_of(data)
    found = parse(text)
    assert 0 <= found <= MAXIMUM
    assert parse(to_text(found)) == parse(to_round_trip_text(found)) == found
    assert stamp_of(text).ticks == found


@target("web-time", words=(*TIMES, b"2026-01-15T09:30:01 01:00"))
def web_time(data: bytes) -> None:
    """A time in a query string, as .NET would read it."""
    found = time_of(clean_text_of(data))
    assert found is None or 0 <= found <= MAXIMUM


@target(
    "durations",
    words=(b"1d12h", b"1.00:00:00", b"24:00", b"s", b"9" * 400),
    may_raise=(ValueError,),
)
def durations_(data: bytes) -> None:
    """A length of time, as people write it and as .NET does. One that is written is read the same."""
    text = clean_text_of(data)
    with contextlib.suppress(ValueError):
        durations.to_text(durations.seconds_of_time_span(text))
    seconds = durations.seconds_of(text)
    if seconds < 10**6 and seconds == int(seconds):
        assert durations.seconds_of(durations.to_text(seconds)) == seconds


@target("query-moments", words=(*TIMES, b"90s", b"1h30m", b"1MB", b"today", b"-24h"))
def query_moments(data: bytes) -> None:
    """Lengths, moments, sizes and numbers of the query language; `ValueError` says what was expected."""
    text = clean_text_of(data)
    for read in (moments.length, moments.size, moments.number, kinds.day, kinds.month):
        with contextlib.suppress(ValueError):
            read(text)
    with contextlib.suppress(ValueError):
        found = moments.span(text, NOW)
        assert found is not None


@target("failure", words=(*JSON, b"ErrorType", b"InnerFailure", b"ClassName", b"StackTraceString"))
def failure(data: bytes) -> None:
    """A failure of DTFx's, and an exception as Newtonsoft writes it. A worker gets the same."""
    text = clean_text_of(data)
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(text)
        if isinstance(found, dict):
            read = read_failure(found)
            assert read_failure(json.loads(json.dumps(failure_object(read)))) == read
            sent = failure_to_proto(read)
            sent.SerializeToString()
            failure_from_proto(sent)
    event = TaskFailed(timestamp=NOW, task_scheduled_id=1, reason="it failed", details=text)
    failure_to_proto(failure_of_event(event)).SerializeToString()


@target("trace", words=(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", b"-", b"00-"))
def trace(data: bytes) -> None:
    """A trace context; what is none of W3C's goes to nobody as one."""
    text, _, state = clean_text_of(data).partition("\n")
    context = Trace(trace_parent=text, trace_state=state or None, id=text, span_id=state or None)
    for sent in (trace_to_proto(context), child_trace(context, text), span_to_proto(context)):
        if sent is not None:
            sent.SerializeToString()
