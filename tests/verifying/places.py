"""Places to compare in tests, and their comparison."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durahub.classic.account import Account
from durahub.dispatch.clock import system_clock
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.export.classic_outlet import classic_outlet
from durahub_migrate.export.scheduler_outlet import scheduler_outlet
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.scheduler_store import scheduler_store_mover
from durahub_migrate.verifying.sides import BundleSide, HubSide, OpenSide, Side
from durahub_migrate.verifying.spool import Spool
from durahub_migrate.verifying.summary import Summary
from durahub_migrate.verifying.verdicts import Symbol, Verdict
from durahub_migrate.verifying.verifying import Verification
from durahub_migrate.verifying.wanted import Wanted
from tests.moving.loaded import load
from tests.targets.moves import move_all

HUB = "Orders"


def bundle_side(folder: Path) -> OpenSide:
    """Return what opens a bundle."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Side]:
        yield BundleSide("the bundle", BundleReader(folder))

    return opened


def file_side(file: Path, hub: str = HUB) -> OpenSide:
    """Return what opens a hub in a file."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Side]:
        with scheduler_outlet(str(file), hub) as outlet:
            yield HubSide("the file", outlet)

    return opened


def classic_side(connection_string: str, hub: str) -> OpenSide:
    """Return what opens a hub in an account."""

    def account(make_transport: Any) -> Account:
        return Account.from_connection_string(
            connection_string, "the test", make_transport=make_transport
        )

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Side]:
        async with classic_outlet(hub, account, system_clock) as outlet:
            yield HubSide("the account", outlet)

    return opened


async def moved_into_file(bundle: Path, file: Path, hub: str = HUB) -> None:
    """Move a bundle into a new file."""
    async with scheduler_store_mover(str(file), hub, "job-1", system_clock) as mover:
        await move_all(mover, load(BundleReader(bundle)))


@dataclass(frozen=True)
class Result:
    """What a comparison told."""

    summary: Summary
    verdicts: dict[str, Verdict]

    @property
    def faults(self) -> dict[str, Verdict]:
        return {one: verdict for one, verdict in self.verdicts.items() if verdict.is_fault}

    def symbol(self, instance_id: str) -> Symbol:
        return self.verdicts[instance_id].symbol


async def compared(
    source: OpenSide, target: OpenSide, *units: Unit, wanted: Wanted | None = None
) -> Result:
    """Compare two places."""
    with tempfile.TemporaryDirectory() as folder, Spool(Path(folder)) as spool:
        verification = Verification(source, target, spool, wanted or Wanted(now=system_clock()))
        for unit in units:
            verification.add_unit(unit)
        summary = await verification.run()
        verdicts = [Verdict.decoded(body) for body in spool.verdicts()]
    return Result(summary, {one.instance_id: one for one in verdicts})
