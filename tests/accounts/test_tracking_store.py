"""A tracking store in an account of its own: queues in one, tables and blobs in the other."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from durahub.classic.account import Account
from durahub.local.server import ServerProcess
from tests.accounts.conftest import RunApp
from tests.cli.command import durahub
from tests.conftest import Storage

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]


async def names_in(storage: Storage, hub: str) -> dict[str, set[str]]:
    """Return what an account has of a hub: queues, tables and containers."""
    async with Account.from_connection_string(storage.connection_string, "the test") as account:
        queues = {str(one.name) async for one in account.queues.list_queues()}
        tables = {str(one.name) async for one in account.tables.list_tables()}
        containers = {str(one.name) async for one in account.blobs.list_containers()}
    return {
        "queues": {name for name in queues if hub.lower() in name},
        "tables": {name for name in tables if hub in name},
        "containers": {name for name in containers if hub.lower() in name},
    }


def test_a_hub_is_divided_as_dotnet_divides_it(
    azurite: Storage,
    second: Storage,
    start_server: Callable[..., ServerProcess],
    run_app: RunApp,
    hub_name: str,
    tmp_path: Path,
) -> None:
    env = {
        "MAIN": azurite.connection_string,
        "TRACKING": second.connection_string,
        "DURAHUB_TRACKING_STORE": "env:TRACKING",
        "DURAHUB_TRACKING_PREFIX": f"Of{hub_name}",
    }
    server = start_server("--store", "env:MAIN", "--hub", hub_name, "--partitions", "2", env=env)
    run_app(server, hub_name)
    assert server.stop() == 0

    lower = hub_name.lower()
    queues = {f"{lower}-control-00", f"{lower}-control-01", f"{lower}-workitems"}
    assert asyncio.run(names_in(azurite, hub_name)) == {
        "queues": queues,
        "tables": set(),
        "containers": set(),
    }
    assert asyncio.run(names_in(second, hub_name)) == {
        "queues": set(),
        "tables": {
            f"Of{hub_name}History",
            f"Of{hub_name}Instances",
            f"{hub_name}Partitions",
        },
        "containers": {f"{lower}-applease", f"{lower}-largemessages"},
    }
    for command in (("instance", "list", "--hub"), ("hub", "show"), ("hub", "read")):
        answer = durahub(*command, f"env:MAIN/{hub_name}", state=tmp_path, env=env)
        assert answer.status == 0, answer.err
    listed = durahub("hub", "list", "env:MAIN", state=tmp_path, env=env)
    assert hub_name in listed.out


def test_without_a_prefix_the_tables_are_durabletasks(
    azurite: Storage, second: Storage, hub_name: str, tmp_path: Path
) -> None:
    env = {
        "MAIN": azurite.connection_string,
        "TRACKING": second.connection_string,
        "DURAHUB_TRACKING_STORE": "env:TRACKING",
    }
    made = durahub("hub", "create", f"env:MAIN/{hub_name}", state=tmp_path, env=env)
    assert made.status == 0, made.err

    async def tables() -> set[str]:
        async with Account.from_connection_string(second.connection_string, "the test") as account:
            return {str(one.name) async for one in account.tables.list_tables()}

    assert {"DurableTaskHistory", "DurableTaskInstances"} <= asyncio.run(tables())
