"""JSON with comments and last commas is JSON; JSON proper is left as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.configuration.json_text import without_comments

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
comments = st.sampled_from(["// a, }\n", '/* b ] \n " */', "", "  "])


@given(values)
def test_json_proper_means_the_same(value: object) -> None:
    assert json.loads(without_comments(json.dumps(value, indent=1))) == value


@given(st.dictionaries(st.text(), st.text(), min_size=1), comments, comments, comments)
def test_comments_and_a_last_comma_mean_nothing(
    value: dict[str, str], before: str, between: str, behind: str
) -> None:
    inner = f",{between}".join(f"{json.dumps(k)}:{before}{json.dumps(v)}" for k, v in value.items())

    assert json.loads(without_comments(f"{before}{{{inner},{behind}}}{behind}")) == value


def test_errors_keep_their_lines() -> None:
    text = '// one\n/* two\nthree */ {"a": nonsense}'

    with pytest.raises(json.JSONDecodeError) as raised:
        json.loads(without_comments(text))
    assert raised.value.lineno == 3
