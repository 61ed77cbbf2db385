"""Every rule of the doctor is documented, as it stands in the code."""

from pathlib import Path

import pytest

from durahub.classic.doctor.findings import Rule
from durahub.classic.doctor.rules import RULES

PAGE = " ".join((Path(__file__).parents[2] / "docs/doctor.md").read_text().split())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_stands_on_the_doctors_page(rule: Rule) -> None:
    assert f"`{rule.name}` ({rule.severity.value})" in PAGE
    assert rule.means in PAGE
    assert rule.remedy in PAGE


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
