"""Workers with filters, and workers that are drained; storage has no part in it, so a file will do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from failing_orders import in_turn
from hubs_in_files import SchedulerHub
from scripted_worker import PATIENCE, ScriptedHub, scripted

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import WorkerNow
from durahub.dispatch.work import ActivityWork, Filters, OrchestratorWork, StreamOptions
from durahub.engine.actions import ScheduleTask, TurnResult
from durahub.errors import WorkItemNotFound
from durahub.model.history import Status

SCRIPTS = {"Order": lambda events: in_turn(events, ScheduleTask(id=0, name="Pay"))}


@pytest.fixture
async def shop(hub_name: str, tmp_path: Path) -> AsyncIterator[ScriptedHub]:
    hub = SchedulerHub(hub_name, tmp_path)
    store = await hub.open()
    async with scripted(store) as shop:
        yield shop
    await hub.close()


def only(version: str) -> Filters:
    versions = frozenset({version})
    return Filters(orchestrations={"Order": versions}, activities={"Pay": versions}, entities={})


async def test_an_activity_without_version_counts_as_of_its_orchestrations(
    shop: ScriptedHub,
) -> None:
    shop.work(SCRIPTS, {"Pay": lambda _: "two"}, only("2.0.0"))
    shop.work(SCRIPTS, {"Pay": lambda _: "three"}, only("3.0.0"))
    for version in ("2.0.0", "3.0.0"):
        await shop.start(StartRequest(name="Order", instance_id=version, version=version))

    assert await shop.ended("2.0.0") == "Completed: two"
    assert await shop.ended("3.0.0") == "Completed: three"


async def test_what_no_filter_accepts_stays_pending_until_a_worker_comes(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS, {"Pay": lambda _: "two"}, only("2.0.0"))
    await shop.start(StartRequest(name="Order", instance_id="unversioned"))
    await shop.start(StartRequest(name="Order", instance_id="versioned", version="2.0.0"))
    await shop.ended("versioned")
    row = await shop.get("unversioned")
    assert row is not None
    assert row.status is Status.Pending

    shop.work(SCRIPTS, {"Pay": lambda _: "any"})

    assert (await shop.ended("unversioned")).startswith("Completed")


def stream_options(worker_id: str) -> StreamOptions:
    return StreamOptions(
        worker_id=worker_id, max_orchestrations=1, max_activities=2, max_entities=3
    )


async def test_a_drained_worker_keeps_what_it_has_and_gets_nothing_new(shop: ScriptedHub) -> None:
    stream = shop.connect(stream_options("leaving"))
    await shop.start(StartRequest(name="Order", instance_id="first"))
    work = await asyncio.wait_for(stream.next(), PATIENCE)
    assert isinstance(work, OrchestratorWork)
    assert shop.workers_now() == (
        WorkerNow(
            worker_id="leaving",
            active_orchestrations=1,
            max_orchestrations=1,
            active_activities=0,
            max_activities=2,
            active_entities=0,
            max_entities=3,
        ),
    )

    assert await shop.drain_worker("leaving")
    assert await shop.drain_worker("leaving")
    assert not await shop.drain_worker("unknown")
    await shop.start(StartRequest(name="Order", instance_id="second"))
    shop.work(SCRIPTS, {"Pay": lambda _: "paid"})

    assert await shop.ended("second") == "Completed: paid"
    assert not stream.closed
    await shop.abandon(work.token, at_once=True)
    assert await shop.ended("first") == "Completed: paid"
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(stream.next(), 0.05)
    stream.close()


async def test_a_hub_that_ends_does_not_wait_for_a_worker_that_is_gone(
    hub_name: str, tmp_path: Path
) -> None:
    hub = SchedulerHub(hub_name, tmp_path)
    store = await hub.open()
    served = TaskHub(store, settings=DispatchSettings(disconnect_grace=999.0, drain=999.0))
    running = asyncio.create_task(served.run())
    stream = served.connect(stream_options("w"))
    await served.start(StartRequest(name="Order", instance_id="an order"))
    work = await asyncio.wait_for(stream.next(), PATIENCE)
    assert isinstance(work, OrchestratorWork)
    await served.complete_orchestration(
        work.token, work.instance_id, TurnResult(actions=(ScheduleTask(id=0, name="Pay"),))
    )
    paying = await asyncio.wait_for(stream.next(), PATIENCE)
    stream.close()

    served.pause()
    running.cancel()
    await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), PATIENCE)

    assert isinstance(paying, ActivityWork)
    with pytest.raises(WorkItemNotFound):
        await served.complete_activity(paying.token, "an order", 0, result="late", failure=None)
    served.stop_streams()
    await hub.close()
