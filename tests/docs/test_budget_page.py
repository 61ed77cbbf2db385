"""The page of the budget shows what the tests of the budget assert."""

from pathlib import Path

from tests.budget.lines import FIVE_ACTIVITIES, LINES, table

PAGE = Path(__file__).parents[2] / "docs" / "budget.md"


def test_the_page_shows_the_lines_of_the_budget() -> None:
    assert table() in PAGE.read_text()


def test_five_activities_cost_no_more_than_promised_and_nothing_costs_more_than_with_dotnet() -> (
    None
):
    assert FIVE_ACTIVITIES.total <= 25  # four store results before what follows from them is sent
    assert all(line.total < line.dotnet for line in LINES if line.dotnet is not None)
