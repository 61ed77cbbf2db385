"""What is expected of each recorded hub, as files that people read: ``expected/HUB.json``.

A file is a list of groups: a rule, how bad it is, the profiles it is said with, why it is right (the
*review*), and the places. ``not-evaluated.json`` has what is said of rules without evidence, whatever the
hub.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import Any

from durahub_migrate.lint.finding import Finding
from tests.lint.recorded.linting import PROFILES, Judged

FOLDER = Path(__file__).with_name("expected")
NOT_EVALUATED = FOLDER / "not-evaluated.json"
NOT_REVIEWED = "NOT REVIEWED"
HOW_TO_WRITE = "python -m tests.lint.recorded.writing"


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """A finding; *profiles* are those with which it is said."""

    rule: str
    severity: str
    kind: str
    key: str
    part: str
    discriminator: str
    says: str
    head: str
    profiles: tuple[str, ...] = ()
    review: str = NOT_REVIEWED


def of_hub(found: Mapping[str, Judged]) -> list[Expected]:
    """Return the findings of a run as they are expected the next time, without reviews."""
    profiles: dict[Expected, list[str]] = defaultdict(list)
    for profile in PROFILES:
        for finding in found[profile].findings:
            profiles[_expected(finding)].append(profile)
    return sorted(replace(one, profiles=tuple(names)) for one, names in profiles.items())


def _expected(finding: Finding) -> Expected:
    place = finding.place
    return Expected(
        finding.code,
        finding.severity.value,
        place.kind.value,
        place.key,
        place.part,
        finding.discriminator,
        finding.detail,
        finding.head or "",
    )


def with_reviews(found: Iterable[Expected], before: Iterable[Expected]) -> list[Expected]:
    """Return what was found with the reviews that the same findings had *before*."""
    known = {_unreviewed(one): one.review for one in before}
    return [replace(one, review=known.get(_unreviewed(one), NOT_REVIEWED)) for one in found]


def _unreviewed(one: Expected) -> Expected:
    return replace(one, review=NOT_REVIEWED)


# -- files ---------------------------------------------------------------------------------------


def file_of(hub: str) -> Path:
    """Return where a hub's expectations are."""
    return FOLDER / f"{hub}.json"


def read(hub: str) -> list[Expected]:
    """Return a hub's expectations; none if there is no file."""
    file = file_of(hub)
    groups = json.loads(file.read_text("utf-8")) if file.exists() else []
    return [_read(group, place) for group in groups for place in group["places"]]


def _read(group: Mapping[str, Any], place: Mapping[str, str]) -> Expected:
    return Expected(
        rule=group["rule"],
        severity=group["severity"],
        profiles=tuple(group["profiles"]),
        review=group["review"],
        **{"key": "", "part": "", "discriminator": "", "head": "", **place},
    )


def text_of(found: Iterable[Expected]) -> str:
    """Return the file of some findings: those of one review together, a line for each place."""
    groups: dict[tuple[Any, ...], list[Expected]] = defaultdict(list)
    for one in sorted(found):
        groups[one.rule, one.severity, one.profiles, one.review].append(one)
    return "[\n" + ",\n".join(_group(places) for places in groups.values()) + "\n]\n"


def _group(places: list[Expected]) -> str:
    first = places[0]
    told = {
        "rule": first.rule,
        "severity": first.severity,
        "profiles": list(first.profiles),
        "review": first.review,
    }
    lines = [f"  {_json(name)}: {_json(value)}," for name, value in told.items()]
    found = ",\n".join(f"   {_json(dict(_place(one)))}" for one in places)
    return "\n".join([" {", *lines, '  "places": [', found, "  ]", " }"])


def _place(one: Expected) -> Iterator[tuple[str, str]]:
    for name in ("kind", "key", "part", "discriminator", "says", "head"):
        if value := getattr(one, name):
            yield name, value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def text_of_lacking(found: Mapping[str, Judged]) -> str:
    """Return the file of what is said of rules not evaluated."""
    lacking = {profile: list(found[profile].not_evaluated) for profile in PROFILES}
    return json.dumps(lacking, indent=1) + "\n"


def difference(file: Path, text: str) -> str:
    """Return how *text* differs from a file, as a diff with what to do about it; empty if it does not."""
    before = file.read_text("utf-8") if file.exists() else ""
    lines = unified_diff(
        before.splitlines(keepends=True),
        text.splitlines(keepends=True),
        f"expected/{file.name}",
        "found",
    )
    diff = "".join(lines)
    return diff and f"{diff}\nIf this is right: {HOW_TO_WRITE}, then review what is new."
