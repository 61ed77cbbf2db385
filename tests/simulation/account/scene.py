"""A hub in a simulated account that nobody serves, for what two do to one instance: request by request."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from durahub.classic.options import ClassicOptions, Manager
from durahub.classic.store import ClassicStore
from durahub.dispatch.hub import TaskHub
from durahub.engine.commit import NO_HISTORY, Commit, InstanceUpdate
from durahub.model.history import (
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorStarted,
    Status,
)
from durahub.model.ticks import Ticks, later
from tests.simulation import virtual_time
from tests.simulation.account.exchange import Reply, Request
from tests.simulation.account.eye import Eye
from tests.simulation.account.line import Fate, Line
from tests.simulation.account.service import StorageAccount
from tests.simulation.account.session import account_by
from tests.simulation.work import START

HUB = "races"


class Scene:
    """A hub that nobody serves, and clients with stores of their own."""

    def __init__(self) -> None:
        self.storage = StorageAccount(asyncio.get_running_loop().time)
        self.eye = Eye(self.storage, HUB)

    def hub(
        self, name: str, fate: Callable[[Request], Fate] = lambda _: Fate()
    ) -> tuple[TaskHub, ClassicStore, Line]:
        """Return a client's hub, the store behind it, and its line to storage."""
        line = Line(self.storage, fate, Random(0))
        options = ClassicOptions(partitions=1, manager=Manager.TABLE, worker_id=name)
        store = ClassicStore(HUB, account_by(line), options, clock, Random(name))
        return TaskHub(store, clock=clock, make_id=lambda: f"{name[0]}1"), store, line

    async def ended(self, store: ClassicStore, instance_id: str) -> None:
        """Leave an instance that has ended."""
        started = ExecutionStarted(
            timestamp=clock(), execution=Execution(instance_id, "first"), name="order", version=""
        )
        ended = ExecutionCompleted(timestamp=clock(), event_id=0, status=Status.Completed)
        commit = Commit(
            instance_id=instance_id,
            outbound=(),
            activities=(),
            execution_id="first",
            base=NO_HISTORY,
            events=(OrchestratorStarted(timestamp=clock()), started, ended),
            replaces=False,
            instance=InstanceUpdate(
                execution_id="first",
                last_updated=clock(),
                custom_status=None,
                started=started,
                status=Status.Completed,
                completed=clock(),
            ),
            consumed=(),
        )
        await store.intervene(commit)


def clock() -> Ticks:
    return later(START, asyncio.get_running_loop().time())


def run(work: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def begin() -> None:
        await work(Scene())

    virtual_time.run(begin())


def dies_behind(line: Line, number: int) -> list[Request]:
    """Have whoever *line* belongs to die behind its request *number*; return those that will have arrived."""
    arrived: list[Request] = []

    def watch(request: Request, _: Reply) -> None:
        arrived.append(request)
        if len(arrived) == number:
            line.die()

    line.watch = watch
    return arrived


def run_behind_each_request(play: Callable[[Scene, int], Coroutine[Any, Any, bool]]) -> None:
    """Run *play*, in a new scene for each of the requests 1, 2, ..., until it tells that there was none."""
    number = 0
    goes_on = [True]

    async def once(scene: Scene) -> None:
        goes_on[0] = await play(scene, number)

    while goes_on[0]:
        number += 1
        run(once)
