"""How Durable Functions compares an instance's version with a worker's.

Source: the article on orchestration versioning: no version is older than any; versions that are numbers
compare by their numbers, others as texts, in any case.
"""

from dataclasses import dataclass

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.instances import InstanceFacts


@dataclass(frozen=True, slots=True)
class Versioning:
    """What host.json says of versions, in lower case."""

    own: str
    match: str  # "none", "strict", "currentorolder"
    failure: str  # "reject", "fail"


def versioning_of(fact: AppFacts) -> Versioning:
    """Return what *fact* says, or the defaults."""

    def said(name: str, default: str) -> str:
        entry = fact.get(name)
        return entry.text.lower() if entry is not None and entry.text else default

    return Versioning(
        said("defaultVersion", ""),
        said("versionMatchStrategy", "currentorolder"),
        said("versionFailureStrategy", "reject"),
    )


def is_matched(version: str | None, worker: Versioning) -> bool:
    """Tell whether a worker takes an instance of *version*."""
    version = (version or "").lower()
    if worker.match == "strict":
        return version == worker.own
    if worker.match == "currentorolder":
        return _order(version) <= _order(worker.own) if worker.own else True
    return True


def is_waiting(fact: InstanceFacts) -> bool:
    """Tell whether an orchestration has still something to do."""
    return fact.row is not None and not fact.is_entity and not fact.is_terminal


def _order(version: str) -> tuple[int, tuple[int, ...], str]:
    if not version:
        return 0, (), ""
    parts = version.split(".")
    if all(part.isascii() and part.isdigit() for part in parts):
        return 1, tuple(int(part) for part in parts), ""
    return 1, (), version
