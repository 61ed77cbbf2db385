"""JUnit XML: a test for each rule. Findings at or above ``--fail-on`` fail it; not evaluated is skipped."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.reporting.results import Group, Results
from durahub_migrate.lint.reporting.sentences import (
    counted,
    finding_message,
    printable,
    source_of,
    unread,
)
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rule_page import page_of_rule

MOST_LINES = 1000
"""Findings that are told of a rule in a source: a test's text is shown, and kept in memory, as a whole."""


def junit(results: Results) -> Iterator[str]:
    """Yield the document."""
    suite = TestSuite("durahub lint")
    suite.add_property("version", results.version)
    for source in results.sources:
        suite.add_property("source", printable(source))
    groups: dict[str, list[Group]] = defaultdict(list)
    for group in results.groups():
        groups[group.rule.code].append(group)
    for rule in results.evaluated:
        suite.add_testcase(_case(rule, groups[rule.code], results))
    for rule in results.not_evaluated:
        if rule.code in results.outcome.judged:
            continue  # in another source; what was not read is told as an error
        case = _test(rule)
        needs = sorted(need.value for need in results.lacks(rule))
        case.result = [Skipped(f"not evaluated: needs {', '.join(needs)}")]
        suite.add_testcase(case)
    for sentence in unread(results):
        case = TestCase("not read", "durahub.lint")
        case.result = [Error(printable(sentence), "unread")]
        suite.add_testcase(case)
    document = JUnitXml("durahub lint")
    document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]
    yield text.decode("utf-8") + "\n"


def _test(rule: Rule[Any]) -> TestCase:
    return TestCase(f"{rule.code} {printable(rule.message)}", f"durahub.lint.{rule.code[:3]}")


def _case(rule: Rule[Any], groups: list[Group], results: Results) -> TestCase:
    case = _test(rule)
    if not groups:
        return case
    text = "\n".join(line for group in groups for line in _lines(group, results))
    text += f"\n\nWhat to do: {page_of_rule(rule).what_to_do}"
    failing = [group for group in groups if _fails(group.severity, results.fail_on)]
    if failing:
        count = sum(group.count for group in failing)
        worst = min((group.severity for group in failing), key=lambda one: one.rank)
        failure = Failure(f"{rule.message}: {counted(count, 'finding')}", worst.value)
        failure.text = text
        case.result = [failure]
    else:
        case.system_out = text
    return case


def _fails(severity: Severity, fail_on: str) -> bool:
    return fail_on != "never" and severity.rank <= Severity(fail_on).rank


def _lines(group: Group, results: Results) -> Iterator[str]:
    shown = 0
    for told in islice(results.findings(group), MOST_LINES):
        shown += 1
        place = printable(str(told.finding.place))
        yield f"{place}: {told.finding.severity.value} {finding_message(told.finding)}"
    if shown < group.count:
        yield f"{source_of(group)}: and {group.count - shown:,} more"
