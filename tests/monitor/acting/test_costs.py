"""A dry run writes nothing, and tells what the action then takes, to the row and to the request."""

import pytest

from durahub.errors import NotOffered
from durahub_migrate.monitor.actions import Command, Verb
from tests.monitor.acting.shops import ACTIVITIES, SCRIPTS, Shop, command


async def spent(shop: Shop, asked: Command) -> tuple[int, int]:
    """Return the requests that a command was said to take, and those that it took."""
    cost = await shop.actor.cost(asked)
    before = shop.requests()
    await shop.actor.do(asked)
    return cost.requests, shop.requests() - before


async def test_a_purge_takes_what_its_dry_run_tells(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.run("Large", "large/1")
    await shop.run("Large", "large/2")
    before = [event async for event in shop.hub.history("large/1")]
    cost = await shop.actor.cost(command(Verb.PURGE, "large/1"))
    assert [event async for event in shop.hub.history("large/1")] == before

    requests = shop.requests()
    done = await shop.actor.do(command(Verb.PURGE, "large/1"))
    assert cost.instances == done.instances == 1
    assert cost.bytes > 70_000 if shop.kind == "scheduler" else cost.bytes > 0
    if shop.kind != "endpoint":  # which does not tell
        assert cost.rows == done.rows > 0
    if shop.kind == "classic":
        assert cost.blobs > 0
        assert cost.requests == shop.requests() - requests
    assert await shop.actor.look("large/2") is not None


async def test_a_purge_with_children_takes_what_its_dry_run_tells(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.run("Parent", "p")
    told, took = await spent(shop, command(Verb.PURGE, "p", recursive=True))
    if shop.kind != "endpoint":
        assert told == took


async def test_children_that_still_run_are_told_and_stay(shop: Shop) -> None:
    if shop.kind == "endpoint":
        pytest.skip("what an endpoint skips it does not tell")
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.wait("Guardian", "g")
    await shop.is_("waiting", "Running")
    await shop.actor.do(command(Verb.TERMINATE, "g"))
    await shop.is_("g", "Terminated")
    asked = command(Verb.PURGE, "g", recursive=True)
    assert (await shop.actor.cost(asked)).skipped == {"children that are Running": 1}
    assert (await shop.actor.do(asked)).instances == 1
    assert await shop.actor.look("waiting") is not None


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        (Verb.RAISE_EVENT, {"name": "Approve", "data": "1"}),
        (Verb.SUSPEND, {}),
        (Verb.TERMINATE, {}),
        (Verb.SET_CUSTOM_STATUS, {"value": '"x"'}),
        (Verb.RESTART, {"newId": True}),
    ],
    ids=lambda one: one.value if isinstance(one, Verb) else "",
)
async def test_an_action_takes_the_requests_that_were_told(
    shop: Shop, verb: Verb, arguments: dict[str, object]
) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.wait("Patient", "p")
    asked = command(verb, "p", **arguments)
    if shop.kind == "endpoint":
        if verb is Verb.SET_CUSTOM_STATUS:
            with pytest.raises(NotOffered):
                await shop.actor.cost(asked)
        else:
            assert (await shop.actor.cost(asked)).requests == 2
        return
    told, took = await spent(shop, asked)
    assert told == took


async def test_terminating_a_tree_takes_the_requests_that_were_told(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.wait("Guardian", "g")
    await shop.is_("waiting", "Running")
    told, took = await spent(shop, command(Verb.TERMINATE, "g", recursive=True))
    if shop.kind != "endpoint":
        assert told == took


async def test_starts_and_signals_take_the_requests_that_were_told(shop: Shop) -> None:
    if shop.kind == "endpoint":
        return
    for asked in (
        command(Verb.START, name="Patient"),
        command(Verb.START, name="Patient", id="named"),
        command(Verb.SIGNAL_ENTITY, "@counter@a", operation="add"),
    ):
        told, took = await spent(shop, asked)
        assert told == took
