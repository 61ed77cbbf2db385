"""A plan's target in Azure Storage is opened by its address; a worker that is at it stops the move."""

import asyncio
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from durahub.classic.account import Account
from durahub.classic.doctor.doctor import Doctor
from durahub.classic.names import HubNames
from durahub.classic.partitioning.table import LeaseRow, encode
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.dispatch.clock import system_clock
from durahub.errors import HubBeingMoved, HubInUse
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving.capabilities import CLASSIC_HUB
from durahub_migrate.moving.mover import Moved, Outcome, Phase
from durahub_migrate.moving.pace import Unhurried
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.targets.classic_hub import classic_hub_mover
from durahub_migrate.targets.opening import Ways, open_mover
from tests.bundle.bundles import an_instance, written
from tests.cli.command import Answer, durahub
from tests.conftest import STORE, Storage
from tests.golden.finishing.stored import read_hub
from tests.targets.moves import Ledgers, MemoryLedger, move_all, units_of
from tests.targets.stores.test_crashes_into_classic_hub import a_content

pytestmark = pytest.mark.azurite

NOBODYS = "gone/history-0000000000000001-TaskCompleted-00000007-Result.json.gz"


def account_of(storage: Storage) -> Account:
    return Account.from_connection_string(storage.connection_string, "the test")


async def test_a_target_is_opened_by_its_address(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    ways = Ways(resolve=lambda store: store, account=lambda _: account_of(azurite))
    written(tmp_path / "bundle", [an_instance("a")])
    with open_content(tmp_path / "bundle") as content:
        head = PlanHead(
            tool="durahub test",
            bundle="bundle",
            bundle_root=content.manifest.root,
            frozen=True,
            source="classic hub orders",
            target=f"env:{STORE}/{hub_name}",
            capabilities=CLASSIC_HUB,
            settings=MoveSettings(),
        )
        async with open_mover(
            head, "job-1", content, Unhurried(), system_clock, ways=ways
        ) as mover:
            await move_all(mover, content)
    found = await read_hub(HubNames(hub_name), azurite.connection_string)
    assert list(found.lines) == ["a"]
    assert len([one for one in found.depths if one.startswith("control")]) == 4


async def test_what_was_put_there_is_taken_away(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    content, ledgers = a_content(tmp_path), Ledgers()
    async with classic_hub_mover(
        account_of(azurite), hub_name, "job-1", system_clock, partitions=2
    ) as mover:
        for unit in units_of(content):
            await mover.carry_out(Phase.PLACE, unit, content, ledgers(unit.root_id))
        found = await read_hub(HubNames(hub_name), azurite.connection_string)
        assert (len(found.lines), sum(found.depths.values())) == (3, 6)
        assert not any(
            [await mover.has_run(one, content, ledgers(one.root_id)) for one in units_of(content)]
        )
        for unit in units_of(content):
            await mover.withdraw(unit, content, ledgers(unit.root_id))
    found = await read_hub(HubNames(hub_name), azurite.connection_string)
    assert (found.lines, sum(found.depths.values())) == ({}, 0)


async def test_an_id_that_is_taken_rejects_its_tree(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    async def placed(folder: str, job: str, **others: str) -> Moved:
        written(tmp_path / folder, [an_instance("a", **others)])
        with open_content(tmp_path / folder) as content:
            async with classic_hub_mover(
                account_of(azurite), hub_name, job, system_clock, partitions=2
            ) as mover:
                [unit] = units_of(content)
                moved = await mover.carry_out(Phase.PLACE, unit, content, MemoryLedger())
                await mover.hand_over()
                return moved

    assert (await placed("first", "job-1")).outcome is Outcome.DONE
    assert (await placed("same", "job-2")).outcome is Outcome.DONE
    other = await placed("other", "job-3", output='"other"')
    assert (other.outcome, other.code) == (Outcome.REJECTED, "DH301")
    found = await read_hub(HubNames(hub_name), azurite.connection_string)
    assert found.lines["a"]["output"] == '"out"'


async def test_nothing_is_moved_beside_a_worker(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    content = a_content(tmp_path)
    async with classic_hub_mover(
        account_of(azurite), hub_name, "job-1", system_clock, partitions=1
    ) as mover:
        for unit in units_of(content):
            await mover.carry_out(Phase.PLACE, unit, content, MemoryLedger())
        names, now = HubNames(hub_name), system_clock()
        row = LeaseRow(
            partition=names.control_queue(0),
            current_owner="somebody",
            last_renewal=now,
            expires_at=now,
        )
        async with account_of(azurite) as account:
            tables = Tables(account.table_wire, StorageErrors("", hub_name))
            await tables.replace(names.partitions_table, encode(row), "*")
        with pytest.raises(HubInUse, match="somebody"):
            await mover.hand_over()
    with pytest.raises(HubInUse, match="somebody"):
        async with classic_hub_mover(account_of(azurite), hub_name, "job-1", system_clock):
            pass
    found = await read_hub(names, azurite.connection_string)
    assert found.visible == ()


async def test_one_job_at_a_time_has_a_hub_until_it_hands_over_or_gives_up(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    content = a_content(tmp_path)
    units, ledgers = units_of(content), Ledgers()
    async with classic_hub_mover(
        account_of(azurite), hub_name, "job-1", system_clock, partitions=2
    ) as first:
        for unit in units:
            await first.carry_out(Phase.PLACE, unit, content, ledgers(unit.root_id))
    async with classic_hub_mover(account_of(azurite), hub_name, "job-2", system_clock) as second:
        with pytest.raises(HubBeingMoved, match="job-1"):
            await second.carry_out(Phase.PLACE, units[0], content, MemoryLedger())
        with pytest.raises(HubBeingMoved, match="job-1"):
            await second.hand_over()
        await second.give_up()  # that is not its own
        async with account_of(azurite) as account:
            doctor = Doctor(hub_name, account, system_clock)
            assert await doctor.moving_job() == "job-1"
            with pytest.raises(HubBeingMoved, match="job-1"):
                _ = [one async for one in doctor.repair(())]
    async with classic_hub_mover(account_of(azurite), hub_name, "job-1", system_clock) as first:
        for unit in units:
            await first.withdraw(unit, content, ledgers(unit.root_id))
        await first.give_up()
    async with classic_hub_mover(account_of(azurite), hub_name, "job-2", system_clock) as second:
        moved = await move_all(second, content)
    assert (moved.instances, moved.messages) == (3, 6)
    async with account_of(azurite) as account:
        assert await Doctor(hub_name, account, system_clock).moving_job() is None


async def test_an_equal_instance_is_not_taken_for_moved_without_its_messages(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    content = a_content(tmp_path)
    async with classic_hub_mover(
        account_of(azurite), hub_name, "job-1", system_clock, partitions=2
    ) as first:
        await move_all(first, content)
    found: dict[str, Moved] = {}
    async with classic_hub_mover(account_of(azurite), hub_name, "job-2", system_clock) as second:
        for unit in units_of(content):
            found[unit.root_id] = await second.carry_out(Phase.PLACE, unit, content, MemoryLedger())
    outcomes = {root: moved.outcome for root, moved in found.items()}
    assert outcomes == {
        "waits": Outcome.REJECTED,
        "pending": Outcome.REJECTED,
        "large": Outcome.DONE,  # there is nothing that could be missing
    }
    assert "this job has not put it there" in found["waits"].reason
    after = await read_hub(HubNames(hub_name), azurite.connection_string)
    assert (len(after.lines), len(after.visible)) == (3, 5)


async def test_a_hub_that_a_job_has_is_not_repaired_and_can_be_deleted(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    content = a_content(tmp_path)
    address, env = f"env:{STORE}/{hub_name}", {STORE: azurite.connection_string}

    def command(*arguments: str) -> Answer:
        return durahub("hub", *arguments, state=tmp_path, env=env)

    async with classic_hub_mover(
        account_of(azurite), hub_name, "job-1", system_clock, partitions=2
    ) as mover:
        for unit in units_of(content):
            await mover.carry_out(Phase.PLACE, unit, content, MemoryLedger())
    orphan = BlobServiceClient.from_connection_string(azurite.connection_string).get_blob_client(
        f"{hub_name.lower()}-largemessages", NOBODYS
    )
    orphan.upload_blob(b"as one that only a held message names")
    doctor = await asyncio.to_thread(
        command, "doctor", address, "--repair", "--yes", "--grace", "0"
    )
    assert (doctor.status, "job job-1 is moving instances" in doctor.err) == (1, True), doctor
    assert orphan.exists()

    deleted = await asyncio.to_thread(command, "delete", address, "--yes")
    assert deleted.status == 0, deleted
    async with classic_hub_mover(
        account_of(azurite), hub_name, "job-2", system_clock, partitions=2
    ) as mover:
        assert (await move_all(mover, content)).messages == 6
