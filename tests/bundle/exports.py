"""Exports for tests: of a hub in the storage of the tests, and of one in a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from durahub.classic.account import Account
from durahub.dispatch.clock import system_clock
from durahub.model.ticks import Ticks
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.export.classic_outlet import classic_outlet
from durahub_migrate.export.exporting import export
from durahub_migrate.export.scheduler_outlet import scheduler_outlet
from tests.bundle.bundles import GIVEN


async def exported(
    connection_string: str,
    hub: str,
    folder: Path,
    *,
    clock: Callable[[], Ticks] = system_clock,
) -> Manifest:
    """Export a hub in that account."""

    def account(make_transport: Any) -> Account:
        return Account.from_connection_string(
            connection_string, "the test", make_transport=make_transport
        )

    async with classic_outlet(hub, account, clock) as outlet:
        with BundleWriter(folder, GIVEN) as writer:
            return await export(outlet, writer, clock)


async def exported_file(file: Path, hub: str, folder: Path) -> Manifest:
    """Export a hub in that file."""
    with scheduler_outlet(str(file), hub) as outlet, BundleWriter(folder, GIVEN) as writer:
        return await export(outlet, writer, system_clock)
