"""What activities cost at the level exclusive, counted at a proxy, with the SDK's own worker."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from durahub.classic.options import Level
from tests.budget.counted_hub import CountedHub, counted_hub
from tests.budget.lines import BRANCHES, DELETE, PUT
from tests.conftest import Storage

pytestmark = [
    pytest.mark.azurite,
    pytest.mark.sdk,
    pytest.mark.asyncio(loop_scope="module"),
]

CITIES = ["Tokyo", "Seattle", "London", "Lima", "Cairo"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(azurite: Storage) -> AsyncIterator[CountedHub]:
    """A hub that only the tests of this module use."""
    async with counted_hub(azurite, Level.EXCLUSIVE) as hub:
        yield hub


async def test_five_activities_in_sequence_cost_eleven_requests(hub: CountedHub) -> None:
    async with hub.counting() as requests:
        greetings = await hub.run("py_greet_all", CITIES)

    assert len(greetings) == 5
    assert requests == {
        "table insert": 1,
        PUT: 1,
        "table transaction": 6,
        "table merge": 2,
        DELETE: 1,
    }
    assert sum(requests.values()) == 11


async def test_activities_at_once_have_messages_only_where_there_is_no_room(
    hub: CountedHub,
) -> None:
    async with hub.counting() as requests:
        assert await hub.run("py_squares", BRANCHES) == 328_350

    assert requests[PUT] == requests[DELETE] < BRANCHES // 2
