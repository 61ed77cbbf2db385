"""Answers of activities are gathered into few turns; what comes one after the other never waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.dispatch.gathering import Gathering, Outstanding, Patience, pays
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.starting import StartRequest
from durahub.dispatch.streams import WorkStream
from durahub.dispatch.work import ActivityWork, OrchestratorWork, StreamOptions
from durahub.engine.actions import Action, ScheduleTask, TurnResult
from durahub.model.history import EventRaised, TaskCompleted, TaskFailed
from durahub.storage import SqliteStorage
from tests.unit.engine.scenes import NOW

PATIENCE = Patience(quiet=0.005, longest=0.015)
DONE = TaskCompleted(timestamp=NOW, task_scheduled_id=0)
FAILED = TaskFailed(timestamp=NOW, task_scheduled_id=1)


def test_an_answer_waits_for_others_that_are_out_until_it_is_quiet() -> None:
    gathering = Gathering()
    gathering.note(DONE, 10.0)
    assert gathering.pause(3, 10.0, PATIENCE) == pytest.approx(0.005)

    gathering.note(FAILED, 10.004)
    assert gathering.pause(2, 10.004, PATIENCE) == pytest.approx(0.005)
    assert gathering.pause(2, 10.009, PATIENCE) == 0.0


def test_nothing_waits_when_nothing_is_out_or_something_else_has_come() -> None:
    gathering = Gathering()
    assert gathering.pause(3, 10.0, PATIENCE) == 0.0
    gathering.note(DONE, 10.0)
    assert gathering.pause(0, 10.0, PATIENCE) == 0.0

    gathering.note(EventRaised(timestamp=NOW, name="Approval"), 10.0)
    assert gathering.pause(3, 10.0, PATIENCE) == 0.0


@given(st.lists(st.floats(0, 0.004), max_size=50), st.floats(0, 1))
def test_no_answer_waits_longer_than_is_allowed(gaps: list[float], asked: float) -> None:
    gathering, now = Gathering(), 10.0
    gathering.note(DONE, now)
    for gap in gaps:
        now += gap
        gathering.note(DONE, now)
    now += asked

    assert now + gathering.pause(1, now, PATIENCE) <= max(now, 10.0 + PATIENCE.longest + 1e-9)


def test_waiting_in_vain_is_not_done_again_before_answers_come_together() -> None:
    assert pays(before=True, had=1, has=2, waited=True)
    assert not pays(before=True, had=1, has=1, waited=True)
    assert not pays(before=False, had=1, has=1, waited=False)
    assert pays(before=False, had=2, has=2, waited=False)
    assert pays(before=True, had=1, has=1, waited=False)


def test_what_is_outstanding_is_counted_by_instance_and_forgotten_at_nought() -> None:
    outstanding = Outstanding()
    outstanding.add("a")
    outstanding.add("a")
    outstanding.add("b")
    outstanding.remove("a")
    assert (outstanding.of("a"), outstanding.of("b"), outstanding.of("c")) == (1, 1, 0)

    outstanding.remove("a")
    outstanding.remove("b")
    assert len(outstanding) == 0


NEVER = Patience(quiet=0, longest=0)
FOR_EVER = Patience(quiet=3600, longest=3600)


class Scene:
    """A hub on a store in memory, and a worker that is played."""

    def __init__(self, hub: TaskHub) -> None:
        self.hub = hub
        self.stream: WorkStream = hub.connect(
            StreamOptions(worker_id="w", max_orchestrations=50, max_activities=50, max_entities=0)
        )
        self.out: list[ActivityWork] = []

    async def turn(self) -> OrchestratorWork:
        """Return the next turn; activities that come before it are put aside."""
        while True:
            work = await asyncio.wait_for(self.stream.next(), 30)
            if isinstance(work, OrchestratorWork):
                return work
            assert isinstance(work, ActivityWork)
            self.out.append(work)

    async def do(self, work: OrchestratorWork, *actions: Action) -> None:
        result = TurnResult(actions=actions)
        await self.hub.complete_orchestration(work.token, work.instance_id, result)

    async def fan_out(self, instance_id: str, width: int) -> None:
        await self.hub.start(StartRequest(name="O", instance_id=instance_id))
        actions = [ScheduleTask(id=number, name="A") for number in range(width)]
        await self.do(await self.turn(), *actions)

    async def has_out(self, number: int) -> None:
        while len(self.out) < number:
            work = await asyncio.wait_for(self.stream.next(), 30)
            assert isinstance(work, ActivityWork)
            self.out.append(work)

    async def end_activity(self) -> None:
        work = self.out.pop(0)
        await self.hub.complete_activity(
            work.token, work.instance_id, work.task.event_id, result=None, failure=None
        )


@asynccontextmanager
async def scene_of(settings: DispatchSettings) -> AsyncIterator[Scene]:
    async with SqliteStorage(":memory:") as storage:
        hub = TaskHub(storage.store("Shop"), settings=settings)
        await hub.open(create=True)
        scene = Scene(hub)
        running = asyncio.create_task(hub.run())
        yield scene
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        hub.stop_streams()
        await hub.close()


def answers_in(work: OrchestratorWork) -> int:
    return sum(isinstance(event, TaskCompleted) for event in work.new)


async def test_the_answers_of_many_activities_are_one_turn_and_the_last_one_begins_it() -> None:
    async with scene_of(DispatchSettings(patience=FOR_EVER, drain=0.1)) as scene:
        await scene.fan_out("wide", 20)
        await scene.has_out(20)
        for _ in range(20):
            await scene.end_activity()
            await asyncio.sleep(0.002)  # so that a turn could begin
        work = await scene.turn()

        assert answers_in(work) == 20


async def test_another_event_begins_the_turn_that_waits_for_answers() -> None:
    async with scene_of(DispatchSettings(patience=FOR_EVER, drain=0.1)) as scene:
        await scene.fan_out("wide", 2)
        await scene.has_out(2)
        await scene.end_activity()
        await scene.hub.raise_event("wide", "Approval", None)
        work = await scene.turn()

        assert isinstance(work.new[-1], EventRaised)


async def test_one_that_is_out_for_long_holds_a_turn_back_for_a_moment_only() -> None:
    async with scene_of(DispatchSettings(drain=0.1)) as scene:
        await scene.fan_out("slow", 3)
        await scene.has_out(3)
        await scene.end_activity()

        assert answers_in(await scene.turn()) == 1


async def test_one_wide_instance_does_not_keep_another_waiting() -> None:
    async with scene_of(DispatchSettings(patience=FOR_EVER, drain=0.1)) as scene:
        await scene.fan_out("wide", 30)
        await scene.has_out(30)
        await scene.end_activity()
        await scene.fan_out("narrow", 1)
        await scene.has_out(30)
        narrow = next(work for work in scene.out if work.instance_id == "narrow")
        scene.out = [narrow, *(work for work in scene.out if work is not narrow)]
        await scene.end_activity()
        work = await scene.turn()

        assert (work.instance_id, answers_in(work)) == ("narrow", 1)


async def test_instances_that_wait_cost_no_session_and_no_more_memory_than_is_set() -> None:
    most = 64 * 1024
    async with scene_of(DispatchSettings(history_cache_bytes=most, drain=0.1)) as scene:
        for number in range(1000):
            await scene.hub.start(StartRequest(name="O", instance_id=f"i{number}", input="x" * 100))
            await scene.do(await scene.turn())
        for _ in range(3000):
            if not scene.hub.memory.sessions:
                break
            await asyncio.sleep(0.01)  # until the last one is written

        assert scene.hub.memory.sessions == 0
        assert 0 < scene.hub.memory.histories < 100
        assert scene.hub.memory.history_bytes <= most
        assert scene.hub.messages_in_memory == 0
        assert scene.hub.open_work_items == (0, 0, 0)
