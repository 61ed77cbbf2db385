"""The page of the assessment shows the decision table, each figure, each price and the rule for sizes."""

from pathlib import Path

import pytest

from durahub_migrate.assessment.decision_table import STRATEGIES
from durahub_migrate.assessment.estimate import Load, estimate
from durahub_migrate.assessment.prices import read_prices
from durahub_migrate.assessment.readiness import CHANGES_SUFFICE
from durahub_migrate.assessment.works import SIZE_RULE
from tests.lint.assessment.decision_page import table

PAGE = (Path(__file__).parents[2] / "docs" / "assessment.md").read_text("utf-8")


def test_the_page_shows_the_decision_table() -> None:
    assert table() in PAGE, "run: python -m tests.lint.assessment.decision_page"


@pytest.mark.parametrize("code", STRATEGIES)
def test_the_page_explains_each_strategy(code: str) -> None:
    title, means = STRATEGIES[code]

    assert f"| {code} | {title} | {means} |" in PAGE


def test_the_page_explains_each_figure() -> None:
    found = estimate(Load(hour=0, oldest=None), None)
    figures = [*found.load, *found.sizes, *(f for one in found.offers for f in one.figures)]

    assert [one.title for one in figures if f"| {one.title} |" not in PAGE] == []


def test_the_page_states_the_rule_for_sizes() -> None:
    assert [line for line in SIZE_RULE if f"- {line}\n" not in PAGE] == []


def test_the_page_names_the_errors_that_a_change_takes_away() -> None:
    assert [code for code in sorted(CHANGES_SUFFICE) if code not in PAGE] == []


def test_the_prices_on_the_page_can_be_read() -> None:
    text = PAGE.partition("```toml\n")[2].partition("```")[0]

    prices = read_prices(text, "the page")

    assert None not in (prices.million_actions, prices.unit_hour, prices.scheduler_gb_month)
    assert None not in (prices.ten_thousand_transactions, prices.storage_gb_month)
