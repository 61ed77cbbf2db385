"""The page about moving hubs has every code of a loss, with its sentence, and every strategy."""

from pathlib import Path

import pytest

from durahub_migrate.cli.plan import plan
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.planning.losses import LOSSES, WEIGHTY

PAGE = (Path(__file__).parents[2] / "docs" / "moving.md").read_text("utf-8")


@pytest.mark.parametrize("code", LOSSES)
def test_the_page_has_the_sentence_of_a_loss(code: str) -> None:
    assert f"| `{code}` | {'yes' if code in WEIGHTY else ''} | {LOSSES[code]} |" in PAGE


def test_losses_that_matter_are_losses() -> None:
    assert LOSSES.keys() >= WEIGHTY


@pytest.mark.parametrize("strategy", Strategy, ids=lambda one: str(one.value))
def test_the_page_says_when_a_strategy_is_chosen(strategy: Strategy) -> None:
    assert f"\n| {strategy.value} | " in PAGE


@pytest.mark.parametrize("option", [one.opts[0] for one in plan.params if one.opts[0][0] == "-"])
def test_the_page_has_every_option_of_plan(option: str) -> None:
    assert f"`{option}" in PAGE
