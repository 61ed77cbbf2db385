"""Rows and syntax trees as they come, from few letters so that they meet."""

from hypothesis import strategies as st

from durahub.model.ticks import PER_SECOND, Ticks, parse
from durahub_migrate.monitor.query import Condition, Node, Not, Relation
from durahub_migrate.monitor.querying import all_of, condition, one_of
from durahub_migrate.monitor.querying.fields import FIELDS, TAG, TEXT, Field, Values, field_of
from durahub_migrate.monitor.querying.patterns import literal
from durahub_migrate.monitor.row import STATUSES, Kind, Row

NOW = parse("2026-11-22T12:00:00.5Z")
HOUR = 3600 * PER_SECOND
HUBS = ("a@local", "Ä@x", "b@local~2")
LETTERS = 'aAbßÄäſ*%_[]^"\\ |()-:~<=x\n\0\x1f\ud800ﬁ'

words = st.text(LETTERS, max_size=4)
moments = (
    st.none()
    | st.integers(-30, 30).map(lambda hours: Ticks(NOW + hours * HOUR // 2))
    | st.sampled_from([parse("2026-11-22T00:00:00Z"), parse("2026-11-01T00:00:00Z")])
)
numbers = st.none() | st.integers(0, 3)

rows = st.builds(
    Row,
    hub=st.sampled_from(HUBS),
    instance_id=words,
    kind=st.sampled_from(Kind),
    execution_id=st.none() | words,
    name=st.none() | words,
    version=st.none() | words,
    status=st.sampled_from((*STATUSES, "Strange")),
    created=moments,
    updated=moments,
    completed=moments,
    scheduled_start=moments,
    custom_status=st.none() | words,
    output=st.none() | words,
    input=st.none() | words,
    tags=st.dictionaries(words, words, max_size=2),
    parent_id=st.none() | words,
    generation=numbers,
    partition=numbers,
    bytes=st.none() | st.sampled_from([0, 512, 1024, 1024**2]),
    key=st.none() | words,
    locked_by=st.none() | words,
)

patterns = st.lists(words.map(literal), min_size=1, max_size=3).map("*".join)
_TIMES = (
    "2026", "2026-11", "2026-11-22", "2026-11-22T12:00", "2026-11-22T12:00:00", "2026-11-22 12:00Z",
    "2026-11-22T12:00:00.5", "2026-11-22T12:00:00.5000000Z", "2026-11-22T13:00+01:00", "today",
    "Yesterday",
)  # fmt: skip
_RELATIVE = ("now", "-1h", "-12h", "+30m", "-1d12h")
_LENGTHS = ("30s", "1h", "1.5H", "12h", "1d12h", "0s", "900000000d")


def _values(field: Field, relation: Relation) -> st.SearchStrategy[str]:
    match field.values:
        case Values.EXACT | Values.PATTERN:
            return patterns
        case Values.WORD:
            return st.sampled_from([*field.words, *field.words.values()])
        case Values.TIME:
            is_equal = relation is Relation.EQUALS
            return st.sampled_from(_TIMES if is_equal else _TIMES + _RELATIVE)
        case Values.LENGTH:
            return st.sampled_from(_LENGTHS)
        case Values.NUMBER:
            return st.sampled_from(["0", "1", "2", "3", "18"])
        case Values.BYTES:
            return st.sampled_from(["0", "512", "1KB", "1MB", "0.5kib"])


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Any condition of any field."""
    name = draw(st.sampled_from([*FIELDS, TAG, TEXT]))
    if name == TEXT:
        value = draw(patterns.filter(lambda pattern: pattern.strip("*")))
        return condition(TEXT, Relation.CONTAINS, (value,), NOW)
    if name == TAG:
        name += draw(words)
    field = field_of(name)
    assert field is not None
    relation = draw(st.sampled_from(field.relations))
    most = 3 if relation in (Relation.EQUALS, Relation.CONTAINS) else 1
    extra = ["none"] if name == "parent" and relation is Relation.EQUALS else []
    values = _values(field, relation)
    values = values | st.sampled_from(extra) if extra else values
    chosen = draw(st.lists(values, min_size=1, max_size=most))
    return condition(name, relation, tuple(chosen), NOW)


nodes: st.SearchStrategy[Node] = st.recursive(
    conditions(),
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: all_of(*parts))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: one_of(*parts))
    ),
    max_leaves=5,
)
