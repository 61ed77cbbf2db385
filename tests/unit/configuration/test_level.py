"""The level of a hub: who may serve it."""

import pytest

from durahub.address import parse_store
from durahub.classic.options import Level
from durahub.configuration.settings import settings_of
from durahub.configuration.settings_file import read_settings
from durahub.errors import BadSetting, BadSettingsFile
from durahub.storage import StorageOptions, open_storage


def test_a_hub_can_be_shared_unless_it_is_said_otherwise() -> None:
    text = '[hubs.orders]\nlevel = "exclusive"\n[hubs.billing]\n'
    settings = settings_of(read_settings(text, "durahub.toml"))

    assert settings.of("orders").level is Level.EXCLUSIVE
    assert settings.of("billing").level is settings.defaults.level is Level.DEFAULT


def test_there_are_two_levels() -> None:
    with pytest.raises(BadSettingsFile, match='"default" or "exclusive"'):
        read_settings('[defaults]\nlevel = "fast"\n', "durahub.toml")


def test_a_hub_in_a_file_has_no_level() -> None:
    storage = open_storage(parse_store("sqlite::memory:"), StorageOptions())

    storage.store("orders", StorageOptions(level=Level.DEFAULT))
    with pytest.raises(BadSetting, match="SQLite file"):
        storage.store("orders", StorageOptions(level=Level.EXCLUSIVE))
