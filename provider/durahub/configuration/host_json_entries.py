"""The durableTask section of host.json, as the Functions host finds it: an entry for each value.

Names are found in any case. App settings called ``AzureFunctionsJobHost__extensions__durableTask__…``
come before the file. With Functions 1.x the section stands at the top, where later hosts do not look.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from durahub.classic.app_settings import AppSettings
from durahub.configuration.json_text import without_comments
from durahub.errors import BadSettingsFile
from durahub.model.json_text import loads

SECTION = "extensions.durableTask"
OVERRIDES = "AzureFunctionsJobHost:extensions:durableTask"


@dataclass(frozen=True, slots=True)
class Entry:
    """A value. *name* is its place below the section, as it is spelled; *source* the file or app setting.

    *where* is its whole path in the file, or the app setting.
    """

    name: str
    value: object
    source: str
    where: str

    @property
    def key(self) -> str:
        """The name, as entries are told apart."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Section:
    """What is said of Durable Functions. *at_top*: where Functions 1.x wants it."""

    entries: tuple[Entry, ...]
    at_top: bool
    bundle: str | None  # the version range of the extension bundle
    warnings: tuple[str, ...]


def read_section(text: str, file: str, app_settings: AppSettings) -> Section:
    """Return the section in *text*, less what app settings say otherwise. Raises `BadSettingsFile`."""
    warnings: list[str] = []
    content = _loaded(text, file)
    extensions = _object(content, "extensions", file, "extensions")
    task = _object(extensions, "durableTask", file, SECTION) if extensions is not None else None
    top = _object(content, "durableTask", file, "durableTask")
    at_top = task is None and top is not None and str(_below(content, "version")) != "2.0"
    if top is not None and not at_top:
        warnings.append(
            f'{file}: durableTask at the top is for Functions 1.x; with "version": "2.0" it is not '
            f"read, it belongs into {SECTION}"
        )
    found = (top if at_top else task) or {}
    start = "durableTask" if at_top else SECTION
    entries: dict[str, Entry] = {}
    for name, value in _leaves(found, "", file, start):
        entry = Entry(name, value, file, f"{start}.{name}")
        if entry.key in entries:
            warnings.append(f"{file}: {entry.where} stands there twice; the last one counts")
        entries[entry.key] = entry
    for key, (setting, text_value) in app_settings.below(OVERRIDES).items():
        name = _spelled(setting)
        entries[key.replace(":", ".")] = Entry(name, text_value, setting, setting)
    if not entries:
        warnings.append(
            f"{file}: there is no {SECTION}; what Durable Functions does without counts"
        )
    bundle = _below(_below(content, "extensionBundle"), "version")
    return Section(
        tuple(entries.values()),
        at_top,
        bundle if isinstance(bundle, str) else None,
        tuple(warnings),
    )


def _loaded(text: str, file: str) -> Any:
    try:
        content = loads(without_comments(text))
    except ValueError as error:
        raise BadSettingsFile(file, "", f"not JSON: {error}") from None
    if not isinstance(content, dict):
        raise BadSettingsFile(file, "", "expected an object")
    return content


def _leaves(
    section: dict[str, Any], prefix: str, file: str, start: str
) -> Iterator[tuple[str, object]]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.", file, start)
        elif f"{prefix}{name}".lower() in _OBJECTS and value is not None:
            raise BadSettingsFile(file, f"{start}.{prefix}{name}", "expected an object")
        elif value is not None:  # null is the same as nothing
            yield f"{prefix}{name}", value


_OBJECTS = frozenset(
    {"storageprovider", "azurestorage", "storageprovider.azurestorage"}
    | {"tracing", "notifications", "httpsettings", "appleaseoptions"}
)


def _object(content: Any, name: str, file: str, where: str) -> dict[str, Any] | None:
    found = _below(content, name)
    if found is not None and not isinstance(found, dict):
        raise BadSettingsFile(file, where, "expected an object")
    return found


def _below(content: Any, name: str) -> Any:
    """Return what stands under *name* in any case, the last one; ``None`` if nothing does."""
    if not isinstance(content, dict):
        return None
    found = [inner for key, inner in content.items() if key.lower() == name.lower()]
    return found[-1] if found else None


def _spelled(setting: str) -> str:
    """Return the name below the section that an app setting's own name holds."""
    return ".".join(setting.replace("__", ":").split(":")[3:])
