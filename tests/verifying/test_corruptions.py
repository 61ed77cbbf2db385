"""Whatever is changed at the target of a move, verify tells it, and of which instance."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundle.exports import exported
from tests.conftest import Storage
from tests.golden.loading import load as load_hub
from tests.golden.recorded import RecordedHub
from tests.verifying.corruptions import KINDS, corrupt
from tests.verifying.places import bundle_side, compared, file_side, moved_into_file

pytestmark = pytest.mark.azurite

SEEDS = range(max(50, len(KINDS)))
HUBS = {"waiting": 0, "entities": 3600, "functions": 3600, "dtfx": 0, "killed": 3600}
"""Hubs, and for how long their messages are hidden that were when they were recorded."""


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for hubs that were moved into files: bundles and files by their names."""
    return tmp_path_factory.mktemp("moved")


async def _moved(hub: str, azurite: Storage, folder: Path) -> tuple[Path, Path]:
    bundle, file = folder / hub, folder / f"{hub}.db"
    if not file.exists():
        name = f"Verify{hub}{folder.name.replace('-', '')}"
        await load_hub(RecordedHub(hub), azurite.connection_string, name, hidden=HUBS[hub])
        await exported(azurite.connection_string, name, bundle)
        await moved_into_file(bundle, file)
    return bundle, file


def _hubs(seed: int) -> Iterator[str]:
    for place in range(len(HUBS)):
        yield list(HUBS)[(seed + place) % len(HUBS)]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_corruption_is_told_with_its_instance(
    seed: int, azurite: Storage, moved: Path, tmp_path: Path
) -> None:
    kind = list(KINDS)[seed % len(KINDS)]
    for hub in _hubs(seed):
        bundle, file = await _moved(hub, azurite, moved)
        corrupted = shutil.copy(file, tmp_path / "hub.db")
        instance_id = corrupt(corrupted, kind, seed)
        if instance_id is not None:
            break
    else:
        pytest.fail(f"no hub has what {kind} changes")

    result = await compared(bundle_side(bundle), file_side(corrupted))

    assert instance_id in result.faults, f"{kind} of {instance_id} in {hub}"
    assert not result.summary.is_equal


@pytest.mark.parametrize("hub", HUBS)
async def test_nothing_is_told_of_a_hub_that_is_as_it_was_moved(
    hub: str, azurite: Storage, moved: Path
) -> None:
    bundle, file = await _moved(hub, azurite, moved)
    result = await compared(bundle_side(bundle), file_side(file))
    assert result.faults == {}
    assert result.summary.is_equal
