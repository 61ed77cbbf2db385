"""A test gets `hub`, a hub that no other test uses, once for each kind of store."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hubs_in_files import SchedulerHub, skip_if_different
from hubs_under_test import ClassicHub, HubUnderTest

from durahub.classic.options import Level

MakeHub = Callable[..., HubUnderTest]


@pytest.fixture(
    params=[
        pytest.param("classic", marks=pytest.mark.azurite),
        pytest.param("exclusive", marks=[pytest.mark.azurite, pytest.mark.slow]),
        "scheduler",
    ]
)
def make_hub(request: pytest.FixtureRequest, hub_name: str, tmp_path: Path) -> MakeHub:
    """Return what makes a hub of each kind of store; a *suffix* to its name makes another one."""
    if request.param == "scheduler":
        skip_if_different(request.node.originalname)
        return lambda suffix="": SchedulerHub(f"{hub_name}{suffix}", tmp_path)
    storage = request.getfixturevalue("azurite")
    level = Level.EXCLUSIVE if request.param == "exclusive" else Level.DEFAULT
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", storage.connection_string, level)


@pytest.fixture
async def hub(make_hub: MakeHub) -> AsyncIterator[HubUnderTest]:
    """A hub that no other test uses; it is made by the first store that opens it."""
    made = make_hub()
    yield made
    await made.close()
