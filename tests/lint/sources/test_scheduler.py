"""Hubs in SQLite files as facts: read one by one, by whoever, and never changed."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from durahub.dispatch.clock import system_clock
from durahub.errors import FileUnavailable, HubNotFound
from durahub.model.history import Execution, ExecutionStarted
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.scheduler import SchedulerSource
from tests.lint.sources.reading_sources import facts_among, reads_of

LARGE = "x" * 100_000


@pytest.fixture
async def hub_file(tmp_path: Path) -> AsyncIterator[Path]:
    """A file with the hub orders: three instances that wait for their start, one of them large."""
    file = tmp_path / "hub.db"
    opened = SchedulerFile(str(file), clock=system_clock)
    store = SchedulerStore(opened, "orders")
    await store.open(create=True)
    for number in range(3):
        started = ExecutionStarted(
            timestamp=system_clock(),
            execution=Execution(f"order-{number}", f"{number:032}"),
            name="Order",
            version="",
            input=LARGE if number == 1 else "1",
        )
        await store.start(Message(event=started, target=started.execution), None)
    yield file
    await store.close()
    await opened.close()


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def source_of(file: Path, options: ReadingOptions | None = None) -> SchedulerSource:
    address = f"sqlite:{file}/orders"
    return SchedulerSource(address, str(file), "orders", options or ReadingOptions(), system_clock)


async def test_a_hub_is_read_while_another_has_the_file(hub_file: Path) -> None:
    reads = await reads_of(source_of(hub_file))

    hub = reads[0].fact
    assert isinstance(hub, HubFacts)
    assert hub.kind is HubKind.SCHEDULER
    assert hub.queues["inbox"] == 3
    assert [one.target for one in facts_among(reads, MessageFacts)] == [
        "order-0",
        "order-1",
        "order-2",
    ]
    assert [one.instance_id for one in facts_among(reads, InstanceFacts)] == [
        "order-0",
        "order-1",
        "order-2",
    ]
    assert await source_of(hub_file).count() == 3


async def test_all_that_is_read_is_of_one_moment(hub_file: Path) -> None:
    reads = source_of(hub_file).facts()
    first = await reads.__anext__()
    with sqlite3.connect(hub_file) as another:
        another.execute("DELETE FROM instances")
    rest = [read async for read in reads]

    assert isinstance(first.fact, HubFacts)
    assert len(facts_among(rest, MessageFacts)) == len(facts_among(rest, InstanceFacts)) == 3


async def test_a_large_text_is_measured_and_let_go(hub_file: Path) -> None:
    reads = await reads_of(source_of(hub_file))

    large = facts_among(reads, InstanceFacts)[1]
    assert [one.size for one in large.payloads] == [len(LARGE)]
    assert large.row is not None
    assert large.row.input == ""
    message = facts_among(reads, MessageFacts)[1]
    assert [one.size for one in message.payloads] == [len(LARGE)]
    assert isinstance(message.event, ExecutionStarted)
    assert message.event.input == ""


async def test_a_reading_goes_on_behind_each_of_its_positions(hub_file: Path) -> None:
    reads = await reads_of(source_of(hub_file))

    for number, read in enumerate(reads):
        if read.position is not None:
            rest = await reads_of(source_of(hub_file), read.position)
            assert isinstance(rest[0].fact, HubFacts)
            assert [one.position for one in rest[1:]] == [
                one.position for one in reads[number + 1 :]
            ]


async def test_a_file_is_not_changed(hub_file: Path) -> None:
    before = _digest(hub_file)
    await reads_of(source_of(hub_file))
    assert _digest(hub_file) == before


async def test_what_is_no_hub_of_ours_is_an_error(tmp_path: Path, hub_file: Path) -> None:
    with pytest.raises(HubNotFound):
        await reads_of(source_of(tmp_path / "nothing.db"))
    other = SchedulerSource("a", str(hub_file), "others", ReadingOptions(), system_clock)
    with pytest.raises(HubNotFound):
        await reads_of(other)
    strange = tmp_path / "strange.db"
    with sqlite3.connect(strange) as connection:
        connection.execute("CREATE TABLE things (one)")
    with pytest.raises(FileUnavailable):
        await reads_of(source_of(strange))
    text = tmp_path / "text.db"
    text.write_text("not a database at all, but a text that is long enough to be looked at")
    with pytest.raises(FileUnavailable):
        await reads_of(source_of(text))


async def test_a_sample_leaves_histories_out_by_the_instances_ids_alone(hub_file: Path) -> None:
    options = ReadingOptions(share=0.2)

    reads = await reads_of(source_of(hub_file, options))

    found = facts_among(reads, InstanceFacts)
    assert [one.history_is_read for one in found] == [
        options.takes(one.instance_id) for one in found
    ]
    assert {one.history_is_read for one in found} == {True, False}
