"""Hubs behind endpoints: our own server's, and the backend that comes with the SDK."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.monitor.hub import Health
from durahub_migrate.monitor.row import Kind
from durahub_migrate.moving.place import EndpointAddress
from durahub_migrate.watching.opening import open_monitor
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.watched_hub import WatchedHub
from tests.endpoint.endpoints import KINDS, client_of, endpoint, free_port
from tests.endpoint.shop import shop, start, until, until_waiting
from tests.monitor.watching.orders import AT_ONCE, rows_of, whole

FAST = MonitorOptions(requests_per_second=1000.0, answers_within=60.0, intervals=AT_ONCE.intervals)
ENDED = (pb.ORCHESTRATION_STATUS_COMPLETED, pb.ORCHESTRATION_STATUS_FAILED)


@contextlib.asynccontextmanager
async def watched(address: EndpointAddress) -> AsyncIterator[WatchedHub]:
    async with open_monitor([str(address)], FAST) as monitor:
        (hub,) = monitor.hubs()
        yield hub


async def fill(address: EndpointAddress, client: EndpointClient) -> None:
    async with shop(address):
        await client.start_instance(start("order", "done", '"done"', tags={"colour": "red"}))
        await client.start_instance(start("counting", "counts", '"@counter@a"'))
        await until(client, "counts", *ENDED)
        await client.raise_event("done", "Courier", '"Ann"')
        await until(client, "done", *ENDED)
        await client.start_instance(start("order", "waits", '"waits"'))
        await until_waiting(client, "waits", "subOrchestrationInstanceCompleted")


@pytest.mark.parametrize("kind", KINDS)
async def test_instances_entities_and_what_becomes_of_them_are_seen(kind: str) -> None:
    async with endpoint(kind) as address, client_of(address) as client:
        await fill(address, client)
        async with watched(address) as hub:
            rows = rows_of(await whole(hub))
            assert {"done", "waits", "counts", "waits-pack", "@counter@a"} <= set(rows)
            assert (rows["done"].status, rows["waits"].status) == ("Completed", "Running")
            assert rows["@counter@a"].kind is Kind.ENTITY

            await client.start_instance(start("order", "new", '"new"'))
            await client.terminate("waits")
            async with shop(address):
                await until(client, "waits", pb.ORCHESTRATION_STATUS_TERMINATED)
            await client.purge("counts")
            await hub.refresh()

            rows = rows_of(hub)
            assert rows["new"].name == "order"
            assert rows["waits"].status == "Terminated"
            assert hub.standing().budget.spent > 0


@pytest.mark.parametrize("kind", KINDS)
async def test_single_instances_are_read(kind: str) -> None:
    async with endpoint(kind) as address, client_of(address) as client:
        await fill(address, client)
        async with watched(address) as hub:
            await whole(hub)
            detail = await hub.detail("done")
            entity = await hub.detail("@counter@a")
            history = await hub.history("done")
            sent = hub.standing().budget.total
            again = await hub.history("done")
            looked = hub.standing().budget.total - sent
            await hub.family(
                "waits"
            )  # not every endpoint tells a child's parent: the index learns it
            top = await hub.family("waits-pack")

            assert detail is not None
            assert detail.input == '"done"'
            assert entity is not None
            assert entity.state == "12"
            assert len(history.events) > 8
            assert again.events is history.events
            assert looked == 1
            assert top.instance_id == "waits"
            assert await hub.detail("nobody") is None


async def test_an_instance_that_was_active_and_is_purged_leaves_the_index() -> None:
    async with endpoint("own") as address, client_of(address) as client:
        await client.start_instance(start("order", "new", '"new"'))
        async with watched(address) as hub:
            assert "new" in rows_of(await whole(hub))
            await client.terminate("new")
            async with shop(address):
                await until(client, "new", pb.ORCHESTRATION_STATUS_TERMINATED)
            await client.purge("new")
            await hub.refresh()

            assert "new" not in rows_of(hub)


async def test_an_endpoint_that_does_not_answer_says_so() -> None:
    address = EndpointAddress(f"http://127.0.0.1:{free_port()}", "orders")
    async with watched(address) as hub:
        await hub.refresh()

        assert hub.standing().health is Health.UNREACHABLE
        assert "DH505" in (hub.standing().problem or "")
