"""What counts: the command line over the settings file over what is built in, for all hubs and for one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.ignores import Ignore
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.selection import DEFAULT_PROFILE, Selection
from durahub_migrate.lint.settings.keys import fields_of, hyphened
from durahub_migrate.lint.settings.settings_table import Told
from durahub_migrate.lint.target import Target, Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What counts for one hub, or for everything that is in none."""

    selection: Selection = field(default_factory=Selection)
    severity: Mapping[str, Severity] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    target: Target = field(default_factory=Target)
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What counts for a run. *file* is where it was read, as messages call it."""

    general: Scope = field(default_factory=Scope)
    hubs: Mapping[str, Scope] = field(default_factory=dict)  # by casefolded name
    fail_on: str = "error"
    baseline: str | None = None
    file: str | None = None

    def of(self, hub: str | None) -> Scope:
        """Return what counts for a hub."""
        return self.hubs.get(hub.casefold(), self.general) if hub is not None else self.general

    def takes(self, rule: Rule[Any]) -> bool:
        """Return whether *rule* is to run for any hub."""
        scopes = (self.general, *self.hubs.values())
        return any(scope.selection.takes(rule) for scope in scopes)


def settings_of(told: Told, asked: Mapping[str, Any], file: str | None = None) -> Settings:
    """Return the settings: *asked* on the command line, by path, goes over what the file *told*.

    ``select`` on the command line replaces what the file says of rules, for hubs too; ``extend-select``
    and ``ignore`` add to it.
    """
    values = _over(told.values, asked)
    hubs = {
        name: _scope(_over(_over(told.values, one.values), asked), (*told.ignores, *one.ignores))
        for name, one in told.hubs.items()
    }
    return Settings(
        general=_scope(values, told.ignores),
        hubs=hubs,
        fail_on=values.get("fail-on", "error"),
        baseline=values.get("baseline"),
        file=file,
    )


_ADDED = ("extend-select", "ignore")


def _over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    if "select" in over:
        for path in _ADDED:
            result.pop(path, None)
    if "profile" in over and "select" not in over:
        result.pop("select", None)
    for path, value in over.items():
        if path in _ADDED:
            result[path] = (*result.get(path, ()), *value)
        elif path == "severity":
            result[path] = {**result.get(path, {}), **value}
        else:
            result[path] = value
    return result


def _scope(values: Mapping[str, Any], ignores: tuple[Ignore, ...]) -> Scope:
    return Scope(
        selection=Selection(
            profile=values.get("profile", DEFAULT_PROFILE),
            select=values.get("select"),
            extend_select=values.get("extend-select", ()),
            ignore=values.get("ignore", ()),
            until=values.get("baseline-date"),
        ),
        severity=values.get("severity", {}),
        ignores=ignores,
        target=Target(**_fields(Target, "target", values)),
        thresholds=Thresholds(**_fields(Thresholds, "thresholds", values)),
    )


def _fields(kind: type, table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are set; a list of names becomes a set."""
    found = {}
    for name in fields_of(kind):
        path = f"{table}.{hyphened(name)}"
        if path in values:
            value = values[path]
            found[name] = frozenset(value) if path == "target.names" else value
    return found
