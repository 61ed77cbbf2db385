"""What ``host.json`` says that means the same here: JSON text to settings by their path.

The rest of the file is for the Functions host and its workers, and is left alone. Names are found in any
case, as .NET finds them; ``%NAME%`` is the app setting of that name. Lines that are comments are allowed.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from durahub.configuration.durations import seconds_of_time_span
from durahub.configuration.keys import ALL_KEYS
from durahub.configuration.kinds import Flat, Unfit, Value
from durahub.errors import BadSettingsFile

_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_APP_SETTING = re.compile(r"%([^%]+)%")


def _time_span(value: object) -> object:
    try:
        return seconds_of_time_span(value) if isinstance(value, str) else value
    except ValueError:
        raise Unfit('a time such as "00:00:30"') from None


def _connection(value: object) -> object:
    return f"env:{value}" if isinstance(value, str) and value else value


def _one(value: object) -> object:
    return [value] if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a name of host.json means here: the setting's path, and the value in its terms."""

    path: str
    convert: Callable[[object], object] = lambda value: value


MEANINGS: Mapping[str, _Meaning] = {
    "hubname": _Meaning("server.hubs", _one),
    "storageprovider.partitioncount": _Meaning("defaults.partitions"),
    "storageprovider.controlqueuevisibilitytimeout": _Meaning("defaults.visibility", _time_span),
    "storageprovider.maxqueuepollinginterval": _Meaning("defaults.max_poll", _time_span),
    "storageprovider.connectionname": _Meaning("store.address", _connection),
    "storageprovider.connectionstringname": _Meaning("store.address", _connection),
}
"""By the name below ``extensions.durableTask``, in lower case."""


def read_host_json(text: str, file: str, app_settings: Mapping[str, str]) -> Flat:
    """Return what *text* sets. Raises `BadSettingsFile`.

    The hubs of other providers than Azure Storage's are none that this server could serve.
    """
    try:
        content = json.loads(_COMMENT.sub("", text))
    except ValueError as error:
        raise BadSettingsFile(file, "", f"not JSON: {error}") from None
    task = _below(_below(content, "extensions"), "durableTask")
    if not isinstance(task, dict):
        raise BadSettingsFile(file, "extensions.durableTask", "there is no such section")
    provider = _section(task, "storageProvider", file)
    kind = _below(provider, "type")
    if kind is not None and str(kind).lower() != "azurestorage":
        raise BadSettingsFile(
            file,
            "extensions.durableTask.storageProvider.type",
            f"expected AzureStorage, found {kind!r}",
        )
    found: dict[str, Value] = {}
    for name, value in _names(task, provider):
        meaning = MEANINGS.get(name.lower())
        if meaning is not None:
            where = f"extensions.durableTask.{name}"
            found[meaning.path] = _read(meaning, _resolved(value, app_settings), file, where)
    return found


def _section(task: dict[str, Any], name: str, file: str) -> dict[str, Any]:
    found = _below(task, name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        where = f"extensions.durableTask.{name}"
        raise BadSettingsFile(file, where, "expected an object")
    return found


def _names(task: dict[str, Any], provider: dict[str, Any]) -> list[tuple[str, object]]:
    return [
        *task.items(),
        *((f"storageProvider.{name}", value) for name, value in provider.items()),
    ]


def _read(meaning: _Meaning, value: object, file: str, where: str) -> Value:
    try:
        return ALL_KEYS[meaning.path].kind(meaning.convert(value))
    except Unfit as unfit:
        raise BadSettingsFile(file, where, f"expected {unfit}, found {value!r}") from None


def _resolved(value: object, app_settings: Mapping[str, str]) -> object:
    """Return *value* with the app settings put in; one that is not set stays as it is written."""
    if not isinstance(value, str):
        return value
    return _APP_SETTING.sub(lambda found: app_settings.get(found[1], found[0]), value)


def _below(content: Any, name: str) -> Any:
    """Return what stands under *name* in any case; ``None`` if nothing does."""
    if not isinstance(content, dict):
        return None
    return next((inner for key, inner in content.items() if key.lower() == name.lower()), None)
