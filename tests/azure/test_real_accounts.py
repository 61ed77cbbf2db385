"""The same on accounts in Azure, where an emulator proves nothing: roles, networks, clouds, DNS.

Each way to an account is a test that runs whole orchestrations in a hub of its own and deletes it. What
is not told by the environment is skipped, with the variable that would tell it. The conformance tests run
on such an account as well: ``DURAHUB_TEST_STORAGE`` is its connection string.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from durahub.local.server import ServerProcess
from tests.accounts.conftest import RunApp, run_app
from tests.cli.command import durahub

__all__ = ["run_app"]  # a fixture

pytestmark = [pytest.mark.azure, pytest.mark.sdk, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Way:
    """A way to an account: the variable that a test needs, and what a server is told by it."""

    variable: str
    meaning: str
    store: str
    env: Callable[[str], Mapping[str, str]]


WAYS = {
    "key": Way(
        "DURAHUB_TEST_AZURE_CONNECTION",
        "a connection string with an account key",
        "env:STORAGE",
        lambda value: {"STORAGE": value},
    ),
    "signature": Way(
        "DURAHUB_TEST_AZURE_SAS",
        "a connection string with a shared access signature (ss=bqt, srt=sco, sp=rwdlacup)",
        "env:STORAGE",
        lambda value: {"STORAGE": value},
    ),
    "identity": Way(
        "DURAHUB_TEST_AZURE_ACCOUNT",
        "the name of an account on which this machine's identity has the three data roles "
        "(DURAHUB_CREDENTIAL, DURAHUB_CLIENT_ID, DURAHUB_TENANT_ID and DURAHUB_CLOUD count)",
        "storage:{value}",
        lambda value: {},
    ),
    "private endpoints": Way(
        "DURAHUB_TEST_AZURE_ENDPOINTS",
        "three addresses, of blobs, queues and tables, separated by commas; with the same identity",
        "env:STORAGE",
        lambda value: dict(
            zip(
                ("STORAGE__blobServiceUri", "STORAGE__queueServiceUri", "STORAGE__tableServiceUri"),
                value.split(","),
                strict=True,
            )
        ),
    ),
}


def variable(name: str, meaning: str) -> str:
    """Return what the environment says; without it the test is skipped."""
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set: {meaning}")
    return value


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_orchestration_runs_on_a_real_account(
    way: Way,
    start_server: Callable[..., ServerProcess],
    run_app: RunApp,
    hub_name: str,
    tmp_path: Path,
) -> None:
    value = variable(way.variable, way.meaning)
    store, env = way.store.format(value=value), dict(way.env(value))
    try:
        server = start_server("--store", store, "--hub", hub_name, env=env)
        run_app(server, hub_name)
        assert server.stop() == 0
    finally:
        durahub("hub", "delete", f"{store}/{hub_name}", "--yes", state=tmp_path, env=env)


def test_a_hub_is_divided_between_two_real_accounts(
    start_server: Callable[..., ServerProcess], run_app: RunApp, hub_name: str, tmp_path: Path
) -> None:
    key = WAYS["key"]
    env = {
        "STORAGE": variable(key.variable, key.meaning),
        "TRACKING": variable(
            "DURAHUB_TEST_AZURE_TRACKING", "the connection string of another account"
        ),
        "DURAHUB_TRACKING_STORE": "env:TRACKING",
        "DURAHUB_TRACKING_PREFIX": f"Of{hub_name}",
    }
    try:
        server = start_server("--store", "env:STORAGE", "--hub", hub_name, env=env)
        run_app(server, hub_name)
        assert server.stop() == 0
    finally:
        durahub("hub", "delete", f"env:STORAGE/{hub_name}", "--yes", state=tmp_path, env=env)
