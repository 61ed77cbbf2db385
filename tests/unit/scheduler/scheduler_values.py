"""Generated events, messages and instances, with everything that .NET may have let through."""

import dataclasses
from typing import Any, get_type_hints

from hypothesis import strategies as st

from durahub.model.failure import Failure
from durahub.model.history import (
    EVENT_CLASSES,
    Event,
    Execution,
    Parent,
    Status,
    Tags,
    Trace,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import MAXIMUM, MINIMUM, Ticks

# any characters at all, with NUL and the halves of surrogate pairs
texts = st.text(st.one_of(st.characters(), st.sampled_from("\x00\ud800\udfff\U0001f680é")))
int32s = st.integers(-(2**31), 2**31 - 1)
wide_integers = st.integers(-(2**63), 2**63 - 1)
any_ticks = st.integers(MINIMUM, MAXIMUM).map(Ticks)
tags = st.dictionaries(texts, texts, max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
traces = st.builds(Trace, **dict.fromkeys(Trace.__dataclass_fields__, st.none() | texts))
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
        properties=st.none() | st.dictionaries(texts, json_values, max_size=2),
    )


failures = _failures(st.none() | _failures(st.none()))

_OF_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: wide_integers,
    bool: st.booleans(),
    Ticks: any_ticks,
    Status: st.sampled_from(Status),
    Execution: executions,
    Parent: parents,
    Trace: traces,
    Failure: failures,
    Tags: tags,
}
_OF_TYPE |= {kind | None: st.none() | values for kind, values in list(_OF_TYPE.items())}


def of_class(cls: type[Any], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Generate a dataclass by the types of its fields, so that no field can be forgotten."""
    hints = get_type_hints(cls)
    rest = [one.name for one in dataclasses.fields(cls) if one.name not in given]
    return st.builds(cls, **{name: _OF_TYPE[hints[name]] for name in rest}, **given)


events: st.SearchStrategy[Event] = st.one_of([of_class(cls) for cls in EVENT_CLASSES.values()])

messages = st.builds(
    Message,
    event=events,
    target=executions,
    sender=st.none() | executions,
    episode=st.none() | int32s,
    tags=st.none() | tags,
)

instances: st.SearchStrategy[Instance] = of_class(Instance, etag=st.integers(1, 2**40).map(str))
