"""Servers share a hub by each of the three partition managers; what they leave in storage meanwhile."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from azure.storage.blob.aio import BlobLeaseClient
from hubs_under_test import ClassicHub
from listening_desk import Desk, eventually
from shop_orders import episode, start

from durahub.classic.names import HubNames
from durahub.classic.options import Manager
from durahub.classic.partitioning.app_lease import AppLeaseInfo, app_lease_id, encode
from durahub.classic.routing import control_index
from durahub.errors import CheckpointLost, HubMismatch
from durahub.store import HubStore

pytestmark = pytest.mark.azurite

IDS = [f"order-{number}" for number in range(40)]  # enough for every partition
MINE, OTHER = app_lease_id("Mine"), app_lease_id("Other")
BLOB_LEASE = 15.0  # seconds, the shortest that there is


@pytest.fixture
def make_hub(azurite: Any, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", azurite.connection_string)


@pytest.fixture(params=["safe", "legacy"])
def blob_manager(request: pytest.FixtureRequest) -> Manager:
    """Both managers that share by blob leases; tests/conformance/test_partitions.py has the table."""
    return Manager(request.param)


def shares(*stores: HubStore) -> list[int]:
    return [sum(store.owns(instance_id) for instance_id in IDS) for store in stores]


def partitions_of(store: HubStore) -> set[int]:
    """Return which of a hub's four partitions a store has."""
    return {control_index(instance_id, 4) for instance_id in IDS if store.owns(instance_id)}


def owned_once(*stores: HubStore) -> bool:
    return all(sum(store.owns(instance_id) for store in stores) == 1 for instance_id in IDS)


async def soon(condition: Callable[[], object]) -> None:
    """Wait until *condition* is true, which it must be before a lease of a blob runs out."""
    await eventually(condition, BLOB_LEASE)


class LeaseContainer:
    """A hub's leases container, looked at as another worker does."""

    def __init__(self, hub: ClassicHub) -> None:
        names = HubNames(hub.name)
        self._client = hub.account().blobs.get_container_client(names.leases_container)

    async def contents(self) -> dict[str, tuple[str, Any]]:
        """Return the lease state and the content of each blob."""
        found = {}
        async for blob in self._client.list_blobs():
            content = await (await self._client.download_blob(blob.name)).readall()
            found[blob.name] = (str(blob.lease.state), content)
        return found

    async def leases(self) -> dict[str, tuple[str, Any]]:
        """Return the lease state and the parsed content of each lease blob."""
        contents = await self.contents()
        return {n: (s, json.loads(c)) for n, (s, c) in contents.items() if n != "taskhub.json"}

    async def steal(self, name: str) -> None:
        """Change a blob's lease from the token in its content, as a thief does."""
        (_, content) = (await self.leases())[name]
        lease = BlobLeaseClient(self._client.get_blob_client(name), lease_id=content["Token"])
        await lease.change(proposed_lease_id=str(uuid.uuid4()))

    @contextlib.asynccontextmanager
    async def held(self, name: str, owner: str) -> AsyncIterator[None]:
        """Hold a lease blob as a worker does, for the body."""
        client = self._client.get_blob_client(name)
        lease = await client.acquire_lease(lease_duration=60)
        content = {
            "PartitionId": name.partition("/")[2],
            "Owner": owner,
            "Token": lease.id,
            "Epoch": 7,
        }
        await client.upload_blob(json.dumps(content), overwrite=True, lease=lease)
        yield
        with contextlib.suppress(Exception):  # it may have been taken from us
            await lease.release()


# -- making a hub ----------------------------------------------------------------------------------


async def test_a_hub_is_made_with_the_blobs_of_its_manager_as_the_other_provider_makes_them(
    hub: ClassicHub, blob_manager: Manager
) -> None:
    store = await hub.open(partitions=2, manager=blob_manager)
    await hub.open(manager=blob_manager)  # once more: nothing changes
    found = await LeaseContainer(hub).contents()

    folders = {"safe": ("intent", "ownership"), "legacy": ("default",)}[blob_manager.value]
    queues = HubNames(hub.name).control_queues(2)
    assert set(found) == {"taskhub.json", *(f"{f}/{queue}" for f in folders for queue in queues)}
    for name, (state, content) in found.items():
        assert state == "available"
        if name != "taskhub.json":
            partition = name.partition("/")[2]
            assert content == (
                f'{{"PartitionId":"{partition}","Owner":null,"Token":null,"Epoch":0}}'.encode()
            )
    task_hub = json.loads(found["taskhub.json"][1])
    assert list(task_hub) == ["TaskHubName", "CreatedAt", "PartitionCount"]
    assert (task_hub["TaskHubName"], task_hub["PartitionCount"]) == (hub.name, 2)
    tables = [t.name async for t in hub.account().tables.list_tables()]
    assert HubNames(hub.name).partitions_table not in tables
    assert (await store.info()).manager == blob_manager.value


# -- sharing ---------------------------------------------------------------------------------------


async def test_two_servers_share_by_blob_leases_and_the_one_that_is_left_takes_all(
    hub: ClassicHub, blob_manager: Manager
) -> None:
    first = await hub.open(partitions=4, manager=blob_manager, worker_id="first")
    hub.serve(first, Desk())
    await soon(lambda: owned_once(first))
    second = await hub.open(worker_id="second")  # it finds out by which manager
    hub.serve(second, Desk())
    await soon(lambda: [len(partitions_of(one)) for one in (first, second)] == [2, 2])

    leases = await LeaseContainer(hub).leases()
    owners = [content["Owner"] for _, content in leases.values()]
    assert owners.count("first") == owners.count("second")
    assert {state for state, _ in leases.values()} == {"leased"}
    assert (await second.info()).owners == {
        name.partition("/")[2]: content["Owner"]
        for name, (_, content) in leases.items()
        if not name.startswith("intent/")
    }

    await hub.stop(first)
    await soon(lambda: owned_once(second))
    await hub.stop(second)
    leases = await LeaseContainer(hub).leases()
    assert {state for state, _ in leases.values()} == {"available"}
    assert {(c["Owner"], c["Token"]) for _, c in leases.values()} == {(None, None)}
    assert all(content["Epoch"] >= 1 for _, content in leases.values())


async def test_safe_partitions_never_have_two_owners_while_they_change_hands(
    hub: ClassicHub,
) -> None:
    first = await hub.open(partitions=4, manager=Manager.SAFE)
    second = await hub.open()
    hub.serve(first, Desk())
    hub.serve(second, Desk())
    for _ in range(100):
        for instance_id in IDS:
            assert not (first.owns(instance_id) and second.owns(instance_id))
        await asyncio.sleep(0.02)


async def test_a_server_that_starts_again_under_its_name_has_its_partitions_at_once(
    hub: ClassicHub, blob_manager: Manager
) -> None:
    first = await hub.open(partitions=2, manager=blob_manager, worker_id="stable")
    hub.serve(first, Desk())
    await soon(lambda: owned_once(first))
    before = await LeaseContainer(hub).leases()
    await hub.crash(first)
    again = await hub.open(worker_id="STABLE")
    hub.serve(again, Desk())
    await soon(lambda: owned_once(again))
    assert await LeaseContainer(hub).leases() == before  # the same tokens, the same epochs


async def test_what_ran_when_the_lease_was_stolen_is_not_written(hub: ClassicHub) -> None:
    store = await hub.open(partitions=1, manager=Manager.LEGACY)
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    delivery = await desk.message()
    container = LeaseContainer(hub)
    await container.steal(*await container.leases())
    await soon(lambda: not store.owns("order-1"))
    with pytest.raises(CheckpointLost):
        await store.commit(episode(delivery))


@pytest.mark.parametrize("request_kind", ["comp=lease", "-control-0"])
async def test_a_lease_whose_taking_was_not_answered_is_taken_all_the_same(
    hub: ClassicHub, blob_manager: Manager, request_kind: str
) -> None:
    store = await hub.open(partitions=2, manager=blob_manager)
    unanswered = iter(range(2))  # the first two requests of that kind are done, but not answered
    leases = HubNames(hub.name).leases_container
    hub.transport(store).loses = lambda url: (
        leases in url and request_kind in url and next(unanswered, None) is not None
    )
    hub.serve(store, Desk())
    await soon(lambda: owned_once(store))  # long before a lease runs out
    found = await LeaseContainer(hub).leases()
    assert {(state, content["Owner"] is not None) for state, content in found.values()} == {
        ("leased", True)
    }


@pytest.mark.slow
async def test_partitions_of_a_server_that_died_are_taken_when_its_blob_leases_have_run_out(
    hub: ClassicHub, blob_manager: Manager
) -> None:
    first = await hub.open(partitions=2, manager=blob_manager, lease=3.0)
    clock = asyncio.get_running_loop().time
    asked: dict[str, float] = {}
    renewed: dict[str, float] = {}

    def ask(url: str) -> bool:
        asked[url] = clock()
        return False

    def answer(url: str) -> bool:
        if "comp=lease" in url:
            renewed[url] = asked[url]
        return False

    hub.transport(first).refuses, hub.transport(first).loses = ask, answer
    hub.serve(first, Desk())
    await soon(lambda: owned_once(first))
    await hub.crash(first)
    second = await hub.open()
    hub.serve(second, Desk())
    if blob_manager is Manager.SAFE:  # intents are stolen, ownership is waited for
        await eventually(lambda: shares(second) != [0])
        owned = [at for url, at in renewed.items() if "ownership" in url]
        assert clock() - min(owned) >= BLOB_LEASE
    await eventually(lambda: owned_once(second))


# -- evidence --------------------------------------------------------------------------------------


async def test_a_hub_without_workers_is_shared_as_its_leftovers_tell(
    hub: ClassicHub, blob_manager: Manager
) -> None:
    await hub.open(partitions=1, manager=blob_manager)
    assert (await (await hub.open()).info()).manager == blob_manager.value


async def test_a_server_joins_those_who_came_between_its_opening_and_its_first_worker(
    hub: ClassicHub, blob_manager: Manager
) -> None:
    early = await hub.open(partitions=2)
    other = await hub.open(manager=blob_manager)
    hub.serve(other, Desk())
    await soon(lambda: owned_once(other))
    hub.serve(early, Desk())
    await soon(lambda: min(shares(early, other)) > 0 and owned_once(early, other))


@pytest.mark.parametrize(
    ("found", "configured", "blob"),
    [
        (Manager.SAFE, Manager.TABLE, "ownership"),
        (Manager.SAFE, Manager.LEGACY, "intent"),
        (Manager.LEGACY, Manager.SAFE, "default"),
    ],
)
async def test_another_manager_than_that_of_the_workers_is_refused(
    hub: ClassicHub, found: Manager, configured: Manager, blob: str
) -> None:
    await hub.open(partitions=1, manager=found)
    name = f"{blob}/{HubNames(hub.name).control_queue(0)}"
    async with LeaseContainer(hub).held(name, "dotnet-1"):
        with pytest.raises(
            HubMismatch, match=rf"dotnet-1 .*{found.value}.*{name}.*--partition-man"
        ):
            await hub.open(manager=configured)
        joined = await hub.open()
        assert (await joined.info()).manager == found.value
    await hub.open(manager=configured)  # nobody is at work any more


async def test_a_hub_that_is_served_by_rows_is_not_served_by_blob_leases_as_well(
    hub: ClassicHub, blob_manager: Manager
) -> None:
    served = await hub.open(partitions=1)
    hub.serve(served, Desk())
    await soon(lambda: owned_once(served))
    with pytest.raises(HubMismatch, match="table partition manager"):
        await hub.open(manager=blob_manager)


# -- the app lease ---------------------------------------------------------------------------------


class AppContainer:
    """The container of a hub's app lease, as another app uses it."""

    def __init__(self, hub: ClassicHub) -> None:
        names = HubNames(hub.name)
        self.client = hub.account().blobs.get_container_client(names.app_lease_container)
        self.info = self.client.get_blob_client(names.app_lease_blob)

    async def says(self) -> bytes:
        content: bytes = await (await self.info.download_blob()).readall()
        return content

    async def say(self, info: AppLeaseInfo) -> None:
        await self.info.upload_blob(encode(info), overwrite=True)


async def test_an_app_waits_while_another_has_the_hub_and_serves_when_it_is_wanted(
    hub: ClassicHub,
) -> None:
    short = {"app_lease_acquire": 60.0, "app_lease_renew": 0.3}
    store = await hub.open(partitions=1, app_name="Mine", **short)
    container = AppContainer(hub)
    await container.client.acquire_lease(lease_duration=60, lease_id=OTHER)
    await container.say(AppLeaseInfo(OTHER))
    hub.serve(store, Desk())
    await asyncio.sleep(1.0)
    assert shares(store) == [0]
    assert (await store.info()).app_lease == OTHER

    await container.say(AppLeaseInfo(OTHER, MINE))
    await soon(lambda: owned_once(store))
    assert await container.says() == f'{{"OwnerId":"{MINE}","DesiredSwapId":null}}'.encode()


async def test_workers_of_one_app_share_its_lease_and_all_stop_when_it_is_lost(
    hub: ClassicHub,
) -> None:
    short = {"app_name": "Mine", "app_lease_acquire": 0.5, "app_lease_renew": 0.3}
    first = await hub.open(partitions=2, **short)
    second = await hub.open(**short)
    hub.serve(first, Desk())
    hub.serve(second, Desk())
    await soon(lambda: min(shares(first, second)) > 0 and owned_once(first, second))

    container = AppContainer(hub)
    await BlobLeaseClient(container.client, lease_id=MINE).change(proposed_lease_id=OTHER)
    await soon(lambda: shares(first, second) == [0, 0])
    assert set((await first.info()).owners.values()) == {None}  # let go in order
    await BlobLeaseClient(container.client, lease_id=OTHER).release()
    await soon(lambda: owned_once(first, second))


async def test_the_app_lease_stays_with_the_app_when_one_of_its_workers_stops(
    hub: ClassicHub,
) -> None:
    store = await hub.open(partitions=1, app_name="Mine")
    hub.serve(store, Desk())
    await soon(lambda: owned_once(store))
    await hub.stop(store)
    assert (await store.info()).app_lease == MINE
    await store.delete()  # a lease does not keep a hub from being deleted
    await hub.open(partitions=1)


async def test_without_an_app_name_and_for_clients_the_app_lease_is_left_alone(
    hub: ClassicHub,
) -> None:
    store = await hub.open(partitions=1)
    container = AppContainer(hub)
    await container.client.acquire_lease(lease_duration=60, lease_id=OTHER)
    hub.serve(store, Desk())
    await soon(lambda: owned_once(store))
    client = await hub.open(create=False, app_name="Mine")
    await client.start(start("order-1"), None)
    assert await container.says() == b"{}"
