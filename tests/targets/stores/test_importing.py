"""Instances in a file of ours: written once, whole, and taken away again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from durahub.dispatch.clock import system_clock
from durahub.errors import HubBeingMoved
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import later
from durahub.scheduler import importing, reads
from durahub.scheduler.connections import looking
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.scheduler.importing import Whole
from durahub.scheduler.whole_hub import whole_instances, whole_messages
from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.moving.mover import Moved, Outcome, Phase
from durahub_migrate.targets.scheduler_store import SchedulerStoreMover, scheduler_store_mover
from tests.bundle.bundles import NOON, a_history, an_instance, written
from tests.bundle.test_round_trips import instances as any_instances
from tests.moving.loaded import LoadedContent, load
from tests.targets.moves import Ledgers, MemoryLedger, move_all, units_of
from tests.unit.scheduler.scheduler_values import any_ticks, messages

HUB = "orders"


def in_file(file: Path) -> tuple[dict[str, StoredInstance], list[StoredMessage]]:
    """Return what a hub holds."""
    with looking(str(file)) as connection:
        number = reads.find_hub(connection, HUB)
        if number is None:
            return {}, []
        found = {one.instance_id: one for one in whole_instances(connection, number)}  # type: ignore[union-attr]
        return found, list(whole_messages(connection, number))  # type: ignore[return-value,arg-type]


@asynccontextmanager
async def open_mover(folder: Path, job: str = "job-1") -> AsyncIterator[SchedulerStoreMover]:
    async with scheduler_store_mover(str(folder / "hub.db"), HUB, job, system_clock) as mover:
        yield mover


def content_of(folder: Path, *instances: StoredInstance, **given: object) -> LoadedContent:
    """Return a bundle of these as content."""
    name = f"bundle-{len(list(folder.iterdir()))}"
    written(folder / name, instances, **given)  # type: ignore[arg-type]
    return load(BundleReader(folder / name))


async def placed(mover: SchedulerStoreMover, content: LoadedContent) -> list[Moved]:
    """Place all units, each with a ledger of its own."""
    return [
        await mover.carry_out(Phase.PLACE, unit, content, MemoryLedger())
        for unit in units_of(content)
    ]


stored_messages = st.builds(
    StoredMessage,
    queue=st.just("inbox"),
    message_id=st.just(""),
    message=messages.map(
        lambda one: replace(one, due=None, event=replace(one.event, is_played=False))
    ),
    deliveries=st.integers(0, 9),
    due=st.none() | any_ticks,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(any_instances, st.lists(stored_messages, max_size=3), st.sampled_from(["Running", "Failed"]))
def test_what_is_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    instance: StoredInstance,
    given_messages: list[StoredMessage],
    status: str,
) -> None:
    file = tmp_path_factory.mktemp("file") / "hub.db"
    instance = replace(instance, status=status)

    async def write() -> StoredInstance | reads.Unreadable | None:
        opened = SchedulerFile(str(file), clock=system_clock)
        await opened.connect(create=True)
        hub = await opened.write(lambda tx: importing.begin(tx, HUB, "job-1", NOON))
        whole = Whole(instance=instance, messages=tuple(given_messages))
        await opened.write(lambda tx: importing.put(tx, hub, "job-1", "unit", "key", whole))
        found = await opened.read(lambda c: importing.stored(c, hub, instance.instance_id))
        await opened.close()
        return found

    assert asyncio.run(write()) == importing.as_stored(instance)
    _, found = in_file(file)
    assert [replace(one, message_id="") for one in found] == given_messages


async def test_a_move_that_is_repeated_changes_nothing(tmp_path: Path) -> None:
    event = EventRaised(timestamp=NOON, name="Approval", input="true")
    message = StoredMessage(
        queue="q", message_id="1", message=Message(event=event, target=Execution("b"))
    )
    running = an_instance("b", status="Running", history=a_history("b")[:4])
    content = content_of(tmp_path, an_instance("a"), running, messages=[message])
    async with open_mover(tmp_path) as mover:
        first = await move_all(mover, content)
    once = in_file(tmp_path / "hub.db")
    async with open_mover(tmp_path) as mover:
        again = await placed(mover, content)
    assert in_file(tmp_path / "hub.db") == once
    assert sum(one.instances for one in again) == first.instances == 2
    assert event in [one.message.event for one in once[1]]


async def test_another_job_finds_what_is_the_same(tmp_path: Path) -> None:
    content = content_of(tmp_path, an_instance("a"))
    async with open_mover(tmp_path, "job-1") as mover:
        await move_all(mover, content)
    async with open_mover(tmp_path, "job-2") as mover:
        [moved] = await placed(mover, content)
        assert moved.outcome is Outcome.DONE
        [unit] = units_of(content)
        await mover.withdraw(unit, content, MemoryLedger())
    assert list(in_file(tmp_path / "hub.db")[0]) == ["a"]  # it is the first job's


async def test_a_tree_of_which_an_id_is_taken_is_not_placed_at_all(tmp_path: Path) -> None:
    async with open_mover(tmp_path) as mover:
        await move_all(mover, content_of(tmp_path, an_instance("p:1", output='"other"')))
    tree = content_of(
        tmp_path, an_instance("p"), an_instance("p:1", parent="p"), an_instance("p:2", parent="p")
    )
    async with open_mover(tmp_path, "job-2") as mover:
        [moved] = await placed(mover, tree)
    assert (moved.outcome, moved.code) == (Outcome.REJECTED, "DH301")
    assert list(in_file(tmp_path / "hub.db")[0]) == ["p:1"]


async def test_what_was_put_there_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    async with open_mover(tmp_path) as mover:
        await move_all(mover, content_of(tmp_path, an_instance("before")))
    before = in_file(tmp_path / "hub.db")
    pending = an_instance("p", status="Pending", history=(), scheduled_start=later(NOON, 60))
    content = content_of(
        tmp_path, pending, an_instance("a"), an_instance("a:1", parent="a"), an_instance("before")
    )
    async with open_mover(tmp_path, "job-2") as mover:
        await placed(mover, content)
        assert len(in_file(tmp_path / "hub.db")[1]) == 1
        for unit in units_of(content):
            await mover.withdraw(unit, content, MemoryLedger())
    assert in_file(tmp_path / "hub.db") == before
    await opened(tmp_path)  # a server may have it again


async def test_a_hub_that_the_job_has_made_goes_with_what_was_in_it(tmp_path: Path) -> None:
    content = content_of(tmp_path, an_instance("a"))
    async with open_mover(tmp_path) as mover:
        await placed(mover, content)
        [unit] = units_of(content)
        await mover.withdraw(unit, content, MemoryLedger())
        await mover.withdraw(unit, content, MemoryLedger())
    with looking(str(tmp_path / "hub.db")) as connection:
        assert reads.find_hub(connection, HUB) is None


async def opened(folder: Path) -> None:
    """Open the hub as a server does."""
    file = SchedulerFile(str(folder / "hub.db"), clock=system_clock)
    try:
        await SchedulerStore(file, HUB).open(create=True)
    finally:
        await file.close()


async def test_no_server_takes_the_hub_before_it_is_handed_over(tmp_path: Path) -> None:
    content = content_of(tmp_path, an_instance("a"), an_instance("b"))
    async with open_mover(tmp_path) as mover:
        first, _ = units_of(content)
        await mover.carry_out(Phase.PLACE, first, content, MemoryLedger())
    with pytest.raises(HubBeingMoved, match="job-1"):
        await opened(tmp_path)
    async with open_mover(tmp_path, "job-2") as mover:
        with pytest.raises(HubBeingMoved, match="job-1"):
            await mover.carry_out(Phase.PLACE, first, content, MemoryLedger())
    ledgers = Ledgers()
    async with open_mover(tmp_path) as mover:
        await move_all(mover, content, ledgers)
    await opened(tmp_path)


async def test_what_has_gone_on_since_is_told(tmp_path: Path) -> None:
    content = content_of(tmp_path, an_instance("a"), an_instance("b"))
    async with open_mover(tmp_path) as mover:
        await move_all(mover, content)
    file = SchedulerFile(str(tmp_path / "hub.db"), clock=system_clock)
    store = SchedulerStore(file, HUB)
    await store.open(create=True)
    await store.purge("b")
    await file.close()
    async with open_mover(tmp_path) as mover:
        told = [await mover.has_run(one, content, MemoryLedger()) for one in units_of(content)]
    assert told == [False, True]


async def test_ids_stay_what_they_are(tmp_path: Path) -> None:
    content = content_of(tmp_path, an_instance("a"))
    [unit] = units_of(content)
    async with open_mover(tmp_path) as mover:
        moved = await mover.carry_out(
            Phase.PLACE, replace(unit, ids={"a": "b"}), content, MemoryLedger()
        )
    assert moved.outcome is Outcome.REJECTED


async def test_a_status_that_is_none_is_not_taken(tmp_path: Path) -> None:
    async with open_mover(tmp_path) as mover:
        [moved] = await placed(mover, content_of(tmp_path, an_instance("a", status="Martian")))
    assert (moved.outcome, moved.code) == (Outcome.REJECTED, "DH402")
    assert in_file(tmp_path / "hub.db") == ({}, [])
