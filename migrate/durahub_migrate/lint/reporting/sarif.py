"""SARIF 2.1.0, as code scanning takes it.

What is in a hub has a logical location (hub, instance, queue) and a physical one, for GitHub needs one: the
settings file. GitHub takes 25,000 results of a run and shows 5,000, so those of a hub are one result for each
rule unless every one was asked for. Sources: OASIS SARIF 2.1.0; GitHub, "SARIF support for code scanning".
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from durahub.secret_texts import hidden
from durahub_migrate.lint.finding import Fix, Severity
from durahub_migrate.lint.place import Place, PlaceKind, Span
from durahub_migrate.lint.reporting.exit_status import MEANINGS
from durahub_migrate.lint.reporting.results import Group, Results, Told
from durahub_migrate.lint.reporting.sentences import (
    counted,
    finding_message,
    printable,
    source_of,
    unread,
    within_source,
)
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rule_page import page_of_rule

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
MOST_RESULTS = 25_000
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ROOT = "%SRCROOT%"
_INDENT = " " * 8


def sarif(results: Results) -> Iterator[str]:
    """Yield the pieces of the log; the results come last and one by one, each on a line."""
    rules = sorted(results.rules, key=lambda rule: rule.code)
    index = {rule.code: number for number, rule in enumerate(rules)}
    left_off = max(0, _many(results) - MOST_RESULTS)
    run = _run(results, rules, index, left_off)
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run | {"results": []}]}
    before, behind = json.dumps(log, indent=2).rsplit("[]", 1)
    yield before + "["
    separator = "\n"
    for one in islice(_results(results, index), MOST_RESULTS):
        yield separator + _INDENT + json.dumps(one)
        separator = ",\n"
    yield f"\n      ]{behind}\n"


def _run(
    results: Results, rules: Sequence[Rule[Any]], index: dict[str, int], left_off: int
) -> dict[str, Any]:
    """Return the run without its results."""
    return {
        "tool": {
            "driver": {
                "name": "durahub",
                "version": results.version,
                "semanticVersion": results.version,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "automationDetails": {"id": "durahub-lint/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(results, index, left_off)],
        "properties": {"sources": list(results.sources), "profile": results.profile},
    }


def _many(results: Results) -> int:
    """Return how many results `_results` yields."""
    is_each = results.examples < 0
    many = sum(group.count if group.in_file or is_each else 1 for group in results.groups())
    if results.show_suppressed:
        many += sum(
            group.count if group.in_file or is_each else min(group.count, results.examples)
            for group in results.groups(suppressed=True)
        )
    return many


def _rule(rule: Rule[Any]) -> dict[str, Any]:
    page = page_of_rule(rule)
    text = f"Why it matters: {page.why}\n\nWhat to do: {page.what_to_do}"
    if page.when_to_ignore:
        text += f"\n\nWhen to ignore it: {page.when_to_ignore}"
    problem = "recommendation" if rule.severity is Severity.INFO else rule.severity.value
    return {
        "id": rule.code,
        "name": type(rule).__name__,
        "shortDescription": {"text": rule.message},
        "fullDescription": {"text": page.summary},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "precision": rule.confidence.value,
            "problem.severity": problem,
            "profiles": sorted(rule.profiles),
            "since": rule.since,
            "source": rule.source,
            "tags": ["durable-task", rule.code[:3]],
        },
    }


def _results(results: Results, index: dict[str, int]) -> Iterator[dict[str, Any]]:
    for group in results.groups():
        if group.in_file or results.examples < 0:
            for told in results.findings(group):
                yield _of_finding(told, index, results.anchor)
        else:
            yield _of_group(group, results, index)
    if results.show_suppressed:
        for group in results.groups(suppressed=True):
            for told in results.findings(group, suppressed=True):
                yield _of_finding(told, index, results.anchor)


def _of_finding(told: Told, index: dict[str, int], anchor: str) -> dict[str, Any]:
    finding = told.finding
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": LEVELS[finding.severity],
        "message": {"text": finding_message(finding)},
        "locations": [_location(finding.place, anchor)],
        "partialFingerprints": {"durahubFinding/v1": told.fingerprint},
    }
    if finding.fix is not None and not _has_secrets(finding.fix):
        result["fixes"] = [_fix(finding.fix)]
    if finding.suppressed is not None:
        result["suppressions"] = [{"kind": "external", "justification": finding.suppressed}]
    return result


def _of_group(group: Group, results: Results, index: dict[str, int]) -> dict[str, Any]:
    told = list(results.findings(group))
    examples = "; ".join(
        f"{within_source(one.finding)}: {finding_message(one.finding)}" for one in told
    )
    said = f"{source_of(group)}: {group.rule.message}: {counted(group.count, 'finding')}"
    anchor = results.anchor
    parts = ("group", group.rule.code, group.source, group.severity.value)
    return {
        "ruleId": group.rule.code,
        "ruleIndex": index[group.rule.code],
        "level": LEVELS[group.severity],
        "message": {"text": f"{said}, such as {examples}" if examples else said},
        "locations": [_location(group.place, anchor)],
        "relatedLocations": [
            {
                **_location(one.finding.place, anchor),
                "message": {"text": finding_message(one.finding)},
            }
            for one in told
        ],
        "occurrenceCount": group.count,
        "partialFingerprints": {
            "durahubGroup/v1": hashlib.sha256(
                "\0".join(parts).encode("utf-8", "surrogatepass")
            ).hexdigest()
        },
    }


def _location(place: Place, anchor: str) -> dict[str, Any]:
    if place.kind is PlaceKind.FILE:
        location: dict[str, Any] = {"physicalLocation": _physical(place.source, place.span)}
        if place.key:
            location["logicalLocations"] = [
                {"fullyQualifiedName": printable(place.key), "kind": "property"}
            ]
        return location
    return {
        "physicalLocation": _physical(anchor, None),
        "logicalLocations": [_logical(place)],
    }


def _logical(place: Place) -> dict[str, Any]:
    return {
        "name": printable(place.key or place.source),
        "fullyQualifiedName": printable(str(place)),
        "kind": place.kind.value,
    }


def _physical(file: str, span: Span | None) -> dict[str, Any]:
    region = (
        {"startLine": 1}
        if span is None
        else {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    )
    return {"artifactLocation": _artifact(file), "region": region}


def _artifact(file: str) -> dict[str, str]:
    """Return a file: relative ones as seen from the root of the sources, which is the working folder."""
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix(), errors="surrogatepass"), "uriBaseId": _ROOT}


def _has_secrets(fix: Fix) -> bool:
    return any(hidden(edit.text) != edit.text for edit in fix.edits)


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "description": {"text": fix.title if fix.safe else f"{fix.title} (unsafe)"},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(fix.file),
                "replacements": [
                    {
                        "deletedRegion": {
                            "byteOffset": edit.start,
                            "byteLength": edit.stop - edit.start,
                        },
                        "insertedContent": {"text": edit.text},
                    }
                    for edit in fix.edits
                ],
            }
        ],
    }


def _invocation(results: Results, index: dict[str, int], left_off: int) -> dict[str, Any]:
    status = results.exit_status
    executing = [_notification("error", f"not read: {said}") for said in unread(results)]
    if left_off:
        executing.append(
            _notification(
                "warning", f"{left_off:,} more findings were left off: there are too many"
            )
        )
    configuring = [_notification("warning", remark) for remark in results.remarks]
    for rule in results.not_evaluated:
        needs = ", ".join(sorted(need.value for need in results.lacks(rule)))
        notification = _notification("note", f"{rule.code} was not evaluated: it needs {needs}")
        configuring.append(
            {**notification, "associatedRule": {"id": rule.code, "index": index[rule.code]}}
        )
    return {
        "executionSuccessful": results.is_complete,
        "exitCode": status,
        "exitCodeDescription": MEANINGS.get(status, ""),
        "toolExecutionNotifications": executing,
        "toolConfigurationNotifications": configuring,
    }


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": printable(text)}}
