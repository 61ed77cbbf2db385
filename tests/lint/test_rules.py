"""Every rule fires on its bad examples, not on its good ones, and has a page."""

from typing import Any

import pytest

from durahub_migrate.lint.judging import judge_example
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules import RULES

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


@each_rule
def test_a_rule_fires_on_each_of_its_bad_examples(rule: Rule[Any]) -> None:
    assert rule.bad
    for example in rule.bad:
        assert judge_example(rule, example), example.text


@each_rule
def test_a_rule_is_silent_on_each_of_its_good_examples(rule: Rule[Any]) -> None:
    assert rule.good
    for example in rule.good:
        assert judge_example(rule, example) == [], example.text


@each_rule
def test_a_rules_page_says_why_it_matters_and_what_to_do(rule: Rule[Any]) -> None:
    assert "Why it matters:" in rule.page
    assert "What to do:" in rule.page
    assert rule.source
    assert not rule.message.endswith(".")


def test_rules_have_codes_of_their_own() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
