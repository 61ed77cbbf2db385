"""Reading and writing queries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadQuery
from durahub_migrate.monitor.query import AllOf, Condition, Node, Not, OneOf, Relation
from durahub_migrate.monitor.querying import parse, write
from tests.monitor.querying.generated import NOW, nodes


def read(text: str) -> Node:
    return parse(text, NOW).node


@given(nodes)
def test_what_is_written_reads_as_the_same(node: Node) -> None:
    assert read(write(node)) == node


@given(st.text('aid:~<>=()|"\\*- \tornt.1/tag', max_size=30))
def test_any_text_is_a_query_or_an_error_that_says_where(text: str) -> None:
    try:
        found: Node | int = read(text)
    except BadQuery as error:
        found = error.position

    if isinstance(found, int):
        assert 0 <= found <= len(text)
    else:
        assert read(write(found)) == found


def test_nothing_finds_all() -> None:
    assert read("") == read("  ") == AllOf()


def test_conditions_side_by_side_all_hold_and_or_binds_loosest() -> None:
    a, b, c = (read(word) for word in "abc")

    assert read("a b or c") == OneOf((AllOf((a, b)), c))
    assert read("a and b") == AllOf((a, b))
    assert read("a (b or c)") == AllOf((a, OneOf((b, c))))
    assert read("((a)) (b c)") == AllOf((a, b, c))


def test_a_minus_or_not_turns_a_condition_or_a_bracket_around() -> None:
    a, b = read("a"), read("b")

    assert read("-a not b") == AllOf((Not(a), Not(b)))
    assert read("-(a or b)") == Not(OneOf((a, b)))
    assert read("NOT(a b)") == Not(AllOf((a, b)))
    assert read("a-b") == Condition("text", Relation.CONTAINS, ("a-b",), ("a-b",))


def test_a_value_of_several_is_one_condition() -> None:
    assert read("status:( failed | Terminated )") == Condition(
        "status", Relation.EQUALS, ("failed", "Terminated"), ("Failed", "Terminated")
    )


def test_a_quoted_value_may_hold_what_divides_conditions() -> None:
    assert read(r'name:"a b|c (d) \"e\" \\ f\*g*"') == Condition(
        "name",
        Relation.EQUALS,
        (r'a b|c (d) "e" \\ f\*g*',),
        (r'a b|c (d) "e" \\ f\*g*',),
    )


def test_a_backslash_before_another_character_stands_for_itself() -> None:
    assert read(r"custom:C:\new") == read(r"custom:C:\\new") == read(r'custom:"C:\\new"')


def test_the_name_of_a_tag_may_stand_in_quotes() -> None:
    assert read('tag."a b\\"":x').field == 'tag.a b"'  # type: ignore[union-attr]
    assert read("Tag.Region:x").field == "tag.Region"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("a nmae:x", 2, "there is no field 'nmae'; did you mean 'name'?"),
        ("urn:x", 0, "stands in quotes"),
        ("reg.x:y", 0, "there is no field 'reg.x'"),
        ("status:Runing", 7, "did you mean 'Running'?"),
        ("name=x", 4, "name is compared by one of : ~"),
        ("status<x", 6, "status is compared by one of :"),
        ("age:1h", 3, "age is compared by one of < <= > >="),
        ("age>1y", 4, "age needs a length of time"),
        ("created>tomorrow", 8, "created needs a time such as"),
        ("created:2026-02-30", 8, "created needs a date that there is"),
        ("created:-24h", 8, "created>-24h is what came after it"),
        ("partition:-1", 10, "partition needs a whole number"),
        ("size>1XB", 5, "size needs a size such as"),
        ("id:", 3, "a value of id is missing here"),
        ("id: x", 3, "a value of id is missing here"),
        ('id:"a', 3, "these quotes are not closed"),
        ('"a', 0, "these quotes are not closed"),
        ('""', 0, "there is nothing to look for"),
        ("*", 0, "there is nothing to look for"),
        ("status:(Failed", 7, "the values in brackets are divided by |"),
        ("status:(Failed Running)", 15, "the values in brackets are divided by |"),
        ("(a b", 0, "this bracket is not closed"),
        ("a)", 1, "there is no bracket that this one closes"),
        ("a or", 4, "a condition such as status:Running is missing here"),
        ("or a", 0, "a condition such as status:Running is missing here"),
        ("a | b", 2, "between conditions write or"),
        ("name:a(b)", 6, "a blank is missing here, or quotes"),
        ('a"b"', 1, "a blank is missing here, or quotes"),
        ("-", 1, "a condition such as status:Running is missing here"),
        ("(" * 100, 41, "more than 40 brackets"),
        ("a " * 4001, 8000, "longer than 8000 characters"),
        ("a " * 501, 1000, "more than 500 values"),
    ],
)
def test_an_error_says_where_and_what_was_expected(text: str, position: int, problem: str) -> None:
    with pytest.raises(BadQuery) as caught:
        read(text)

    assert caught.value.position == position
    assert problem in caught.value.problem
