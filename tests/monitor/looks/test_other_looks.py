"""Looks at hubs in files, and at hubs of which histories alone are told."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.engine.actions import Action, CreateSubOrchestration, CreateTimer
from durahub.errors import BadRequest, InstanceNotFound, NotOffered
from durahub.model.history import Event
from durahub.model.ticks import later
from durahub_migrate.monitor.hub import HubRef, StoreKind
from durahub_migrate.monitor.seam import Detail, LiveHistory
from durahub_migrate.monitor.waiting import Reason, Weight
from durahub_migrate.watching.looks.scheduler import SchedulerLooks
from durahub_migrate.watching.looks.settings import LookSettings
from durahub_migrate.watching.looks.told import ToldLooks
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.reading.scheduler_live import SchedulerLive
from durahub_migrate.watching.sources.file_look import FileBeside
from durahub_migrate.watching.sources.scheduler import SchedulerRows
from tests.conformance.failing_orders import in_turn
from tests.conformance.scripted_worker import ScriptedHub, scripted
from tests.monitor.acting.shops import memory_store
from tests.monitor.watching.memory_index import MemoryHub

HUB = "orders"
REF = HubRef("orders@hub", HUB, "sqlite:hub.db/orders", StoreKind.SCHEDULER)


def patient(_: Sequence[Event]) -> list[Action]:
    """Wait for an event for ever."""
    return []


def guardian(events: Sequence[Event]) -> list[Action]:
    return in_turn(events, CreateSubOrchestration(id=0, name="Patient", instance_id="ward"))


def sleeper(events: Sequence[Event]) -> list[Action]:
    due = later(events[0].timestamp, 3600.0)
    return in_turn(events, CreateTimer(id=0, fire_at=due))


SCRIPTS = {"Patient": patient, "Guardian": guardian, "Sleeper": sleeper}


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[tuple[Path, ScriptedHub]]:
    """A file with a hub that is served, and three orchestrations that wait."""
    place = tmp_path / "hub.db"
    async with memory_store(HUB, str(place)) as store, scripted(store) as hub:
        hub.work(SCRIPTS, {})
        for name in ("Guardian", "Sleeper"):
            await hub.start(StartRequest(name=name, instance_id=name.lower()))
        for instance_id in ("guardian", "sleeper", "ward"):
            for _ in range(3000):
                found = await hub.get(instance_id, payloads=False)
                if found is not None and found.status.name == "Running":
                    break
                await asyncio.sleep(0.02)  # nobody tells when a row appears
        yield place, hub


def looks_at(place: Path, index: MemoryHub | None = None) -> SchedulerLooks:
    look = FileBeside(str(place), HUB)
    return SchedulerLooks(REF, look, str(place), index or MemoryHub(), system_clock)


async def indexed(place: Path) -> MemoryHub:
    index = MemoryHub()
    index.begin_sweep(system_clock(), None)
    rows = SchedulerRows(FileBeside(str(place), HUB), REF.key, system_clock)
    index.put((await rows.page(None)).rows, swept=True)
    index.end_sweep(system_clock())
    return index


async def test_a_file_tells_timers_children_and_events(file: tuple[Path, ScriptedHub]) -> None:
    looks = looks_at(file[0])
    timer = await looks.why("sleeper")
    assert timer.reason is Reason.TIMER_UNTIL
    assert timer.pending[0].due is not None
    event = await looks.why("ward")
    assert event.reason is Reason.EVENT_OR_ENTITY
    parent = await looks.why("guardian")
    assert parent.reason is Reason.CHILD_RUNNING
    assert [one.instance_id for one in parent.chain] == ["ward"]
    with pytest.raises(InstanceNotFound):
        await looks.why("nobody")


async def test_a_file_that_no_process_has_has_no_workers(tmp_path: Path) -> None:
    place = tmp_path / "hub.db"
    async with memory_store(HUB, str(place)) as store, scripted(store) as hub:
        await hub.start(StartRequest(name="Nobody", instance_id="lonely"))
        assert (await looks_at(place).look()).seen.workers is not None
        assert len((await looks_at(place).look()).seen.workers or ()) == 1
        server = f"process {os.getpid()}"
        assert (await looks_at(place).look()).seen.server == server
        (told,) = (await looks_at(place).partitions()).problems
        assert server in told
    found = await looks_at(place).why("lonely")
    assert found.reason is Reason.NO_WORKERS
    assert found.pending[0].what == "start"
    index = await indexed(place)
    (stuck,) = await looks_at(place, index).stuck(older_than=0.0)
    assert (stuck.instance_id, stuck.reason, stuck.whole) == ("lonely", Reason.NO_WORKERS, True)


async def test_a_files_messages_and_sizes_are_told(file: tuple[Path, ScriptedHub]) -> None:
    index = await indexed(file[0])
    looks = looks_at(file[0], index)
    (timer,) = await looks.messages("inbox")
    assert (timer.event, timer.target, timer.verdict) == ("TimerFired", "sleeper", "ok")
    with pytest.raises(BadRequest):
        await looks.messages("orders-workitems")
    found = await looks.storage()
    assert (found.instances, found.messages, found.sampled) == (3, 1, 1.0)
    assert found.rows > 0
    assert found.bytes_rows > 0
    view = await looks.partitions()
    assert view.partitions == ()
    assert view.work_items is not None
    assert await looks.orphaned_blobs() == ()


class Histories:
    """What an endpoint tells: rows and histories."""

    def __init__(self, live: SchedulerLive) -> None:
        self._live = live
        self.calls = 0

    async def detail(self, instance_id: str) -> Detail | None:
        self.calls += 1
        return await self._live.detail(instance_id)

    async def history(self, instance_id: str) -> LiveHistory:
        self.calls += 1
        return await self._live.history(instance_id)

    async def payload(self, instance_id: str, number: int, member: str) -> str | None:
        return await self._live.payload(instance_id, number, member)

    async def parent(self, instance_id: str) -> str | None:
        return await self._live.parent(instance_id)


async def test_an_endpoint_tells_histories_and_the_rest_is_not_read(
    file: tuple[Path, ScriptedHub],
) -> None:
    look = FileBeside(str(file[0]), HUB)
    told = Histories(SchedulerLive(look, REF.key, system_clock, Limits()))
    ref = HubRef("orders@there", HUB, "dts:http://there/orders", StoreKind.ENDPOINT)
    index = await indexed(file[0])
    looks = ToldLooks(ref, told, index, system_clock, LookSettings())
    found = await looks.why("guardian")
    assert found.reason is Reason.CHILD_RUNNING
    assert found.chain[0].reason is Reason.EVENT_OR_ENTITY
    assert any(one.weight is Weight.NOT_READ for one in found.evidence)
    assert told.calls == 4  # two instances, row and history
    assert (await looks.why("sleeper")).reason is Reason.TIMER_UNTIL
    assert await looks.stuck(older_than=0.0) == ()
    assert (await looks.partitions()).problems
    with pytest.raises(NotOffered):
        await looks.messages("inbox")
    with pytest.raises(InstanceNotFound):
        await looks.why("nobody")
