"""The options of the commands that run a server: one for each setting, and the files behind them.

The command line comes first, then the environment, the settings file, host.json, the default. host.json
and the file of app settings may be named anywhere but in host.json itself.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from durahub.classic.app_settings import AppSettings
from durahub.cli.text_file import read_text
from durahub.configuration import kinds
from durahub.configuration.app_settings_file import read_app_settings
from durahub.configuration.host_json import read_host_json
from durahub.configuration.keys import ALL_KEYS, HUBS, Key
from durahub.configuration.kinds import Flat, Unfit, UnfitSecret, Value
from durahub.configuration.settings import Settings, layered, settings_of
from durahub.configuration.settings_file import read_settings
from durahub.errors import BadSetting
from durahub.secret_texts import HIDDEN

Command = TypeVar("Command", bound=Callable[..., Any])


def reader(key: Key) -> Callable[[Any], Any]:
    """Return what reads an option's text, or a variable's, as *key*'s kind: a type for click.

    It raises `BadSetting`.
    """

    def value(given: Any) -> Any:
        try:
            read = key.kind(given)
        except Unfit as unfit:
            name = key.option.removeprefix("--")
            told = HIDDEN if isinstance(unfit, UnfitSecret) else given
            raise BadSetting(name, told, str(unfit)) from None
        return NONE if read is None else read

    return value


NONE = object()
"""Stands for a setting that was set to nothing: click takes ``None`` for one that was not set."""


def server_options(command: Command) -> Command:
    """Give *command* an option for every setting; it gets them as keywords, for `given`."""
    for path, key in reversed(ALL_KEYS.items()):
        command = _option(path, key)(command)
    for option in reversed(_FILES):
        command = option(command)
    return command


_FILES = (
    click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="DURAHUB_CONFIG",
        help="Settings file (TOML). What the command line and the environment say comes first.",
    ),
)


def _option(path: str, key: Key) -> Callable[[Command], Command]:
    declared, more = key.option, {}
    if key.flag:
        declared = f"{key.option}/--no-{key.option.removeprefix('--')}"
    elif path == "server.hubs":
        more = {"multiple": True, "type": str}
    elif path == "store.address":
        more = {"type": str}  # on the command line it may be a connection string
    else:
        more = {"type": reader(key)}
    shown = "" if key.default is None or key.flag else f" [default: {_plain(key.default)}]"
    return click.option(
        declared,
        _parameter(path),
        default=None,
        envvar=list(key.variables),
        help=key.help + shown,
        **more,  # type: ignore[arg-type]
    )


def _plain(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parameter(path: str) -> str:
    return path.replace(".", "__")


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source sets; *origin* names it by path, for what came from several."""

    name: str
    flat: Flat
    origins: Mapping[str, str] | None = None

    def origin(self, path: str) -> str:
        """Return where the setting at *path* comes from."""
        return (self.origins or {}).get(path, self.name)


@dataclass(frozen=True, slots=True)
class Told:
    """What all sources say: their layers, the weakest first, the app settings, and what to warn of."""

    layers: tuple[Layer, ...]
    app_settings: AppSettings
    warnings: tuple[str, ...]


def told(context: click.Context, options: Mapping[str, Any], defaults: Flat) -> Told:
    """Return what every source says. Raises `BadSettingsFile`."""
    found = [_command_line(context, options)]
    config = context.params.get("config")
    if config is not None:
        flat = _beside(config, read_settings(read_text(config), str(config)))
        found.insert(0, Layer(str(config), flat))
    named = layered(*(layer.flat for layer in found))
    app_settings = AppSettings(os.environ, _app_settings(named.get("app.settings")))
    host_json = named.get("app.host_json")
    warnings: tuple[str, ...] = ()
    weakest = [Layer("default", defaults)]
    if host_json is not None:
        read = read_host_json(read_text(Path(str(host_json))), str(host_json), app_settings)
        warnings = read.warnings
        weakest = [
            *weakest,
            Layer(f"Durable Functions' default ({host_json})", _unless(named, read.defaults)),
            Layer(str(host_json), read.flat, read.origins),
        ]
    return Told((*weakest, *found), app_settings, warnings)


def _beside(config: Path, flat: Flat) -> Flat:
    """Return *flat*, in which files are named as seen from the settings file."""
    named = ("app.host_json", "app.settings")
    return {**flat, **{p: str(config.parent / str(flat[p])) for p in named if p in flat}}


def _app_settings(file: Value) -> Mapping[str, str]:
    return {} if file is None else read_app_settings(read_text(Path(str(file))), str(file))


def _unless(named: Flat, defaults: Flat) -> Flat:
    """Return *defaults* without the hub, if a hub has a table in the settings file."""
    if HUBS not in named:
        return defaults
    return {path: value for path, value in defaults.items() if path != "server.hubs"}


def _command_line(context: click.Context, options: Mapping[str, Any]) -> Layer:
    flat: dict[str, Value] = {}
    origins: dict[str, str] = {}
    for path, key in ALL_KEYS.items():
        value = options.get(_parameter(path))
        if value is None or value == ():
            continue
        if path == "server.hubs":
            value = _hubs(key, value)
        flat[path] = None if value is NONE else value
        source = context.get_parameter_source(_parameter(path))
        variable = next((name for name in key.variables if os.environ.get(name)), None)
        from_environment = source is ParameterSource.ENVIRONMENT and variable
        origins[path] = variable if from_environment and variable else key.option
    return Layer("command line", flat, origins)


def _hubs(key: Key, values: tuple[str, ...]) -> Value:
    """Return the names; the environment gives several, separated by commas."""
    try:
        return key.kind(",".join(values))
    except Unfit:
        return ("default",)  # a variable with nothing in it, as compose files leave them


def settings_from(said: Told) -> Settings:
    """Return what all layers come to."""
    return settings_of(layered(*(layer.flat for layer in said.layers)))


def effective(said: Told) -> list[tuple[str, str, str]]:
    """Return every setting that counts: its path, its value as in TOML, and where it comes from."""
    found = said.layers
    merged = layered(*(layer.flat for layer in found))
    rows = []
    for path in (*ALL_KEYS, *sorted(path for path in merged if path.startswith(f"{HUBS}."))):
        if path in merged:
            origin = next(x.origin(path) for x in reversed(found) if path in x.flat)
            rows.append((path, _shown(path, merged[path]), origin))
        elif ALL_KEYS[path].default is not None:
            rows.append((path, _shown(path, ALL_KEYS[path].default), "default"))
    return rows


def _shown(path: str, value: Value) -> str:
    """Return a value as it stands in TOML; a connection string is named, not shown."""
    if path == "store.address" and isinstance(value, str) and "=" in value.partition(":")[0]:
        return '"(a connection string)"'
    return kinds.show(path, value)
