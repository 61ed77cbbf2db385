"""Arguments are checked before anything is done, and payloads are in no message."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadArgument
from durahub_migrate.acting.arguments import KNOWN, Arguments
from durahub_migrate.monitor.actions import Verb
from tests.monitor.acting.shops import command


@pytest.mark.parametrize(
    ("verb", "arguments", "problem"),
    [
        (Verb.RAISE_EVENT, {}, "name is missing"),
        (Verb.RAISE_EVENT, {"name": "E", "data": "{secret"}, "is not JSON (line 1, column 2)"),
        (Verb.RAISE_EVENT, {"name": "E", "data": "NaN"}, "is not JSON"),
        (Verb.RAISE_EVENT, {"name": "E", "data": "[" * 100_000}, "is not JSON"),
        (Verb.RAISE_EVENT, {"name": 7}, "has to be a text"),
        (Verb.START, {"name": "O", "at": "tomorrow"}, "is no time"),
        (Verb.START, {"name": "O", "tags": ["a"]}, "an object of texts"),
        (Verb.START, {"name": "O", "tags": {"a": 1}}, "no text"),
        (Verb.START, {"name": "O", "input": float("nan")}, "cannot be written as JSON"),
        (Verb.PURGE, {"recursive": "yes"}, "true or false"),
        (Verb.PURGE, {"force": True}, "is no argument of it; it has: recursive"),
        (Verb.DELETE_BLOBS, {"names": "all"}, "a list of blobs' names"),
    ],
)
def test_a_bad_argument_is_named(verb: Verb, arguments: dict[str, object], problem: str) -> None:
    with pytest.raises(BadArgument) as refused:
        Arguments.of(command(verb, "i", **arguments))
    assert problem in str(refused.value)
    assert "secret" not in str(refused.value)


def test_an_action_on_nothing_is_refused() -> None:
    with pytest.raises(BadArgument, match="target is missing"):
        Arguments.of(command(Verb.PURGE))


@given(
    verb=st.sampled_from(Verb),
    values=st.dictionaries(
        st.sampled_from(sorted({name for names in KNOWN.values() for name in names})),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
            max_leaves=5,
        ),
        max_size=5,
    ),
)
def test_whatever_is_given_is_taken_or_named(verb: Verb, values: dict[str, object]) -> None:
    with contextlib.suppress(BadArgument):
        Arguments.of(command(verb, "i", **values))
