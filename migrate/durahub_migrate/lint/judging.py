"""Leads rules over facts in memory: for examples, tests and what is known to be small."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from durahub_migrate.lint.facts.hubs import HubFacts
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.rule import Example, JoiningRule, Observation, Rule, SummingRule
from durahub_migrate.lint.target import Given


def judge(rules: Iterable[Rule[Any]], facts: Iterable[Any], given: Given) -> Iterator[Finding]:
    """Yield what *rules* find in *facts*; a hub's own facts come before those of what is in it."""
    notes: dict[Rule[Any], dict[str, list[Observation]]] = defaultdict(lambda: defaultdict(list))
    sums: dict[Rule[Any], Counter[str]] = defaultdict(Counter)
    rules = tuple(rules)
    for fact in facts:
        if isinstance(fact, HubFacts):
            given = replace(given, hub=fact)
        for rule in rules:
            if not isinstance(fact, rule.about):
                continue
            yield from rule.check(fact, given)
            if isinstance(rule, JoiningRule):
                for one in rule.observe(fact, given):
                    notes[rule][one.group].append(one)
            if isinstance(rule, SummingRule) and given.hub is not None:
                for name, amount in rule.amounts(fact, given):
                    sums[rule][name] += amount
    for rule, groups in notes.items():
        assert isinstance(rule, JoiningRule)  # noqa: S101 (for the types)
        for group, seen in sorted(groups.items()):
            yield from rule.conclude(group, sorted(seen, key=_value), given)
    for rule, found in sums.items():
        assert isinstance(rule, SummingRule)  # noqa: S101 (for the types)
        yield from rule.total(sorted(found.items()), given)


def judge_example(rule: Rule[Any], example: Example) -> list[Finding]:
    """Return what *rule* finds in one of its examples."""
    return list(judge([rule], example.facts, example.given))


def _value(one: Observation) -> str:
    return one.value
