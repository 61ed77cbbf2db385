"""GitLab's code quality report. Source: GitLab, "Code Quality report format"."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.reporting.results import Group, Results, Told
from durahub_migrate.lint.reporting.sentences import (
    counted,
    finding_message,
    printable,
    source_of,
)

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def gitlab(results: Results) -> Iterator[str]:
    """Yield the pieces of an array: findings in files, and one entry for each rule in a hub."""
    yield "["
    separator = "\n  "
    for entry in _different(_entries(results)):
        yield separator + json.dumps(entry)
        separator = ",\n  "
    yield "\n]\n"


def _different(entries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield entries with fingerprints that differ, as the report's have to.

    In a hub those of one thing come one after the other, so none is remembered longer: there may be many.
    """
    for fingerprint, same in groupby(entries, key=itemgetter("fingerprint")):
        for number, entry in enumerate(same, 1):
            again = {"fingerprint": _digest(fingerprint, number)} if number > 1 else {}
            yield entry | again


def _entries(results: Results) -> Iterator[dict[str, Any]]:
    in_files: Counter[str] = Counter()
    for group in results.groups():
        if group.in_file:
            for told in results.findings(group):
                digest = told.fingerprint
                in_files[digest] += 1
                if in_files[digest] > 1:
                    digest = _digest(digest, in_files[digest])
                yield _entry(group, _sentence(told), digest, *_path(told, results.anchor))
            continue
        parts = (group.rule.code, group.source, group.severity.value)
        if results.examples < 0:
            for told in results.findings(group):
                # another hub may have the same instance, and a thing findings of two severities
                digest = _digest(told.fingerprint, *parts)
                yield _entry(group, _sentence(told), digest, *_path(told, results.anchor))
            continue
        said = f"{source_of(group)}: {group.rule.message} ({counted(group.count, 'finding')})"
        yield _entry(group, said, _digest(*parts), _slashes(results.anchor), 1)


def _entry(group: Group, text: str, fingerprint: str, path: str, line: int) -> dict[str, Any]:
    return {
        "description": text,
        "check_name": group.rule.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[group.severity],
        "location": {"path": path, "lines": {"begin": line}},
    }


def _sentence(told: Told) -> str:
    at = "" if told.group.in_file else f"{printable(str(told.finding.place))}: "
    return f"{at}{finding_message(told.finding)}"


def _path(told: Told, anchor: str) -> tuple[str, int]:
    place = told.finding.place
    if not told.group.in_file:
        return _slashes(anchor), 1
    return _slashes(place.source), place.span.line if place.span is not None else 1


def _slashes(path: str) -> str:
    path = path.replace("\\", "/")
    return path.removeprefix("./")  # GitLab matches paths without it


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()
