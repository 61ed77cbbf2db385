"""The table ``[lint]``: a value of TOML to what it tells. Strict: what is not known is an error."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from durahub.configuration.kinds import Unfit
from durahub.errors import BadSettingsFile
from durahub_migrate.lint.ignores import Ignore
from durahub_migrate.lint.selection import misspelt
from durahub_migrate.lint.settings import kinds
from durahub_migrate.lint.settings.keys import CODES, HUBS, IGNORES, KEYS, TABLES

_OF_IGNORE = {
    "rule": kinds.text,
    "where": kinds.text,
    "reason": kinds.text,
    "until": kinds.day,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What one table says: values by path, entries to ignore, and the same for single hubs by name."""

    values: Mapping[str, Any] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    hubs: Mapping[str, "Told"] = field(default_factory=dict)


def read_table(text: str, file: str, codes: Sequence[str], *, table: str = "lint") -> Told | None:
    """Return what the dotted *table* of a TOML file says, ``None`` if it has none. Raises `BadSettingsFile`.

    *codes* are those of all rules there are.
    """
    try:
        found: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadSettingsFile(file, "", f"not TOML: {error}") from None
    for name in table.split("."):
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    if not isinstance(found, dict):
        raise BadSettingsFile(file, table, "expected a table")
    return _Reader(file, table, codes).told(found, table, hub=None)


@dataclass(frozen=True, slots=True)
class _Reader:
    file: str
    table: str
    codes: Sequence[str]

    def told(self, found: dict[str, Any], prefix: str, hub: str | None) -> Told:
        values: dict[str, Any] = {}
        ignores: list[Ignore] = []
        hubs: dict[str, Told] = {}
        for path, value in _entries(found):
            where = f"{prefix}.{path}"
            if path == IGNORES:
                ignores += self._ignores(value, where, hub)
            elif path == HUBS and hub is None:
                hubs = self._hubs(value, where)
            elif path not in KEYS:
                raise BadSettingsFile(self.file, where, self._unknown(path))
            elif hub is not None and not KEYS[path].of_hubs:
                raise BadSettingsFile(
                    self.file, where, "counts for the whole run: not a hub's setting"
                )
            else:
                values[path] = self._taken(path, value, where)
        return Told(values, tuple(ignores), hubs)

    def _taken(self, path: str, value: object, where: str) -> Any:
        taken = self._fit(KEYS[path].take, value, where)
        problem = misspelt(taken, self.codes) if path in CODES else None
        if problem is not None:
            raise BadSettingsFile(self.file, where, problem)
        return taken

    def _fit(self, take: kinds.Kind, value: object, where: str) -> Any:
        try:
            return take(value)
        except Unfit as unfit:
            shown = "a table" if isinstance(value, dict) else repr(value)
            said = shown if len(shown) <= 60 else shown[:59] + "…"
            raise BadSettingsFile(self.file, where, f"expected {unfit}, found {said}") from None

    def _hubs(self, found: object, where: str) -> dict[str, Told]:
        if not isinstance(found, dict):
            raise BadSettingsFile(self.file, where, "expected a table for each hub")
        hubs: dict[str, Told] = {}
        for name, table in found.items():
            if not isinstance(table, dict):
                raise BadSettingsFile(self.file, f"{where}.{name}", "expected a table")
            if name.casefold() in hubs:
                raise BadSettingsFile(self.file, f"{where}.{name}", "this hub has a table already")
            hubs[name.casefold()] = self.told(table, f"{where}.{name}", hub=name)
        return hubs

    def _ignores(self, found: object, where: str, hub: str | None) -> Iterator[Ignore]:
        if not isinstance(found, list):
            raise BadSettingsFile(self.file, where, f"expected [[{where}]], a list of tables")
        for index, entry in enumerate(found):
            yield self._ignore(entry, f"{where}[{index}]", hub)

    def _ignore(self, entry: object, where: str, hub: str | None) -> Ignore:
        if not isinstance(entry, dict):
            raise BadSettingsFile(self.file, where, "expected a table")
        given: dict[str, Any] = {}
        for name, value in entry.items():
            if name not in _OF_IGNORE:
                meant = _meant(name, _OF_IGNORE)
                raise BadSettingsFile(self.file, f"{where}.{name}", f"there is no such key{meant}")
            given[name] = self._fit(_OF_IGNORE[name], value, f"{where}.{name}")
        for name in ("rule", "reason"):
            if name not in given:
                raise BadSettingsFile(self.file, where, f"{name} is missing")
        problem = misspelt([given["rule"]], self.codes)
        if problem is not None:
            raise BadSettingsFile(self.file, f"{where}.rule", problem)
        return Ignore(**given, hub=hub, origin=f"{self.file}: {where}")

    def _unknown(self, path: str) -> str:
        known = (*KEYS, IGNORES, HUBS)
        return f"there is no such setting{_meant(path, known) or '; docs/lint.md lists all'}"


def _entries(found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield values by path; the tables of settings are opened, others are values."""
    for name, value in found.items():
        if name in TABLES and isinstance(value, dict):
            yield from ((f"{name}.{inner}", one) for inner, one in value.items())
        else:
            yield name, value


def _meant(word: str, known: Any) -> str:
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""
