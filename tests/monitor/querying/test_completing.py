"""Completion, chips and queries in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.monitor.querying import complete, conditions, describe, parse
from tests.monitor.querying.generated import NOW

KNOWN = {"name": ("Order", "Out of stock"), "hub": ("orders@x",), "tag": ("region", "a b")}


def completed(text: str) -> list[str]:
    """Complete at the ``|``, and return what the text then would be."""
    at = text.index("¦")
    text = text.replace("¦", "")
    return [text[: one.start] + one.text + text[one.end :] for one in complete(text, at, KNOWN)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("sta¦", "status:"),
        ("-sta¦", "-status:"),
        ("a (cr¦", "a (created>"),
        ("status:fa¦", "status:Failed"),
        ("status:¦", "status:active"),
        ("status:fa¦x b", "status:Failed b"),
        ("status:(Running|fa¦", "status:(Running|Failed"),
        ("status:(Running| ¦", "status:(Running| Failed"),
        ("fail¦", "status:Failed"),
        ("name:ou¦", 'name:"Out of stock"'),
        ('name:"out o¦', 'name:"Out of stock"'),
        ("name:stock¦", 'name:"Out of stock"'),
        ("ord¦", "name:Order"),
        ("ord¦", "hub:orders@x"),
        ("tag.r¦", "tag.region:"),
        ("tag¦", 'tag."a b":'),
        ("created>¦", "created>-24h"),
        ("is:r¦", "is:root"),
        ("parent:n¦", "parent:none"),
        ("a ¦", "a or"),
        ("a o¦ b", "a or b"),
    ],
)
def test_what_may_be_meant_is_offered(typed: str, expected: str) -> None:
    assert expected in completed(typed)


def test_nothing_is_offered_where_nothing_fits() -> None:
    assert completed("name:zzz¦") == completed("zzz¦") == completed("nmae:O¦") == []


@given(st.text('nameid:~(|)"\\*- o', max_size=12), st.integers(-1, 14))
def test_completion_takes_any_text_and_any_place(text: str, at: int) -> None:
    for one in complete(text, at, KNOWN):
        assert 0 <= one.start <= one.end <= len(text)


def test_chips_are_the_conditions_with_their_places() -> None:
    text = "status:Running -name:a  (b or tag.x:1)"
    found = conditions(text)

    assert [(one.text, one.field, one.alone) for one in found] == [
        ("status:Running", "status", True),
        ("-name:a", "name", True),
        ("b", "text", False),
        ("tag.x:1", "tag.x", False),
    ]
    assert all(text[one.start : one.end] == one.text for one in found)


def test_no_chip_is_alone_that_an_and_or_an_or_binds() -> None:
    assert not any(one.alone for one in conditions("a or b c"))
    assert not any(one.alone for one in conditions("a and b"))


def test_a_chip_that_is_alone_can_be_cut_out() -> None:
    text = 'a -name:"x y" not is:ended b'
    for chip in conditions(text):
        assert chip.alone
        parse(text[: chip.start] + text[chip.end :], NOW)


def test_the_chips_before_a_mistake_are_there() -> None:
    assert [one.text for one in conditions("name:a nmae:b")] == ["name:a"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "all instances"),
        ("status:(Failed|Running) age>1h", "status is Failed or Running, and age is more than 1h"),
        ("name:a* or -custom~x", "name is like a*, or not custom status contains x"),
        ("created:today (a or b)", "creation in today, and (ID, name or texts contain “a”, or"
         " ID, name or texts contain “b”)"),
        ("parent:none is:root tag.x:1", "it has no parent, and it is root, and tag x is 1"),
        ("updated>=2026-11-01", "last change from 2026-11-01"),
    ],
)  # fmt: skip
def test_a_query_can_be_said_in_words(text: str, words: str) -> None:
    assert describe(parse(text, NOW)) == words
