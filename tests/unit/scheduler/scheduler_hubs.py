"""Hubs in files for the tests of the scheduler store: a listener, a clock, messages, commits."""

import asyncio
import contextlib
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskScheduled,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later
from durahub.scheduler.connections import FileOptions
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore

PATIENCE = 60.0  # seconds until a test gives up
NOON = Ticks(638_000_000_000_000_003)


class ManualClock:
    """A clock that stands still until it is set."""

    def __init__(self, now: Ticks = NOON) -> None:
        self.now = now

    def __call__(self) -> Ticks:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now = later(self.now, seconds)


class Desk:
    """A listener that keeps what it is handed, and has as much room as it is told."""

    def __init__(self, *, messages: int = 100, activities: int = 100) -> None:
        self.messages: list[Delivery] = []
        self.activities: list[Delivery] = []
        self.closed: list[str] = []
        self.room = messages
        self.places = activities
        self.asked = 0
        self.told_that_it_is_full = False  # when it was asked last
        self._changed = asyncio.Event()

    def on_messages(self, deliveries: Sequence[Delivery]) -> None:
        self.messages += deliveries
        self.room -= len(deliveries)
        self._changed.set()

    def on_activities(self, deliveries: Sequence[Delivery]) -> None:
        self.activities += deliveries
        self.places -= len(deliveries)
        self._changed.set()

    async def on_partition_closing(self, partition: str) -> None:
        self.closed.append(partition)

    def message_room(self) -> int:
        self.asked += 1
        self.told_that_it_is_full = self.room <= 0
        self._changed.set()
        return self.room

    def activity_room(self) -> int:
        return self.places

    async def until(self, condition: Callable[[], bool]) -> None:
        async def wait() -> None:
            while not condition():
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), PATIENCE)

    async def message(self, number: int = 1) -> Delivery:
        await self.until(lambda: len(self.messages) >= number)
        return self.messages[number - 1]

    async def activity(self, number: int = 1) -> Delivery:
        await self.until(lambda: len(self.activities) >= number)
        return self.activities[number - 1]


@asynccontextmanager
async def opened(
    place: object,
    clock: Callable[[], Ticks],
    hub: str = "Shop",
    *,
    create: bool = True,
    options: FileOptions | None = None,
) -> AsyncIterator[SchedulerStore]:
    """Open a hub for the body, in a file of its own opening."""
    file = SchedulerFile(str(place), clock=clock, options=options)
    try:
        store = SchedulerStore(file, hub)
        await store.open(create=create)
        yield store
    finally:
        await file.close()


async def has_looked(store: SchedulerStore) -> None:
    """Have *store* look for messages; when this returns, it has handed over what it would."""
    store.wake()
    for _ in range(3):  # reads are done in order: when ours is, the store's is
        await store.file.read(lambda _: None)
        await store.file.write(lambda _: None)
        for _ in range(5):
            await asyncio.sleep(0)


@asynccontextmanager
async def served(store: SchedulerStore, desk: Desk) -> AsyncIterator[Desk]:
    """Serve a store for the body, and stop in order."""
    task = asyncio.create_task(store.serve(desk))
    try:
        await desk.until(lambda: desk.asked > 0 or task.done())
        yield desk
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def writer_held(file: SchedulerFile) -> AsyncIterator[None]:
    """Keep the writer busy during the body: what is handed in meanwhile is one batch."""
    begun, release = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        begun.set()
        assert release.wait(PATIENCE)

    holding = asyncio.create_task(file.write(hold))
    await asyncio.to_thread(begun.wait, PATIENCE)
    try:
        yield
        await asyncio.sleep(0)  # the tasks of the body have handed in their work
    finally:
        release.set()
        await holding


def crashed_copy(file: Path, folder: Path) -> Path:
    """Return what a killed process would leave: a copy of the file and its log, as they are now."""
    folder.mkdir()
    for part in file.parent.glob(f"{file.name}*"):
        if not part.name.endswith(("-shm", "-lock")):
            shutil.copy(part, folder)
    return folder / file.name


def raised(instance_id: str = "order-1", text: str = "true", **fields: object) -> Message:
    event = EventRaised(timestamp=NOON, name="Approval", input=text)
    return Message(event=event, target=Execution(instance_id), **fields)  # type: ignore[arg-type]


def start(instance_id: str = "order-1", execution_id: str = "e1", **fields: object) -> Message:
    event = ExecutionStarted(
        timestamp=NOON,
        execution=Execution(instance_id, execution_id),
        name="ProcessOrder",
        **fields,  # type: ignore[arg-type]
    )
    return Message(event=event, target=event.execution)


def timer(due: Ticks, number: int = 1) -> Message:
    event = TimerFired(timestamp=NOON, timer_id=number, fire_at=due)
    target = Execution("order-1", "e1")
    return Message(event=event, target=target, sender=target, episode=1, due=due)


def activity(number: int = 0) -> Message:
    target = Execution("order-1", "e1")
    event = TaskScheduled(event_id=number, timestamp=NOON, name="Charge", input="[42]")
    return Message(event=event, target=target, sender=target, episode=1, tags={"shop": "1"})


def result(work: Delivery) -> Message:
    task = work.message.event
    event = TaskCompleted(timestamp=NOON, task_scheduled_id=task.event_id, result='"paid"')
    return Message(event=event, target=work.message.target, sender=work.message.target)


def episode(
    *consumed: Delivery,
    base: HistoryVersion = NO_HISTORY,
    outbound: Sequence[Message] = (),
    activities: Sequence[Message] = (),
    instance_id: str = "order-1",
) -> Commit:
    """Return the commit of an episode that *consumed* caused."""
    events: list[Event] = [delivery.message.event for delivery in consumed]
    begun = next((event for event in events if isinstance(event, ExecutionStarted)), None)
    return Commit(
        instance_id=instance_id,
        execution_id="e1",
        base=base,
        outbound=tuple(outbound),
        activities=tuple(activities),
        events=(OrchestratorStarted(timestamp=NOON), *events),
        replaces=begun is not None,
        instance=InstanceUpdate(
            execution_id="e1",
            last_updated=NOON,
            custom_status=None,
            started=begun,
            status=Status.Running if begun is not None else None,
        ),
        consumed=tuple(consumed),
    )


async def sql(
    store: SchedulerStore, statement: str, *parameters: object
) -> list[tuple[object, ...]]:
    """Run a statement behind the store's back."""

    def run(tx: object) -> list[tuple[object, ...]]:
        connection = tx.connection  # type: ignore[attr-defined]
        assert isinstance(connection, sqlite3.Connection)
        return connection.execute(statement, parameters).fetchall()

    return await store.file.write(run)
