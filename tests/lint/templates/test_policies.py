"""Retention policies wherever they are written, and comments that silence rules."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.facts.files import FileProblem
from durahub_migrate.lint.facts.policies import STATES, Origin, PolicyFacts
from durahub_migrate.lint.facts.templates import InlineIgnore
from durahub_migrate.lint.files.templates import facts_of_file, is_template
from tests.lint.templates.reading import facts_of, policy

ENTRIES = [
    {"retentionPeriodInDays": 30},
    {"retentionPeriodInDays": 90, "orchestrationState": "Failed"},
]
SHOWN = {  # as "az durabletask retention-policy show" prints it
    "id": "/subscriptions/1/resourceGroups/g/providers/Microsoft.DurableTask/schedulers/s/…",
    "name": "default",
    "properties": {"provisioningState": "Succeeded", "retentionPolicies": ENTRIES},
    "resourceGroup": "g",
    "type": "microsoft.durabletask/schedulers/retentionpolicies",
}


@pytest.mark.parametrize(
    "content",
    [
        ENTRIES,
        {"retentionPolicies": ENTRIES},
        {"properties": {"retentionPolicies": ENTRIES}},
        SHOWN,
    ],
)
def test_a_policy_in_json_is_taken_in_every_shape(content: object) -> None:
    found = policy(json.dumps(content), "retention.json")
    assert found.origin is Origin.JSON
    assert [(one.state, one.days) for one in found.entries] == [(None, 30.0), ("Failed", 90.0)]


def test_other_json_is_no_policy() -> None:
    for content in ({"a": 1}, [1, 2], [], {"properties": {}}, {"resources": []}):
        assert facts_of(PolicyFacts, json.dumps(content), "other.json") == []


def test_a_state_without_an_entry_is_kept_as_the_default_says() -> None:
    found = policy(json.dumps(ENTRIES), "retention.json")
    assert {state: found.days_of(state) for state in STATES} == {
        "Completed": 30.0,
        "Failed": 90.0,
        "Terminated": 30.0,
        "Canceled": 30.0,
    }


def test_the_settings_file_has_a_policy_for_all_hubs_and_for_each() -> None:
    text = '[defaults.retention]\nall = "30d"\nfailed = "never"\n[hubs.orders.retention]\nall = "12h"\n'
    whole, orders = facts_of(PolicyFacts, text, "conf/durahub.toml")
    assert (whole.hub, orders.hub) == (None, "orders")
    assert (whole.days_of("Failed"), orders.days_of("Failed")) == (math.inf, 0.5)
    assert orders.entries[0].node.span.line == 5


def test_a_settings_file_that_is_no_toml_is_told_with_its_place() -> None:
    (problem,) = facts_of(FileProblem, "[defaults.retention\nall = 3\n", "durahub.toml")
    assert problem.place.span is not None


def test_files_of_interest_are_told_by_their_names_and_beginnings() -> None:
    assert is_template("a/main.bicep", "")
    assert is_template("a\\DURAHUB.toml", "")
    assert is_template("x.json", '{"$schema": "https://x/deploymentTemplate.json#"')
    assert is_template("x.json", '[{"retentionPeriodInDays": 3')
    assert is_template("infra/main.dev.parameters.json", '{"parameters": {"days"')
    assert not is_template("host.json", '{"version": "2.0"}')
    assert not is_template("pyproject.toml", "retentionPolicies")


def ignores(text: str, path: str = "main.bicep") -> list[tuple[int, tuple[str, ...], str | None]]:
    return [(one.line, one.codes, one.reason) for one in facts_of(InlineIgnore, text, path)]


def test_a_comment_behind_code_silences_its_own_line() -> None:
    text = "param a string // durahub-lint: ignore ARM903 -- while we test\n"
    assert ignores(text) == [(1, ("ARM903",), "while we test")]


def test_a_comment_by_itself_silences_the_next_line_that_holds_more() -> None:
    text = "  // durahub-lint: ignore arm903, RET806 -- why not\n// more\n\nparam a string\n"
    assert ignores(text) == [(4, ("ARM903", "RET806"), "why not")]


def test_a_reason_that_is_missing_is_told_as_missing() -> None:
    assert ignores("/* durahub-lint: ignore RET */\nparam a string") == [(2, ("RET",), None)]


def test_toml_has_its_own_comments() -> None:
    text = (
        "[defaults.retention]\nall = 0 # durahub-lint: ignore RET807 -- results are never read\r\n"
    )
    assert ignores(text, "durahub.toml") == [(2, ("RET807",), "results are never read")]


@given(st.text(alphabet='[]{}="#.\nabcall0d ', max_size=80))
def test_nothing_is_raised_whatever_a_settings_file_holds(text: str) -> None:
    list(facts_of_file("durahub.toml", "[defaults.retention]\n" + text, {}))
