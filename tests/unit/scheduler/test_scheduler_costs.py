"""What an orchestration costs the file, counted: transactions, statements, reads."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from scheduler_hubs import PATIENCE

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.dispatch.gathering import Patience
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.work import ActivityWork, OrchestratorWork, StreamOptions
from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    TurnResult,
)
from durahub.model.history import (
    Event,
    EventRaised,
    Status,
    SubOrchestrationInstanceCompleted,
    TaskCompleted,
    TimerFired,
)
from durahub.model.ticks import later
from durahub.scheduler.connections import FileOptions
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore

Script = Callable[[Sequence[Event]], Sequence[Action]]

# What a busy machine could bring about costs nothing here: results that are moved because a turn takes long,
# answers that come one by one.
UNTIMED = FileOptions(result_grace=3600.0)
FOR_EVER = Patience(quiet=3600.0, longest=3600.0)

DONE = Complete(id=99, status=Status.Completed, result='"done"')


def cities(events: Sequence[Event]) -> Sequence[Action]:
    """Five activities, one after the other."""
    done = sum(isinstance(event, TaskCompleted) for event in events)
    return [ScheduleTask(id=done, name="Greet", input=str(done))] if done < 5 else [DONE]


def fan_out(events: Sequence[Event]) -> Sequence[Action]:
    """Twenty activities at once."""
    done = sum(isinstance(event, TaskCompleted) for event in events)
    if len(events) <= 2:
        return [ScheduleTask(id=number, name="Greet", input=None) for number in range(20)]
    return [DONE] if done == 20 else []


def timer(events: Sequence[Event]) -> Sequence[Action]:
    """Wait for a moment."""
    if any(isinstance(event, TimerFired) for event in events):
        return [DONE]
    return [CreateTimer(id=0, fire_at=later(system_clock(), 1.0))]  # later than its turn is written


def parent(events: Sequence[Event]) -> Sequence[Action]:
    """Wait for a child."""
    if any(isinstance(event, SubOrchestrationInstanceCompleted) for event in events):
        return [DONE]
    return [CreateSubOrchestration(id=0, name="child", instance_id="the child")]


def approval(events: Sequence[Event]) -> Sequence[Action]:
    """Wait for an event."""
    return [DONE] if any(isinstance(event, EventRaised) for event in events) else []


SCRIPTS: dict[str, Script] = {
    "cities": cities,
    "fan out": fan_out,
    "timer": timer,
    "parent": parent,
    "child": lambda _: [DONE],
    "approval": approval,
}


async def work(hub: TaskHub) -> None:
    """Be a worker."""
    stream = hub.connect(
        StreamOptions(worker_id="w", max_orchestrations=9, max_activities=50, max_entities=1)
    )
    while True:
        item = await stream.next()
        if isinstance(item, ActivityWork):
            await hub.complete_activity(
                item.token, item.instance_id, item.task.event_id, result='"hello"', failure=None
            )
        elif isinstance(item, OrchestratorWork):
            actions = tuple(SCRIPTS[item.started.name or ""]((*item.past, *item.new)))
            await hub.complete_orchestration(
                item.token, item.instance_id, TurnResult(actions=actions)
            )


class Counted:
    """A hub at work, and what SQLite was asked since it was begun."""

    def __init__(self, hub: TaskHub) -> None:
        self.hub = hub
        self.written: list[str] = []
        self.read: list[str] = []

    @property
    def transactions(self) -> int:
        return self.written.count("COMMIT")

    @property
    def statements(self) -> Counter[str]:
        """How many there were of each kind: ``"INSERT instances"``."""
        kinds = [statement.replace("INTO ", "").replace("FROM ", "") for statement in self.written]
        return Counter(
            " ".join(kind.split()[:2])
            for kind in kinds
            if not kind.startswith(("BEGIN", "COMMIT", "--"))
        )

    async def run(self, name: str) -> None:
        await self.hub.start(StartRequest(name=name, instance_id=name))
        await self.ended(name)

    async def ended(self, name: str) -> None:
        waiting = self.hub.wait_for_completion(name, payloads=True)
        assert (await asyncio.wait_for(waiting, PATIENCE)).output == '"done"'


@asynccontextmanager
async def counted(place: Path) -> AsyncIterator[Counted]:
    """Run a hub and its worker for the body, and count."""
    file = SchedulerFile(str(place), clock=system_clock, options=UNTIMED)
    store = SchedulerStore(file, "Shop")
    hub = TaskHub(store, settings=DispatchSettings(patience=FOR_EVER))
    await hub.open(create=True)
    tasks = [asyncio.create_task(hub.run()), asyncio.create_task(work(hub))]
    try:
        found = Counted(hub)
        await found.run("child")  # everything is warm
        for slow in (False, True):
            await file.read(lambda c: c.set_trace_callback(found.read.append), slow=slow)
        await file.write(lambda tx: tx.connection.set_trace_callback(found.written.append))
        found.written.clear()
        await file.write(lambda _: None)
        found.written.clear()
        yield found
    finally:
        for task in reversed(tasks):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        await file.close()


async def test_five_activities_in_sequence_are_seven_transactions_and_no_read(
    tmp_path: Path,
) -> None:
    async with counted(tmp_path / "hub.db") as found:
        await found.run("cities")
        assert found.read == []
        assert found.transactions == 7
        assert found.statements == {
            "INSERT instances": 1,
            "UPDATE instances": 6,
            "INSERT inbox": 1,
            "DELETE inbox": 1,
            "INSERT tasks": 5,
            "DELETE tasks": 5,
            "INSERT histories": 1,
            "UPDATE histories": 5,
            "INSERT events": 6,
        }


async def test_a_fan_out_is_one_insert_and_its_results_are_no_transactions_of_their_own(
    tmp_path: Path,
) -> None:
    async with counted(tmp_path / "hub.db") as found:
        await found.run("fan out")
        assert found.read == []
        assert found.statements["INSERT tasks"] == 1
        assert found.statements["INSERT inbox"] == 1
        assert found.transactions <= 7  # start, fan out, and turns with some results each


@pytest.mark.parametrize(
    ("name", "transactions", "reads"),
    [
        ("timer", 3, 3),  # one look for what is due: timed, untimed, when the next is
        ("parent", 4, 1),  # the child might have a history
    ],
)
async def test_what_waits_costs_a_transaction_a_turn(
    tmp_path: Path, name: str, transactions: int, reads: int
) -> None:
    async with counted(tmp_path / "hub.db") as found:
        await found.run(name)
        assert (found.transactions, len(found.read)) == (transactions, reads)


async def test_an_event_costs_its_own_transaction_and_that_of_its_turn(tmp_path: Path) -> None:
    async with counted(tmp_path / "hub.db") as found:
        await found.hub.start(StartRequest(name="approval", instance_id="approval"))
        await asyncio.wait_for(found.hub.wait_for_start("approval", payloads=False), PATIENCE)
        await found.hub.raise_event("approval", "Approval", None)
        await found.ended("approval")
        assert (found.transactions, found.read) == (4, [])


async def test_starts_at_once_share_transactions(tmp_path: Path) -> None:
    async with counted(tmp_path / "hub.db") as found:
        starts = [StartRequest(name="approval", instance_id=f"a{n}") for n in range(50)]
        await asyncio.gather(*map(found.hub.start, starts))
        assert found.statements["INSERT instances"] == 50
        assert found.transactions < 10
