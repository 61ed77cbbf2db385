"""Signals that come while trees are replayed are the app's: it gets each of them once, afterwards."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from durabletask.entities import EntityInstanceId
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.clock import system_clock
from durahub.edge.wellknown import optional_timestamp, put_timestamp
from durahub.errors import WorkItemNotFound
from durahub.model.ticks import later
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.targets.ghost.entities import EntityBook, Whose, seed_id
from durahub_migrate.targets.ghost.names import Names
from durahub_migrate.targets.ghost.worker import GhostWorker
from tests.bundle.bundles import NOON
from tests.endpoint.endpoints import KINDS, client_of, endpoint
from tests.targets.ghost.plays import until, working

ENTITY = "@tally@one"
WITHIN = 60.0


def guid(number: int) -> str:
    return str(uuid.UUID(int=number))


@contextlib.asynccontextmanager
async def ghost_at(client: EndpointClient) -> AsyncIterator[GhostWorker]:
    """Connect a ghost for the body; it leaves behind it."""
    ghost = GhostWorker(client, EntityBook(), Names(entities=("tally",)))
    await ghost.begin()
    try:
        yield ghost
    finally:
        await ghost.leave()


async def add(client: EndpointClient, number: int, amount: int, *, within: float = 0) -> None:
    due = later(system_clock(), within) if within else None
    await client.signal_entity(
        ENTITY, "add", json.dumps(amount), request_id=guid(number), due=optional_timestamp(due)
    )


def looks(ghost: GhostWorker) -> Callable[[], bool]:
    return lambda: bool(ghost._kept)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_comes_due_before_between_and_behind_seeds_is_done_once_by_the_app(
    kind: str,
) -> None:
    async with endpoint(kind) as address, client_of(address) as client:
        async with ghost_at(client) as ghost:
            await add(client, 1, 1)
            await add(client, 2, 20, within=0.4)
            await until("the app's signal is kept", looks(ghost))
            with ghost.book.at_work():
                await ghost.book.seed(client, ENTITY, "100", WITHIN)
            await add(client, 3, 300)
            await asyncio.sleep(0.5)  # what is due meanwhile comes now
            await ghost.only_turns()
            entity = await client.get_entity(ENTITY)
            assert entity is not None
            assert entity.serializedState.value == "100"
        async with working(address, ()) as sdk:
            tally = EntityInstanceId("tally", "one")

            def is_done() -> bool:
                found = sdk.get_entity(tally)
                return found is not None and found.get_state(int) == 421

            await until("all are added", is_done)
            await add(client, 4, 4000)

            def has_more() -> bool:
                found = sdk.get_entity(tally)
                return found is not None and (found.get_state(int) or 0) >= 4421

            await until("the next is added", has_more)
            found = await asyncio.to_thread(sdk.get_entity, tally)
    assert found is not None
    assert found.get_state(int) == 4421


def batch(*operations: pb.HistoryEvent) -> pb.WorkItem:
    request = pb.EntityRequest(instanceId=ENTITY, operationRequests=operations)
    return pb.WorkItem(entityRequestV2=request)


def signalled(request: str, due: float | None = None) -> pb.HistoryEvent:
    event = pb.HistoryEvent()
    event.entityOperationSignaled.requestId = request
    event.entityOperationSignaled.operation = "add"
    if due is not None:
        put_timestamp(event.entityOperationSignaled.scheduledTime, later(NOON, due))
    return event


def called(request: str) -> pb.HistoryEvent:
    event = pb.HistoryEvent()
    event.entityOperationCalled.requestId = request
    event.entityOperationCalled.parentInstanceId.value = "order-7"
    return event


def test_what_a_replay_sends_was_done_at_the_source_unless_it_was_due_later() -> None:
    book = EntityBook(NOON)
    for number, due in enumerate((None, -1.0, 0.0, 1.0)):
        book.will_send("order-7", guid(number), signalled(guid(number), due))
    assert [book.whose(batch(signalled(guid(number)))) for number in range(4)] == [
        Whose.GHOST,
        Whose.GHOST,
        Whose.GHOST,
        Whose.APP,
    ]


def test_what_a_broken_replay_has_sent_is_known_by_what_it_left() -> None:
    book = EntityBook(NOON)
    book.have_sent([signalled(guid(1)), signalled(guid(2), 1.0), called(guid(3))])
    assert book.whose(batch(signalled(guid(1)))) is Whose.GHOST
    assert book.whose(batch(signalled(guid(2)))) is Whose.APP


def test_seeds_and_answered_calls_are_the_ghosts_and_unanswered_ones_nobodys() -> None:
    book = EntityBook(NOON, answers={guid(1): pb.HistoryEvent()})
    assert book.whose(batch(signalled(seed_id(ENTITY)), called(guid(1)))) is Whose.GHOST
    assert book.whose(batch(signalled(guid(9)), called(guid(1)))) is Whose.BOTH
    assert book.whose(batch(signalled(seed_id(ENTITY)), called(guid(2)))) is None


class Endpoint(EndpointClient):
    """Notes what it is told; loses the first batches."""

    def __init__(self, lost: int = 0) -> None:
        self.sent: list[str] = []
        self.lost = lost

    async def _call(self, name: str, request: Any, about: str = "") -> Any:
        if name == "SignalEntity":
            self.sent.append(request.requestId)
        elif self.lost:
            self.lost -= 1
            raise WorkItemNotFound(request.completionToken)


async def test_of_a_signal_that_a_killed_ghost_had_sent_again_one_copy_is_left() -> None:
    endpoint, book = Endpoint(), EntityBook(NOON)
    twice = batch(signalled(guid(1)), signalled(guid(1)))
    assert book.whose(twice) is Whose.BOTH
    await book.answer(endpoint, twice)
    assert endpoint.sent == [guid(1)]
    assert book.whose(batch(signalled(guid(1)))) is Whose.APP


async def test_a_signal_whose_batch_may_come_again_is_not_kept_before_its_copies_were_one() -> None:
    endpoint, book = Endpoint(lost=1), EntityBook(NOON)
    once = batch(signalled(guid(1)))
    await book.answer(endpoint, once)
    assert book.whose(once) is Whose.BOTH
    await book.answer(endpoint, once)
    assert book.whose(once) is Whose.APP
