"""Which rules run."""

from dataclasses import dataclass

import pytest

from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.selection import Selection, misspelt, severity_of


@dataclass(frozen=True)
class ARule:
    code: str = "IDN501"
    profiles: frozenset[str] = frozenset({"strict", "migrate"})
    since: str = "2026-11"


@pytest.mark.parametrize(
    ("selection", "takes"),
    [
        (Selection(), True),
        (Selection(profile="strict"), True),
        (Selection(profile="recommended"), False),
        (Selection(profile="recommended", extend_select=("IDN",)), True),
        (Selection(select=("PAY",)), False),
        (Selection(select=("IDN5",)), True),
        (Selection(select=("idn501",)), True),
        (Selection(select=("ALL",)), True),
        (Selection(select=("ALL",), ignore=("IDN",)), False),
        (Selection(select=("IDN501",), ignore=("IDN",)), True),
        (Selection(select=("IDN",), ignore=("IDN",)), False),
        (Selection(ignore=("ALL",)), False),
        (Selection(ignore=("IDN502",)), True),
        (Selection(until="2026-11"), True),
        (Selection(until="2026-10"), False),
        (Selection(until="2026-10", select=("IDN",)), False),
        (Selection(until="2026-10", select=("IDN501",)), True),
        (Selection(until="2026-10", extend_select=("IDN501",)), True),
    ],
)
def test_the_longer_word_wins_and_ignore_where_both_are_as_long(
    selection: Selection, takes: bool
) -> None:
    assert selection.takes(ARule()) is takes  # type: ignore[arg-type]


def test_the_severity_is_that_of_the_longest_word() -> None:
    changed = {
        "ALL": Severity.INFO,
        "IDN": Severity.WARNING,
        "IDN501": Severity.ERROR,
    }

    assert severity_of("IDN501", changed) is Severity.ERROR
    assert severity_of("IDN502", changed) is Severity.WARNING
    assert severity_of("PAY401", changed) is Severity.INFO
    assert severity_of("PAY401", {}) is None


def test_a_word_that_fits_no_rule_is_told_with_what_may_have_been_meant() -> None:
    assert misspelt(["IDN", "ALL", "idn501"], ["IDN501"]) is None
    assert misspelt(["INN501"], ["IDN501"]) == (
        "no rule's code begins with 'INN501'; did you mean IDN501?"
    )
