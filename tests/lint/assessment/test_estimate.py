"""Load, size and cost are worked out as the page says, and money of the user's prices alone."""

from dataclasses import replace

import pytest

from durahub_migrate.assessment.actions import REQUESTS, Step
from durahub_migrate.assessment.assessment import Estimate, Figure
from durahub_migrate.assessment.estimate import GB, Load, estimate
from durahub_migrate.assessment.prices import Prices
from tests.budget import lines

HOUR = 500_000
PRICES = Prices(
    currency="EUR",
    file="prices.toml",
    million_actions=2.0,
    unit_hour=0.5,
    scheduler_gb_month=0.2,
    ten_thousand_transactions=0.04,
    storage_gb_month=0.05,
)
QUIET = Load(hour=HOUR, oldest=HOUR - 24 * 30)


def figure(found: Estimate, title: str, offer: str = "") -> Figure:
    figures = [*found.load, *found.sizes]
    if offer:
        figures = [f for one in found.offers if offer in one.title for f in one.figures]
    return next(one for one in figures if one.title == title)


def test_the_load_is_that_of_an_average_day_of_the_last_week() -> None:
    steps = {(HOUR, Step.START): 70, (HOUR - 24 * 8, Step.START): 1_000}

    found = estimate(replace(QUIET, steps=steps), None)

    assert figure(found, "Actions a day").value == 10.0


def test_a_hub_that_is_younger_than_a_week_is_averaged_over_its_days() -> None:
    load = Load(hour=HOUR, oldest=HOUR - 47, steps={(HOUR, Step.START): 70})

    assert figure(estimate(load, None), "Actions a day").value == 35.0


def test_the_peak_is_the_busiest_hour_unless_the_user_says_it() -> None:
    steps = {(HOUR - 1, Step.START): 3_600, (HOUR - 1, Step.TIMER): 3_600, (HOUR, Step.START): 9}
    load = replace(QUIET, steps=steps)

    assert figure(estimate(load, None), "Actions a second at the peak").value == 2.0
    said = estimate(replace(load, said=40.0), None)
    assert figure(said, "Actions a second at the peak").value == 40.0


@pytest.mark.parametrize(
    ("said", "target_bytes", "consumption", "units", "dedicated"),
    [
        (1.0, 0, True, 1, True),
        (250.0, 0, True, 1, True),
        (250.1, 0, False, 1, True),
        (1_000.0, 0, False, 1, True),
        (1_000.1, 0, False, 2, True),
        (1.0, 50 * GB, True, 1, True),
        (1.0, 50 * GB + 1, True, 2, True),
        (3_000.1, 0, False, 4, False),
        (1.0, 151 * GB, True, 4, False),
    ],
)
def test_what_fits_the_plans(
    said: float, target_bytes: int, consumption: bool, units: int, dedicated: bool
) -> None:
    found = estimate(replace(QUIET, said=said, target_bytes=target_bytes), None)

    by_consumption, by_dedicated = found.offers[-2:]
    assert by_consumption.fits is consumption
    assert by_dedicated.fits is dedicated
    assert figure(found, "Capacity units", "Dedicated").value == units


def test_whether_it_fits_is_not_known_while_histories_are_unread() -> None:
    some = estimate(replace(QUIET, unread=1), None)
    too_much = estimate(replace(QUIET, unread=1, said=9_000.0), None)

    assert [one.fits for one in some.offers[-2:]] == [None, None]
    assert [one.fits for one in too_much.offers[-2:]] == [False, False]


def test_money_is_amounts_times_prices() -> None:
    steps = {(HOUR, Step.START): 7_000_000, (HOUR, Step.ACTIVITY): 7_000_000}
    load = replace(
        QUIET, steps=steps, row_bytes=3 * GB, blob_bytes=GB, target_bytes=10 * GB, said=1.0
    )

    found = estimate(load, PRICES)

    assert figure(found, "Actions, a month", "Consumption").value == 2_000_000 * 30 / 1e6 * 2.0
    assert figure(found, "Capacity, a month", "Dedicated").value == 1 * 730 * 0.5
    assert figure(found, "Storage, a month", "Dedicated").value == 10 * 0.2
    requests = figure(found, "Storage requests a month", "classic").value
    assert requests == 1_000_000 * (9 + 9) * 30
    assert figure(found, "Requests, a month", "classic").value == requests / 10_000 * 0.04
    assert figure(found, "Storage, a month", "classic").value == 4 * 0.05
    assert figure(found, "Storage requests a month", "durahub").value == 1_000_000 * (5 + 4) * 30


def test_without_prices_there_is_no_money() -> None:
    found = estimate(replace(QUIET, steps={(HOUR, Step.START): 7}), None)

    money = [f for one in found.offers for f in one.figures if f.title.endswith(", a month")]
    assert money
    assert all(one.value is None for one in money)
    assert found.currency is None
    assert any("No prices were given" in one for one in found.assumptions)


def test_a_price_that_was_not_given_leaves_its_amount_open() -> None:
    found = estimate(QUIET, Prices(currency="EUR", file="p.toml", unit_hour=1.0))

    assert figure(found, "Capacity, a month", "Dedicated").value == 730.0
    assert figure(found, "Actions, a month", "Consumption").value is None


def test_growth_is_what_a_day_adds_times_the_retention() -> None:
    load = replace(QUIET, created={HOUR // 24: 7 * GB, HOUR // 24 - 8: 900 * GB})

    assert figure(estimate(load, None), "Stored on the scheduler in the long run").value == 30.0


def requests(line: lines.Line, *less: lines.Line) -> tuple[int, int]:
    """Return what a line of the budget takes more than others together: with .NET, with durahub."""
    assert line.dotnet is not None
    dotnet = line.dotnet - sum(one.dotnet or 0 for one in less)
    return dotnet, line.total - sum(one.total for one in less)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step.START, requests(lines.EMPTY)),
        (Step.ACTIVITY, requests(lines.ONE_ACTIVITY, lines.EMPTY)),
        (Step.EVENT, requests(lines.EVENT, lines.EMPTY)),
        (Step.TIMER, requests(lines.TIMER, lines.EMPTY)),
        (Step.CHILD_RESULT, requests(lines.CHILD, lines.EMPTY, lines.EMPTY)),
        (Step.CALL, requests(lines.ENTITY_CALL, lines.EMPTY)),
        (Step.SIGNAL, requests(lines.SIGNAL)),
    ],
)
def test_requests_of_a_step_are_those_of_the_budget(step: Step, expected: tuple[int, int]) -> None:
    assert (REQUESTS[step].classic, REQUESTS[step].durahub) == expected
