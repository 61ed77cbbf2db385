"""Whole host.json files as apps of several ages have them: what comes of each, and what is warned of."""

import json
from pathlib import Path
from typing import Any

import pytest

from durahub.classic.app_settings import AppSettings
from durahub.configuration.host_json import read_host_json
from durahub.configuration.settings import settings_of

APPS = Path(__file__).with_name("apps")
EXPECTED: dict[str, dict[str, Any]] = json.loads((APPS / "expected.json").read_text())


def test_every_file_has_an_expectation() -> None:
    files = {file.stem for file in APPS.glob("*.json")} - {"expected"}

    assert files == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_app_s_file_comes_to_what_is_expected(name: str) -> None:
    settings = AppSettings({"TASKHUB": "FromSettings"})
    found = read_host_json((APPS / f"{name}.json").read_text(), name, settings)
    flat = {path: list(v) if isinstance(v, tuple) else v for path, v in found.flat.items()}

    assert flat == EXPECTED[name]["flat"]
    assert sorted(_named(warning) for warning in found.warnings) == sorted(EXPECTED[name]["warned"])
    assert settings_of(found.flat).hubs


def _named(warning: str) -> str:
    """Return the last part of the key that a warning names."""
    where = warning.partition(": ")[2]
    if where.startswith("there is no "):
        return where.removeprefix("there is no ")
    return where.partition(":")[0].rpartition(".")[2]
