"""The pages of rules, and of codes that have none."""

from pathlib import Path
from typing import Any

import pytest

from durahub_migrate.lint.pages import files, page_of, write
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.unimplemented import UNIMPLEMENTED


def test_a_page_has_what_a_reader_needs() -> None:
    page = page_of("idn501")

    assert page is not None
    for piece in (
        "# IDN501: ",
        "| severity | error |",
        "| confidence | high |",
        "| needs | a hub's instances |",
        "## Why it matters\n\nAzure Storage",
        "## What to do\n\nLet these",
        "Found:\n\n- An ID of 101",
        "Not found:\n\n- An ID of 100",
        "## Source\n\nDurable Task documentation",
    ):
        assert piece in page


def test_a_code_without_rule_says_why_it_is_not_there() -> None:
    assert "PLN004: not implemented" in (page_of("PLN004") or "")
    assert page_of("IDN599") is None


def test_the_list_has_a_line_for_each_rule() -> None:
    assert [line[:6] for line in (page_of(None) or "").splitlines()] == sorted(
        rule.code for rule in RULES
    )


def test_every_rule_is_in_the_index_and_has_a_file() -> None:
    pages = files()

    for rule in RULES:
        assert f"[{rule.code}]({rule.code}.md)" in pages["README.md"]
        assert f"{rule.code}.md" in pages
    for code in UNIMPLEMENTED:
        assert f"| {code} |" in pages["not-implemented.md"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_no_markup_of_docstrings_is_left_on_a_page(rule: Rule[Any]) -> None:
    assert "``" not in (page_of(rule.code) or "").replace("```", "")


CATALOGUE = {
    "CFG": range(101, 123),
    "HUB": range(201, 217),
    "RPL": range(301, 315),
    "PAY": range(401, 412),
    "IDN": range(501, 513),
    "QUE": range(601, 611),
    "ENT": range(701, 708),
    "RET": range(801, 816),
    "ARM": range(901, 915),
    "PLN": range(1, 11),
}


def test_every_code_of_the_catalogue_is_built_or_has_a_reason() -> None:
    known = {*UNIMPLEMENTED, *(rule.code for rule in RULES)}
    planned = {f"{family}{n:03}" for family, numbers in CATALOGUE.items() for n in numbers}

    assert len(planned) == 131
    assert planned - known == set()


def test_a_code_is_built_or_has_a_reason_not_both() -> None:
    assert UNIMPLEMENTED.keys().isdisjoint(rule.code for rule in RULES)


def test_pages_of_rules_that_are_gone_are_taken_away(tmp_path: Path) -> None:
    (tmp_path / "OLD001.md").write_text("gone")

    write(tmp_path)

    assert {file.name for file in tmp_path.iterdir()} == set(files())
