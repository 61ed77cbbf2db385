"""The recorded .NET hubs, planned: to a store of ours, and to an endpoint that nobody has probed."""

from pathlib import Path

import pytest

from tests.conftest import Storage
from tests.golden.recorded import HUBS, RecordedHub
from tests.planning.recorded_plans import PLANNED, bundle_of, expected, plan_of

pytestmark = pytest.mark.azurite


BY_DEFAULT = ("entities", "waiting")
each_hub = pytest.mark.parametrize(
    "hub",
    [pytest.param(hub, marks=() if hub.name in BY_DEFAULT else pytest.mark.slow) for hub in HUBS],
    ids=str,
)


@each_hub
async def test_a_recorded_hub_is_planned_as_it_was_reviewed(
    hub: RecordedHub, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await bundle_of(hub, azurite.connection_string, hub_name, tmp_path / "b")

    found = {target: plan_of(tmp_path / "b", target) for target in PLANNED}

    assert found == expected(hub)
