"""Every action on every kind of store: what it does, and what it refuses in which words."""

import asyncio

import pytest

from durahub.dispatch.clients import StartRequest
from durahub.errors import (
    BadArgument,
    BadInstanceId,
    HubInUse,
    HubNotFound,
    InstanceNotFound,
    NotOffered,
    OverLimit,
    WrongStatus,
)
from durahub.model.history import EventRaised
from durahub_migrate.monitor.actions import Verb
from tests.monitor.acting.shops import ACTIVITIES, BROKE, SCRIPTS, Shop, command


async def test_an_instance_is_started_with_all_that_was_said(shop: Shop) -> None:
    asked = command(
        Verb.START, name="Patient", id="p/1", input={"a": 1}, version="2", tags={"region": "eu"}
    )
    done = await shop.actor.do(asked)

    assert done.instance_id == "p/1"
    found = await shop.hub.get("p/1")
    assert found is not None
    assert (found.name, found.input, found.version) == ("Patient", '{"a": 1}', "2")
    assert dict(found.tags or {}) == {"region": "eu"}


async def test_a_start_without_an_id_tells_the_one_it_got(shop: Shop) -> None:
    done = await shop.actor.do(command(Verb.START, name="Patient"))
    assert done.instance_id
    assert await shop.hub.get(done.instance_id) is not None


async def test_a_start_can_be_for_later(shop: Shop) -> None:
    await shop.actor.do(command(Verb.START, name="Patient", id="p", at="2090-01-01T00:00:00Z"))
    row = await shop.actor.look("p")
    assert row is not None
    assert row.status == "Pending"
    assert row.scheduled_start is not None


async def test_an_event_is_raised(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.wait("Patient", "p")
    await shop.actor.do(command(Verb.RAISE_EVENT, "p", name="Approve", data='{"by": "eve"}'))

    async def events() -> list[EventRaised]:
        return [e async for e in shop.hub.history("p") if isinstance(e, EventRaised)]

    for _ in range(3000):
        if await events():
            break
        await asyncio.sleep(0.02)  # nobody tells when an event is in the history
    (raised,) = await events()
    assert (raised.name, raised.input) == ("Approve", '{"by": "eve"}')


async def test_an_instance_is_suspended_and_goes_on_and_ends(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.wait("Patient", "p")
    await shop.actor.do(command(Verb.SUSPEND, "p", "lunch"))
    await shop.is_("p", "Suspended")
    with pytest.raises(WrongStatus):
        await shop.actor.do(command(Verb.SUSPEND, "p"))
    await shop.actor.do(command(Verb.RESUME, "p"))
    await shop.is_("p", "Running")
    with pytest.raises(WrongStatus):
        await shop.actor.do(command(Verb.RESUME, "p"))
    with pytest.raises(WrongStatus):
        await shop.actor.do(command(Verb.PURGE, "p"))
    await shop.actor.do(command(Verb.TERMINATE, "p", "enough"))
    await shop.is_("p", "Terminated")
    with pytest.raises(WrongStatus):
        await shop.actor.do(command(Verb.TERMINATE, "p"))
    with pytest.raises(WrongStatus):
        await shop.actor.do(command(Verb.RAISE_EVENT, "p", name="Approve"))


async def test_a_pending_instance_is_terminated(shop: Shop) -> None:
    await shop.hub.start(_request("Patient", "p"))
    await shop.actor.do(command(Verb.TERMINATE, "p", "never mind"))
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.is_("p", "Terminated")


async def test_children_are_terminated_with_their_parent(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.wait("Guardian", "g")
    await shop.is_("waiting", "Running")
    asked = command(Verb.TERMINATE, "g", recursive=True)
    assert (await shop.actor.cost(asked)).children == ("waiting",)
    await shop.actor.do(asked)
    await shop.is_("waiting", "Terminated")
    await shop.is_("g", "Terminated")


async def test_an_instance_is_restarted_under_its_id_or_a_new_one(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.run("Order", "o", input='"2 pizzas"')
    same = await shop.actor.do(command(Verb.RESTART, "o"))
    assert same.instance_id == "o"
    await shop.hub.ended("o")
    other = await shop.actor.do(command(Verb.RESTART, "o", newId=True))
    assert other.instance_id not in (None, "o")
    await shop.hub.ended(other.instance_id or "")
    found = await shop.hub.get(other.instance_id or "")
    assert found is not None
    assert found.input == '"2 pizzas"'


async def test_what_runs_is_restarted_only_under_a_new_id(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.wait("Patient", "p")
    with pytest.raises(WrongStatus):
        await shop.actor.do(command(Verb.RESTART, "p"))
    assert (await shop.actor.do(command(Verb.RESTART, "p", newId=True))).instance_id


async def test_a_rewind_tells_before_what_runs_again(shop: Shop) -> None:
    worker = shop.hub.work(SCRIPTS, BROKE)
    assert (await shop.run("Order", "o")).startswith("Failed")
    cost = await shop.actor.cost(command(Verb.REWIND, "o"))
    assert cost.reruns == ("activity Pay (1)",)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)

    shop.hub.activities.clear()
    await shop.actor.do(command(Verb.REWIND, "o", "the card is fine again"))
    shop.hub.work(SCRIPTS, ACTIVITIES)
    assert (await shop.hub.ended("o")).startswith("Completed")
    assert shop.hub.activities == ["Pay"]


async def test_a_rewind_tells_of_failed_children(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, BROKE)
    assert (await shop.run("Parent", "p")).startswith("Failed")
    cost = await shop.actor.cost(command(Verb.REWIND, "p"))
    assert cost.children == ("child",)
    assert "child Order child: rewound" in cost.reruns


async def test_only_what_has_failed_is_rewound(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.run("Order", "o")
    for ask in (shop.actor.cost, shop.actor.do):
        with pytest.raises(WrongStatus):
            await ask(command(Verb.REWIND, "o"))


async def test_what_has_ended_is_purged_with_its_children(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.run("Parent", "p")
    asked = command(Verb.PURGE, "p", recursive=True)
    cost = await shop.actor.cost(asked)
    done = await shop.actor.do(asked)
    assert (cost.instances, cost.children, done.instances) == (2, ("child",), 2)
    assert await shop.actor.look("p") is None
    assert await shop.actor.look("child") is None
    with pytest.raises(InstanceNotFound):
        await shop.actor.do(asked)


async def test_an_entity_is_signalled_and_deleted(shop: Shop) -> None:
    await shop.actor.do(command(Verb.SIGNAL_ENTITY, "@counter@a", operation="add", data="1"))
    await shop.actor.do(
        command(Verb.SIGNAL_ENTITY, "@counter@b", operation="add", at="2090-01-01T00:00:00Z")
    )
    with pytest.raises(BadArgument):
        await shop.actor.do(command(Verb.SIGNAL_ENTITY, "@counter@a"))
    with pytest.raises(InstanceNotFound):
        await shop.actor.do(command(Verb.DELETE_ENTITY, "@counter@never"))


async def test_an_action_of_the_other_kind_is_refused(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.wait("Patient", "p")
    with pytest.raises(BadInstanceId):
        await shop.actor.do(command(Verb.DELETE_ENTITY, "p"))
    with pytest.raises(BadInstanceId):
        await shop.actor.do(command(Verb.SIGNAL_ENTITY, "p", operation="add"))


async def test_a_custom_status_is_written_past_the_orchestrator(shop: Shop) -> None:
    shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.wait("Patient", "p")
    asked = command(Verb.SET_CUSTOM_STATUS, "p", value={"note": "by hand"})
    if shop.kind == "endpoint":
        with pytest.raises(NotOffered):
            await shop.actor.do(asked)
        return
    before = await shop.hub.get("p", payloads=False)
    await shop.actor.do(asked)
    after = await shop.hub.get("p", payloads=False)
    assert before is not None
    assert after is not None
    assert after.custom_status == '{"note": "by hand"}'
    assert (after.status, after.last_updated) == (before.status, before.last_updated)
    await shop.actor.do(command(Verb.SET_CUSTOM_STATUS, "p", value=None))
    cleared = await shop.hub.get("p", payloads=False)
    assert cleared is not None
    assert cleared.custom_status is None


async def test_a_custom_status_is_not_written_over_a_row_that_has_changed(shop: Shop) -> None:
    if shop.kind == "endpoint":
        return
    await shop.hub.start(_request("Patient", "p"))
    before = await shop.hub.get("p", payloads=False)
    assert before is not None
    await shop.actor.do(command(Verb.SET_CUSTOM_STATUS, "p", value="1"))
    assert not await shop.hub.store.set_custom_status("p", "2", before)
    after = await shop.hub.get("p", payloads=False)
    assert after is not None
    assert after.custom_status == "1"


async def test_a_custom_status_that_no_row_can_hold_is_refused(shop: Shop) -> None:
    if shop.kind != "classic":
        return
    await shop.hub.start(_request("Patient", "p"))
    with pytest.raises(OverLimit):
        await shop.actor.do(command(Verb.SET_CUSTOM_STATUS, "p", value=["x" * 40_000]))


@pytest.mark.parametrize("verb", [Verb.RAISE_EVENT, Verb.PURGE, Verb.TERMINATE, Verb.REWIND])
async def test_an_instance_that_is_not_there_is_told(shop: Shop, verb: Verb) -> None:
    arguments = {"name": "E"} if verb is Verb.RAISE_EVENT else {}
    for ask in (shop.actor.cost, shop.actor.do):
        with pytest.raises(InstanceNotFound):
            await ask(command(verb, "nobody", **arguments))


async def test_a_hub_is_deleted_under_its_name_alone_and_not_while_it_is_used(shop: Shop) -> None:
    if shop.kind == "endpoint":
        pytest.skip("the endpoint of this test does not let its only hub be deleted")
    with pytest.raises(BadArgument):
        await shop.actor.do(command(Verb.DELETE_HUB, "orders"))
    worker = shop.hub.work(SCRIPTS, ACTIVITIES)
    await shop.run("Order", "o")
    with pytest.raises(HubInUse):
        await shop.actor.do(command(Verb.DELETE_HUB, shop.name))
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    await shop.actor.do(command(Verb.DELETE_HUB, shop.name, force=True))
    with pytest.raises(HubNotFound):
        await shop.actor.look("o")


def _request(name: str, instance_id: str) -> StartRequest:
    return StartRequest(name=name, instance_id=instance_id)
