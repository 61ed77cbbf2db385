"""The file of the index: disposable, and never somebody else's."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import pytest

from durahub.errors import FileUnavailable
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.watching.index import LocalIndexes
from durahub_migrate.watching.index.file import IndexFile
from durahub_migrate.watching.index.local import off_the_loop
from durahub_migrate.watching.keeping import HubIndex, Indexes
from tests.monitor.querying.generated import NOW

HUB = "a@local"
ALL = parse("", NOW)


@contextmanager
def opened(place: Path) -> Iterator[LocalIndexes]:
    with closing(LocalIndexes(str(place))) as indexes:
        yield indexes


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An index of one row."""
    place = tmp_path / "monitor.index"
    with opened(place) as indexes:
        indexes.of(HUB).put([Row(hub=HUB, instance_id="a")])
    return place


def test_it_is_what_the_sweeper_writes_to(memory: LocalIndexes) -> None:
    indexes: Indexes = memory
    hub: HubIndex = memory.of(HUB)

    assert indexes.of(HUB) is hub


def test_what_was_put_is_there_when_it_is_opened_again(place: Path) -> None:
    with opened(place) as indexes:
        assert indexes.of(HUB).count() == 1


def test_a_file_of_another_version_is_thrown_away(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(place)) as db:
        db.execute("PRAGMA user_version = 99")
        db.commit()

    with caplog.at_level(logging.WARNING), opened(place) as indexes:
        assert indexes.of(HUB).count() == 0
    assert "version 99" in caplog.text


def test_a_damaged_file_is_thrown_away(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = place.read_bytes()
    place.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))

    with caplog.at_level(logging.WARNING), opened(place) as indexes:
        assert indexes.of(HUB).count() == 0
        indexes.of(HUB).put([Row(hub=HUB, instance_id="b")])
    assert "thrown away" in caplog.text


def test_a_file_that_gets_damaged_while_it_is_open_is_emptied_and_said_to_be(
    tmp_path: Path,
) -> None:
    place = tmp_path / "monitor.index"
    with opened(place) as indexes:
        hub = indexes.of(HUB)
        hub.put([Row(hub=HUB, instance_id=f"{at:0200}") for at in range(3000)])
        with closing(sqlite3.connect(place)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'rows_by_id'")
            db.execute("PRAGMA schema_version = 4711")
            db.commit()

        with pytest.raises(FileUnavailable, match="filled again"):
            hub.page(ALL, Sort("id"), count=1000)

        assert hub.count() == 0
        assert hub.put([Row(hub=HUB, instance_id="a")]) == {"a"}


def test_what_is_no_database_is_kept_beside(tmp_path: Path) -> None:
    place = tmp_path / "monitor.index"
    place.write_text("my notes, which are longer than the header of a database " * 3)

    with opened(place) as indexes:
        assert indexes.of(HUB).count() == 0
    assert (tmp_path / "monitor.index.damaged").read_text().startswith("my notes")


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "hub.sqlite"
    with closing(sqlite3.connect(place)) as db:
        db.execute("CREATE TABLE instances (id TEXT)")
        db.commit()
    before = place.read_bytes()

    with pytest.raises(FileUnavailable, match="not an index"):
        LocalIndexes(str(place))
    assert place.read_bytes() == before


def test_a_process_that_was_killed_leaves_an_index_that_can_be_opened(tmp_path: Path) -> None:
    left = tmp_path / "left.index"
    with opened(tmp_path / "new.index") as indexes:
        indexes.of(HUB).put([Row(hub=HUB, instance_id="a")])
        for suffix in ("", "-wal"):  # as they lie there while it is open
            left.with_name(left.name + suffix).write_bytes(
                (tmp_path / f"new.index{suffix}").read_bytes()
            )

    with opened(left) as indexes:
        assert indexes.of(HUB).count() == 1


def test_a_folder_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileUnavailable):
        LocalIndexes(str(tmp_path / "file" / "monitor.index"))


def test_a_closed_index_says_so_and_can_be_closed_again(place: Path) -> None:
    indexes = LocalIndexes(str(place))
    hub = indexes.of(HUB)
    indexes.close()
    indexes.close()

    with pytest.raises(FileUnavailable):
        hub.count()
    with pytest.raises(FileUnavailable):
        hub.put([Row(hub=HUB, instance_id="a")])


def test_a_reader_does_not_wait_for_the_writer(place: Path) -> None:
    file = IndexFile(str(place))
    answered: list[int] = []

    def read() -> None:
        with file.reading() as db:
            answered.append(db.execute("SELECT count(*) FROM rows").fetchone()[0])

    with closing(file), file.writing() as writer:
        writer.execute("DELETE FROM rows")
        reader = threading.Thread(target=read)
        reader.start()
        reader.join()

        assert answered == [1]  # as it was before


def test_a_write_that_fails_leaves_nothing(filed: LocalIndexes) -> None:
    hub = filed.of(HUB)
    bad = Row(hub=HUB, instance_id="b", generation=2**70)

    with pytest.raises(OverflowError):
        hub.put([Row(hub=HUB, instance_id="a"), bad])

    assert hub.count() == 0
    assert hub.put([Row(hub=HUB, instance_id="a")]) == {"a"}


async def test_many_read_at_once_off_the_loop_while_one_writes(filed: LocalIndexes) -> None:
    hub = filed.of(HUB)
    sizes: list[int] = []

    async def read() -> None:
        page = await off_the_loop(hub.page, ALL, Sort("id"), count=1000, total=True)
        sizes.append(len(page.rows))
        assert page.total == len(page.rows)

    async with anyio.create_task_group() as tasks:
        for at in range(10):
            tasks.start_soon(read)
            await off_the_loop(hub.put, [Row(hub=HUB, instance_id=f"{at}-{n}") for n in range(20)])

    assert len(sizes) == 10
    assert all(size % 20 == 0 for size in sizes)
