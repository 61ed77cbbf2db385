"""JSON: it fits the schema that is published."""

import json
from dataclasses import asdict, replace
from typing import Any

import jsonschema
import pytest

from durahub_migrate.lint.reporting import json_form
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.work import ReadCounts
from tests.lint.reporting.runs import FEW, IN_FILE, in_hub, results

SCHEMA = json.loads(json_form.schema())


def document(made: Results) -> Any:
    return json.loads("".join(json_form.document(made)))


def closed(schema: Any) -> Any:
    """Return *schema* without room for keys that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {"additionalProperties": False} if "properties" in schema else {}
    return {name: closed(one) for name, one in schema.items()} | shut


@pytest.mark.parametrize(
    "made",
    [
        results(),
        results(rules=RULES),
        results(*FEW, complete=False),
        results(in_hub("x", suppressed="known"), show_suppressed=True, settings_file=None),
    ],
    ids=["clean", "every rule", "findings", "suppressed"],
)
def test_a_document_has_the_keys_of_the_schema_and_no_other(made: Results) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(closed(SCHEMA))

    assert [error.message for error in validator.iter_errors(document(made))] == []


def test_groups_count_what_findings_give_examples_of() -> None:
    found = document(results(*FEW))

    assert [(group["code"], group["count"]) for group in found["groups"]] == [
        ("IDN501", 3),
        ("CFG104", 1),
    ]
    assert [finding["code"] for finding in found["findings"]] == ["IDN501", "IDN501", "CFG104"]
    assert found["findings"][-1]["place"]["line"] == 4
    assert found["findings"][-1]["fingerprint"] == IN_FILE.fingerprint


def test_each_line_of_jsonl_is_an_object_with_its_type_and_the_run_comes_last() -> None:
    lines = [json.loads(line) for line in json_form.lines(results(*FEW, complete=False))]

    assert [line["type"] for line in lines] == [
        *["finding"] * 3,
        *["group"] * 2,
        "unread",
        "notEvaluated",
        "run",
    ]


def test_statistics_are_the_document_without_findings() -> None:
    found = json.loads("".join(json_form.statistics(results(*FEW))))

    assert found["findings"] == []
    assert found["summary"]["error"] == 3


def test_what_was_read_of_each_source_is_counted() -> None:
    counts = ReadCounts(facts=9, instances=4, histories=3, events=20, rows=24, requests=5)
    made = results()
    outcome = replace(made.outcome, read={"azurite:orders": counts, "app": ReadCounts(facts=2)})

    found = document(replace(made, outcome=outcome, files={"app": 3}))

    assert found["read"] == [
        {"source": "azurite:orders", **asdict(counts)},
        {"source": "app", "files": 3},
    ]
    assert list(jsonschema.Draft202012Validator(closed(SCHEMA)).iter_errors(found)) == []
