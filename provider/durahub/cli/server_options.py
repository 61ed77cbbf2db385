"""The options of the commands that run a server: one for each setting, and the files behind them.

The command line comes first, then the environment, the settings file, host.json, the default.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from durahub.configuration import kinds
from durahub.configuration.host_json import read_host_json
from durahub.configuration.keys import ALL_KEYS, HUBS, Key
from durahub.configuration.kinds import Flat, Unfit, Value
from durahub.configuration.settings import Settings, layered, settings_of
from durahub.configuration.settings_file import read_settings
from durahub.errors import BadSetting, BadSettingsFile

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
            raise BadSetting(name, given, str(unfit)) from None
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
    click.option(
        "--host-json",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="DURAHUB_HOST_JSON",
        help="A Functions app's host.json: hub name, connection, partitions and times of its Azure "
        "Storage provider count where nothing else says otherwise.",
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


def layers(context: click.Context, options: Mapping[str, Any], defaults: Flat) -> tuple[Layer, ...]:
    """Return what every source sets, the weakest first. Raises `BadSettingsFile`."""
    found = [Layer("default", defaults)]
    host_json, config = context.params.get("host_json"), context.params.get("config")
    if host_json is not None:
        name = str(host_json)
        found.append(Layer(name, read_host_json(read_text(host_json), name, os.environ)))
    if config is not None:
        found.append(Layer(str(config), read_settings(read_text(config), str(config))))
    found.append(_command_line(context, options))
    return tuple(found)


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


def read_text(file: Path) -> str:
    """Return the text of a file that was named. Raises `BadSettingsFile`."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSettingsFile(str(file), "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadSettingsFile(str(file), "", "not UTF-8 text") from None


def settings_from(found: tuple[Layer, ...]) -> Settings:
    """Return what all layers come to."""
    return settings_of(layered(*(layer.flat for layer in found)))


def effective(found: tuple[Layer, ...]) -> list[tuple[str, str, str]]:
    """Return every setting that counts: its path, its value as in TOML, and where it comes from."""
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
