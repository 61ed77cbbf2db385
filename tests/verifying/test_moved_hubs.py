"""What was moved is equal to what it was moved from, whatever the comparison is told."""

from pathlib import Path

import pytest

from tests.bundle.exports import exported
from tests.conftest import Storage
from tests.golden.loading import load as load_hub
from tests.golden.recorded import HUBS, RecordedHub
from tests.verifying.places import bundle_side, classic_side, compared, file_side, moved_into_file

pytestmark = pytest.mark.azurite

ALWAYS = {"entities-hidden", "waiting", "waiting-hidden"}
CASES = [
    pytest.param(hub, hidden, id=name, marks=() if name in ALWAYS else pytest.mark.slow)
    for hub in HUBS
    for hidden, name in ((0, hub.name), (3600, f"{hub.name}-hidden"))
]


@pytest.mark.parametrize(("hub", "hidden"), CASES)
async def test_a_recorded_hub_in_a_file_is_as_it_was(
    hub: RecordedHub, hidden: int, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await load_hub(hub, azurite.connection_string, hub_name, hidden=hidden)
    await exported(azurite.connection_string, hub_name, tmp_path / "bundle")
    await moved_into_file(tmp_path / "bundle", tmp_path / "hub.db")
    for source in (
        bundle_side(tmp_path / "bundle"),
        classic_side(azurite.connection_string, hub_name),
    ):
        result = await compared(source, file_side(tmp_path / "hub.db"))
        assert {one: v.differences for one, v in result.faults.items()} == {}
        assert result.summary.is_equal
