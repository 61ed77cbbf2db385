"""The settings file: TOML text to settings by their path. Strict: what it does not know is an error."""

import sys
from collections.abc import Iterator
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from durahub.configuration.keys import ALL_KEYS, BY_HUB_PATH, HUBS, key_of
from durahub.configuration.kinds import Flat, Unfit, UnfitSecret, Value
from durahub.configuration.misspelled import no_such_setting
from durahub.errors import BadSettingsFile
from durahub.secret_texts import hidden

OF_TOOLS = ("lint", "monitor")
"""Tables of commands that read them themselves, and as strictly."""


def read_settings(text: str, file: str) -> Flat:
    """Return what the file sets; ``"hubs"`` lists the hubs that have a table.

    Raises `BadSettingsFile` with the key, what is expected there, and what may have been meant.
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadSettingsFile(file, "", f"not TOML: {error}") from None
    found: dict[str, Value] = {}
    hubs = tables.get(HUBS)
    if isinstance(hubs, dict):
        found[HUBS] = _hub_names(hubs, file)
    own = {name: table for name, table in tables.items() if name not in OF_TOOLS}
    for path, value in _leaves(own, "", file):
        key = key_of(path)
        if key is None:
            raise BadSettingsFile(file, path, _unknown(path))
        try:
            found[path] = key.kind(value)
        except Unfit as unfit:
            told = "" if isinstance(unfit, UnfitSecret) else _found(path, value)
            problem = f"expected {unfit}{told}"
            raise BadSettingsFile(file, path, problem) from None
    return found


def _hub_names(hubs: dict[str, Any], file: str) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in hubs:
        if name.casefold() in seen:
            other = seen[name.casefold()]
            raise BadSettingsFile(file, f"hubs.{name}", f"the same hub as hubs.{other}")
        seen[name.casefold()] = name
    return tuple(hubs)


def _leaves(table: dict[str, Any], prefix: str, file: str) -> Iterator[tuple[str, object]]:
    """Yield every value with its path. An unknown table is told at once, even if it is empty."""
    for name, value in table.items():
        path = f"{prefix}{name}"
        if not isinstance(value, dict):
            yield path, value
        elif _is_table(path):
            yield from _leaves(value, f"{path}.", file)
        elif key_of(path) is not None:
            yield path, value
        else:
            raise BadSettingsFile(file, path, _unknown(path))


def _is_table(path: str) -> bool:
    table, *rest = path.split(".")
    if table == HUBS:
        return len(rest) < 2 or rest[1:] == ["retention"]
    return any(known.startswith(f"{path}.") for known in ALL_KEYS)


def _unknown(path: str) -> str:
    """Say that there is no such setting, and which may have been meant."""
    table, _, rest = path.partition(".")
    hub, _, inner = rest.partition(".")
    known = [f"hubs.{hub}.{one}" for one in BY_HUB_PATH] if table == HUBS and inner else ALL_KEYS
    return no_such_setting(path, known, "docs/settings.md")


def _found(path: str, value: object) -> str:
    """Quote a value, but not where it may hold a key."""
    if path == "store.address" and isinstance(value, str) and "=" in value:
        return ""
    text = hidden(repr(value)) if not isinstance(value, dict) else "a table"
    return f", found {text if len(text) <= 60 else text[:59] + '…'}"
