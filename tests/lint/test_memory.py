"""Memory does not grow with a hub: not while it is read, and in no format, though every instance is found."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from durahub.stored import StoredInstance
from tests.bundle.bundles import an_instance, written

FEW, MORE = 1_000, 13_000
GROWTH = 8.0  # MiB, 700 bytes an instance: an allocator gives back, or keeps, up to four of them as it likes
FOUND_EACH = 1  # at least


def many(count: int) -> Iterator[StoredInstance]:
    """Return instances whose IDs are all too long, two and two the same but for their case."""
    tail = "x" * 100
    for number in range(count):
        yield an_instance(f"{'Aa'[number % 2]}-{number // 2:06}-{tail}")


def peaks_of(folder: Path, count: int) -> dict[str, float]:
    written(folder, many(count))
    command = [sys.executable, "-m", "tests.lint.peaks_of_run", str(folder)]
    said = subprocess.run(command, capture_output=True, check=False)
    assert said.returncode == 0, said.stderr.decode()
    found: dict[str, float] = json.loads(said.stdout)
    assert found.pop("findings") >= count * FOUND_EACH
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are told in /proc")
def test_memory_is_flat_while_reading_and_in_every_format(tmp_path: Path) -> None:
    few = peaks_of(tmp_path / "few", FEW)
    more = peaks_of(tmp_path / "more", MORE)

    growing = {step: (few[step], more[step]) for step in few if more[step] > few[step] + GROWTH}
    assert not growing
