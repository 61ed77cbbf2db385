"""The file: one process has it, its writes are batches, and a fault of one is no fault of the others."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scheduler_hubs import (
    PATIENCE,
    Desk,
    ManualClock,
    activity,
    episode,
    opened,
    raised,
    served,
    sql,
    start,
    writer_held,
)

from durahub.edge.overload import Bounds, Load, Overload
from durahub.errors import (
    BadHubName,
    CheckpointLost,
    DiskFull,
    FileUnavailable,
    HubNotFound,
    InstanceExists,
    StorageBehind,
)
from durahub.scheduler.connections import FileOptions
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.scheduler.transactions import CHECKPOINT_LATEST, Transaction
from durahub.store import InstanceQuery

BESIDE = FileOptions(beside=True)
HOLDER = textwrap.dedent(
    """
    import asyncio, sys
    from durahub.scheduler.file import SchedulerFile

    async def hold():
        await SchedulerFile(sys.argv[1], clock=lambda: 0).connect(create=True)
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)

    asyncio.run(hold())
    """
)


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def test_a_file_is_made_only_where_that_was_asked_for(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    with pytest.raises(HubNotFound):
        async with opened(place, ManualClock(), create=False):
            pass
    file = SchedulerFile(str(place), clock=ManualClock())
    assert await file.find_hubs() == ()
    assert names_in(tmp_path) == set()


async def test_a_hub_that_is_not_in_the_file_is_not_found(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        with pytest.raises(HubNotFound, match="Other"):
            await SchedulerStore(store.file, "Other").open(create=False)
        assert await store.file.find_hubs() == ("Shop",)


async def test_a_hub_is_found_in_any_case(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        await store.send(raised())
        other = SchedulerStore(store.file, "SHOP")
        await other.open(create=True)
        assert sum((await other.info()).queues.values()) == 1


def test_a_name_that_no_storage_account_takes_is_refused() -> None:
    file = SchedulerFile(":memory:", clock=ManualClock())
    with pytest.raises(BadHubName):
        SchedulerStore(file, "my/hub")


async def test_a_file_is_open_once(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    link = tmp_path / "link.db"
    async with opened(place, ManualClock()):
        link.symlink_to(place)
        for name in (place, link):
            with pytest.raises(FileUnavailable, match=r"DH506.*process \d+ has it"):
                async with opened(name, ManualClock()):
                    pass
    async with opened(link, ManualClock()):
        pass


async def test_who_only_looks_does_so_beside_the_process_that_has_the_file(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    async with opened(place, ManualClock()) as served_here:
        await served_here.start(start("order-1"), None)
        async with opened(place, ManualClock(), create=False, options=BESIDE) as looked_at:
            assert (await looked_at.file.find_hubs()) == ("Shop",)
            assert (await looked_at.get("order-1")) is not None
            owners = (await looked_at.info()).owners.values()
            assert set(owners) == {f"process {os.getpid()}"}
            with pytest.raises(FileUnavailable, match=r"process \d+ has it"):
                await looked_at.send(raised())
        await served_here.send(raised())  # it has the file all the same


async def test_who_only_looks_sets_nothing_aside(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    async with opened(place, ManualClock()) as served_here:
        await served_here.start(start("order-1"), None)
        await sql(served_here, "UPDATE instances SET status = 99")
        async with opened(place, ManualClock(), create=False, options=BESIDE) as looked_at:
            assert (await looked_at.query(InstanceQuery())).instances == ()
        assert await served_here.set_aside() == ()


async def test_who_only_looks_has_a_file_that_nobody_has(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    async with opened(place, ManualClock()):
        pass
    async with opened(place, ManualClock(), create=False, options=BESIDE) as looked_at:
        assert looked_at.file.holder is None
        await looked_at.send(raised())


@pytest.mark.parametrize("what", ["starts", "events"])
async def test_large_writes_that_wait_for_the_disk_are_bounded_by_their_bytes(
    what: str, tmp_path: Path
) -> None:
    text = "x" * 900_000
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        file = store.file
        overload = Overload(
            Bounds(write_bytes=9_000_000), lambda: file.waiting_writes, lambda: file.waiting_bytes
        )
        await store.start(start("order-0"), None)
        assert file.waiting_bytes == 0
        refusals: list[StorageBehind] = []
        async with writer_held(file):
            for number in range(1, 101):
                try:
                    overload.enter(Load.WRITE, "Shop", len(text))
                except StorageBehind as error:
                    refusals.append(error)
                    continue
                work = (
                    store.start(start(f"order-{number}", input=text), None)
                    if what == "starts"
                    else store.send(raised("order-0", text))
                )
                caller = asyncio.create_task(work)
                await asyncio.sleep(0)
                caller.cancel()  # who gives up leaves the write behind
                await asyncio.gather(caller, return_exceptions=True)
                overload.leave(Load.WRITE, "Shop", len(text))
            assert len(refusals) == 90
            assert 9_000_000 <= file.waiting_bytes < 9_900_000
            assert "10 writes wait for it, with 8 MiB" in str(refusals[0])
        await file.write(lambda _: None)
        assert file.waiting_bytes == 0
        overload.enter(Load.WRITE, "Shop", len(text))


async def test_large_writes_that_fail_do_not_count_any_more(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        await store.start(start("order-1"), None)
        with pytest.raises(InstanceExists):
            await store.start(start("order-1", "e2", input="x" * 900_000), None)
        assert store.file.waiting_bytes == 0


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that has the file ``hub.db``."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "hub.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield process
        process.kill()


async def test_the_file_of_another_process_is_free_when_that_was_killed(
    tmp_path: Path, holder: "subprocess.Popen[bytes]"
) -> None:
    with pytest.raises(FileUnavailable, match=f"process {holder.pid} "):
        async with opened(tmp_path / "hub.db", ManualClock()):
            pass
    holder.kill()
    holder.wait(PATIENCE)
    async with opened(tmp_path / "hub.db", ManualClock()):
        pass


async def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileUnavailable, match="No such file or directory"):
        async with opened(tmp_path / "none" / "hub.db", ManualClock()):
            pass


async def test_a_file_that_cannot_be_opened_is_not_kept_locked(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    place.write_text("no database" * 1000)
    for _ in range(2):
        with pytest.raises(FileUnavailable, match="not a database"):
            async with opened(place, ManualClock()):
                pass


async def test_a_file_that_cannot_be_written_when_it_is_opened_is_told(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    async with opened(place, ManualClock()) as store:
        await sql(store, "DROP TABLE numbers")
    with pytest.raises(FileUnavailable, match="numbers"):
        async with opened(place, ManualClock()):
            pass
    place.unlink()
    async with opened(place, ManualClock()):
        pass


async def test_an_opening_that_is_cancelled_leaves_the_file_free(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    file = SchedulerFile(str(place), clock=ManualClock())
    for _ in range(4):
        opening = asyncio.create_task(file.connect(create=True))
        for _ in range(3):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
    async with opened(place, ManualClock()) as store:
        await store.send(raised())


async def test_what_was_handed_in_is_written_before_the_file_closes(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    async with opened(place, ManualClock()) as store:
        async with writer_held(store.file):
            sending = [asyncio.create_task(store.send(raised())) for _ in range(5)]
            await asyncio.sleep(0)
            closing = asyncio.create_task(store.file.close())
        await asyncio.gather(*sending, closing)
        with pytest.raises(FileUnavailable, match="not open"):
            await store.send(raised())
    async with opened(place, ManualClock()) as store:
        assert (await store.info()).queues["inbox"] == 5


async def test_closing_twice_is_fine_and_the_log_is_folded_in(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        await store.send(raised())
        assert "hub.db-wal" in names_in(tmp_path)
        await store.file.close()
        assert names_in(tmp_path) == {"hub.db", "hub.db-lock"}


async def test_a_closed_file_can_be_opened_again(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        await store.send(raised())
        await store.file.close()
        await store.open(create=False)
        assert (await store.info()).queues["inbox"] == 1


async def test_what_waits_for_the_writer_shares_one_transaction(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        statements: list[str] = []

        async with writer_held(store.file):
            sending = [asyncio.create_task(store.send(raised(text=str(n)))) for n in range(50)]

            def trace(tx: Transaction) -> None:
                tx.connection.set_trace_callback(statements.append)

            tracing = asyncio.create_task(store.file.write(trace))
        await asyncio.gather(tracing, *sending)
        await store.file.write(lambda tx: tx.connection.set_trace_callback(None))
        assert statements.count("COMMIT") == 1  # and the next one is the tracer's end
        assert (await store.info()).queues["inbox"] == 50


async def test_the_log_is_folded_in_between_transactions_and_does_not_grow(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        statements: list[str] = []
        await store.file.write(lambda tx: tx.connection.set_trace_callback(statements.append))
        await store.send(raised())
        for _ in range(CHECKPOINT_LATEST + 1):  # at the latest: a send may come before the rest
            await store.send(raised())
        await store.file.write(lambda tx: tx.connection.set_trace_callback(None))
        checkpoints = [n for n, s in enumerate(statements) if s.startswith("PRAGMA wal_checkpoint")]
        assert checkpoints
        assert all(statements[n - 1] == "COMMIT" for n in checkpoints)
        for _ in range(2 * CHECKPOINT_LATEST):  # so it has been as long as it becomes
            await store.send(raised())
        size = (tmp_path / "hub.db-wal").stat().st_size
        for _ in range(6 * CHECKPOINT_LATEST):
            await store.send(raised())
        assert (tmp_path / "hub.db-wal").stat().st_size <= 2 * size


async def test_the_log_is_folded_in_though_something_always_waits(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        statements: list[str] = []
        await store.file.write(lambda tx: tx.connection.set_trace_callback(statements.append))

        async def send() -> None:
            for _ in range(CHECKPOINT_LATEST):
                await store.send(raised())

        await asyncio.gather(*(send() for _ in range(3)))  # one is written while two wait
        await store.file.write(lambda tx: tx.connection.set_trace_callback(None))
        assert any(s.startswith("PRAGMA wal_checkpoint") for s in statements)


async def test_a_fault_of_one_write_takes_no_other_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:

        def faulty(tx: Transaction) -> None:
            tx.change("DELETE FROM inbox", ())
            raise RuntimeError("a fault")

        async with writer_held(store.file):
            tasks = [
                asyncio.create_task(store.send(raised(text="1"))),
                asyncio.create_task(store.file.write(faulty)),
                asyncio.create_task(store.send(raised(text="2"))),
            ]
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert outcomes[0] is None
        assert isinstance(outcomes[1], RuntimeError)
        assert outcomes[2] is None
        async with served(store, Desk()) as desk:
            await desk.message(2)
            assert [d.message.event.input for d in desk.messages] == ["1", "2"]  # type: ignore[union-attr]


async def test_what_is_refused_after_it_has_written_is_rolled_back(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:

        def refuse(tx: Transaction) -> None:
            tx.change("DELETE FROM hubs", ())
            raise CheckpointLost("order-1")

        with pytest.raises(CheckpointLost):
            await store.file.write(refuse)
        assert await store.file.find_hubs() == ("Shop",)


async def test_a_refused_commit_takes_no_other_with_it(tmp_path: Path) -> None:
    async with (
        opened(tmp_path / "hub.db", ManualClock()) as store,
        served(store, Desk()) as desk,
    ):
        await store.start(start(), None)
        begun = await desk.message()
        async with writer_held(store.file):
            tasks = [
                asyncio.create_task(store.commit(episode(begun))),
                asyncio.create_task(store.commit(episode(begun, outbound=[raised("order-2")]))),
                asyncio.create_task(store.send(raised("order-3"))),
            ]
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(outcomes[1], CheckpointLost)
        assert outcomes[2] is None
        assert (await desk.message(2)).message.target.instance_id == "order-3"
        assert (await store.load("order-1")).version == outcomes[0]


async def test_a_commit_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    async with (
        opened(tmp_path / "hub.db", ManualClock()) as store,
        served(store, Desk()) as desk,
    ):
        await store.start(start(), None)
        begun = await desk.message()
        await sql(
            store,
            "CREATE TEMP TRIGGER no BEFORE UPDATE ON instances"
            " BEGIN SELECT RAISE(FAIL, 'the last step but one fails'); END",
        )
        commit = episode(begun, outbound=[raised("order-2")], activities=[activity()])
        with pytest.raises(sqlite3.IntegrityError, match="last step but one"):
            await store.commit(commit)
        assert (await store.load("order-1")).events == ()
        assert (await store.info()).queues == {"inbox": 1, "timers": 0, "workitems": 0}

        await sql(store, "DROP TRIGGER no")
        await store.commit(commit)
        assert (await store.info()).queues == {"inbox": 1, "timers": 0, "workitems": 1}
        assert (await desk.message(2)).message.target.instance_id == "order-2"


async def test_a_full_disk_refuses_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        ((pages,),) = await sql(store, "PRAGMA page_count")
        await sql(store, f"PRAGMA max_page_count = {pages}")
        large = "x" * 100_000
        with pytest.raises(DiskFull, match=r"DH520.*make room"):
            await store.send(raised(text=large))
        assert (await store.info()).queues["inbox"] == 0

        await sql(store, "PRAGMA max_page_count = 100000")
        await store.send(raised(text=large))
        assert (await store.info()).queues["inbox"] == 1


async def test_what_cannot_be_put_back_is_given_to_the_listener_again(tmp_path: Path) -> None:
    async with (
        opened(tmp_path / "hub.db", ManualClock()) as store,
        served(store, Desk()) as desk,
    ):
        await store.send(raised())
        held = await desk.message()
        await sql(store, "PRAGMA query_only = ON")
        with pytest.raises(FileUnavailable):
            await store.send(raised(text="another"))

        await store.release([held], 0.0)

        again = await desk.message(2)
        assert again == replace(held, deliveries=held.deliveries + 1)


async def test_a_write_is_done_though_its_caller_is_cancelled(tmp_path: Path) -> None:
    async with (
        opened(tmp_path / "hub.db", ManualClock()) as store,
        served(store, Desk()) as desk,
    ):
        async with writer_held(store.file):
            sending = asyncio.create_task(store.send(raised()))
            await asyncio.sleep(0)
            sending.cancel()
        await desk.message()
        assert sending.cancelled()


async def test_hubs_in_one_file_do_not_see_each_other(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        other = SchedulerStore(store.file, "Other")
        await other.open(create=True)
        async with served(store, Desk()) as desk, served(other, Desk()) as other_desk:
            await store.start(start("order-1", input="1"), None)
            await other.start(start("order-1", input="2"), None)
            first, second = await desk.message(), await other_desk.message()
            await store.commit(episode(first))
            await other.commit(episode(second))
            await other.purge("order-1")
        assert len(desk.messages) == len(other_desk.messages) == 1
        row = await store.get("order-1")
        assert row is not None
        assert row.input == "1"
        assert len((await store.load("order-1")).events) == 2
        assert await other.get("order-1") is None


async def test_nothing_can_be_written_to_a_hub_that_was_deleted(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", ManualClock()) as store:
        again = SchedulerStore(store.file, "Shop")
        await again.open(create=False)
        await store.send(raised())
        await store.delete()
        with pytest.raises(HubNotFound):
            await again.send(raised())
        with pytest.raises(HubNotFound):
            await again.open(create=False)
        await again.open(create=True)
        assert (await again.info()).queues["inbox"] == 0


async def test_a_hub_in_memory_ends_with_its_closing() -> None:
    file = SchedulerFile(":memory:", clock=ManualClock())
    for _ in range(2):
        store = SchedulerStore(file, "Shop")
        await store.open(create=True)
        assert (await store.info()).queues["inbox"] == 0
        await store.send(raised())
        await file.close()
