"""Memory does not grow with a bundle: not while it is written, nor read, nor made facts of."""

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest

from durahub.stored import StoredInstance
from durahub_migrate.bundle import framing, layout
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.contents import frames
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from tests.bundle.bundles import an_instance, written

SLACK = 1_500_000  # bytes: a piece of a file that is hashed, and the caches of SQLite
KEPT = 3_000  # bytes, at least, that an instance with its events takes


def many(count: int) -> Iterator[StoredInstance]:
    return (an_instance(f"order-{number:06}") for number in range(count))


@contextmanager
def measured(peaks: list[int]) -> Iterator[None]:
    gc.collect()
    tracemalloc.start()
    try:
        yield
        peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def peaks_of(place: Path, counts: tuple[int, ...]) -> dict[str, list[int]]:
    """Return the most bytes that Python held with so many instances, for each thing that is done."""
    peaks: dict[str, list[int]] = {"written": [], "read": [], "facts": []}

    async def facts(folder: Path) -> int:
        source = BundleSource("a bundle", folder, ReadingOptions())
        return len([None async for _ in source.facts()])

    for count in counts:
        folder = place / str(count)
        with measured(peaks["written"]):
            written(folder, many(count))
        with measured(peaks["read"]):
            assert sum(len(list(one.events())) for one in BundleReader(folder).instances()) > count
        with measured(peaks["facts"]):
            assert asyncio.run(facts(folder)) == count + 1
    return peaks


@pytest.mark.parametrize(
    ("few", "more"), [(100, 1_000), pytest.param(500, 4_000, marks=pytest.mark.slow)]
)
def test_memory_is_flat(tmp_path: Path, few: int, more: int) -> None:
    # In a process of its own: threads that other tests have left would be measured with it.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        peaks = alone.submit(peaks_of, tmp_path, (few, more)).result()
    assert (more - few) * KEPT > SLACK  # so it would show
    for what, (first, second) in peaks.items():
        assert second < first + SLACK, what


def test_content_is_read_in_flat_memory(tmp_path: Path) -> None:
    few, more, slack = 100, 2_500, SLACK + frames.KEPT * framing.FRAME
    peaks: list[int] = []
    for count in (few, more):
        folder = tmp_path / str(count)
        written(folder, many(count))
        (folder / layout.INDEX).unlink()
        with measured(peaks), open_content(folder) as content:
            assert sum(len(list(content.members(one.root_id))) for one in content.trees()) == count
    assert (more - few) * KEPT > slack
    assert peaks[1] < peaks[0] + slack
