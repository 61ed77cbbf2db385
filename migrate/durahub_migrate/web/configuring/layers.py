"""The command line comes first, then the environment, the settings file, what is so by default."""

from collections.abc import Mapping
from typing import Any

from durahub.configuration.kinds import Unfit
from durahub.errors import BadSetting
from durahub_migrate.web.configuring.file import read_monitor
from durahub_migrate.web.configuring.keys import KEYS
from durahub_migrate.web.configuring.settings import MonitorSettings

SOURCES = "DURAHUB_MONITOR_SOURCES"
"""What to watch, separated by commas."""


def settings_of(
    given: Mapping[str, Any],
    environment: Mapping[str, str],
    file: tuple[str, str] | None = None,
    *,
    defaults: Mapping[str, Any] | None = None,
) -> MonitorSettings:
    """Return what all say together. *file* is a name and a text, *given* comes from the command line.

    What is ``None`` in *given* was not given. Raises `BadSetting`, `BadSettingsFile`.
    """
    found: dict[str, Any] = dict(defaults or {})
    if file is not None:
        found |= read_monitor(file[1], file[0], environment)
    for key in KEYS:
        for where, value in (
            (key.variable, environment.get(key.variable)),
            (key.option, given.get(key.name)),
        ):
            if value is None or value in ("", ()):
                continue
            try:
                found[key.name] = key.kind(value)
            except Unfit as unfit:
                raise BadSetting(where, value, str(unfit)) from None
    if given.get("sources"):
        found["sources"] = tuple(given["sources"])
    elif environment.get(SOURCES):
        found["sources"] = tuple(
            one.strip() for one in environment[SOURCES].split(",") if one.strip()
        )
    return MonitorSettings(**found)
