"""Entities at work in a hub: batches go out, come back, get lost, are refused; locks are cleaned up."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from durahub.dispatch.clock import system_clock
from durahub.dispatch.entity_queries import EntityCleaning, EntityQuery
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.limited import LimitedHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import WorkStream
from durahub.dispatch.work import EntityWork, Filters, StreamOptions
from durahub.engine.entities.messages import REQUEST, Request, request_text
from durahub.engine.entities.stamps import Stamp
from durahub.engine.entities.work import Entity, EntityResult, OperationResult
from durahub.engine.limits import CLASSIC, DTS, Limits
from durahub.errors import BadInstanceId, WorkItemNotFound
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later
from durahub.storage import SqliteStorage
from durahub.store import HubStore

COUNTER = "@counter@a"
WITHIN = 60.0


class Clock:
    """The time, or later."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> Ticks:
        return later(system_clock(), self.ahead)


class Scene:
    """A hub on a store in memory."""

    def __init__(self, store: HubStore, limits: Limits) -> None:
        self.clock = Clock()
        settings = DispatchSettings(drain=0.1, disconnect_grace=0.01, limits=limits)
        self.store = store
        self.hub: TaskHub = LimitedHub(store, clock=self.clock, settings=settings)

    def worker(self, **more: Any) -> WorkStream:
        return self.hub.connect(
            StreamOptions(
                worker_id="w", max_orchestrations=1, max_activities=1, max_entities=1, **more
            )
        )

    async def done(self, work: EntityWork, state: str | None, *results: str) -> None:
        answer = EntityResult(
            results=tuple(OperationResult(result=r) for r in results), state=state
        )
        await self.hub.complete_entity(work.token, "", answer)

    async def until(self, **status: Any) -> Entity:
        """Return the entity as a query shows it, once it is so."""
        while True:
            page = await self.hub.query_entities(EntityQuery(transient=True, with_state=True))
            for entity in page.entities:
                if all(getattr(entity.status, key) == value for key, value in status.items()):
                    return entity
            await asyncio.sleep(0.01)


@pytest.fixture
def limits() -> Limits:
    return CLASSIC


@pytest.fixture
async def scene(limits: Limits) -> AsyncIterator[Scene]:
    async with SqliteStorage(":memory:") as storage:
        scene = Scene(storage.store("Shop"), limits)
        await scene.hub.open(create=True)
        running = asyncio.create_task(scene.hub.run())
        yield scene
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        scene.hub.stop_streams()
        await scene.hub.close()


async def batch(stream: WorkStream) -> EntityWork:
    work = await asyncio.wait_for(stream.next(), WITHIN)
    assert isinstance(work, EntityWork)
    return work


async def test_what_comes_while_a_batch_is_out_makes_the_next_batch(scene: Scene) -> None:
    stream = scene.worker()
    await scene.hub.signal_entity(COUNTER, "add", "1")
    first = await batch(stream)
    for number in (2, 3):
        await scene.hub.signal_entity(COUNTER, "add", str(number))
    await scene.done(first, "1", "1")
    second = await batch(stream)

    assert (first.state, second.state) == (None, "1")
    assert [one.input for one in first.operations] == ["1"]
    assert second.operations[0].input == "2"
    assert second.execution_id != first.execution_id


async def test_the_batch_of_a_lost_worker_goes_to_another(scene: Scene) -> None:
    lost, other = scene.worker(), scene.worker(filters=Filters({}, {}, {"counter": frozenset()}))
    await scene.hub.signal_entity(COUNTER, "add", "1")
    coming = {asyncio.ensure_future(one.next()): one for one in (lost, other)}
    [done], [waiting] = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
    first, stream = done.result(), coming[waiting]
    coming[done].close()
    again = await asyncio.wait_for(waiting, WITHIN)

    assert isinstance(first, EntityWork)
    assert isinstance(again, EntityWork)
    assert again.operations == first.operations
    with pytest.raises(WorkItemNotFound):
        await scene.done(first, "7", "7")
    await scene.done(again, "1", "1")
    assert (await asyncio.wait_for(scene.until(exists=True), WITHIN)).state == "1"
    stream.close()


async def test_a_batch_that_is_given_back_or_answered_wrongly_changes_nothing(scene: Scene) -> None:
    stream = scene.worker()
    await scene.hub.signal_entity(COUNTER, "add", "1")
    first = await batch(stream)
    await scene.hub.abandon(first.token)
    second = await batch(stream)
    await scene.done(second, "9", "1", "one too many")
    third = await batch(stream)

    assert first.operations == second.operations == third.operations
    assert third.state is None
    await scene.done(third, "1", "1")
    assert (await asyncio.wait_for(scene.until(exists=True), WITHIN)).state == "1"


async def test_entities_go_to_workers_whose_filters_name_them_and_to_no_others(
    scene: Scene,
) -> None:
    others = scene.worker(filters=Filters({}, {}, {"account": frozenset()}))
    await scene.hub.signal_entity(COUNTER, "add", "1")
    nothing = asyncio.ensure_future(others.next())
    ours = scene.worker(filters=Filters({}, {}, {"counter": frozenset()}))

    assert (await batch(ours)).instance_id == COUNTER
    assert not nothing.done()
    nothing.cancel()


def lock_of(holder: str, *, number: str = "d3a20000-0000-4000-8000-000000000000") -> Message:
    request = Request(
        operation=None,
        id=number,
        parent=holder,
        parent_execution="run",
        timestamp=Stamp(system_clock()),  # an unlabelled one with a parent counts as a duplicate
        lock_set=(COUNTER,),
    )
    raised = EventRaised(timestamp=system_clock(), name=REQUEST, input=request_text(request))
    return Message(event=raised, target=Execution(COUNTER))


@pytest.mark.parametrize(("limits", "told"), [(CLASSIC, 1), (DTS, 0)], ids=["classic", "dts"])
async def test_a_lock_whose_holder_is_gone_is_released_and_told_where_it_may_be(
    scene: Scene, told: int
) -> None:
    scene.worker()
    await scene.store.send(lock_of("nobody"))
    await asyncio.wait_for(scene.until(locked_by="nobody"), WITHIN)
    kept = await scene.hub.clean_entities(remove_empty=True, release_locks=False, token=None)
    cleaned = await scene.hub.clean_entities(remove_empty=False, release_locks=True, token=None)

    assert kept == EntityCleaning(0, 0, None)
    assert cleaned == EntityCleaning(0, told, None)
    await asyncio.wait_for(scene.until(locked_by=None), WITHIN)


async def test_an_entity_that_holds_nothing_is_removed_once_nothing_late_can_come(
    scene: Scene,
) -> None:
    stream = scene.worker()
    await scene.hub.signal_entity(COUNTER, "delete", None)
    await scene.done(await batch(stream), None, "")
    await asyncio.wait_for(scene.until(exists=False), WITHIN)
    early = await scene.hub.clean_entities(remove_empty=True, release_locks=True, token=None)
    scene.clock.ahead = 31 * 60
    late = await scene.hub.clean_entities(remove_empty=True, release_locks=True, token=None)

    assert (early.removed, late.removed) == (0, 1)
    assert await scene.store.get(COUNTER) is None


async def test_an_entity_without_state_is_none_but_a_transient_one(scene: Scene) -> None:
    scene.worker()
    await scene.store.send(lock_of("order-9"))
    await asyncio.wait_for(scene.until(locked_by="order-9"), WITHIN)

    assert await scene.hub.get_entity(COUNTER, with_state=True) is None
    assert (await scene.hub.query_entities(EntityQuery(prefix="Counter@"))).entities == ()
    transient = EntityQuery(prefix="Counter@", transient=True)
    assert [e.instance_id for e in (await scene.hub.query_entities(transient)).entities] == [
        COUNTER
    ]


@pytest.mark.parametrize("bad", ["counter", "@", "@counter", "@@a", ""])
async def test_a_signal_to_what_is_no_entity_is_refused(scene: Scene, bad: str) -> None:
    with pytest.raises(BadInstanceId):
        await scene.hub.signal_entity(bad, "add", "1")
