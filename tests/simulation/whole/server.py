"""A simulated server: the real `TaskHub` over a store, all of whose tasks end when it crashes."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from durahub.dispatch.clock import Clock
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.store import HubStore

T = TypeVar("T")

OF: "contextvars.ContextVar[Server | None]" = contextvars.ContextVar("server", default=None)
"""The server that runs a task; what the task starts is of the same one."""

MADE = "5e4e"
"""How the IDs begin that servers make; those of a continue-as-new are hashes."""


class NotThere(Exception):
    """The server is gone, or ended while it was asked."""


class SimulatedTask(asyncio.Task[Any]):
    """A task that knows its server, and whose hash is no address: so sets are in one order in all runs."""

    made = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        SimulatedTask.made += 1
        self._number = SimulatedTask.made
        super().__init__(*arguments, **options)
        server = OF.get()
        if server is not None:
            server.adopt(self)

    def __hash__(self) -> int:
        return self._number


def make_task(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], **options: Any
) -> "asyncio.Task[T]":
    """Make a task for a loop (see `asyncio.AbstractEventLoop.set_task_factory`)."""
    return SimulatedTask(work, loop=loop, **options)


class Server:
    """One life of a server."""

    def __init__(self, name: str, store: HubStore, clock: Clock, random: Random) -> None:
        self.name = name
        self.store = store
        self.dead = False
        self.open = False  # takes connections and calls
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._context = contextvars.copy_context()
        self._context.run(OF.set, self)
        settings = DispatchSettings(
            drain=5.0,
            disconnect_grace=random.choice([0.5, 10.0]),
            message_buffer=random.choice([3, 20, 2_000]),
        )
        self._random = random
        self.hub = TaskHub(store, clock=clock, make_id=self._make_id, settings=settings)
        self._running: asyncio.Task[None] | None = None

    def _make_id(self) -> str:
        return f"{MADE}{self._random.getrandbits(112):028x}"

    def adopt(self, task: "asyncio.Task[Any]") -> None:
        """Take a task as one of this server's, which ends with it."""
        if self.dead:
            asyncio.get_running_loop().call_soon(task.cancel)
            return
        self._tasks[task] = None
        task.add_done_callback(lambda one: self._tasks.pop(one, None))

    def spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run *work* as this server's."""
        return self._context.run(asyncio.create_task, work)

    def within(self, do: Callable[[], T]) -> T:
        """Do something as this server, at once. Raises `NotThere`."""
        if self.dead:
            raise NotThere
        return self._context.run(do)

    async def start(self) -> None:
        """Open the hub and serve it."""
        await self.hub.open(create=True)
        self._running = self.spawn(self.hub.run())
        self.open = True

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the server do *work* for somebody outside. Raises `NotThere`, and what the work raises."""
        if self.dead or not self.open:
            work.close()
            raise NotThere
        task = self.spawn(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise NotThere from None
            raise

    def crash(self) -> None:
        """End it as its process ends: every task at its await, and nothing is told to anybody."""
        self.dead, self.open = True, False
        for task in list(self._tasks):
            task.cancel()
        self._tasks.clear()

    async def stop(self) -> None:
        """End it in order, as the signal to end does."""
        self.hub.pause()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        self.open = False
        self.hub.stop_streams()
        await self.hub.close()
        self.dead = True
        for task in list(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
