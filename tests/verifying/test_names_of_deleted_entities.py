"""An endpoint may go on to list entities that were deleted: these are no difference, live ones are."""

import contextlib
from collections.abc import AsyncIterator

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.export.endpoint_outlet import entity_of
from durahub_migrate.verifying.judging import Sees
from durahub_migrate.verifying.sides import OpenSide, Side, sees
from durahub_migrate.verifying.verdicts import Symbol, Unread
from tests.verifying.places import compared


class Listed:
    """Entities as an endpoint lists them."""

    name = "the endpoint"
    kind = "endpoint"
    is_bundle = False
    taken = None
    total = None

    def __init__(self, *entities: pb.EntityMetadata) -> None:
        self._entities = entities

    async def messages(self) -> AsyncIterator[StoredMessage | Unread]:
        for nothing in ():
            yield nothing

    async def instances(self) -> AsyncIterator[StoredInstance | Unread]:
        for entity in self._entities:
            yield entity_of(entity)


def side(*entities: pb.EntityMetadata) -> OpenSide:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Side]:
        yield Listed(*entities)

    return opened


def entity(instance_id: str, state: str | None = None) -> pb.EntityMetadata:
    found = pb.EntityMetadata(instanceId=instance_id)
    if state is not None:
        found.serializedState.value = state
    return found


async def test_only_what_is_in_an_entity_counts_as_new_at_an_endpoint() -> None:
    kept = entity("@stock@kept", "1")
    new, gone = entity("@stock@new", "2"), entity("@durahubprobe@gone")

    result = await compared(side(kept), side(kept, new, gone))

    assert sees(Listed()) is Sees.NOTHING
    assert {one: verdict.symbol for one, verdict in result.verdicts.items()} == {
        "@stock@kept": Symbol.EQUAL,
        "@stock@new": Symbol.ONLY_TARGET,
    }
