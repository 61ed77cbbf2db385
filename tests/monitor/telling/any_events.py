"""Events with anything in them."""

from typing import Any

from hypothesis import strategies as st

from durahub.model.failure import Failure
from durahub.model.history import EVENT_CLASSES, Event, Execution, Parent, Trace
from durahub.model.ticks import MAXIMUM, Ticks
from durahub_migrate.monitor.telling.plain_values import members_of

TICKS = st.integers(0, MAXIMUM).map(Ticks)
TEXT = st.text(max_size=8)
JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
EXECUTIONS = st.builds(Execution, TEXT, st.none() | TEXT)
FAILURES: Any = st.recursive(
    st.builds(Failure, error_type=TEXT, message=TEXT),
    lambda inner: st.builds(
        Failure,
        error_type=TEXT,
        message=TEXT,
        stack_trace=st.none() | TEXT,
        inner=inner,
        non_retriable=st.booleans(),
        properties=st.none() | st.dictionaries(TEXT, JSON, max_size=2),
    ),
    max_leaves=3,
)
OF_TYPES: dict[Any, st.SearchStrategy[Any]] = {
    Ticks: TICKS,
    Execution: EXECUTIONS,
    Failure: FAILURES,
    Parent: st.builds(
        Parent,
        name=st.none() | TEXT,
        execution=EXECUTIONS,
        task_schedule_id=st.integers(),
        version=st.none() | TEXT,
    ),
    Trace: st.builds(Trace, trace_parent=st.none() | TEXT, trace_state=st.none() | TEXT),
    str: TEXT,
}


def events() -> st.SearchStrategy[Event]:
    def of_hint(hint: Any) -> st.SearchStrategy[Any]:
        text = str(hint)
        if "Mapping" in text:
            return st.none() | st.dictionaries(TEXT, TEXT, max_size=2)
        for kind, strategy in OF_TYPES.items():
            if kind is hint:
                return strategy
            if kind.__name__ in text or (kind is str and "str" in text):
                return st.none() | strategy
        return st.from_type(hint)

    return st.one_of(
        st.builds(kind, **{name: of_hint(hint) for name, hint in members_of(kind).items()})
        for kind in EVENT_CLASSES.values()
    )
