"""What cannot be read is set aside, and the rest goes on."""

import base64

import pytest
from hubs_under_test import HubUnderTest
from listening_desk import Desk, eventually
from shop_orders import episode, raised, start

from durahub.errors import BadRow
from durahub.store import InstanceQuery


async def test_a_message_that_cannot_be_read_is_kept_listed_and_does_not_stop_the_others(
    hub: HubUnderTest,
) -> None:
    store = await hub.open(partitions=1)
    await hub.put_raw("{not json")
    await hub.put_raw(base64.b64encode(b"\xff\xfe").decode())
    desk = Desk()
    hub.serve(store, desk)
    await store.send(raised("order-1"))

    await desk.message()
    await eventually(lambda: store.set_aside_count == 2)

    found = await store.set_aside()
    assert {one.head for one in found} == {"{not json", "//4="}
    assert all(" message " in one.location for one in found)
    assert all("DH401" in one.error for one in found)
    assert sum((await store.info()).queues.values()) == 3  # nothing was deleted
    assert len(desk.messages) == 1


async def test_a_row_that_cannot_be_read_is_named(hub: HubUnderTest) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    await store.commit(episode(await desk.message()))
    await hub.spoil_history("order-1")

    with pytest.raises(BadRow):
        await store.load("order-1")

    (found,) = await store.set_aside()
    assert "order-1/0000000000000001" in found.location
    assert "DH402" in found.error


async def test_an_instance_row_that_cannot_be_read_does_not_hide_the_others(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    await store.start(start("order-1"), None)
    await store.start(start("order-2"), None)
    await hub.spoil_instance("order-1")
    page = await store.query(InstanceQuery())
    assert [row.instance_id for row in page.instances] == ["order-2"]
    assert len(await store.set_aside()) == 1


async def test_nothing_set_aside_is_nothing_listed(hub: HubUnderTest) -> None:
    store = await hub.open()
    assert await store.set_aside() == ()
