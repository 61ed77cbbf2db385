"""The recorded .NET hubs in another classic hub: what a .NET client says of them is the same."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from durahub.classic.account import Account
from durahub.classic.names import HubNames
from durahub.dispatch.clock import system_clock
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.mover import Moved
from durahub_migrate.targets.classic_hub import classic_hub_mover
from durahub_migrate.targets.open_messages import FOR_NOBODY, MENDED
from durahub_migrate.targets.source import Source
from tests.bundle.exports import exported
from tests.conftest import Storage
from tests.golden.finishing.endings import unequal
from tests.golden.finishing.stored import findings, read_hub
from tests.golden.loading import load as load_hub
from tests.golden.recorded import HUBS, RecordedHub
from tests.moving.loaded import LoadedContent, load
from tests.targets.moves import move_all

pytestmark = pytest.mark.azurite


async def moved_into_hub(
    content: Content, azurite: Storage, hub: str, *, partitions: int | None = None
) -> Moved:
    """Move a bundle into a new classic hub."""
    account = Account.from_connection_string(azurite.connection_string, "the test")
    async with classic_hub_mover(
        account,
        hub,
        "job-1",
        system_clock,
        partitions=partitions or content.manifest.source.partitions,
    ) as mover:
        return await move_all(mover, content)


def messages_of(content: LoadedContent) -> Counter[str]:
    """Return the messages that were seen and are due, to instances that are there or begin."""
    source = Source(content)
    seen = [one for target in content.by_id for one in source.seen_to(target).messages]
    strays = source.strays
    seen += [*strays.of_clients, *(one for found in strays.owned.values() for one in found)]
    return Counter(repr(one.message) for one in seen if one.due is None)


def unplayed(line: dict[str, Any]) -> dict[str, Any]:
    """Return an instance without what a bundle does not keep: whether an event was replayed."""
    history = [{k: v for k, v in event.items() if k != "IsPlayed"} for event in line["history"]]
    return {**line, "history": history}


ALWAYS = {"crash-history", "edges", "entities", "waiting"}
CASES = [
    pytest.param(hub, id=hub.name, marks=() if hub.name in ALWAYS else pytest.mark.slow)
    for hub in HUBS
]


@pytest.mark.parametrize("hub", CASES)
async def test_a_hub_is_the_same_under_another_name(
    hub: RecordedHub, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    target = f"{hub_name}b"
    await load_hub(hub, azurite.connection_string, hub_name)
    await exported(azurite.connection_string, hub_name, tmp_path / "source")
    content = load(BundleReader(tmp_path / "source"))

    moved = await moved_into_hub(content, azurite, target)

    await exported(azurite.connection_string, target, tmp_path / "target")
    found = load(BundleReader(tmp_path / "target"))
    mended = moved.doubts.get(MENDED, 0)
    digests = {one: held.digests for one, held in content.by_id.items()}
    differing = [one for one, held in found.by_id.items() if held.digests != digests.pop(one, None)]
    assert (len(differing), digests) == (mended, {})
    names = HubNames(hub_name, hub.names.tracking_prefix and f"{hub_name}Track")
    before = await read_hub(names, azurite.connection_string)
    after = await read_hub(HubNames(target), azurite.connection_string)
    wrong = {
        one: unequal(unplayed(before.lines[one]), unplayed(line))
        for one, line in after.lines.items()
        if one not in differing
    }
    assert "\n".join(f"{one}: {what}" for one, found in wrong.items() for what in found) == ""
    assert messages_of(found) == messages_of(content)
    depths = sum(before.depths.values()) - moved.left.get(FOR_NOBODY, 0)
    assert sum(after.depths.values()) == depths
    ill = await findings(HubNames(target), azurite.connection_string)
    was = await findings(names, azurite.connection_string)
    assert Counter(rule for rule, _, _ in ill) - Counter(rule for rule, _, _ in was) == Counter()
