"""What holds for the classic store alone: exact rows, other managers, requests, and what storage refuses."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas
from hubs_under_test import ClassicHub
from listening_desk import Desk, eventually
from shop_orders import activity, episode, in_seconds, raised, result, start, started, timer

from durahub.classic.account import Account
from durahub.classic.columns import DateTime
from durahub.classic.connection import EMULATOR_ACCOUNT, EMULATOR_KEY
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions, Manager
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.store import ClassicStore
from durahub.classic.tables import Tables, merge, put
from durahub.dispatch.clock import system_clock
from durahub.engine.commit import Delivery, Standing
from durahub.errors import (
    CheckpointLost,
    HubMismatch,
    HubNotFound,
    StorageDenied,
    StorageUnavailable,
)
from durahub.model.history import TERMINAL, Execution, Status
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.store import EndedQuery, InstanceQuery

pytestmark = pytest.mark.azurite


@pytest.fixture
def make_hub(azurite: Any, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", azurite.connection_string)


async def test_a_timer_that_is_in_its_queue_alone_is_looked_for_when_it_is_due(
    hub: ClassicHub,
) -> None:
    store = await hub.open(waits_here=0.0, max_poll=3600.0, partitions=1, visibility=60.0)
    desk = Desk()
    hub.serve(store, desk)
    await eventually(lambda: store.owns("order-1"))
    await store.send(raised("order-1"))
    await store.discard([await desk.message()])
    await asyncio.sleep(7)  # so long an empty queue is looked into ever less often
    asked: list[str] = []

    def seen(url: str) -> bool:
        asked.append(url)
        return False

    hub.transport(store).refuses = seen  # type: ignore[method-assign]
    due = in_seconds(2)

    await store.send(timer(Execution("order-1", "0" * 32), due))

    await desk.message(2)
    assert system_clock() >= due
    looks = [url for url in asked if "control-00/messages?numofmessages" in url]
    assert 1 <= len(looks) <= 2  # one finds it; another may have come just now
    await store.discard(desk.messages[1:])


async def test_all_pages_of_ended_instances_cost_one_look_through_the_table(
    hub: ClassicHub,
) -> None:
    store = await hub.open()
    tables = Tables(hub.account().table_wire, StorageErrors("", hub.name))
    for number in range(10):
        row = {
            "PartitionKey": f"order-{number}",
            "RowKey": "",
            "RuntimeStatus": "Completed",
            "CompletedTime": DateTime(Ticks(638_000_000_000_000_000 - number)),
        }
        await tables.insert(HubNames(hub.name).instances_table, row)
    query = EndedQuery(statuses=TERMINAL, count=3)
    hub.transport(store).reads.clear()
    found: list[str] = []
    while page := await store.ended(query):
        found += [one.instance_id for one in page]
        query = replace(query, after=page[-1])
    assert found == [f"order-{number}" for number in reversed(range(10))]
    reads = hub.transport(store).reads
    assert reads.count(("table", "query")) <= 2  # the last finds that there is no more


async def test_times_keep_their_seventh_decimal_both_ways(hub: ClassicHub) -> None:
    await hub.open()
    tables = Tables(hub.account().table_wire, StorageErrors("", hub.name))
    table = HubNames(hub.name).history_table
    for last in range(10):
        time = DateTime(Ticks(638_000_000_000_000_000 + last))
        row = {"PartitionKey": "it's", "RowKey": f"r{last}", "When": time}
        await tables.insert(table, row)
        (etag,) = await tables.transact(table, [put({**row, "Also": time})]) or []
        await tables.transact(table, [merge({**row, "Third": time}, etag)])
        read = await tables.get(table, "it's", f"r{last}")
        assert read is not None
        assert (read.columns["When"], read.columns["Also"], read.columns["Third"]) == (time,) * 3


@pytest.mark.parametrize(("folder", "manager"), [("ownership", "safe"), ("default", "legacy")])
async def test_a_hub_that_others_share_by_blob_leases_is_refused(
    hub: ClassicHub, folder: str, manager: str
) -> None:
    store = await hub.open(manager=Manager.TABLE)
    names = HubNames(hub.name)
    service = hub.account().blobs
    await service.create_container(names.leases_container)
    blob = service.get_blob_client(names.leases_container, f"{folder}/{names.control_queue(0)}")
    await blob.upload_blob(b"{}")
    await hub.open()  # what nobody holds proves nothing

    lease = await blob.acquire_lease(lease_duration=60)
    with pytest.raises(HubMismatch, match=manager):
        await hub.open(manager=Manager.TABLE)
    with pytest.raises(HubMismatch, match=manager):
        await store.serve(Desk())
    client = await hub.open(create=False)  # who only sends and looks may do so
    assert (await client.info()).manager == manager
    await lease.release()


async def write_task_hub_json(hub: ClassicHub, partitions: int) -> None:
    container = hub.account().blobs.get_container_client(HubNames(hub.name).leases_container)
    with contextlib.suppress(ResourceExistsError):
        await container.create_container()
    content = json.dumps({"TaskHubName": hub.name, "PartitionCount": partitions})
    await container.upload_blob("taskhub.json", content, overwrite=True)


async def test_the_task_hub_json_of_a_blob_managers_hub_tells_its_number_even_a_lowered_one(
    hub: ClassicHub,
) -> None:
    await hub.open(partitions=4, manager=Manager.SAFE)
    await write_task_hub_json(hub, 3)
    with pytest.raises(HubMismatch, match=r"3 partitions \(by its taskhub.json\) and 4"):
        await hub.open(partitions=4)
    store = await hub.open()
    assert (await store.info()).partitions == 3
    hub.serve(store, Desk())
    await hub.put_raw("what is left of the fourth is still served", partition=3)
    await eventually(lambda: store.set_aside_count)


async def test_the_task_hub_json_that_a_blob_manager_left_means_nothing_under_the_table_manager(
    hub: ClassicHub,
) -> None:
    await hub.open(partitions=2)
    await write_task_hub_json(hub, 3)
    assert (await (await hub.open()).info()).partitions == 2


async def test_a_hub_that_was_half_made_is_completed(hub: ClassicHub) -> None:
    service = hub.account().queues
    await service.create_queue(HubNames(hub.name).control_queue(2))  # the last is made first
    store = await hub.open(partitions=3)
    info = await store.info()
    assert len(info.owners) == 3
    assert len(info.queues) == 4


def server_of(connection_string: str, hub: str) -> tuple[Account, ClassicStore]:
    account = Account.from_connection_string(connection_string, "the test")
    return account, ClassicStore(hub, account, ClassicOptions(), system_clock)


async def test_a_wrong_key_is_denied_by_every_service(hub: ClassicHub) -> None:
    wrong = hub.connection_string.replace("AccountKey=", "AccountKey=AAAA")
    account, store = server_of(wrong, hub.name)
    async with account:
        for attempt in (store.open(create=True), store.get("a"), store.send(raised("a"))):
            with pytest.raises(StorageDenied) as caught:
                await attempt
            assert "AccountKey" not in str(caught.value)
            assert "sign" not in str(caught.value).lower()


async def test_a_signature_is_enough(hub: ClassicHub) -> None:
    sas = generate_account_sas(
        EMULATOR_ACCOUNT,
        EMULATOR_KEY,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions.from_string("rwdlacup"),
        datetime.now(timezone.utc) + timedelta(hours=1),
        services="bqt",
    )
    parts = [p for p in hub.connection_string.strip(";").split(";") if "Endpoint=" in p]
    account, store = server_of(f"{';'.join(parts)};SharedAccessSignature={sas}", hub.name)
    async with account:
        await store.open(create=True)
        await store.start(start("order-1", input="x" * 100_000), None)
        row = await store.get("order-1")
        assert row is not None
        assert row.input == "x" * 100_000
        await store.close()


async def test_an_account_that_does_not_answer_is_unavailable(hub: ClassicHub) -> None:
    nowhere = (
        f"AccountName=shop;AccountKey={EMULATOR_KEY};BlobEndpoint=http://127.0.0.1:9/shop;"
        "QueueEndpoint=http://127.0.0.1:9/shop;TableEndpoint=http://127.0.0.1:9/shop"
    )
    account, store = server_of(nowhere, hub.name)
    async with account:
        with pytest.raises(StorageUnavailable, match="shop does not answer"):
            await store.get("order-1")


async def test_an_orchestration_of_one_activity_costs_these_requests(
    hub: ClassicHub,
) -> None:
    store = await hub.open(row_refresh=10.0)
    desk = Desk()
    hub.serve(store, desk)
    await eventually(lambda: store.owns("order-1"))
    hub.transport(store).log.clear()

    await store.start(start("order-1"), None)
    delivery = await desk.message()
    first = episode(delivery, activities=(activity(delivery.message.target),))
    version = await store.commit(first)
    work = await desk.activity()
    await store.complete_activity(work, result(work))
    answer = await desk.message(2)
    version = await store.commit(episode(answer, version))  # its row says nothing new
    await store.send(raised("order-1"))
    await store.commit(episode(await desk.message(3), version, status=Status.Completed))

    assert hub.transport(store).log == [
        *(("queue", "put"), ("table", "insert")),  # the start
        *(("queue", "put"), ("table", "transaction"), ("table", "merge"), ("queue", "delete")),
        *(("table", "transaction"), ("queue", "delete")),  # the result; then the activity's message
        ("queue", "put"),  # the event
        *(("table", "transaction"), ("table", "merge"), ("queue", "delete")),
    ]


async def test_a_row_that_storage_refused_is_written_whole_by_the_next_checkpoint(
    hub: ClassicHub,
) -> None:
    store, desk = await hub.open(row_refresh=60.0), Desk()
    hub.serve(store, desk)
    await store.start(start("order-1", input="1"), None)
    version = await store.commit(episode(await desk.message()))
    transport = hub.transport(store)

    await store.send(raised("order-1"))
    following = started(start("order-1", input="2"))  # the execution continues as new
    execution_id = following.execution.execution_id
    begun = Delivery("none", "none", Message(event=following, target=following.execution))
    replacing = replace(
        episode(begun, replaces=True), base=version, consumed=(await desk.message(2),)
    )
    transport.refuses = lambda url: "instances" in url.lower()
    with pytest.raises(StorageUnavailable):
        await store.commit(replacing)
    del transport.refuses

    version = (await store.load("order-1")).version
    assert version.execution_id == execution_id
    await store.send(raised("order-1"))
    ending = episode(await desk.message(3), version, status=Status.Completed, output='"done"')
    standing = Standing(following, Status.Running)
    await store.commit(replace(ending, instance=replace(ending.instance, standing=standing)))

    row = await store.get("order-1")
    assert row is not None
    assert (row.execution_id, row.status, row.output) == (execution_id, Status.Completed, '"done"')
    assert (row.input, row.created) == ("2", following.timestamp)


async def test_the_blobs_of_a_replaced_generation_are_deleted(hub: ClassicHub) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    large = "x" * 40_000
    await store.start(start("order-1", input=large), None)
    version = await store.commit(episode(await desk.message()))
    assert len(await history_blobs(hub)) == 1
    row = await store.get("order-1")
    await store.start(start("order-1", generation=1), row)
    await store.commit(episode(await desk.message(2), version))
    assert await history_blobs(hub) == []


async def history_blobs(hub: ClassicHub) -> list[str]:
    container = hub.account().blobs.get_container_client(
        HubNames(hub.name).large_messages_container
    )
    return [b.name async for b in container.list_blobs() if "/history-0" in b.name]


async def test_a_partition_that_is_not_renewed_is_neither_handed_over_nor_committed(
    hub: ClassicHub,
) -> None:
    store = await hub.open(lease=3.0)
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    delivery = await desk.message()
    transport = hub.transport(store)
    transport.refuses = lambda url: "partitions" in url.lower()

    await eventually(lambda: not store.owns("order-1"))
    with pytest.raises(CheckpointLost):
        await store.commit(episode(delivery))
    await store.send(raised("order-2"))
    handed = len(desk.messages)

    del transport.refuses
    await eventually(lambda: store.owns("order-1"))
    await desk.message(handed + 1)


async def test_a_deletion_that_storage_refuses_is_made_good_later(hub: ClassicHub) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    delivery = await desk.message()
    transport = hub.transport(store)
    transport.refuses = lambda url: "popreceipt" in url

    version = await store.commit(episode(delivery))  # it counts all the same
    assert version.length == 3
    assert sum((await store.info()).queues.values()) == 1

    del transport.refuses
    for _ in range(600):
        if sum((await store.info()).queues.values()) == 0:
            break
        await asyncio.sleep(0.1)
    else:
        pytest.fail("the message is still there")
    assert len(desk.messages) == 1


async def test_two_hubs_may_share_a_tracking_store(
    make_hub: Callable[..., ClassicHub], hub: ClassicHub
) -> None:
    other = make_hub("b")
    prefix = f"{hub.name}Track"
    mine = await hub.open(tracking_prefix=prefix)
    theirs = await other.open(tracking_prefix=prefix)
    await mine.start(start("order-1"), None)
    await theirs.start(start("order-2"), None)
    assert [i.instance_id for i in (await mine.query(InstanceQuery())).instances] == ["order-1"]
    await theirs.delete()
    assert await mine.get("order-1") is not None
    await other.close()


async def test_a_checkpoint_whose_answer_was_lost_is_not_taken_for_anothers(
    hub: ClassicHub,
) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    delivery = await desk.message()
    hub.transport(store).loses = lambda url: "$batch" in url
    version = await store.commit(episode(delivery))
    assert version == (await store.load("order-1")).version
    row = await store.get("order-1")
    assert row is not None
    assert row.status is Status.Running


async def test_a_purge_leaves_the_blobs_of_ids_that_contain_this_one(hub: ClassicHub) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    large = "x" * 100_000
    ids = ["a", "a/b", "a^0b"]
    for number, instance_id in enumerate(ids, 1):
        await store.start(start(instance_id, input=large), None)
        await store.commit(
            episode(await desk.message(number), status=Status.Completed, output=large)
        )
    left = set(ids)
    for purged in ["a", "a/b"]:
        await store.purge(purged)
        left.discard(purged)
        for instance_id in left:
            loaded = await store.load(instance_id)
            assert loaded.events[1].input == large
            row = await store.get(instance_id)
            assert row is not None
            assert row.output == large
    names = [name async for name in _blobs(hub)]
    assert names
    assert all(name.startswith("a^") for name in names)


@pytest.mark.parametrize("create", [True, False])
async def test_a_hub_whose_name_has_other_capitals_is_told_of(
    make_hub: Callable[..., ClassicHub], azurite: Any, *, create: bool
) -> None:
    """Azurite has tables of that name, and yet does not find them."""
    if "devstoreaccount1" not in azurite.connection_string:
        pytest.skip("Azure Storage finds them")
    await make_hub("O").open()
    with pytest.raises(HubNotFound, match=r"OInstances .* use that spelling"):
        await make_hub("o").open(create=create)


async def test_a_purge_finds_the_blobs_of_an_id_with_a_backslash(hub: ClassicHub) -> None:
    """Storage takes it for a slash where it names a blob, and not where blobs are listed."""
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    large = "x" * 100_000
    await store.start(start("C:\\orders", input=large), None)
    await store.commit(episode(await desk.message(1), status=Status.Completed, output=large))
    assert [name async for name in _blobs(hub)]
    await store.purge("C:\\orders")
    assert [name async for name in _blobs(hub)] == []


async def test_a_purge_leaves_the_messages_of_an_id_whose_blobs_lie_in_the_same_folder(
    hub: ClassicHub,
) -> None:
    store = await hub.open()
    for instance_id in ("C:\\orders", "C:/orders"):
        await store.start(start(instance_id, input="x" * 100_000), None)
    both = {name async for name in _blobs(hub)}
    await store.purge("C:\\orders")

    (left,) = [name async for name in _blobs(hub)]
    assert left in both
    row = await store.get("C:/orders")
    assert row is not None
    assert row.input == "x" * 100_000


async def _blobs(hub: ClassicHub) -> AsyncIterator[str]:
    container = HubNames(hub.name).large_messages_container
    async for blob in hub.account().blobs.get_container_client(container).list_blobs():
        yield blob.name


async def test_a_start_whose_answer_was_lost_is_not_withdrawn(hub: ClassicHub) -> None:
    store = await hub.open()
    message = start("order-1")
    await store.start(message, None)
    await store.start(message, None)  # as the retry of a request would
    desk = Desk()
    hub.serve(store, desk)
    assert (await desk.message()).message.event == message.event


async def test_of_several_servers_one_has_a_task_until_its_time_is_over(
    hub: ClassicHub,
) -> None:
    one, two = await hub.open(), await hub.open()

    assert await one.claim("purge", 60.0)
    assert not await two.claim("purge", 60.0)
    assert await two.claim("another", 60.0)
    assert await one.claim("purge", -1.0)
    assert await two.claim("purge", 60.0)
    assert not await one.claim("purge", 60.0)
