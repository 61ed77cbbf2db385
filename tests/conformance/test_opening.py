"""Opening, checking and deleting a hub."""

import pytest
from hubs_under_test import HubUnderTest
from shop_orders import start

from durahub.errors import HubMismatch, HubNotFound


async def test_a_hub_that_is_not_there_is_not_found(hub: HubUnderTest) -> None:
    with pytest.raises(HubNotFound):
        await hub.open(create=False)


async def test_creating_a_hub_that_is_there_changes_nothing(hub: HubUnderTest) -> None:
    store = await hub.open()
    await store.start(start("order-1"), None)
    again = await hub.open()
    assert await again.get("order-1") is not None


async def test_a_hub_is_opened_with_its_own_number_of_partitions(hub: HubUnderTest) -> None:
    await hub.open(partitions=3)
    client = await hub.open(create=False, partitions=None)
    assert (await client.info()).partitions == 3


@pytest.mark.parametrize("create", [True, False])
async def test_another_number_of_partitions_is_refused_with_both_numbers(
    hub: HubUnderTest, create: bool
) -> None:
    await hub.open(partitions=2)
    with pytest.raises(HubMismatch, match=r"2 .*4"):
        await hub.open(create=create, partitions=4)


async def test_a_deleted_hub_is_gone_and_can_be_made_again(hub: HubUnderTest) -> None:
    store = await hub.open()
    await store.start(start("order-1"), None)
    await store.delete()
    with pytest.raises(HubNotFound):
        await hub.open(create=False)
    again = await hub.open()
    assert await again.get("order-1") is None


async def test_closing_twice_is_fine(hub: HubUnderTest) -> None:
    store = await hub.open()
    await store.close()
    await store.close()


async def test_a_hub_tells_what_it_consists_of(hub: HubUnderTest) -> None:
    store = await hub.open(partitions=2)
    await store.start(start("order-1"), None)
    info = await store.info()
    assert (info.name, info.partitions) == (hub.name, 2)
    assert sum(info.queues.values()) == 1
    assert list(info.owners.values()) == [None, None]
