"""Memory does not grow with what is compared."""

import asyncio
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from durahub_migrate.verifying.spool import Spool
from durahub_migrate.verifying.verifying import Verification
from tests.bundle.bundles import an_instance, written
from tests.verifying.places import bundle_side

pytestmark = pytest.mark.slow


async def peak(folder: Path, count: int) -> int:
    """Return the most bytes that Python held while so many instances were compared."""
    written(folder, (an_instance(f"order-{number}") for number in range(count)))
    tracemalloc.start()
    try:
        with Spool() as spool:
            side = bundle_side(folder)
            assert (await Verification(side, side, spool).run()).is_equal
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_in(folder: Path, count: int) -> int:
    return asyncio.run(peak(folder, count))


def test_eight_times_as_many_take_less_than_twice_the_memory(tmp_path: Path) -> None:
    # In a process of its own: threads that other tests have left would be measured with it.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        few = alone.submit(peak_in, tmp_path / "few", 300).result()
        many = alone.submit(peak_in, tmp_path / "many", 2400).result()
    assert many < 2 * few
