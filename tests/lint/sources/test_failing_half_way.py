"""Sources that fail when some of them was read: what was found is told, and what is missing."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from durahub.dispatch.clock import system_clock
from durahub.errors import BadBundle, DurahubError, FileUnavailable, Unavailable
from durahub_migrate.bundle.clearing import remove
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.running import Outcome, run
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.scheduler import SchedulerSource
from durahub_migrate.lint.sources.source import Read, Source
from durahub_migrate.lint.target import Given
from tests.bundle.bundles import an_instance as a_stored_one
from tests.bundle.bundles import written

LONG = "x" * 120


class Disturbed:
    """A source that is disturbed behind its fact number *at*."""

    def __init__(self, source: Source, at: int, disturb: Callable[[], object]) -> None:
        self._source, self._at, self._disturb = source, at, disturb
        self.address, self.provides = source.address, source.provides

    async def count(self) -> int | None:
        return None

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        number = 0
        async for one in self._source.facts(after):
            yield one
            number += 1
            if number == self._at:
                self._disturb()


class Other:
    """A hub that can be read."""

    address = "azurite:other"
    provides = frozenset({Need.HUB, Need.INSTANCES})

    async def count(self) -> int | None:
        return None

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        yield Read(a_hub())
        yield Read(an_instance(LONG))


async def judged(*sources: Source, work: str = "") -> tuple[Outcome, int]:
    """Return how it went, and how many long IDs were found."""
    book = Book(work)
    try:
        outcome = await run(sources, RULES, Given(now=EXAMPLE_TIME), book)
        return outcome, sum(1 for _ in book.findings("IDN501"))
    finally:
        book.close()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "hub"
    written(folder, [a_stored_one(f"{LONG}-{n}") for n in range(30)])
    two = [a_stored_one(f"{LONG}-{n}") for n in range(2)]
    written(tmp_path / "large", [a_stored_one("@counter@a"), *two])  # entities are another file
    return folder


@pytest.mark.parametrize("how", [shutil.rmtree, remove], ids=["deleted", "written anew"])
async def test_a_bundle_that_goes_while_it_is_read(
    bundle: Path, how: Callable[[Path], object]
) -> None:
    folder = bundle.parent / "large"
    source = BundleSource("bundle:large", folder, ReadingOptions())

    outcome, found = await judged(Disturbed(source, 2, lambda: how(folder)))

    assert found == 1
    assert {one.need for one in outcome.unread} == source.provides
    assert all(isinstance(one.error, BadBundle) for one in outcome.unread)
    assert not outcome.can_go_on


async def test_a_broken_source_among_others_is_told_with_what_they_hold(bundle: Path) -> None:
    (bundle / "manifest.json").write_text("{")
    broken = BundleSource("bundle:hub", bundle, ReadingOptions())

    outcome, found = await judged(broken, Other())

    assert found == 1
    assert {one.place.source for one in outcome.unread} == {"bundle:hub"}
    with pytest.raises(BadBundle):
        await judged(broken)


@pytest.mark.parametrize("state", ["deleted", "unfinished", "without a segment", "empty manifest"])
async def test_a_bundle_that_is_none_gives_status_4(bundle: Path, state: str) -> None:
    match state:
        case "deleted":
            shutil.rmtree(bundle)
        case "unfinished":
            (bundle / "manifest.json").unlink()
        case "without a segment":
            shutil.rmtree(bundle / "segments")
        case "empty manifest":
            (bundle / "manifest.json").write_bytes(b"")
    with pytest.raises(DurahubError) as failed:
        await judged(BundleSource("bundle:hub", bundle, ReadingOptions()))

    assert failed.value.exit_status == 4


def not_a_database(file: Path) -> None:
    file.write_text("this is a text and no database, and long enough to be looked into for it")


def of_another_program(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE instances (id)")
    connection.close()


def empty(file: Path) -> None:
    file.touch()


@pytest.mark.parametrize("made", [not_a_database, of_another_program, empty])
async def test_a_file_that_is_no_store_is_an_error_of_ours(
    tmp_path: Path, made: Callable[[Path], None]
) -> None:
    file = tmp_path / "hub.db"
    made(file)
    before = file.read_bytes()

    with pytest.raises(FileUnavailable):
        await judged(
            SchedulerSource(
                "sqlite:hub.db/orders", str(file), "orders", ReadingOptions(), system_clock
            )
        )

    assert file.read_bytes() == before


async def test_storage_that_goes_half_way_can_be_gone_on_with(tmp_path: Path) -> None:
    class Going(Other):
        broken = True

        async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
            first = int(after or 0)
            yield Read(a_hub())
            for number in range(first, 8):
                if number == 5 and self.broken:
                    raise FileUnavailable("hub.db", "disk I/O error")
                yield Read(an_instance(f"{LONG}-{number}"), str(number + 1))

    source = Going()
    stopped, some = await judged(source, work=str(tmp_path / "work"))
    source.broken = False
    done, everything = await judged(source, work=str(tmp_path / "work"))

    assert (stopped.can_go_on, some) == (True, 5)
    assert all(isinstance(one.error, Unavailable) for one in stopped.unread)
    assert (done.unread, everything) == ((), 8)
