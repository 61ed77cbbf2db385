"""A classic hub, moved into a file of ours and from there into another classic hub, where it is finished."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from durahub.classic.names import HubNames
from durahub.dispatch.clock import system_clock
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.targets.scheduler_store import scheduler_store_mover
from tests.bundle.exports import exported, exported_file
from tests.conftest import Storage
from tests.golden.finishing.moved import ClassicTarget, finish_at
from tests.golden.finishing.stored import findings
from tests.golden.finishing.takeover import most_runs
from tests.golden.loading import load as load_hub
from tests.golden.recorded import RecordedHub
from tests.moving.loaded import load
from tests.targets.moves import move_all
from tests.targets.stores.test_recorded_into_classic_hub import messages_of, moved_into_hub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite, pytest.mark.slow]


@pytest.mark.parametrize("group", ["waiting", "killed", "entities"])
async def test_a_hub_comes_back_as_it_went_and_is_finished(
    group: str, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    hub, target = RecordedHub(group), f"{hub_name}b"
    await load_hub(hub, azurite.connection_string, hub_name)
    await exported(azurite.connection_string, hub_name, tmp_path / "source")
    content = load(BundleReader(tmp_path / "source"))
    file = tmp_path / "hub.db"
    async with scheduler_store_mover(str(file), hub_name, "job-1", system_clock) as mover:
        await move_all(mover, content)
    await exported_file(file, hub_name, tmp_path / "between")

    await moved_into_hub(load(BundleReader(tmp_path / "between")), azurite, target, partitions=4)

    await exported(azurite.connection_string, target, tmp_path / "target")
    found = load(BundleReader(tmp_path / "target"))
    assert {one: held.digests for one, held in found.by_id.items()} == {
        one: held.digests for one, held in content.by_id.items()
    }
    assert messages_of(found) == messages_of(content)
    ill = await findings(HubNames(target), azurite.connection_string)
    was = await findings(HubNames(hub_name), azurite.connection_string)
    assert Counter(rule for rule, _, _ in ill) - Counter(rule for rule, _, _ in was) == Counter()
    at = ClassicTarget(azurite, target)
    finished = await asyncio.to_thread(finish_at, hub, at, tmp_path, within=30)
    wrong = finished.wrong()
    assert "\n".join(f"{one}: {what}" for one, what in wrong.items()) == ""
    assert finished.runs - most_runs(hub) == Counter()
