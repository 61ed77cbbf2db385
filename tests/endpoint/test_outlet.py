"""A hub behind an endpoint, read for an export."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.clock import system_clock
from durahub.engine.entities.calls import native_events
from durahub.errors import ServerUnavailable
from durahub.model import history as h
from durahub.stored import NotRead, StoredInstance
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.semantics import semantic_digest
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.cli.export import export as export_command
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.export.endpoint_outlet import open_outlet
from durahub_migrate.export.exporting import export
from durahub_migrate.export.scheduler_outlet import scheduler_outlet
from durahub_migrate.moving.place import EndpointAddress
from tests.bundle.bundles import GIVEN
from tests.endpoint.endpoints import KINDS, client_of, endpoint, own_endpoint
from tests.endpoint.shop import shop, start, until, until_waiting

ENDED = (pb.ORCHESTRATION_STATUS_COMPLETED, pb.ORCHESTRATION_STATUS_FAILED)


async def fill(address: EndpointAddress, client: EndpointClient) -> None:
    """Run the shop: one of each ends, one order waits, one has not begun."""
    async with shop(address):
        await client.start_instance(start("order", "done", '"done"', tags={"colour": "red"}))
        await client.start_instance(start("order", "waits", '"waits"'))
        await client.start_instance(start("broken", "broken"))
        await client.start_instance(start("counting", "counts", '"@counter@a"'))
        await until(client, "counts", *ENDED)
        await until(client, "broken", *ENDED)
        await client.raise_event("done", "Courier", '"Ann"')
        await until(client, "done", *ENDED)
        await until_waiting(client, "waits", "subOrchestrationInstanceCompleted")
    await client.start_instance(start("order", "new", '"new"', tags={"colour": "blue"}))


async def read(client: EndpointClient) -> dict[str, StoredInstance]:
    outlet = await open_outlet(client)
    found = [one async for one in outlet.instances()]
    assert not [one for one in found if isinstance(one, NotRead)]
    assert await outlet.is_quiet()
    return {one.instance_id: one for one in found if isinstance(one, StoredInstance)}


@dataclass(frozen=True)
class Filled:
    """What an outlet of a shop gave, and the bundle that was made of it."""

    instances: dict[str, StoredInstance]
    manifest: Manifest
    bundle: Path


@pytest.fixture(scope="module", params=KINDS)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    folder = tmp_path_factory.mktemp("bundles") / "shop.hub"

    async def make() -> Filled:
        async with endpoint(request.param) as address, client_of(address) as client:
            await fill(address, client)
            found = await read(client)
            outlet = await open_outlet(client)
            with BundleWriter(folder, GIVEN) as writer:
                return Filled(found, await export(outlet, writer, system_clock), folder)

    return asyncio.run(make())


def test_every_instance_comes_with_its_history(filled: Filled) -> None:
    found = filled.instances
    statuses = {name: one.status for name, one in found.items()}
    assert statuses == {
        "@counter@a": "Running",
        "done": "Completed",
        "done-pack": "Completed",
        "waits": "Running",
        "waits-pack": "Completed",
        "broken": "Failed",
        "counts": "Completed",
        "new": "Pending",
    }
    done = found["done"]
    assert done.input == '"done"'
    assert done.output == '["done paid", "done packed", "Ann"]'
    assert done.custom_status == '"done is paid"'
    assert done.tags == {"colour": "red"}
    assert [type(one.event) for one in done.history if isinstance(one.event, h.EventRaised)]
    assert done.completed is not None
    assert found["new"].history == ()
    assert found["@counter@a"].input == '{"state":"12","sorter":{}}'


def test_what_is_said_to_entities_is_kept_as_hubs_keep_it(filled: Filled) -> None:
    counts = filled.instances["counts"]
    natives = native_events([one.event for one in counts.history])
    assert [type(one).__name__ for one in natives if one is not None] == [
        "EntitySignal",
        "EntityLockRequest",
        "EntityLockGranted",
        "EntityCall",
        "EntityCallDone",
        "EntityUnlock",
        "EntityCall",
        "EntityCallFailed",
    ]


def test_an_endpoint_is_exported_into_a_bundle(
    filled: Filled,
) -> None:
    manifest = filled.manifest
    assert manifest.source.kind == "endpoint"
    assert not manifest.source.parts["messages"]
    assert manifest.frozen
    with open_content(filled.bundle) as content:
        waits = content.member("waits")
        entity = content.member("@counter@a")
    assert waits is not None
    assert waits.numbering_base in (0, 1)  # our server stores numbers as .NET does, for any worker
    assert entity is not None
    assert entity.entity is not None
    assert entity.entity.state.value == "12"


async def test_it_tells_what_the_store_itself_tells(tmp_path: Path) -> None:
    place = tmp_path / "shop.db"
    async with own_endpoint(str(place)) as address, client_of(address) as client:
        await fill(address, client)
        told = await read(client)
    with scheduler_outlet(str(place), address.hub) as outlet:
        stored = {
            one.instance_id: one
            async for one in outlet.instances()
            if isinstance(one, StoredInstance)
        }
    assert told.keys() == stored.keys()
    for name, one in stored.items():
        if name.startswith("@"):
            continue
        events = [
            item.event
            for item in one.history
            if not isinstance(item.event, h.OrchestratorCompleted)
        ]
        times = [item.event.timestamp for item in told[name].history]
        assert times == [event.timestamp for event in events]
        assert semantic_digest(told[name]) == semantic_digest(one)
        # The protocol does not tell "" from none, nor what is a classic row's alone.
        same = {"history": (), "custom_status": None, "version": None, "generation": None}
        assert replace(told[name], **same) == replace(one, **same, beside={})  # type: ignore[arg-type]


async def test_a_hub_at_which_a_worker_is_has_no_quiet(tmp_path: Path) -> None:
    async with own_endpoint() as address, client_of(address) as client:
        await client.start_instance(start("order", "waits", '"waits"'))
        async with shop(address):
            await until_waiting(client, "waits", "subOrchestrationInstanceCompleted")
            outlet = await open_outlet(client)
            assert [one async for one in outlet.instances()]
            assert not await outlet.is_quiet()


async def test_a_hub_that_changed_has_no_quiet() -> None:
    async with endpoint("foreign") as address, client_of(address) as client:
        await client.start_instance(start("order", "waits", '"waits"'))
        outlet = await open_outlet(client)
        assert [one async for one in outlet.instances()]
        await client.raise_event("waits", "Courier", "1")
        assert not await outlet.is_quiet()


async def test_operations_that_wait_at_an_entity_are_told() -> None:
    async with endpoint("foreign") as address, client_of(address) as client:
        await client.signal_entity("@counter@a", "add", "1", request_id="a" * 32)
        await client.signal_entity("@counter@a", "add", "1", request_id="b" * 32)
        outlet = await open_outlet(client)
        (told,) = [one async for one in outlet.messages()]
        assert isinstance(told, NotRead)
        assert told.instance_id == "@counter@a"
        assert "the 2 operations which wait at '@counter@a'" in str(told.error)


def test_an_endpoint_that_is_not_there_is_told(tmp_path: Path) -> None:
    answer = CliRunner().invoke(
        export_command, ["dts:http://127.0.0.1:1/orders", str(tmp_path / "shop.hub")]
    )
    assert isinstance(answer.exception, ServerUnavailable)
    assert "http://127.0.0.1:1, hub orders does not answer: Hello" in str(answer.exception)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_probe_has_left_is_passed_over(kind: str) -> None:
    async with endpoint(kind) as address, client_of(address) as client:
        await client.start_instance(start("durahub-probe-1", "durahub-probe-1-1"))
        await client.start_instance(start("order", "durahub-probe-of-the-user"))
        await client.signal_entity("@durahubprobe@1-2", "seed", None, request_id="1" * 32)
        outlet = await open_outlet(client)
        found = [one async for one in outlet.messages()]
        found += [one async for one in outlet.instances()]
        names = [one.instance_id for one in found]

        assert names == ["durahub-probe-of-the-user"]
        assert await outlet.is_quiet()
