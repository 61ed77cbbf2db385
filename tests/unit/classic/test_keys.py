import pytest
from event_strategies import texts
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.keys import escape, unescape
from durahub.errors import BadPartitionKey

REFUSED = {*"/\\#?", *map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))}
"""What the table service does not take in a key."""


@given(texts)
def test_unescape_undoes_escape(instance_id: str) -> None:
    assert unescape(escape(instance_id)) == instance_id


@given(texts)
def test_a_key_holds_nothing_that_the_service_refuses(instance_id: str) -> None:
    assert not REFUSED & set(escape(instance_id))


@given(texts, texts)
def test_two_ids_have_two_keys(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


@pytest.mark.parametrize(
    ("instance_id", "key"),
    [
        ("order-42", "order-42"),
        ("order/7", "order^07"),
        ("tenant^1#x?y", "tenant^^1^2x^3y"),
        ("a\\b", "a^1b"),
        ("a/b\\c#d?e^f%20 g+h'i;j:k", "a^0b^1c^2d^3e^^f%20 g+h'i;j:k"),
        ("\t", "^\u00c9"),
        ("\x00", "^\u00c0"),
        ("\x1f", "^\u00df"),
        ("\x7f", "^\u013f"),
        ("\x9f", "^\u015f"),
        ("@counter@日本語 🚀", "@counter@日本語 🚀"),
        ("", ""),
    ],
)
def test_a_key_is_written_as_dotnet_writes_it(instance_id: str, key: str) -> None:
    assert escape(instance_id) == key
    assert unescape(key) == instance_id


def test_escaping_twice_is_not_escaping_once() -> None:
    assert escape(escape("a/b")) != escape("a/b")


@pytest.mark.parametrize(
    ("key", "instance_id"),
    [("a^b", "ab"), ("^9", "9"), ("^\u00e9", ")"), ("^\u00bf", "\u00bf"), ("^\n", "\n")],
)
def test_an_unknown_escape_reads_as_in_dotnet(key: str, instance_id: str) -> None:
    assert unescape(key) == instance_id


@pytest.mark.parametrize("key", ["^", "a^", "^^^"])
def test_a_key_that_ends_in_the_middle_of_an_escape_is_refused(key: str) -> None:
    with pytest.raises(BadPartitionKey) as raised:
        unescape(key)
    assert raised.value.key == key


@given(st.text(st.sampled_from("^/ab\u00c9\u0100")))
def test_a_stranger_s_key_reads_unless_it_ends_in_an_escape(key: str) -> None:
    carets = len(key) - len(key.rstrip("^"))
    try:
        unescape(key)
    except BadPartitionKey:
        assert carets
