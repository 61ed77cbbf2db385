"""Runs instances with an activity each as fast as it can, and says so; until it is killed.

Of the results some are consumed at once, some are moved by the grace, some are given back.
"""

import asyncio
import itertools
import sys
from dataclasses import replace

from scheduler_hubs import Desk, activity, episode, opened, result, served, start

from durahub.dispatch.clock import system_clock
from durahub.engine.commit import Delivery
from durahub.model.history import Execution, ExecutionStarted, TaskCompleted
from durahub.scheduler.connections import FileOptions
from durahub.scheduler.hub_store import SchedulerStore

GRACE = 0.02  # seconds
AT_ONCE = 8


class Worker(Desk):
    """Completes what it is handed, and goes on with what comes of it."""

    def __init__(self, store: SchedulerStore) -> None:
        super().__init__(messages=10**9, activities=10**9)
        self.store = store
        self.versions: dict[str, asyncio.Future[object]] = {}
        self.numbers = itertools.count()
        self.tasks: set[asyncio.Task[None]] = set()

    def on_messages(self, deliveries: object) -> None:
        for delivery in deliveries:  # type: ignore[attr-defined]
            self.begin(self.turn(delivery))

    def on_activities(self, deliveries: object) -> None:
        for delivery in deliveries:  # type: ignore[attr-defined]
            self.begin(self.store.complete_activity(delivery, result(delivery)))

    def begin(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[var-annotated,arg-type]
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def turn(self, delivery: Delivery) -> None:
        instance_id, event = delivery.message.target.instance_id, delivery.message.event
        if isinstance(event, ExecutionStarted):
            work = activity()
            here = Execution(instance_id, "e1")
            commit = episode(
                delivery, activities=[replace(work, target=here)], instance_id=instance_id
            )
            self.versions[instance_id] = asyncio.get_running_loop().create_future()
            self.versions[instance_id].set_result(await self.store.commit(commit))
            return
        if not isinstance(event, TaskCompleted) or instance_id not in self.versions:
            return
        kind = next(self.numbers) % 3
        if kind == 0 and delivery.deliveries == 1:
            await self.store.release([delivery], 0.005)
            return
        if kind == 1:
            await asyncio.sleep(2 * GRACE)  # until it is moved
        version = await self.versions[instance_id]
        await self.store.commit(
            episode(delivery, base=version, instance_id=instance_id)  # type: ignore[arg-type]
        )
        print(f"ended {instance_id}", flush=True)


async def run_forever(place: str, prefix: str) -> None:
    options = FileOptions(result_grace=GRACE)
    async with opened(place, system_clock, options=options) as store, served(store, Worker(store)):
        numbers = itertools.count()

        async def start_some() -> None:
            for number in numbers:
                await store.start(start(f"{prefix}-{number}"), None)

        await asyncio.gather(*(start_some() for _ in range(AT_ONCE)))


asyncio.run(run_forever(sys.argv[1], sys.argv[2]))
