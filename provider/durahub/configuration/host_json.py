"""What ``host.json`` and app settings say that means the same here: to settings by their path.

The rest of the file is for the Functions host and its workers, and is left alone. What stands in the
section and has no meaning here is named in a warning; nothing of it is passed over in silence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from durahub.classic.app_settings import AppSettings
from durahub.classic.names import check_hub_name
from durahub.configuration.default_hub import default_hub
from durahub.configuration.host_json_entries import SECTION, Entry, Section, read_section
from durahub.configuration.host_json_keys import CURRENT, ONLY_1X, Same, Without
from durahub.configuration.keys import ALL_KEYS
from durahub.configuration.kinds import Flat, Unfit, Value, flag
from durahub.errors import BadHubName, BadSettingsFile

STORAGE = "Storage"  # the connection of apps that name none: AzureWebJobsStorage
_APP_SETTING = re.compile(r"%([^%]+)%")
_CONNECTIONS = ("store.address", "store.tracking")
_TABLE, _LEGACY = "usetablepartitionmanagement", "uselegacypartitionmanagement"
_PROVIDER = "storageprovider."
_BUNDLE = re.compile(r"\s*[\[(]\s*(\d+)")
_LAST_BASE64_BUNDLE = 3


@dataclass(frozen=True, slots=True)
class HostJson:
    """What an app's files say: settings, each with the file or app setting it comes from.

    ``defaults`` counts only where nothing else says anything. A warning is one line.
    """

    flat: Flat
    origins: Mapping[str, str]
    defaults: Flat
    warnings: tuple[str, ...]


def read_host_json(text: str, file: str, app_settings: AppSettings) -> HostJson:
    """Return what *text* and *app_settings* say. Raises `BadSettingsFile`.

    The hubs of other providers than Azure Storage's are none that this server could serve.
    """
    section = read_section(text, file, app_settings)
    reader = _Reader(file, section, app_settings)
    for entry in section.entries:
        reader.take(entry)
    reader.take_manager()
    reader.take_encoding()
    return HostJson(reader.flat, reader.origins, reader.defaults(), tuple(reader.warnings))


class _Reader:
    def __init__(self, file: str, section: Section, app_settings: AppSettings) -> None:
        self._file = file
        self._section = section
        self._app_settings = app_settings
        self._managers: dict[str, tuple[Entry, bool]] = {}
        self._has_provider = any(_provider_name(e.key) for e in section.entries)
        self._is_1x = section.at_top
        self.flat: dict[str, Value] = {}
        self.origins: dict[str, str] = {}
        self.warnings: list[str] = list(section.warnings)

    def take(self, entry: Entry) -> None:
        """Read one entry, or say why it is not."""
        known = _known(entry.key, self._has_provider)
        match known:
            case Same():
                if entry.key in _KEYS_1X:
                    self._is_1x = True
                self._set(entry, known)
            case Without() if entry.key == f"{_PROVIDER}type":
                self._check_type(entry, known)
            case Without():
                if str(entry.value).strip().lower() not in known.agrees:
                    self._warn(entry, known.reason)
            case None:
                self._warn(entry, _unknown(entry.key, self._has_provider))

    def _set(self, entry: Entry, known: Same) -> None:
        value = self._resolved(entry)
        short = entry.key.rpartition(".")[2]
        try:
            if short in (_TABLE, _LEGACY):
                self._managers[short] = (entry, flag(value))
                return
            if known.path in _CONNECTIONS:
                value = self._connection(value)
            read = ALL_KEYS[known.path].kind(known.convert(value))
        except Unfit as unfit:
            said = "" if known.path in _CONNECTIONS else f", found {entry.value!r}"
            raise self._bad(entry, f"expected {unfit}{said}") from None
        if known.path == "server.hubs":
            self._check_hub(entry, str(value))
        self.flat[known.path] = read
        self.origins[known.path] = entry.source

    def take_manager(self) -> None:
        """Read the two flags of partition managers together; with neither, the hub tells."""
        table, legacy = (self._managers.get(name) for name in (_TABLE, _LEGACY))
        if legacy is not None and legacy[1]:
            if table is not None and table[1]:
                raise self._bad(legacy[0], f"{table[0].where} is true as well: use one of them")
            self._set_manager(legacy[0], "legacy")
        elif table is not None:
            self._set_manager(table[0], "table" if table[1] else "safe")

    def _set_manager(self, entry: Entry, manager: str) -> None:
        self.flat["defaults.partition_manager"] = manager
        self.origins["defaults.partition_manager"] = entry.source

    def take_encoding(self) -> None:
        """Write Base64 where the app's extension is so old that it may not read anything else.

        Every version reads Base64; plain JSON only those from DurableTask.AzureStorage 1.17.4 on.
        """
        bundle = _BUNDLE.match(self._section.bundle or "")
        old_bundle = bundle is not None and int(bundle[1]) <= _LAST_BASE64_BUNDLE
        if (self._is_1x or old_bundle) and "defaults.queue_encoding" not in self.flat:
            self.flat["defaults.queue_encoding"] = "base64"
            why = f"extension bundle {self._section.bundle}" if old_bundle else "for Functions 1.x"
            self.origins["defaults.queue_encoding"] = f"{self._file} ({why})"

    def defaults(self) -> Flat:
        """Return what Durable Functions does where nothing is said."""
        settings = self._app_settings
        site = settings.get("WEBSITE_SITE_NAME")
        found: dict[str, Value] = {"server.hubs": (default_hub(site, is_1x=self._is_1x),)}
        connection = settings.connection(STORAGE)
        if connection is not None:
            found["store.address"] = f"env:{connection}"
        if site:
            found["store.app_name"] = site
        return found

    def _check_type(self, entry: Entry, known: Without) -> None:
        if str(self._resolved(entry)).strip().lower() not in known.agrees:
            raise self._bad(entry, f"expected AzureStorage, found {entry.value!r}")

    def _check_hub(self, entry: Entry, name: str) -> None:
        try:
            check_hub_name(name)
        except BadHubName as error:
            raise self._bad(entry, error.sentence) from None

    def _connection(self, value: object) -> object:
        """Return the address of the connection that an app setting describes."""
        if not isinstance(value, str) or not value.strip() or "=" in value:
            raise Unfit("the name of an app setting (not a connection string, which holds a key)")
        return f"env:{self._app_settings.connection(value.strip()) or value.strip()}"

    def _resolved(self, entry: Entry) -> object:
        """Return the entry's value with the app settings that it names put in."""

        def value_of(found: re.Match[str]) -> str:
            value = self._app_settings.get(found[1])
            if value is None:
                raise self._bad(entry, f"the app setting {found[1]} is not set")
            return value

        if not isinstance(entry.value, str):
            return entry.value
        return _APP_SETTING.sub(value_of, entry.value)

    def _bad(self, entry: Entry, problem: str) -> BadSettingsFile:
        if entry.source == self._file:
            return BadSettingsFile(self._file, entry.where, problem)
        return BadSettingsFile(f"the app setting {entry.source}", "", problem)

    def _warn(self, entry: Entry, reason: str) -> None:
        prefix = f"{self._file}: " if entry.source == self._file else "the app setting "
        self.warnings.append(f"{prefix}{entry.where}: {reason}")


_KEYS = {name.lower(): known for name, known in CURRENT.items()}
_KEYS_1X = {name.lower(): known for name, known in ONLY_1X.items()}
# In betas of Durable Functions 2 the provider's settings had a section for themselves.
_PROVIDER_SECTIONS = ("storageprovider.azurestorage.", "azurestorage.", _PROVIDER)


def _provider_name(key: str) -> str | None:
    """Return the name below ``storageProvider``, ``None`` if *key* stands elsewhere."""
    for section in _PROVIDER_SECTIONS:
        if key.startswith(section):
            return key.removeprefix(section)
    return None


def _known(key: str, has_provider: bool) -> Same | Without | None:
    name = _provider_name(key)
    if name is not None:
        return _KEYS.get(f"{_PROVIDER}{name}")
    if key in _KEYS:
        return _KEYS[key]
    return None if has_provider else _KEYS_1X.get(key)


def _unknown(key: str, has_provider: bool) -> str:
    if has_provider and key in _KEYS_1X:
        return "here only Durable Functions 1.x looks for it; its place is storageProvider"
    meant = get_close_matches(key, _SPELLED, n=1, cutoff=0.7) or get_close_matches(
        key.rpartition(".")[2], _LAST_PARTS, n=1, cutoff=0.7
    )
    if not meant:
        return "there is no such key; docs/settings.md lists all"
    return f"there is no such key; did you mean {_SPELLED.get(meant[0]) or _LAST_PARTS[meant[0]]}?"


_SPELLED = {name.lower(): f"{SECTION}.{name}" for name in CURRENT}
_LAST_PARTS = {name.rpartition(".")[2]: spelled for name, spelled in _SPELLED.items()}
