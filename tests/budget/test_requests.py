"""What work costs in storage requests, counted at a proxy: a test for each line of the budget."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from durabletask.client import OrchestrationStatus

from tests.budget.counted_hub import CountedHub, counted_hub
from tests.budget.lines import (
    BRANCHES,
    CHILD,
    CONTINUED,
    DELETE,
    EMPTY,
    ENTITY_CALL,
    EVENT,
    FIVE_ACTIVITIES,
    MOST_A_BRANCH,
    NEW_ENTITY_CALL,
    NEW_SIGNAL,
    ONE_ACTIVITY,
    PURGE,
    PUT,
    RESUME,
    SIGNAL,
    SUSPEND,
    TERMINATE,
    TIMER,
    Line,
)
from tests.conftest import Storage

pytestmark = [
    pytest.mark.azurite,
    pytest.mark.sdk,
    pytest.mark.asyncio(loop_scope="module"),
]

CITIES = ["Tokyo", "Seattle", "London", "Lima", "Cairo"]
LOOKUP = {"signals": [], "calls": []}  # one call, which changes nothing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(azurite: Storage) -> AsyncIterator[CountedHub]:
    """A hub that only the tests of this module use."""
    async with counted_hub(azurite) as hub:
        yield hub


async def costs(hub: CountedHub, line: Line, work: Callable[[], Awaitable[Any]]) -> Any:
    """Do *work*, which must cost what *line* says; return what came of it."""
    async with hub.counting() as requests:
        outcome = await work()
    assert dict(requests) == dict(line.requests), line.subject
    return outcome


async def waiting(hub: CountedHub) -> str:
    """Return an instance that waits for the event "go", at rest."""
    instance_id = await hub.start("py_collect", ["go"])
    await hub.quiet()
    return instance_id


async def test_an_orchestration_of_one_turn(hub: CountedHub) -> None:
    await costs(hub, EMPTY, lambda: hub.run("py_version"))


async def test_one_activity(hub: CountedHub) -> None:
    greetings = await costs(hub, ONE_ACTIVITY, lambda: hub.run("py_greet_all", CITIES[:1]))
    assert greetings == ["Hello, Tokyo!"]


async def test_five_activities_in_sequence(hub: CountedHub) -> None:
    greetings = await costs(hub, FIVE_ACTIVITIES, lambda: hub.run("py_greet_all", CITIES))
    assert len(greetings) == 5
    assert FIVE_ACTIVITIES.total == 25


async def test_a_hundred_activities_at_once(hub: CountedHub) -> None:
    async with hub.counting() as requests:
        assert await hub.run("py_squares", BRANCHES) == 328_350
    turns = requests.pop("table transaction")
    assert requests == {
        PUT: BRANCHES + 1,
        DELETE: BRANCHES + 1,
        "table insert": 1,
        "table merge": 2,
    }
    assert sum(requests.values()) + turns <= MOST_A_BRANCH * BRANCHES


async def test_an_external_event(hub: CountedHub) -> None:
    async def work() -> Any:
        instance_id = await waiting(hub)
        ended = asyncio.create_task(hub.ended(instance_id))
        await hub.waited_for(instance_id)
        await hub.client.raise_orchestration_event(instance_id, "go", data=7)
        return (await ended).get_output()

    assert await costs(hub, EVENT, work) == [7]


async def test_a_timer(hub: CountedHub) -> None:
    assert await costs(hub, TIMER, lambda: hub.run("py_sleeps", 0.1)) == "slept"


async def test_a_sub_orchestration(hub: CountedHub) -> None:
    assert len(await costs(hub, CHILD, lambda: hub.run("py_parent", 1))) == 2


async def test_a_call_of_an_entity(hub: CountedHub) -> None:
    given = {"key": "called", **LOOKUP}
    await costs(hub, NEW_ENTITY_CALL, lambda: hub.run("py_calls_counter", given))
    await costs(hub, ENTITY_CALL, lambda: hub.run("py_calls_counter", given))


async def test_a_signal_to_an_entity(hub: CountedHub) -> None:
    await costs(hub, NEW_SIGNAL, lambda: hub.signal("signalled", "add", 1))
    await costs(hub, SIGNAL, lambda: hub.signal("signalled", "add", 1))


async def test_continuing_as_new(hub: CountedHub) -> None:
    given = {"now": 1, "end": 2}
    assert await costs(hub, CONTINUED, lambda: hub.run("py_count_to", given)) == 2


async def test_steering_an_instance(hub: CountedHub) -> None:
    instance_id = await waiting(hub)
    await costs(hub, SUSPEND, lambda: hub.client.suspend_orchestration(instance_id))
    await costs(hub, RESUME, lambda: hub.client.resume_orchestration(instance_id))
    await costs(hub, TERMINATE, lambda: hub.client.terminate_orchestration(instance_id))
    state = await hub.ended(instance_id)
    assert state.runtime_status is OrchestrationStatus.TERMINATED
    purged = await costs(hub, PURGE, lambda: hub.client.purge_orchestration(instance_id))
    assert purged.deleted_instance_count == 1


async def test_who_waits_for_large_results_downloads_nothing(hub: CountedHub) -> None:
    given = {"letter": "x", "times": 200_000}
    async with hub.counting() as requests:
        assert await hub.run("py_repeats", given) == "x" * 200_000
    assert not {kind for kind in requests if kind.endswith(("get", "query"))}


async def test_the_server_counts_what_is_counted_from_outside(hub: CountedHub) -> None:
    await hub.run("py_greet_all", CITIES)

    def own() -> dict[str, int]:
        counts = hub.account.requests.snapshot()
        return {f"{service} {kind}": count for (service, kind), count in counts.items()}

    # a request that is under way has left the server and is not answered yet
    await hub.until(lambda: own() == dict(hub.seen.all))
