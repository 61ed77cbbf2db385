"""An export of a hub that is frozen: its bundle is of one moment, and says what shows that."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from durahub.classic.account import Account
from durahub.classic.freezing.freezing import Freezing
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions
from durahub.classic.parts import Parts, assemble
from durahub.dispatch.clock import system_clock
from durahub.errors import NotFrozen
from durahub.freezing import Freeze, Terms
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.freezing import FileFreezing
from durahub.scheduler.hub_store import SchedulerStore
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.cli.export import export
from durahub_migrate.export.classic_outlet import classic_outlet
from durahub_migrate.export.exporting import export as lead
from tests.bundle.bundles import GIVEN
from tests.bundle.exports import exported, exported_file
from tests.conftest import STORE, Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.sdk.bare_hub import BareHub, ForeignWorker

QUICK = Terms(wait=10.0, hidden_for=0.0, apart=0.1, lasting=True)


async def frozen(azurite: Storage, hub: str) -> Freeze:
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        return await Freezing(hub, account, system_clock).freeze(QUICK, bool)


async def thaw(azurite: Storage, hub: str) -> tuple[str, ...]:
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        return await Freezing(hub, account, system_clock).thaw()


@asynccontextmanager
async def parts_of(azurite: Storage, hub: str) -> AsyncIterator[Parts]:
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        yield assemble(HubNames(hub), account, ClassicOptions(), system_clock, Random())


def report(folder: Path) -> dict[str, Any]:
    content = BundleReader(folder).report("freeze.json")
    assert content is not None
    found: dict[str, Any] = json.loads(content)
    return found


def run(azurite: Storage, hub: str, *arguments: object) -> Result:
    env = {STORE: azurite.connection_string}
    words = [f"env:{STORE}/{hub}", *map(str, arguments)]
    return CliRunner().invoke(export, words, env=env)


@pytest.mark.azurite
def test_a_frozen_hub_is_exported_alike_each_time_and_what_shows_it_is_in_the_bundle(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    asyncio.run(load(HUBS[0], azurite.connection_string, hub_name))
    refused = run(azurite, hub_name, tmp_path / "unfrozen", "--frozen")
    assert isinstance(refused.exception, NotFrozen)
    assert not (tmp_path / "unfrozen").exists()

    freeze = asyncio.run(frozen(azurite, hub_name))
    done = run(azurite, hub_name, tmp_path / "b", "--frozen")

    assert done.exit_code == 0, done.output
    assert f"frozen by {freeze.holder}" in done.stdout
    manifest = BundleReader(tmp_path / "b").manifest
    assert manifest.frozen
    assert manifest.evidence["holder"] == freeze.holder
    found = report(tmp_path / "b")
    assert found["frozen"] is True
    assert found["freeze"]["leases"] == list(freeze.leases)
    again = asyncio.run(exported(azurite.connection_string, hub_name, tmp_path / "again"))
    assert again.root == manifest.root

    foreign = ForeignWorker(BareHub(azurite, hub_name))
    asyncio.run(thaw(azurite, hub_name))
    assert foreign.claim()
    assert not run(azurite, hub_name, tmp_path / "in-use").exception
    assert not BundleReader(tmp_path / "in-use").manifest.frozen


@pytest.mark.azurite
def test_a_hub_that_is_written_to_after_the_freeze_is_found_out_at_the_end(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    asyncio.run(load(HUBS[0], azurite.connection_string, hub_name))
    asyncio.run(frozen(azurite, hub_name))
    queue = BareHub(azurite, hub_name).queue(HubNames(hub_name).control_queue(0))
    queue.send_message("an event")

    done = run(azurite, hub_name, tmp_path / "b", "--frozen")

    assert isinstance(done.exception, NotFrozen)
    assert done.exception.exit_status == 3
    assert "control-00 grew" in str(done.exception)
    manifest = BundleReader(tmp_path / "b").manifest
    assert not manifest.frozen
    assert "control-00 grew" in manifest.evidence["not_frozen"]
    assert report(tmp_path / "b")["frozen"] is False
    asyncio.run(thaw(azurite, hub_name))


async def written_meanwhile(azurite: Storage, hub: str, folder: Path, write: Any) -> Manifest:
    """Export a hub; behind the last instance *write* is called."""

    def account(make_transport: Any) -> Account:
        return Account.from_connection_string(
            azurite.connection_string, "the test", make_transport=make_transport
        )

    async with classic_outlet(hub, account, system_clock) as outlet:
        assert outlet.frozen.problem == ""

        class Interrupted(type(outlet)):  # type: ignore[misc]
            async def instances(self) -> Any:
                async for one in outlet.instances():
                    yield one
                await write()

        given = {name: getattr(outlet, name) for name in outlet.__dataclass_fields__}
        with BundleWriter(folder, GIVEN) as writer:
            return await lead(Interrupted(**given), writer, system_clock)


@pytest.mark.slow
@pytest.mark.azurite
async def test_a_row_that_is_written_while_the_hub_is_read_is_found_out(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await load(HUBS[0], azurite.connection_string, hub_name)
    await frozen(azurite, hub_name)
    async with parts_of(azurite, hub_name) as parts:

        async def write() -> None:
            row = {"PartitionKey": "new", "RowKey": f"{0:016X}", "EventType": "OrchestratorStarted"}
            await parts.tables.insert(parts.names.history_table, row)

        manifest = await written_meanwhile(azurite, hub_name, tmp_path / "b", write)

    assert not manifest.frozen
    assert "the row of 'new'" in manifest.evidence["not_frozen"]


@pytest.mark.slow
@pytest.mark.azurite
async def test_a_hub_that_is_thawed_while_it_is_read_is_not_frozen(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await load(HUBS[0], azurite.connection_string, hub_name)
    await frozen(azurite, hub_name)

    async def write() -> None:
        await thaw(azurite, hub_name)

    manifest = await written_meanwhile(azurite, hub_name, tmp_path / "b", write)

    assert not manifest.frozen
    assert manifest.evidence["not_frozen"] == "it was thawed meanwhile"


@pytest.mark.slow
@pytest.mark.azurite
@pytest.mark.parametrize("recorded", HUBS, ids=lambda one: str(one.names.hub))
async def test_every_recorded_hub_can_be_frozen_exported_and_thawed(
    recorded: RecordedHub, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await load(recorded, azurite.connection_string, hub_name)
    await frozen(azurite, hub_name)

    manifest = await exported(azurite.connection_string, hub_name, tmp_path / "b")

    assert manifest.frozen, manifest.evidence
    assert await thaw(azurite, hub_name)
    assert (await exported(azurite.connection_string, hub_name, tmp_path / "c")).frozen


async def test_a_file_that_is_frozen_gives_a_frozen_bundle(tmp_path: Path) -> None:
    file = tmp_path / "hub.db"
    opened = SchedulerFile(str(file), clock=system_clock)
    store = SchedulerStore(opened, "orders")
    await store.open(create=True)
    await store.close()
    await opened.close()
    freezer = FileFreezing(str(file), "orders", system_clock)
    freeze = await freezer.freeze(Terms(), bool)

    manifest = await exported_file(file, "orders", tmp_path / "b")

    assert manifest.frozen
    assert report(tmp_path / "b")["freeze"]["process"] == freeze.process
    await freezer.release()
