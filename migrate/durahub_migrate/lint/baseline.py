"""The findings that are known: a file of fingerprints, so that new ones can be told from old ones.

::

    {"version": 1, "findings": {"IDN501": {"<fingerprint>": 1}}}

Fingerprints are digests (`Finding.fingerprint`): the file holds no ID of an instance. Codes and
fingerprints are sorted, so that a version control system shows what came and went.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from durahub.errors import BadBaseline
from durahub.model.json_text import loads
from durahub_migrate.lint.finding import Finding

VERSION = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """How often each fingerprint is known, by code."""

    findings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def knows(self, finding: Finding) -> bool:
        """Return whether *finding* is an old one."""
        return finding.fingerprint in self.findings.get(finding.code, ())

    def __iter__(self) -> Iterator[tuple[str, str, int]]:
        """Yield code, fingerprint and number, in this order."""
        for code, prints in sorted(self.findings.items()):
            for fingerprint, count in sorted(prints.items()):
                yield code, fingerprint, count


@dataclass(frozen=True, slots=True)
class Change:
    """How what was found differs from a baseline: numbers of fingerprints. *fixed* ones by code."""

    known: int
    new: int
    fixed: Mapping[str, int]


def read_baseline(text: str, file: str) -> Baseline:
    """Return the baseline. Raises `BadBaseline`."""
    try:
        content = loads(text)
    except ValueError as error:
        raise BadBaseline(file, f"not JSON: {error}") from None
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise BadBaseline(file, f"expected an object with version {VERSION}")
    findings = content.get("findings")
    if not isinstance(findings, dict) or not all(map(_is_counts, findings.values())):
        raise BadBaseline(file, "expected findings: fingerprints with their numbers by code")
    return Baseline(findings)


def _is_counts(prints: Any) -> bool:
    return isinstance(prints, dict) and all(
        isinstance(count, int) and count > 0 for count in prints.values()
    )


def compare(
    baseline: Baseline, found: Iterable[tuple[str, str, int]], judged: frozenset[str]
) -> Change:
    """Return the change. Only rules in *judged* can have fixed findings: of others nothing is known."""
    left = {(code, fingerprint) for code, fingerprint, _ in baseline if code in judged}
    known = new = 0
    for code, fingerprint, _ in found:
        if fingerprint in baseline.findings.get(code, ()):
            known += 1
            left.discard((code, fingerprint))
        else:
            new += 1
    fixed: dict[str, int] = {}
    for code, _ in sorted(left):
        fixed[code] = fixed.get(code, 0) + 1
    return Change(known, new, fixed)


def updated(
    baseline: Baseline, found: Iterable[tuple[str, str, int]], judged: frozenset[str]
) -> Baseline:
    """Return a baseline of what was *found*, and of what the old one knew of rules not *judged*."""
    findings = {
        code: dict(prints) for code, prints in baseline.findings.items() if code not in judged
    }
    for code, fingerprint, count in found:
        findings.setdefault(code, {})[fingerprint] = count
    return Baseline(findings)


def written(baseline: Baseline) -> str:
    """Return the text of the file."""
    findings: dict[str, dict[str, int]] = {}
    for code, fingerprint, count in baseline:
        findings.setdefault(code, {})[fingerprint] = count
    return json.dumps({"version": VERSION, "findings": findings}, indent=1) + "\n"
