"""Whatever a server was doing when it died, another one goes on: nothing is lost, little is repeated."""

from hubs_under_test import HubUnderTest
from listening_desk import Desk
from shop_orders import activity, episode, in_seconds, raised, start, timer

from durahub.dispatch.clock import system_clock
from durahub.model.history import TimerFired


async def test_a_message_in_the_hands_of_a_server_that_dies_comes_to_the_next(
    hub: HubUnderTest,
) -> None:
    first = await hub.open(worker_id="w")
    desk = Desk()
    hub.serve(first, desk)
    await first.send(raised("order-1"))
    lost = await desk.message()
    await hub.crash(first)

    second = await hub.open(worker_id="w")
    successor = Desk()
    hub.serve(second, successor)
    found = await successor.message()
    assert found.key == lost.key
    assert found.message == lost.message


async def test_an_activity_in_the_hands_of_a_server_that_dies_comes_to_the_next(
    hub: HubUnderTest,
) -> None:
    first = await hub.open(worker_id="w")
    desk = Desk()
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    delivery = await desk.message()
    await first.commit(episode(delivery, activities=(activity(delivery.message.target),)))
    lost = await desk.activity()
    await hub.crash(first)

    second = await hub.open(worker_id="w")
    successor = Desk()
    hub.serve(second, successor)
    assert (await successor.activity()).message == lost.message


async def test_a_timer_in_memory_of_a_server_that_dies_still_fires(hub: HubUnderTest) -> None:
    first = await hub.open(worker_id="w")
    desk = Desk()
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    target = (await desk.message()).message.target
    due = in_seconds(2.0)
    await first.send(timer(target, due))
    await hub.crash(first)

    second = await hub.open(worker_id="w")
    successor = Desk()
    hub.serve(second, successor)
    fired: list[TimerFired] = []

    def has_fired() -> bool:
        fired[:] = [e for d in successor.messages if isinstance(e := d.message.event, TimerFired)]
        return bool(fired)

    await successor.until(has_fired)
    assert fired[0].fire_at == due
    assert system_clock() >= due
