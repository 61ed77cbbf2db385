"""Two that act on one instance at the same time, on a simulated account: request by request."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from durahub.classic.options import ClassicOptions, Manager
from durahub.classic.store import ClassicStore
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.starting import StartRequest
from durahub.engine.commit import NO_HISTORY, Commit, InstanceUpdate
from durahub.errors import InstanceExists, WrongStatus
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

    def hub(self, name: str) -> tuple[TaskHub, ClassicStore, Line]:
        """Return a client's hub, the store behind it, and its line to storage."""
        line = Line(self.storage, lambda _: Fate(), Random(0))
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


def test_what_is_started_anew_while_it_is_purged_is_not_purged() -> None:
    async def play(scene: Scene, number: int) -> bool:
        """Start it again behind request *number* of the purge; tell whether there was one."""
        first, store, line = scene.hub("a:000000000001")
        second, _, _ = scene.hub("b:000000000002")
        await first.open(create=True)
        await second.open(create=False)
        await scene.ended(store, "order")
        starts: list[asyncio.Task[Any]] = []
        arrived = 0

        def watch(request: Request, reply: Reply) -> None:
            nonlocal arrived
            arrived += 1
            if arrived == number:
                starts.append(
                    asyncio.ensure_future(
                        second.start(StartRequest(name="order", instance_id="order"))
                    )
                )

        line.watch = watch
        with contextlib.suppress(WrongStatus):  # it was started before the row was read again
            await first.purge("order")
        if not starts:
            return False
        try:
            await starts[0]
        except InstanceExists:  # its row was deleted between reading and replacing it
            return True
        found = scene.eye.instance("order")
        assert found is not None, f"started behind request {number}"
        assert getattr(found, "status", None) == "Pending"
        return True

    number = 1
    while True:
        was_there: list[bool] = []

        async def once(scene: Scene, number: int = number, seen: list[bool] = was_there) -> None:
            seen.append(await play(scene, number))

        run(once)
        if not was_there[0]:
            break
        number += 1
    assert number > 4
