"""A test gets `hub`, a hub that no other test uses, once for each kind of store."""

from collections.abc import AsyncIterator, Callable

import pytest
from hubs_under_test import ClassicHub, HubUnderTest

MakeHub = Callable[..., HubUnderTest]


@pytest.fixture(params=[pytest.param("classic", marks=pytest.mark.azurite)])
def make_hub(request: pytest.FixtureRequest, hub_name: str) -> MakeHub:
    """Return what makes a hub of each kind of store; a *suffix* to its name makes another one."""
    storage = request.getfixturevalue("azurite")
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", storage.connection_string)


@pytest.fixture
async def hub(make_hub: MakeHub) -> AsyncIterator[HubUnderTest]:
    """A hub that no other test uses; it is made by the first store that opens it."""
    made = make_hub()
    yield made
    await made.close()
