"""What CI systems read: JUnit, GitHub, GitLab, Azure Pipelines; and tables."""

import csv
import io
import json
from xml.etree import ElementTree as ET

from junitparser import JUnitXml

from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.reporting.ci_logs import MOST_ANNOTATIONS, azure, github
from durahub_migrate.lint.reporting.gitlab import gitlab
from durahub_migrate.lint.reporting.junit import junit
from durahub_migrate.lint.reporting.showing import Showing
from durahub_migrate.lint.reporting.tables import csv_table, markdown
from tests.lint.reporting.runs import FEW, IN_FILE, SECRET, in_hub, results


def test_junit_has_a_test_for_each_rule_and_one_for_what_was_not_read() -> None:
    document = JUnitXml.fromstring("".join(junit(results(*FEW, complete=False))))
    (suite,) = document
    outcomes = {case.name.split()[0]: [type(r).__name__ for r in case.result] for case in suite}

    assert outcomes == {
        "CFG104": [],  # a warning, where errors fail
        "IDN501": ["Failure"],
        "QUE601": ["Skipped"],
        "not": ["Error"],
    }
    assert (suite.tests, suite.failures, suite.skipped, suite.errors) == (4, 1, 1, 1)


def test_junit_has_the_order_the_attributes_and_the_numbers_that_its_schema_wants() -> None:
    root = ET.fromstring("".join(junit(results(*FEW, complete=False, examples=-1))))
    (suite,) = root
    cases = suite.findall("testcase")

    assert root.tag == "testsuites"
    assert [child.tag for child in suite] == ["properties", *["testcase"] * len(cases)]
    assert int(suite.get("tests", "")) == len(cases)
    for case in cases:
        assert case.get("name")
        assert case.get("classname", "").startswith("durahub.lint")
        assert {child.tag for child in case} <= {"failure", "error", "skipped", "system-out"}
        assert all(child.get("message") for child in case if child.tag != "system-out")


def test_in_junit_a_warning_fails_if_warnings_are_to_fail() -> None:
    (suite,) = JUnitXml.fromstring("".join(junit(results(*FEW, fail_on="warning"))))

    assert suite.failures == 2


def test_an_annotation_escapes_what_its_syntax_needs() -> None:
    (line,) = [line for line in github(results(IN_FILE)) if "CFG104" in line]

    assert line.startswith(
        "::warning file=my app/host.json,line=4,endLine=4,col=7,endColumn=25,"
        "title=CFG104 setting has no effect%2C there::"
    )
    assert "counts 100 %25, but; not: here]\\nand there" in line
    assert "\n" not in line


def test_findings_beyond_what_github_shows_are_plain_lines() -> None:
    many = [in_hub(f"x{number:02}") for number in range(MOST_ANNOTATIONS + 3)]

    lines = list(github(results(*many, examples=-1)))

    assert sum(line.startswith("::error ") for line in lines) == MOST_ANNOTATIONS
    assert sum(line.startswith("error: ") for line in lines) == 3


def test_info_is_a_notice_for_github_and_a_plain_line_for_azure() -> None:
    made = results(in_hub("a", severity=Severity.INFO))

    assert any(line.startswith("::notice ") for line in github(made))
    assert not any("##vso" in line and "IDN501" in line for line in azure(made))


def test_a_logging_command_escapes_what_its_syntax_needs() -> None:
    (line,) = [line for line in azure(results(IN_FILE)) if "CFG104" in line]

    assert line.startswith(
        "##vso[task.logissue type=warning;sourcepath=my app/host.json;linenumber=4;"
        "columnnumber=7;code=CFG104;]CFG104 setting"
    )
    assert "100 %AZP25" in line


def test_gitlab_gets_unique_fingerprints_paths_and_lines() -> None:
    entries = json.loads("".join(gitlab(results(IN_FILE, *FEW, examples=-1))))

    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == 5
    assert {entry["severity"] for entry in entries} == {"critical", "minor"}
    assert entries[-1]["location"] == {"path": "my app/host.json", "lines": {"begin": 4}}
    assert entries[0]["location"]["path"] == "durahub.toml"


def test_a_cell_is_no_formula_in_a_spreadsheet() -> None:
    rows = list(csv.DictReader(io.StringIO("".join(csv_table(results(*FEW, examples=-1))))))

    assert [row["code"] for row in rows] == ["IDN501"] * 3 + ["CFG104"]
    assert f"'@{SECRET}-2" in [row["key"] for row in rows]
    assert {row["of"] for row in rows} == {"3", "1"}


def test_markdown_has_a_row_for_each_group_and_escapes_values() -> None:
    text = "\n".join(markdown(results(*FEW, complete=False, examples=-1)))

    assert "| 🔴 error | **IDN501** instance ID is too long" in text
    assert "\\[31m" in text
    assert "**Not read:**" in text


def test_no_format_shows_an_instance_id_or_a_value_that_is_redacted() -> None:
    made = results(*FEW, complete=False, showing=Showing(redact=True), examples=-1)

    for form in (junit, github, azure, gitlab, csv_table, markdown):
        text = "".join(form(made))
        assert SECRET not in text, form
        assert '"partitionCount": 4' not in text, form


def test_nothing_can_steer_a_terminal() -> None:
    made = results(*FEW, examples=-1)

    for form in (junit, github, azure, gitlab, markdown):
        assert "\x1b" not in "".join(form(made)), form
