"""Limits as values: what a client is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.limits import CLASSIC, DTS, MIB, Limits, limits_named
from durahub.errors import BadInstanceId, BadSetting, OverLimit

BIG = "x" * (MIB + 1)


@pytest.mark.parametrize("instance_id", ["a", " ", "~", "x" * 100, "order:7/x"])
def test_dts_takes_1_to_100_printable_characters(instance_id: str) -> None:
    DTS.check_instance_id(instance_id)


@pytest.mark.parametrize(
    ("instance_id", "problem"),
    [
        ("", "empty"),
        ("x" * 101, "101 characters; the limit of this hub is 100"),
        ("@counter@a", "begins with @"),
        ("ä", "printable ASCII"),
        ("a\tb", "printable ASCII"),
        ("a\x7f", "printable ASCII"),
    ],
)
def test_dts_refuses_any_other_instance_id_and_says_why(instance_id: str, problem: str) -> None:
    with pytest.raises(BadInstanceId, match=problem):
        DTS.check_instance_id(instance_id)


def test_classic_takes_what_a_table_key_takes() -> None:
    CLASSIC.check_instance_id("ä" * 256)
    CLASSIC.check_payload("the input", BIG)
    CLASSIC.check_tags("it", {"a": "x" * 5000})
    with pytest.raises(BadInstanceId, match="257 characters"):
        CLASSIC.check_instance_id("x" * 257)


def test_an_entity_id_has_at_most_100_characters_in_all() -> None:
    DTS.check_entity_id(f"@counter@{'k' * 91}")
    with pytest.raises(BadInstanceId, match="101 characters"):
        DTS.check_entity_id(f"@counter@{'k' * 92}")


def test_a_payload_of_one_mebibyte_passes_and_one_byte_more_does_not() -> None:
    DTS.check_payload("the input", "x" * MIB)
    with pytest.raises(OverLimit, match=r"DH109: the input has 1048577 bytes; .* is 1048576"):
        DTS.check_payload("the input", BIG)


def test_payloads_are_measured_in_utf8() -> None:
    DTS.check_payload("the input", "€" * (MIB // 3))
    with pytest.raises(OverLimit, match="1048578 bytes"):
        DTS.check_payload("the input", "€" * (MIB // 3 + 1))
    with pytest.raises(OverLimit):
        DTS.check_payload("the input", "\ud800" * (MIB // 3 + 1))


@given(st.text(max_size=40), st.integers(min_value=0, max_value=80))
def test_a_payload_passes_if_and_only_if_its_bytes_do(text: str, most: int) -> None:
    limits = Limits(name="small", payload_bytes=most)
    if len(text.encode()) <= most:
        limits.check_payload("it", text)
    else:
        with pytest.raises(OverLimit) as raised:
            limits.check_payload("it", text)
        assert raised.value.size == len(text.encode())


def test_tags_have_at_most_1000_bytes_as_json() -> None:
    DTS.check_tags("it", {"k": "v" * (1000 - len('{"k":""}'))})
    with pytest.raises(OverLimit, match="the tags of it as JSON has 1001 bytes"):
        DTS.check_tags("it", {"k": "v" * (1001 - len('{"k":""}'))})


def test_a_large_payload_token_is_a_short_text() -> None:
    DTS.check_payload("the input", f"blob:v1:durabletask-payloads:{'a' * 32}")


def test_limits_have_names_and_an_unknown_one_is_told_the_known_ones() -> None:
    assert limits_named("dts") is DTS
    assert limits_named("classic") is CLASSIC
    with pytest.raises(BadSetting, match="classic or dts"):
        limits_named("none")
