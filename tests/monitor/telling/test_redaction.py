"""Values under the names of secrets are masked, and the rest of a text stays as it was written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.monitor.telling.redaction import masked

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"password": "x", "n": 1.50}', '{"password": "…", "n": 1.50}'),
        ('{"Api_Key":{"a":[1,2]},"b":2}', '{"Api_Key":"…","b":2}'),
        ('[{"connectionString":"a;b"},3]', '[{"connectionString":"…"},3]'),
        ('{"clientSecret":12345678901234567890}', '{"clientSecret":"…"}'),
        ('{"token":null}', '{"token":null}'),
        ('{"said":"my password: none"}', '{"said":"my password: none"}'),
        ('{"inner":"{\\"pwd\\":\\"x\\"}"}', '{"inner":"{\\"pwd\\":\\"…\\"}"}'),
        ('{"n":1,"access-token":"cut off he', '{"n":1,"access-token":"…"'),
        ("Server=a;Password=b;Port=1", "Server=a;Password=…;Port=1"),
        ("plain words", "plain words"),
        ("", ""),
    ],
)
def test_a_secret_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(JSON)
def test_a_value_under_the_name_of_a_secret_is_never_shown(value: Any) -> None:
    text = json.dumps({"a": [{"thePassword": [value, "s3cr3t"]}], "b": "open"})
    shown = json.loads(masked(text))
    assert shown == {"a": [{"thePassword": "…"}], "b": "open"}


@given(JSON)
def test_what_is_json_stays_json(value: Any) -> None:
    json.loads(masked(json.dumps({"x": value})))
