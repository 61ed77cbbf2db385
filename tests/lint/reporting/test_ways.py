"""What is said of rules that were not evaluated: how to give them what they look at."""

from dataclasses import replace

from durahub.errors import StorageDenied
from durahub_migrate.lint.facts.need import TOLD_BY, Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.reporting.evidence import ways
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.rules import RULES
from tests.lint.reporting.runs import an_id, results


def lacking(*needs: Need) -> list[str]:
    """Return what is said where one rule lacks each of *needs*."""
    return list(ways(_results(needs)))


def _results(needs: tuple[Need, ...]) -> Results:
    rules = RULES[: len(needs)]
    missing = {rule.code: frozenset({need}) for rule, need in zip(rules, needs, strict=True)}
    made = results(rules=rules)
    return replace(made, outcome=replace(made.outcome, missing=missing))


def test_without_a_hub_whatever_looks_at_one_is_said_together_with_the_command() -> None:
    said = lacking(Need.INSTANCES, Need.BLOBS, Need.STORAGE)

    assert len(said) == 1
    assert said[0].startswith("3 look at a hub: durahub lint 'my app' azurite:orders azurite:HUB ")


def test_what_a_hub_of_another_kind_never_has_is_said_apart() -> None:
    assert lacking(Need.LEASES) == [
        "1 looks at what only a hub in Azure Storage has, or was left out of a sample"
    ]


def test_what_is_to_be_planned_is_said_with_the_options_that_tell_it() -> None:
    assert lacking(Need.STRATEGY, Need.TARGET_NAMES) == [
        "2 wait for what you plan: --strategy, target.names"
    ]


def test_what_was_refused_is_no_lack_of_the_source() -> None:
    made = _results((Need.INSTANCES,))
    unread = Unread(Need.INSTANCES, an_id("x"), StorageDenied("table", "no role"))
    refused = {RULES[0].code: (unread,)}
    made = replace(made, outcome=replace(made.outcome, not_evaluated=refused, missing={}))

    assert list(ways(made)) == ["1 could not be, for something was not read: it is named above"]


def test_there_is_a_way_for_every_need() -> None:
    for need in Need:
        assert lacking(need), need
        (said,) = lacking(need)
        assert not said.endswith(": "), need
    assert not [
        way for way in TOLD_BY.values() if not way.startswith(("--target", "--", "target."))
    ]
