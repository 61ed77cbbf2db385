"""The page about the query language is about the language that there is."""

import re
from pathlib import Path

import pytest

from durahub.model.ticks import parse as ticks
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.querying.fields import FIELDS, TAG, Values, field_of

PAGE = (Path(__file__).parents[2] / "docs" / "query.md").read_text("utf-8")
NOW = ticks("2026-11-22T12:00:00Z")
LINES = re.findall(r"^\| `([a-zA-Z.]+)` \| (.*) \| ((?:`[:~<>=]+` ?)+)\| `(.*)` \|$", PAGE, re.M)


def test_every_field_is_in_the_page_and_every_field_of_the_page_is_there() -> None:
    assert [line[0] for line in LINES] == [
        name for one in FIELDS for name in ([f"{TAG}NAME", one] if one == "parent" else [one])
    ]


@pytest.mark.parametrize(("name", "about", "relations", "example"), LINES)
def test_a_field_has_the_forms_and_words_that_the_page_gives_it(
    name: str, about: str, relations: str, example: str
) -> None:
    field = field_of(name)
    assert field is not None

    assert relations.replace("`", "").split() == [one.value for one in field.relations]
    if field.values is Values.WORD:
        assert all(word in about for word in field.words.values())
    assert example.startswith(name.removesuffix("NAME"))
    parse(example.replace("\\|", "|"), NOW)


def test_the_examples_in_short_can_be_read() -> None:
    examples = re.findall(r"^\| `([^`]*)` \| [^|]+ \|$", PAGE, re.M)

    assert len(examples) > 5
    for example in examples:
        parse(example.replace("\\|", "|"), NOW)
