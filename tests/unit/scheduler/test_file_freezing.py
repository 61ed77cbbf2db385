"""A hub in a file is frozen while the freezer has the file."""

import asyncio
import os
from pathlib import Path

import pytest

from durahub.dispatch.clock import system_clock
from durahub.errors import BadRequest, FileUnavailable, HubInUse, HubNotFound, NotFrozen
from durahub.freezing import Terms
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.freezing import FileFreezing, freeze_of
from durahub.scheduler.hub_store import SchedulerStore

ONCE = Terms(wait=0.0)


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A file with the hub orders, which nobody has open."""
    place = tmp_path / "hub.db"
    opened = SchedulerFile(str(place), clock=system_clock)
    store = SchedulerStore(opened, "orders")
    await store.open(create=True)
    await store.close()
    await opened.close()
    return place


def freezing(file: Path, hub: str = "orders") -> FileFreezing:
    return FileFreezing(str(file), hub, system_clock)


async def test_no_server_opens_a_file_that_is_frozen_until_it_is_thawed(file: Path) -> None:
    freezer = freezing(file)
    freeze = await freezer.freeze(ONCE, bool)

    assert freeze_of(str(file)) == freeze
    assert freeze.process == os.getpid()
    server = SchedulerFile(str(file), clock=system_clock)
    with pytest.raises(FileUnavailable, match="durahub hub thaw"):
        await SchedulerStore(server, "orders").open(create=False)

    await freezer.release()
    assert freeze_of(str(file)) is None
    store = SchedulerStore(server, "orders")
    await store.open(create=False)
    await store.close()
    await server.close()


async def test_a_file_that_a_server_has_is_not_frozen(file: Path) -> None:
    server = SchedulerFile(str(file), clock=system_clock)
    store = SchedulerStore(server, "orders")
    await store.open(create=False)

    with pytest.raises(HubInUse) as refused:
        await freezing(file).freeze(ONCE, bool)
    said = str(refused.value)
    assert f"process {os.getpid()} has the file {file} open" in said
    assert "stop that process" in said

    waits = asyncio.Event()
    work = asyncio.create_task(freezing(file).freeze(Terms(wait=30.0), lambda _: waits.set()))
    await waits.wait()
    await store.close()
    await server.close()
    [seen] = (await work).seen
    assert seen.what == "had the file"


@pytest.mark.parametrize("round_", range(20))
async def test_of_a_server_and_a_freeze_that_begin_together_one_has_the_file(
    file: Path, round_: int
) -> None:
    freezer, server = freezing(file), SchedulerFile(str(file), clock=system_clock)
    store = SchedulerStore(server, "orders")

    async def frozen() -> bool:
        await asyncio.to_thread(bool)  # now one is first, now the other
        await freezer.freeze(ONCE, bool)
        return True

    both = [frozen(), store.open(create=False)]
    begun = await asyncio.gather(*(both if round_ % 2 else reversed(both)), return_exceptions=True)

    errors = [one for one in begun if isinstance(one, BaseException)]
    assert len(errors) == 1
    assert isinstance(errors[0], HubInUse | FileUnavailable)
    await freezer.release()
    await store.close()
    await server.close()


async def test_a_file_that_cannot_be_had_is_not_waited_for(file: Path) -> None:
    file.with_name("hub.db-lock").unlink(missing_ok=True)
    file.with_name("hub.db-lock").mkdir()

    with pytest.raises(FileUnavailable):
        await freezing(file).freeze(Terms(wait=3600.0), bool)


async def test_who_holds_a_file_that_is_thawed_by_another_lets_go(file: Path) -> None:
    freezer = freezing(file)
    await freezer.freeze(ONCE, bool)

    assert await freezing(file).thaw() == ("file hub.db", "the record of the freeze")

    with pytest.raises(NotFrozen):
        await freezer.hold()
    await freezer.release()
    assert await freezing(file).thaw() == ()


async def test_what_a_freezer_that_was_killed_says_does_not_count(file: Path) -> None:
    freezer = freezing(file)
    await freezer.freeze(ONCE, bool)
    record = file.with_name("hub.db-freeze")
    said = record.read_bytes()
    await freezer.release()
    record.write_bytes(said)

    assert freeze_of(str(file)) is None
    assert await freezing(file).thaw() == ("the record of the freeze",)


async def test_a_freeze_of_a_file_does_not_outlast_its_process(file: Path) -> None:
    with pytest.raises(BadRequest, match="process"):
        await freezing(file).freeze(Terms(lasting=True), bool)


async def test_a_hub_that_is_not_there_is_not_frozen(file: Path) -> None:
    with pytest.raises(HubNotFound):
        await freezing(file, "others").freeze(ONCE, bool)
    with pytest.raises(HubNotFound):
        await freezing(file.with_name("no.db")).thaw()
