import math
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadMessage
from durahub.model.json_text import member, read, read_object, whole, write, write_plain
from tests.unit.classic.event_strategies import halves, json_values, texts


@given(json_values)
def test_what_is_written_reads_as_it_was(value: Any) -> None:
    assert read(write(value)) == value


@given(texts)
def test_a_text_is_written_as_newtonsoft_writes_it(text: str) -> None:
    assert write(text) == f'"{"".join(map(newtonsoft, text))}"'


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | halves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | halves, inner, max_size=3),
    max_leaves=8,
)


@given(plain_values)
def test_what_has_no_fractions_is_written_the_same_letter_for_letter(value: Any) -> None:
    assert write_plain(value) == write(value)


def newtonsoft(character: str) -> str:
    """Return one character as Newtonsoft writes it; the slow and obvious second version."""
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f"}
    if character in short:
        return short[character]
    if character == "\r":
        return "\\r"
    if character < " " or character in "\x85\u2028\u2029\ufffe\uffff":
        return f"\\u{ord(character):04x}"
    return character


def test_members_stand_in_their_order_and_without_spaces() -> None:
    assert write({"b": [1, 2.5, None], "a": {"é": True}}) == '{"b":[1,2.5,null],"a":{"é":true}}'


def test_only_what_must_be_is_escaped() -> None:
    assert write("'/<&>é日\x7f\xa0🚀") == '"\'/<&>é日\x7f\xa0🚀"'
    assert write("\x00\x1f\x85\u2028\u2029") == r'"\u0000\u001f\u0085\u2028\u2029"'


def test_what_the_queue_s_xml_cannot_hold_is_escaped() -> None:
    assert write("\ufffe\uffff\ud83d") == r'"\ufffe\uffff\ud83d"'


@given(halves)
def test_anything_can_be_written_as_utf_8(text: str) -> None:
    write({text: text}).encode("utf-8")  # raises where it cannot be


@pytest.mark.parametrize(
    ("number", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")]
)
def test_a_number_that_json_lacks_is_written_as_newtonsoft_s_text(number: float, text: str) -> None:
    assert write({"a": [number, 1.5], "b": None}) == f'{{"a":["{text}",1.5],"b":null}}'


@pytest.mark.parametrize("escaped", [r"\ud83d", r"\uDC00", r"\ud83dx", r"\udc00\ud83d"])
def test_half_a_surrogate_pair_reads_as_the_replacement_character(escaped: str) -> None:
    found = read(f'{{"{escaped}":["{escaped}"]}}')
    ((name, [value]),) = found.items()
    assert name == value
    assert value.strip("x") in ("\ufffd", "\ufffd\ufffd")


def test_an_escaped_surrogate_pair_reads_as_its_character() -> None:
    assert read(r'"\ud83d\ude80"') == "🚀"


@given(halves)
def test_a_whole_text_is_as_long_and_has_no_halves(text: str) -> None:
    assert len(whole(text)) == len(text)
    whole(text).encode("utf-8")  # raises where it cannot be


@pytest.mark.parametrize("text", ["", "{", '{"a":1', "[1]", "null", '"a"', "1", "{} {}", "{a:1}"])
def test_what_is_no_object_is_no_message(text: str) -> None:
    with pytest.raises(BadMessage):
        read_object(text)


@pytest.mark.parametrize("deep", ['{"a":' * 100_000 + "1" + "}" * 100_000, "[" * 100_000])
def test_what_is_nested_too_deeply_is_no_message(deep: str) -> None:
    with pytest.raises(BadMessage):
        read_object(deep)


def test_what_is_nested_too_deeply_is_no_message_with_halves_in_it_either() -> None:
    deep = sys.getrecursionlimit()
    with pytest.raises(BadMessage):
        read_object('{"a":' * deep + r'"\ud800"' + "}" * deep)


def test_a_member_s_name_matches_in_any_case_and_best_in_its_own() -> None:
    assert member({"eventid": 1}, "EventId") == 1
    assert member({"eventid": 1, "EventId": 2}, "EventId") == 2
    assert member({"Event": 1}, "EventId") is None
