"""What waits in a hub, as a scaler is told."""

from hubs_under_test import HubUnderTest
from listening_desk import Desk, eventually
from shop_orders import in_seconds, raised, timer

from durahub.model.history import Execution
from durahub.model.ticks import seconds_between
from durahub.store import Backlog


async def test_a_hub_without_messages_has_nothing_waiting(hub: HubUnderTest) -> None:
    store = await hub.open()
    assert await store.backlog() == Backlog()


async def test_instances_are_counted_not_their_messages_and_entities_apart(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    for instance_id in ("order-1", "order-1", "order-2", "@counter@a"):
        await store.send(raised(instance_id))
    waiting = await store.backlog()
    assert waiting.orchestrations.count == 2
    assert waiting.entities.count == 1
    assert waiting.activities.count == 0
    assert waiting.orchestrations.since is not None
    assert abs(seconds_between(waiting.orchestrations.since, in_seconds(0))) < 30


async def test_what_is_due_later_does_not_wait_yet(hub: HubUnderTest) -> None:
    store = await hub.open()
    await store.send(timer(Execution("order-1", "e"), in_seconds(600)))
    assert (await store.backlog()).orchestrations.count == 0


async def test_what_a_listener_has_in_hand_is_not_counted(hub: HubUnderTest) -> None:
    store = await hub.open()
    desk = Desk(messages=1)
    hub.serve(store, desk)
    await eventually(lambda: store.owns("order-1"))
    await store.send(raised("order-1"))
    await desk.message()
    assert (await store.backlog()).orchestrations.count == 0
