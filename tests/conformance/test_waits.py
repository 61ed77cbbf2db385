"""What clients that wait are told: that which a look would have found, and nothing that is over."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from failing_orders import completed
from hubs_under_test import ClassicHub, HubUnderTest
from scripted_worker import PATIENCE, ScriptedHub, scripted

from durahub.dispatch.clients import StartRequest
from durahub.engine.actions import Action
from durahub.errors import InstanceNotFound
from durahub.model.history import Event, EventRaised, Status
from durahub.model.instance import Instance

LARGE = json.dumps("x" * 100_000)


def waits(events: Sequence[Event]) -> list[Action]:
    """End with what the first event brings."""
    raised = [event for event in events if isinstance(event, EventRaised)]
    return [completed(raised[0].input)] if raised else []


SCRIPTS = {"Order": waits}


@pytest.fixture
async def shop(hub: HubUnderTest) -> AsyncIterator[ScriptedHub]:
    store = await hub.open(partitions=1)
    async with scripted(store) as shop:
        shop.work(SCRIPTS)
        yield shop


async def begin(shop: ScriptedHub, instance_id: str, given: str | None = "1") -> None:
    request = StartRequest(
        name="Order", instance_id=instance_id, input=given, tags={"team": "blue"}
    )
    await shop.start(request)


def read(instance: Instance | None) -> dict[str, object]:
    assert instance is not None
    fields = {name: getattr(instance, name) for name in Instance.__dataclass_fields__}
    del fields["etag"]  # it guards a replacement, and is no client's
    return fields


@pytest.mark.parametrize("given", ["1", None, LARGE])
async def test_a_client_is_told_what_a_look_finds(shop: ScriptedHub, given: str | None) -> None:
    waiting: list[asyncio.Task[Instance]] = []
    for payloads in (True, False):
        await begin(shop, f"order-{payloads}", given)
        waiting += [
            asyncio.create_task(shop.wait_for_start(f"order-{payloads}", payloads=payloads)),
            asyncio.create_task(shop.wait_for_completion(f"order-{payloads}", payloads=payloads)),
        ]
    begun = [await asyncio.wait_for(waiting[number], PATIENCE) for number in (0, 2)]
    assert [one.status for one in begun] == [Status.Running] * 2
    for payloads in (True, False):
        assert read(begun[not payloads]) == read(
            await shop.get(f"order-{payloads}", payloads=payloads)
        )
        await shop.raise_event(f"order-{payloads}", "Done", given)
        told = await asyncio.wait_for(waiting[1 if payloads else 3], PATIENCE)
        assert told.status is Status.Completed
        assert read(told) == read(await shop.get(f"order-{payloads}", payloads=payloads))


async def test_who_comes_when_all_is_over_is_told_what_is_stored_now(shop: ScriptedHub) -> None:
    await begin(shop, "order")
    await shop.raise_event("order", "Done", '"old"')
    assert await shop.ended("order") == 'Completed: "old"'

    await begin(shop, "order")
    waiting = asyncio.create_task(shop.ended("order"))
    await shop.raise_event("order", "Done", '"new"')
    assert await waiting == 'Completed: "new"'
    await shop.purge("order")
    assert await shop.get("order") is None


async def test_an_event_for_what_runs_here_arrives_and_for_what_is_gone_is_refused(
    shop: ScriptedHub,
) -> None:
    await begin(shop, "order")
    waiting = asyncio.create_task(shop.ended("order"))
    await shop.raise_event("order", "Done", "7")
    assert await waiting == "Completed: 7"
    await shop.raise_event("order", "Done", "8")  # has no effect
    await shop.purge("order")
    with pytest.raises(InstanceNotFound):
        await shop.raise_event("order", "Done", "9")


@pytest.mark.azurite
async def test_an_instance_that_another_server_ends_is_told_of_to_who_waits_here(
    hub: ClassicHub, shop: ScriptedHub
) -> None:
    if not isinstance(hub, ClassicHub):
        pytest.skip("a file has one server")
    await begin(shop, "order")
    await asyncio.wait_for(shop.wait_for_start("order", payloads=False), PATIENCE)
    waiting = asyncio.create_task(shop.ended("order"))
    await asyncio.sleep(0)
    other = await hub.open(create=False)
    async with scripted(other) as gateway:
        assert await gateway.force_terminate(["order"], '"enough"') == ()
    assert await waiting == 'Terminated: "enough"'
