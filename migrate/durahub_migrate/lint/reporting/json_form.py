"""JSON: one document by ``lint-results.schema.json``, or a line for each thing. Keys are stable."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib import resources
from typing import Any

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.place import Place
from durahub_migrate.lint.reporting.results import Group, Results, Told
from durahub_migrate.lint.rule import Rule

FORMAT = "1.0"
"""The version of the form: the second number grows when keys are added, the first when one changes."""


def schema() -> str:
    """Return the schema of the document, JSON."""
    file = resources.files("durahub_migrate.lint.reporting") / "lint-results.schema.json"
    return file.read_text(encoding="utf-8")


def document(results: Results) -> Iterator[str]:
    """Yield the pieces of one JSON object; the findings come last and one by one."""
    yield _dump(_head(results), indent=2).removesuffix("\n}")
    yield ',\n  "findings": ['
    separator = "\n    "
    for told in results.told():
        yield separator + _dump(finding_form(told))
        separator = ",\n    "
    yield "\n  ]\n}\n"


def lines(results: Results) -> Iterator[str]:
    """Yield lines of JSON: findings, groups, what was not read, and at last the summary."""
    for told in results.told():
        yield _dump({"type": "finding", **finding_form(told)}) + "\n"
    head = _head(results)
    for kind, single in (
        ("groups", "group"),
        ("unread", "unread"),
        ("notEvaluated", "notEvaluated"),
    ):
        for one in head.pop(kind):
            yield _dump({"type": single, **one}) + "\n"
    yield _dump({"type": "run", **head}) + "\n"


def statistics(results: Results) -> Iterator[str]:
    """Yield the document without findings."""
    yield _dump({**_head(results), "findings": []}, indent=2) + "\n"


def rule_form(rule: Rule[Any]) -> dict[str, Any]:
    """Return what is said of a rule."""
    return {
        "code": rule.code,
        "message": rule.message,
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "profiles": sorted(rule.profiles),
        "needs": [need_form(need) for need in sorted(rule.needs, key=_name)],
        "since": rule.since,
        "source": rule.source,
    }


def need_form(need: Need) -> dict[str, str]:
    """Return a kind of evidence: its name, and what it is in words."""
    return {"name": need.name.lower().replace("_", "-"), "means": need.value}


def finding_form(told: Told) -> dict[str, Any]:
    """Return a finding."""
    finding = told.finding
    fix = finding.fix
    return _present(
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "detail": finding.detail,
            "place": place_form(finding.place),
            "head": finding.head,
            "fingerprint": told.fingerprint,
            "fix": None if fix is None else {"title": fix.title, "safe": fix.safe},
            "suppressed": finding.suppressed,
        }
    )


def place_form(place: Place) -> dict[str, Any]:
    """Return a place; lines and columns count from 1, the end is behind the last character."""
    span = place.span
    region = span and {
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    said = {"source": place.source, "kind": place.kind.value, "key": place.key, "part": place.part}
    return {name: value for name, value in said.items() if value} | (region or {})


def _head(results: Results) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "tool": {"name": "durahub", "version": results.version},
        "sources": list(results.sources),
        "settings": _present(
            {
                "file": results.settings_file,
                "profile": results.profile,
                "failOn": results.fail_on,
            }
        ),
        "complete": results.is_complete,
        "exitStatus": results.exit_status,
        "summary": {
            **{severity.value: count for severity, count in results.counts().items()},
            "suppressed": sum(results.counts(suppressed=True).values()),
            "facts": results.outcome.facts,
            "rulesEvaluated": len(results.evaluated),
            "rulesNotEvaluated": len(results.not_evaluated),
        },
        "read": [_read(source, results) for source in results.outcome.read],
        "rules": [rule_form(rule) for rule in results.evaluated],
        "notEvaluated": [_not_evaluated(rule, results) for rule in results.not_evaluated],
        "unread": [
            {
                "needs": need_form(one.need),
                "place": place_form(results.showing.place(one.place)),
                "error": one.error.code,
                "sentence": results.showing.error(one.error),
            }
            for one in results.outcome.unread
        ],
        "remarks": list(results.remarks),
        "groups": [_group(group) for group in results.groups()],
    }


def _read(source: str, results: Results) -> dict[str, Any]:
    """Return how much was read of a source: a folder's files, or what a hub has."""
    if source in results.files:
        return {"source": source, "files": results.files[source]}
    return {"source": source, **asdict(results.outcome.read[source])}


def _not_evaluated(rule: Rule[Any], results: Results) -> dict[str, Any]:
    return {
        "code": rule.code,
        "message": rule.message,
        "partly": rule.code in results.outcome.judged,
        "missing": [need_form(need) for need in results.lacks(rule)],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "code": group.rule.code,
        "source": group.source,
        "inFile": group.in_file,
        "severity": group.severity.value,
        "message": group.rule.message,
        "count": group.count,
    }


def _name(need: Need) -> str:
    return need.name


def _present(value: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if one is not None}


def _dump(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=True, indent=indent)
