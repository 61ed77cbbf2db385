"""Pages of instances: tokens, prefixes, bounds."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scheduler_values import texts

from durahub.errors import BadRequest
from durahub.scheduler.instance_queries import (
    LARGEST_PAGE,
    make_token,
    page_sql,
    prefix_of,
    read_token,
)
from durahub.store import InstanceQuery


@given(st.integers(0, 2**62), texts)
def test_a_token_names_the_place_where_the_next_page_begins(created: int, last: str) -> None:
    token = make_token(created, last)
    assert token
    assert read_token(token) == (created, last)


@given(st.text())
@example("")
@example("WzEsMl0=")  # [1,2]
@example("eyJhIjoxLCJiIjoyfQ==")  # {"a":1,"b":2}
@example("WzFlMzAsImEiXQ==")  # [1e30,"a"]
@example("Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTksImEiXQ==")  # a number that no column holds
@example("é")
def test_any_other_text_is_refused(token: str) -> None:
    with pytest.raises(BadRequest):
        read_token(token)


@given(st.text(max_size=3), st.text(max_size=5))
@example("a\U0010ffff", "a\U0010ffff")
@example("\U0010ffff", "\U0010ffffz")
@example("\ud7ff", "\ue000")
def test_a_prefix_takes_what_begins_with_it_and_nothing_else(prefix: str, text: str) -> None:
    asked = page_sql(1, InstanceQuery(prefix=prefix))
    bounds = [str(value).encode() for value in asked.parameters[2:]]
    for candidate in (text, prefix + text):
        raw = candidate.encode()
        inside = (not bounds or bounds[0] <= raw) and (len(bounds) < 2 or raw < bounds[1])
        assert inside == candidate.startswith(prefix)


def test_the_at_of_an_entitys_prefix_may_be_left_out() -> None:
    assert prefix_of(InstanceQuery(prefix="counter@", entities=True)) == "@counter@"
    assert prefix_of(InstanceQuery(prefix="@counter@", entities=True)) == "@counter@"
    assert prefix_of(InstanceQuery(prefix="counter")) == "counter"


@pytest.mark.parametrize(("asked", "given_"), [(0, 1), (5, 5), (10**9, LARGEST_PAGE)])
def test_a_page_has_a_size_that_can_be_served(asked: int, given_: int) -> None:
    assert page_sql(1, InstanceQuery(page_size=asked)).size == given_
