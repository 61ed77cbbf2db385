"""``durahub hub settle`` on hubs that were made by hand: what has no message gets one, and only that."""

from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hubs_under_test import ClassicHub, Crashed
from listening_desk import Desk
from shop_orders import activity, start

from durahub.classic.account import Account
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions, Level
from durahub.classic.parts import Parts, assemble
from durahub.classic.settling import Settled, Settling
from durahub.classic.unposted import Unposted
from durahub.dispatch.clock import system_clock
from durahub.engine.commit import NO_HISTORY
from durahub.errors import HubInUse
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.message import Message

pytestmark = pytest.mark.azurite


@pytest.fixture
async def hub(azurite: Any, hub_name: str) -> AsyncIterator[ClassicHub]:
    made = ClassicHub(hub_name, azurite.connection_string)
    yield made
    await made.close()


def parts_of(hub: ClassicHub) -> Parts:
    account: Account = hub.account()
    return assemble(HubNames(hub.name), account, ClassicOptions(), system_clock, Random())


def scheduled(number: int, text: str) -> Message:
    message = activity(start("order-1").target, number)
    assert isinstance(message.event, TaskScheduled)
    return replace(message, episode=1, event=replace(message.event, input=text))


async def an_unsettled_instance(
    parts: Parts, instance_id: str, *activities: Message, tasks: frozenset[int], done: int = 0
) -> None:
    """Write an instance whose *activities* have no messages, as a server that died has left it."""
    message = start(instance_id)
    assert isinstance(message.event, ExecutionStarted)
    execution_id = message.target.execution_id or ""
    await parts.instances.create(message.event, None, None)
    now = system_clock()
    events: list[Event] = [OrchestratorStarted(timestamp=now), message.event]
    events += [one.event for one in activities]
    events += [TaskCompleted(timestamp=now, task_scheduled_id=n) for n in range(done)]
    written = await parts.histories.write(
        instance_id, execution_id, NO_HISTORY, events, replaces=False, consumed=()
    )
    left = Unposted(execution_id, tasks, "the-anchor")
    await parts.histories.write_unposted(instance_id, written.version, left)


async def settled(
    hub: ClassicHub, account: Account | None = None, *, dry_run: bool = False
) -> list[Settled]:
    work = Settling(hub.name, account or hub.account(), system_clock)
    return [one async for one in work.run(dry_run=dry_run)]


async def test_what_is_outstanding_gets_its_message_and_the_hub_is_settled(
    hub: ClassicHub,
) -> None:
    await hub.open()
    parts = parts_of(hub)
    large = "x" * 70_000
    messages = scheduled(0, '"a"'), scheduled(1, '"b"'), scheduled(2, f'"{large}"')
    await an_unsettled_instance(parts, "order-1", *messages, tasks=frozenset({0, 1, 2}), done=1)
    await an_unsettled_instance(parts, "order/2", tasks=frozenset())

    found = await settled(hub)

    assert found == [Settled("order-1", (1, 2))]
    assert (await parts.histories.load("order-1")).unposted is None
    store = await hub.open(worker_id="w")
    desk = Desk()
    hub.serve(store, desk)
    await desk.activity(2)
    came = sorted((d.message for d in desk.activities), key=lambda m: m.event.event_id)
    assert [m.event for m in came] == [one.event for one in messages[1:]]
    execution_id = (await store.load("order-1")).version.execution_id
    assert {m.target for m in came} == {Execution("order-1", execution_id)}


async def test_a_dry_run_tells_the_same_and_changes_nothing(hub: ClassicHub) -> None:
    await hub.open()
    parts = parts_of(hub)
    await an_unsettled_instance(parts, "order-1", scheduled(0, "1"), tasks=frozenset({0}))

    assert await settled(hub, dry_run=True) == [Settled("order-1", (0,))]

    assert (await parts.histories.load("order-1")).unposted is not None
    assert await parts.queues.depth(HubNames(hub.name).workitem_queue) == 0


async def test_settling_may_die_after_any_write_and_is_done_by_doing_it_again(
    hub: ClassicHub,
) -> None:
    await hub.open()
    parts = parts_of(hub)
    for writes in range(4):  # two messages, one column
        await an_unsettled_instance(
            parts,
            f"order-{writes}",
            *(scheduled(0, "1"), scheduled(1, "2")),
            tasks=frozenset({0, 1}),
        )
        account = hub.account()
        assert len(await settled(hub, account, dry_run=True)) == 1
        hub.transport_of(account).writes_left = writes
        if writes < 3:
            with pytest.raises(Crashed):
                await anext(Settling(hub.name, account, system_clock).run())
            assert (await parts.histories.load(f"order-{writes}")).unposted is not None

        await settled(hub)

        assert (await parts.histories.load(f"order-{writes}")).unposted is None
        depth = await parts.queues.depth(HubNames(hub.name).workitem_queue)
        assert depth >= 2 * (writes + 1)


async def test_a_hub_that_is_served_is_not_settled(hub: ClassicHub) -> None:
    store = await hub.open(worker_id="busy-one")
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    await desk.message()

    with pytest.raises(HubInUse, match="busy-one"):
        await settled(hub)


async def test_a_settled_hub_is_left_as_it_is(hub: ClassicHub) -> None:
    await hub.open()

    assert await settled(hub) == []


async def test_a_server_does_not_take_a_hub_for_itself_that_a_foreign_worker_serves(
    hub: ClassicHub,
) -> None:
    other = await hub.open(worker_id="MACHINE-7")
    desk = Desk()
    hub.serve(other, desk)
    await other.start(start("order-1"), None)
    await desk.message()
    parts = parts_of(hub)
    name = "servers/MACHINE-7.json"
    container = HubNames(hub.name).set_aside_container
    await hub.open(level=Level.EXCLUSIVE)  # a durahub server of a name of its own: welcome

    await parts.blobs.delete(container, name)  # now it is as a .NET worker is

    with pytest.raises(HubInUse, match="MACHINE-7"):
        await hub.open(level=Level.EXCLUSIVE)
    await hub.open()
