"""Every setting of the linter by its path below ``[lint]``; ``docs/lint.md`` describes them, a test compares.

Those of thresholds and of the target are the fields of `Thresholds` and `Target`, with hyphens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from durahub_migrate.lint.settings import kinds
from durahub_migrate.lint.settings.kinds import Kind
from durahub_migrate.lint.target import Target, Thresholds

ID_MAP = "target.id-map"
"""Names a file; what it holds is read by the command."""


@dataclass(frozen=True, slots=True)
class Key:
    """A setting. One that is not *of_hubs* counts for the run and stands in no table of a hub."""

    take: Kind
    of_hubs: bool = True


def hyphened(name: str) -> str:
    """Return the setting's name of a field."""
    return name.replace("_", "-")


def fields_of(kind: type) -> dict[str, Any]:
    """Return the fields of a class of settings that can be set, with their types."""
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind) if one.init}


def _kind_of(name: str, annotation: Any) -> Kind:
    """Return the kind of a field of `Target` by its name, else by its type."""
    known = {"sdk": kinds.SDKS, "sku": kinds.SKUS, "strategy": kinds.STRATEGIES}
    if name in known:
        return kinds.one_of(known[name])
    types = [one for one in get_args(annotation) or (annotation,) if one is not NoneType]
    if get_origin(annotation) in (frozenset, tuple, list, Mapping):
        types = [annotation]
    (wanted,) = types
    if get_origin(wanted) in (frozenset, tuple):
        return kinds.texts
    by_type: dict[Any, Kind] = {
        bool: kinds.flag,
        int: kinds.whole,
        float: kinds.number,
        str: kinds.text,
    }
    return by_type.get(wanted, kinds.text)


KEYS: Mapping[str, Key] = {
    "profile": Key(kinds.profile),
    "select": Key(kinds.texts),
    "extend-select": Key(kinds.texts),
    "ignore": Key(kinds.texts),
    "baseline-date": Key(kinds.month, of_hubs=False),
    "fail-on": Key(kinds.one_of(kinds.FAIL_ON), of_hubs=False),
    "baseline": Key(kinds.text, of_hubs=False),
    "severity": Key(kinds.severities),
    **{
        f"thresholds.{hyphened(name)}": Key(kinds.whole if kind is int else kinds.number)
        for name, kind in fields_of(Thresholds).items()
    },
    **{
        f"target.{hyphened(name)}": Key(_kind_of(name, annotation))
        for name, annotation in fields_of(Target).items()
    },
}

TABLES = ("thresholds", "target")
IGNORES = "ignore-finding"
HUBS = "hubs"
CODES = ("select", "extend-select", "ignore", "severity")
"""Settings whose values, or whose keys, are codes."""
