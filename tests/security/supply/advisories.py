"""What the services of advisories say, pip-audit's and npm's: functions of their JSON."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or that there is none: *told* is for people, *found* a sentence an advisory."""

    answered: bool
    told: str
    found: tuple[str, ...] = ()


def of_pip(said: Any) -> Answer:
    """Return the answer in the JSON of ``pip-audit --format json``; ``None``: it said nothing."""
    packages = said.get("dependencies", []) if isinstance(said, dict) else []
    asked = [one for one in packages if "vulns" in one]
    if not asked:
        return Answer(False, "SKIPPED: the advisory service of Python packages cannot be reached")
    found = tuple(
        f"{one['name']} {one['version']}: {vulnerability['id']}"
        for one in asked
        for vulnerability in one["vulns"]
    )
    left = len(packages) - len(asked)
    more = f", {left} are not known to it" if left else ""
    return Answer(True, f"advisories asked for {len(asked)} Python packages{more}", found)


def of_npm(said: Any, name: str) -> Answer:
    """Return the answer in the JSON of ``npm audit --json`` for the lockfile in the folder *name*."""
    if not isinstance(said, dict) or "vulnerabilities" not in said:
        return Answer(False, f"SKIPPED: the advisory service of npm cannot be reached for {name}")
    found = tuple(
        f"{name}: {package} ({one['severity']})"
        for package, one in sorted(said["vulnerabilities"].items())
    )
    return Answer(True, f"advisories asked for the packages of {name}", found)
