"""Finds and reads what the linter is told: a settings file above the working folder, and options."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from durahub.cli.text_file import read_text
from durahub.configuration.kinds import Unfit
from durahub.errors import BadSetting, BadSettingsFile
from durahub.model.json_text import loads
from durahub_migrate.lint.selection import misspelt
from durahub_migrate.lint.settings.keys import CODES, ID_MAP, KEYS, fields_of
from durahub_migrate.lint.settings.settings import Settings, settings_of
from durahub_migrate.lint.settings.settings_table import Told, read_table

FILE = "durahub.toml"
PROJECT_FILE = "pyproject.toml"
_TABLES = {FILE: "lint", PROJECT_FILE: "tool.durahub.lint"}


def find_file(folder: Path) -> Path | None:
    """Return the settings file that counts in *folder*: the next one above, if any.

    That is a ``durahub.toml``, or a ``pyproject.toml`` that has a table for the linter.
    """
    for place in (folder, *folder.parents):
        if (place / FILE).is_file():
            return place / FILE
        project = place / PROJECT_FILE
        if project.is_file() and "tool.durahub" in project.read_text("utf-8", "replace"):
            return project
    return None


def read_settings(
    file: Path | None, asked: Mapping[str, Any], codes: Sequence[str], name: str | None = None
) -> Settings:
    """Return the settings: of *file*, which messages call *name*, and of the command line.

    Raises `BadSettingsFile`, `BadSetting`.
    """
    told: Told | None = None
    if file is not None:
        table = _TABLES.get(file.name, "lint")
        told = read_table(read_text(file), name or str(file), codes, table=table)
    told = told or Told()
    if file is not None:
        told = _with_files(told, file)
    return settings_of(told, _checked(asked, codes), name or (str(file) if file else None))


def _with_files(told: Told, file: Path) -> Told:
    """Return *told* with the mapping that it names, and with paths as seen from *file*."""
    values = dict(told.values)
    if "baseline" in values:
        values["baseline"] = str(file.parent / values["baseline"])
    if ID_MAP in values:
        values[ID_MAP] = read_id_map(file.parent / values[ID_MAP])
    hubs = {name: _with_files(one, file) for name, one in told.hubs.items()}
    return replace(told, values=values, hubs=hubs)


def read_id_map(file: Path) -> dict[str, str]:
    """Return a mapping of instance IDs: a JSON object, old IDs to new ones. Raises `BadSettingsFile`."""
    try:
        found = loads(read_text(file))
    except ValueError as error:
        raise BadSettingsFile(str(file), "", f"not JSON: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise BadSettingsFile(str(file), "", "expected an object: old instance IDs to new ones")
    return found


def _checked(asked: Mapping[str, Any], codes: Sequence[str]) -> dict[str, Any]:
    """Return what was asked as settings have it. Raises `BadSetting`."""
    taken: dict[str, Any] = {}
    for path, value in asked.items():
        if path == ID_MAP:
            taken[path] = value
            continue
        try:
            taken[path] = KEYS[path].take(value)
        except Unfit as unfit:
            raise BadSetting(path, value, str(unfit)) from None
        problem = misspelt(taken[path], codes) if path in CODES else None
        if problem is not None:
            raise BadSetting(path, value, f"codes of rules: {problem}")
    return taken


def setting_of(text: str) -> tuple[str, Any]:
    """Return path and value of ``thresholds.id-most=80``; TOML, else a text. Raises `BadSetting`."""
    path, equals, value = text.partition("=")
    if not equals or path not in KEYS:
        raise BadSetting("--set", text, "SETTING=VALUE, with a setting that docs/lint.md lists")
    try:
        return path, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path, value


def severities_of(words: Sequence[str]) -> dict[str, str]:
    """Return severities by code of ``IDN501=info``. Raises `BadSetting`."""
    found = {}
    for word in words:
        code, equals, level = word.partition("=")
        if not equals:
            raise BadSetting("--severity", word, "CODE=error, CODE=warning or CODE=info")
        found[code] = level
    return found


def codes_of(words: Sequence[str]) -> tuple[str, ...]:
    """Return the codes in options that may hold several, separated by commas."""
    return tuple(code.strip() for word in words for code in word.split(",") if code.strip())


def shown(settings: Settings) -> list[str]:
    """Return the settings that count, as lines of TOML."""
    lines = [f"# from {settings.file or 'no file'}", "[lint]", f'fail-on = "{settings.fail_on}"']
    for name, scope in ((None, settings.general), *settings.hubs.items()):
        prefix = "lint" if name is None else f"lint.hubs.{name}"
        if name is not None:
            lines.append(f"[{prefix}]")
        selection = scope.selection
        lines.append(f'profile = "{selection.profile}"')
        if selection.select is not None:
            lines.append(f"select = {_toml(selection.select)}")
        lines.append(f"extend-select = {_toml(selection.extend_select)}")
        lines.append(f"ignore = {_toml(selection.ignore)}")
        if selection.until is not None and name is None:
            lines.append(f'baseline-date = "{selection.until}"')
        if scope.severity:
            lines.append(f"[{prefix}.severity]")
            lines += [f'{code} = "{one.value}"' for code, one in scope.severity.items()]
        for table, fields in (("thresholds", scope.thresholds), ("target", scope.target)):
            lines.append(f"[{prefix}.{table}]")
            for field in fields_of(type(fields)):
                value = getattr(fields, field)
                comment = "# " if value is None or field == "id_map" else ""
                lines.append(f"{comment}{field.replace('_', '-')} = {_toml(value)}")
        for ignore in scope.ignores:
            if name is None or ignore.hub is not None:
                lines.append(f"[[{prefix}.ignore-finding]]")
                lines += [f"{key} = {_toml(getattr(ignore, key))}" for key in ("rule", "where")]
                lines.append(f"reason = {_toml(ignore.reason)}")
                if ignore.until:
                    lines.append(f"until = {ignore.until}")
    return lines


def _toml(value: Any) -> str:
    if isinstance(value, frozenset):
        value = sorted(value)
    if isinstance(value, Mapping):
        return f"{len(value)} instance IDs"
    return json.dumps(value, default=str)
