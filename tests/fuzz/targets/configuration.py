"""Files of settings, of the server, of the monitor, of the linter, of Functions apps; TOML and JSON."""

import contextlib
from typing import Any

import tomllib

from durahub.classic.app_settings import AppSettings
from durahub.configuration.app_settings_file import read_app_settings
from durahub.configuration.default_hub import sanitised
from durahub.configuration.host_json import read_host_json
from durahub.configuration.keys import key_of
from durahub.configuration.kinds import show
from durahub.configuration.retention_policy import read_policy
from durahub.configuration.settings import settings_of
from durahub.configuration.settings_file import read_settings
from durahub.errors import BadSettingsFile, DurahubError
from durahub_migrate.alerting.reading import read_alerts
from durahub_migrate.assessment.prices import read_prices
from durahub_migrate.cli.lint_settings import setting_of
from durahub_migrate.lint.baseline import read_baseline, written
from durahub_migrate.lint.settings.settings_table import read_table
from durahub_migrate.web.configuring.file import read_monitor
from tests.fuzz.target import JSON, TIMES, clean_text_of, target

TOML = (
    b"[a]\n",
    b"[[a]]\n",
    b'= "',
    b"= true\n",
    b"= 1\n",
    b"= []\n",
    b'"""',
    b"= 1e400\n",
    b"= nan\n",
)
TOML += (b"a." * 400, b"[" * 900, b"{a=" * 400, b"= 2026-01-01\n", b"\xef\xbb\xbf", *TIMES)


@target(
    "settings-file", words=(*TOML, b"[hubs.a]", b"[server]", b"[defaults]", b"[defaults.purge]")
)
def settings_file(data: bytes) -> None:
    """The server's durahub.toml. Its settings are shown as TOML that can be read."""
    flat = read_settings(clean_text_of(data), "durahub.toml")
    for path, value in flat.items():
        if key_of(path) is not None:
            tomllib.loads(f"a = {show(path, value)}")
    settings_of(flat)


@target(
    "host-json", words=(*JSON, b"extensions", b"durableTask", b"%HUB%", b"storageProvider", b"// a")
)
def host_json(data: bytes) -> None:
    """An app's host.json, with app settings in it and over it."""
    settings = AppSettings(
        {"HUB": "shop", "AzureFunctionsJobHost__extensions__durableTask__hubName": "a"}
    )
    text = clean_text_of(data)
    for one in (AppSettings({}), settings):
        with contextlib.suppress(BadSettingsFile):
            read_host_json(text, "host.json", one)
    sanitised(text)


@target("app-settings", words=(*JSON, b"Values", b"ConnectionStrings", b"IsEncrypted"))
def app_settings(data: bytes) -> None:
    """An app's settings in their three forms: texts by name."""
    found = read_app_settings(clean_text_of(data), "local.settings.json")
    assert all(isinstance(value, str) for value in found.values())


@target(
    "retention-policy",
    words=(*JSON, b"retentionPolicies", b"retentionPeriodInDays", b"orchestrationState"),
)
def retention_policy(data: bytes) -> None:
    """A retention policy as DTS has it."""
    read_policy(clean_text_of(data), "policy.json")


@target(
    "monitor-file",
    words=(*TOML, b"[monitor]", b"[monitor.users]", b"[[monitor.grants]]", b"[monitor.oidc]"),
)
def monitor_file(data: bytes) -> None:
    """The monitor's part of durahub.toml."""
    read_monitor(clean_text_of(data), "durahub.toml", {"SECRET": "s" * 20})


@target(
    "alert-rules",
    words=(*TOML, b"[[rules]]", b"[[webhooks]]", b"env:SECRET", b"https://[", b"kind"),
)
def alert_rules(data: bytes) -> None:
    """The alerts in durahub.toml: rules, and whom they are told. Secrets are not quoted."""
    try:
        table: Any = tomllib.loads(clean_text_of(data))
    except (ValueError, RecursionError):
        return
    read_alerts(
        table,
        "durahub.toml",
        {"SECRET": "https://hooks.example/s3cr3t", "LOCAL": "http://127.0.0.1/x"},
    )


@target(
    "lint-table", words=(*TOML, b"[lint]", b"select", b"severity", b"thresholds", b"[lint.hubs.a]")
)
def lint_table(data: bytes) -> None:
    """The linter's part of a TOML file, and one setting of the command line."""
    text = clean_text_of(data)
    with contextlib.suppress(DurahubError):
        setting_of(text)
    read_table(text, "durahub.toml", ("IDN501", "PAY101"))


@target("baseline", words=(*JSON, b"findings", b"version"))
def baseline(data: bytes) -> None:
    """A baseline of the linter. One that is read is written and read the same."""
    found = read_baseline(clean_text_of(data), "baseline.json")
    assert read_baseline(written(found), "baseline.json") == found


@target("prices", words=(*JSON, *TOML))
def prices(data: bytes) -> None:
    """A file of prices, JSON or TOML."""
    read_prices(clean_text_of(data), "prices.toml")
