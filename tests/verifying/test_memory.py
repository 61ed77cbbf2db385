"""Memory does not grow with what is compared."""

import tracemalloc
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


async def test_eight_times_as_many_take_less_than_twice_the_memory(tmp_path: Path) -> None:
    assert await peak(tmp_path / "many", 4000) < 2 * await peak(tmp_path / "few", 500)
