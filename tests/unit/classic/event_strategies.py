"""Generated events and messages. Fields come from the classes, not from the codec's own table."""

import dataclasses
from typing import Any, get_type_hints

from hypothesis import strategies as st

from durahub.classic.columns import EARLIEST
from durahub.model.failure import Failure
from durahub.model.history import (
    EVENT_CLASSES,
    ActionEvent,
    Event,
    Execution,
    ExecutionTerminated,
    Parent,
    Status,
    Tags,
    Trace,
)
from durahub.model.message import Message
from durahub.model.ticks import MAXIMUM, MINIMUM, Ticks

AWKWARD = "\"\\/^#?'<&\x00\x08\x1f\x7f\x85\xa0\u0301\u2028\u2029\ufffd\ufffe\uffff\U0001f680"
texts = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(AWKWARD)))
halves = st.text(st.characters(categories=["Cs", "Lu"], max_codepoint=0xFFFF))
int32s = st.integers(-(2**31), 2**31 - 1)
any_ticks = st.integers(MINIMUM, MAXIMUM).map(Ticks)
column_ticks = st.integers(EARLIEST, MAXIMUM).map(Ticks)
names = texts.filter(lambda name: name != "$type")
tags = st.dictionaries(names, texts, max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | int32s | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
traces = st.builds(
    Trace,
    trace_parent=st.none() | texts,
    trace_state=st.none() | texts,
    id=st.none() | texts,
    span_id=st.none() | texts,
    activity_start_time=st.none() | texts,
)
executions = st.builds(Execution, texts, st.none() | texts)
parents = st.builds(
    Parent,
    name=st.none() | texts,
    execution=executions,
    task_schedule_id=int32s,
    version=st.none() | texts,
)


def _failures(inner: st.SearchStrategy[Failure | None]) -> st.SearchStrategy[Failure]:
    return st.builds(
        Failure,
        error_type=texts,
        message=texts,
        stack_trace=st.none() | texts,
        inner=inner,
        non_retriable=st.booleans(),
        properties=st.none() | st.dictionaries(names, json_values, max_size=2),
    )


failures = _failures(st.none() | _failures(st.none()))


def _values(ticks: st.SearchStrategy[Ticks]) -> dict[Any, st.SearchStrategy[Any]]:
    known: dict[Any, st.SearchStrategy[Any]] = {
        str: texts,
        int: int32s,
        bool: st.booleans(),
        Ticks: ticks,
        Status: st.sampled_from(Status),
        Execution: executions,
        Parent: parents,
        Trace: traces,
        Failure: failures,
        Tags: tags,
    }
    return known | {kind | None: st.none() | values for kind, values in known.items()}


def _events(
    cls: type[Event], ticks: st.SearchStrategy[Ticks], **given: st.SearchStrategy[Any]
) -> st.SearchStrategy[Event]:
    hints, values = get_type_hints(cls), _values(ticks)
    arguments = {one.name: values[hints[one.name]] for one in dataclasses.fields(cls)}
    return st.builds(cls, **(arguments | given))


message_events = st.one_of(
    [
        _events(cls, any_ticks, worker_number=st.none())
        if issubclass(cls, ActionEvent)
        else _events(cls, any_ticks)
        for cls in EVENT_CLASSES.values()
    ]
)
"""Events as messages carry them: any times, and whether a termination reaches the children."""

row_events = st.one_of(
    [
        _events(cls, column_ticks, recurse=st.just(False))
        if cls is ExecutionTerminated
        else _events(cls, column_ticks)
        for cls in EVENT_CLASSES.values()
    ]
)
"""Events as rows hold them."""

messages = st.builds(
    Message,
    event=message_events,
    target=executions,
    sender=st.none() | executions,
    episode=st.none() | int32s,
    tags=st.none() | tags,
)
