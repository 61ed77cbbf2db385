"""What ghost replay has moved is semantically what it was, and changes to it are told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.export.endpoint_outlet import open_outlet
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.targets.ghost.mover import GhostMover
from durahub_migrate.verifying.sides import HubSide, OpenSide, Side
from durahub_migrate.verifying.verdicts import Match, Symbol
from tests.endpoint.endpoints import KINDS, client_of, endpoint
from tests.targets.ghost import app
from tests.targets.ghost.moved_app import HUB, filled
from tests.targets.ghost.plays import content_of, move, units_of, working
from tests.verifying.places import bundle_side, compared

pytestmark = pytest.mark.slow


def endpoint_side(client: EndpointClient) -> OpenSide:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Side]:
        yield HubSide("the endpoint", await open_outlet(client))

    return opened


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hub in which everything waits."""
    folder = tmp_path_factory.mktemp("source")
    asyncio.run(filled(folder))
    return folder


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_replayed_is_semantically_equal_until_it_goes_on(
    kind: str, source: Path
) -> None:
    bundle = source / f"bundle-{kind}"
    content = await content_of(source / "hub.db", HUB, bundle)
    units = units_of(content)
    async with endpoint(kind) as address, client_of(address) as at_target:
        numbering = 1 if kind == "foreign" else None
        mover = GhostMover(at_target, MoveSettings(numbering=numbering), patience=10.0)
        await move(mover, content, units)

        result = await compared(bundle_side(bundle), endpoint_side(at_target), *units)
        told = {one: (v.symbol, v.differences) for one, v in result.faults.items()}
        assert told == {}
        assert {one.match for one in result.verdicts.values()} == {Match.SEMANTIC}
        assert {one.symbol for one in result.verdicts.values()} == {Symbol.EQUAL}

        await at_target.purge("ended")
        extra = pb.CreateInstanceRequest(instanceId="another", name="after_work")
        await at_target.start_instance(extra)
        result = await compared(bundle_side(bundle), endpoint_side(at_target), *units)
        assert {one: verdict.symbol for one, verdict in result.faults.items()} == {
            "ended": Symbol.ONLY_SOURCE,
            "another": Symbol.ONLY_TARGET,
        }

        # One goes on alone: what an entity does meanwhile for others would be seen, or not.
        activities = (*app.EARLY, *app.LATE)
        async with working(address, activities, [app.after_work]) as client:
            await asyncio.to_thread(client.wait_for_orchestration_completion, "after")
        result = await compared(bundle_side(bundle), endpoint_side(at_target), *units)
        assert result.symbol("after") is Symbol.ADVANCED
        assert result.symbol("failed") is Symbol.EQUAL
        assert result.faults.keys() == {"ended", "another"}
