"""The recorded .NET hubs in a file of ours: each instance as its bundle has it."""

from pathlib import Path
from typing import Any

import pytest

from durahub.dispatch.clock import system_clock
from durahub.stored import StoredInstance
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.moving.mover import Moved
from durahub_migrate.targets.open_messages import MENDED, RUNS_AGAIN, complete
from durahub_migrate.targets.scheduler_store import scheduler_store_mover
from durahub_migrate.targets.source import Source
from tests.bundle.exports import exported, exported_file
from tests.conftest import Storage
from tests.golden.loading import load as load_hub
from tests.golden.recorded import HUBS, RecordedHub
from tests.moving.loaded import LoadedContent, load
from tests.targets.moves import move_all

pytestmark = pytest.mark.azurite

BEHIND = {"crash-history": 1}  # instances whose rows a worker would mend
IN_HAND = {"dtfx": 1, "functions": 8, "killed": 4, "legacy1x": 1, "safe1x": 1, "waiting": 4}
"""Activities whose messages were invisible when a hub was recorded, and whose results were not there."""


ALWAYS = {"crash-history", "functions", "legacy1x", "killed"}


def case(hub: RecordedHub, hidden: int) -> Any:
    """Return a case; those of a few hubs are tried always."""
    name = f"{hub.name}-hidden" if hidden else hub.name
    return pytest.param(hub, hidden, id=name, marks=() if hub.name in ALWAYS else pytest.mark.slow)


CASES = [
    *(case(hub, 0) for hub in HUBS),
    *(case(hub, 3600) for hub in HUBS if hub.name in {*IN_HAND, "entities"}),
]


@pytest.mark.parametrize(("hub", "hidden"), CASES)
async def test_every_instance_is_there_as_it_was(
    hub: RecordedHub, hidden: int, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await load_hub(hub, azurite.connection_string, hub_name, hidden=hidden)
    await exported(azurite.connection_string, hub_name, tmp_path / "source")
    content = load(BundleReader(tmp_path / "source"))

    moved, found = await moved_into_file(content, hub_name, tmp_path)

    assert found.by_id.keys() == content.by_id.keys()
    source = Source(content)
    wanted = {one: complete(held, source).instance for one, held in content.by_id.items()}
    assert {one: comparable(held.instance) for one, held in found.by_id.items()} == {
        one: comparable(instance) for one, instance in wanted.items()
    }
    unchanged = [one for one, held in content.by_id.items() if wanted[one] is held.instance]
    assert [one for one in unchanged if _differs(content, found, one)] == []
    assert moved.doubts.get(MENDED, 0) == BEHIND.get(hub.name, 0)
    assert moved.doubts.get(RUNS_AGAIN, 0) == (IN_HAND.get(hub.name, 0) if hidden else 0)
    if not moved.doubts:
        assert len(unchanged) == len(content.by_id)


async def moved_into_file(
    content: LoadedContent, hub: str, folder: Path
) -> tuple[Moved, LoadedContent]:
    """Move a bundle into a new file, and export that."""
    file = folder / "hub.db"
    async with scheduler_store_mover(str(file), hub, "job-1", system_clock) as mover:
        moved = await move_all(mover, content)
    await exported_file(file, hub, folder / "target")
    return moved, load(BundleReader(folder / "target"))


def comparable(instance: StoredInstance) -> StoredInstance:
    """Return an instance as a file has it: what older writers did not know is null there."""
    history = (type(one)(one.event) for one in instance.history)
    return type(instance)(
        **{
            **{name: getattr(instance, name) for name in instance.__dataclass_fields__},
            "history": tuple(history),
            "beside": {},
        }
    )


def _differs(content: LoadedContent, found: LoadedContent, instance_id: str) -> bool:
    return found.by_id[instance_id].digests.exact != content.by_id[instance_id].digests.exact
