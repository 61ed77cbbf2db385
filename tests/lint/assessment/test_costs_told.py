"""The first page says what a move and the scheduler cost, of the user's prices alone."""

from dataclasses import replace

from durahub_migrate.assessment.answering import BY_DURAHUB
from durahub_migrate.assessment.prices import Prices
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.target import Given, Target
from tests.golden.recorded import RecordedHub
from tests.lint.assessment.recorded_hubs import assessed, facts_of

WAITING = RecordedHub("waiting")
GIVEN = Given(now=EXAMPLE_TIME)


async def test_without_prices_actions_are_told_and_that_money_is_not_known() -> None:
    answer = (await assessed(await facts_of(WAITING), given=GIVEN)).answer

    assert any("actions of the scheduler" in one for one in answer.costs)
    assert "Consumption: fits." in answer.costs
    assert answer.costs[-1] == "In money: not known, for no prices were given (--prices FILE)."


async def test_with_prices_the_month_is_told_and_what_has_none_is_said() -> None:
    prices = Prices(currency="EUR", file="prices.toml", unit_hour=0.5)

    answer = (await assessed(await facts_of(WAITING), given=GIVEN, prices=prices)).answer

    assert "Dedicated: fits, 365.00 EUR a month." in answer.costs
    assert "Consumption: fits, its price was not given." in answer.costs


async def test_a_way_that_moves_something_is_one_that_durahub_goes() -> None:
    drained = replace(GIVEN, target=Target(strategy="c"))

    assert BY_DURAHUB in (await assessed(await facts_of(WAITING), given=GIVEN)).answer.how
    assert BY_DURAHUB not in (await assessed(await facts_of(WAITING), given=drained)).answer.how
