"""The way to storage accounts, as a server is told it, and as the environment tells other commands."""

import os
from pathlib import Path

from durahub.accounts import Access
from durahub.address import parse_store
from durahub.classic.app_settings import AppSettings
from durahub.cli.text_file import read_text
from durahub.configuration.app_settings_file import read_app_settings
from durahub.configuration.keys import BY_PATH
from durahub.configuration.kinds import Unfit, Value
from durahub.configuration.settings import Settings, settings_of
from durahub.errors import BadSetting

TOLD_BY_ENVIRONMENT = (
    "app.settings",
    "store.credential",
    "store.client_id",
    "store.tenant_id",
    "store.cloud",
    "store.use_proxy",
    "store.tracking",
    "store.tracking_prefix",
)
"""Settings that count for every command: how accounts are reached, and where hubs are divided."""


def store_access(settings: Settings, app_settings: AppSettings) -> Access:
    """Return the way to accounts that *settings* tell."""
    return Access(
        app_settings=app_settings,
        identity=settings.identity,
        cloud=settings.cloud,
        use_proxy=settings.use_proxy,
        tracking=parse_store(settings.tracking) if settings.tracking is not None else None,
        tracking_prefix=settings.tracking_prefix,
    )


def access_of_environment() -> Access:
    """Return the way to accounts by variables alone. Raises `BadSetting` and `BadSettingsFile`."""
    flat = {path: value for path in TOLD_BY_ENVIRONMENT if (value := _value(path)) is not None}
    file = flat.get("app.settings")
    settings = {} if file is None else read_app_settings(read_text(Path(str(file))), str(file))
    return store_access(settings_of(flat), AppSettings(os.environ, settings))


def _value(path: str) -> Value:
    key = BY_PATH[path]
    for variable in key.variables:
        text = os.environ.get(variable)
        if text:
            try:
                return key.kind(text)
            except Unfit as unfit:
                raise BadSetting(variable, text, str(unfit)) from None
    return None
