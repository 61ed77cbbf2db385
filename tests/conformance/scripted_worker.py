"""A hub at work over a store of either kind, with a worker in this process that follows a script."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import StreamClosed
from durahub.dispatch.work import ActivityWork, Filters, OrchestratorWork, StreamOptions
from durahub.engine.actions import Action, TurnResult
from durahub.engine.numbering import Counting
from durahub.model.failure import Failure
from durahub.model.history import Event
from durahub.store import HubStore

Script = Callable[[Sequence[Event]], Sequence[Action]]
"""What an orchestrator asks for, given its whole history; it is asked again in every turn."""

Doing = Callable[[str | None], str]
"""What an activity does with its input; it may raise."""

PATIENCE = 45.0  # seconds; less than what is hidden for a minute


class ScriptedHub(TaskHub):
    """A task hub; the streams of its workers end with it."""

    def __init__(self, store: HubStore, message_buffer: int) -> None:
        settings = DispatchSettings(
            linger=0.1, disconnect_grace=0.1, drain=1.0, message_buffer=message_buffer
        )
        super().__init__(store, settings=settings)
        self.turns: list[OrchestratorWork] = []
        self.activities: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def work(
        self,
        scripts: Mapping[str, Script],
        activities: Mapping[str, Doing] | None = None,
        filters: Filters | None = None,
        counting: Counting = Counting.AS_STORED,
    ) -> "asyncio.Task[None]":
        """Connect a worker that runs *scripts* and *activities*, by their names."""
        options = StreamOptions(
            worker_id="w",
            max_orchestrations=9,
            max_activities=9,
            max_entities=9,
            counting=counting,
            filters=filters,
        )
        task = asyncio.create_task(self._work(options, scripts, activities or {}))
        self._tasks.add(task)
        return task

    async def _work(
        self, options: StreamOptions, scripts: Mapping[str, Script], doing: Mapping[str, Doing]
    ) -> None:
        stream = self.connect(options)
        try:
            while True:
                work = await stream.next()
                if isinstance(work, OrchestratorWork):
                    self.turns.append(work)
                    script = scripts[work.started.name or ""]
                    actions = tuple(script((*work.past, *work.new)))
                    result = TurnResult(actions=actions)
                    await self.complete_orchestration(work.token, work.instance_id, result)
                elif isinstance(work, ActivityWork):
                    await self._act(work, doing)
        except StreamClosed:
            pass
        finally:
            stream.close()

    async def _act(self, work: ActivityWork, doing: Mapping[str, Doing]) -> None:
        name, number = work.task.name or "", work.task.event_id
        self.activities.append(name)
        result: str | None = None
        failure: Failure | None = None
        try:
            result = doing[name](work.task.input)
        except Exception as error:
            failure = Failure(error_type=type(error).__name__, message=str(error))
        await self.complete_activity(
            work.token, work.instance_id, number, result=result, failure=failure
        )

    async def ended(self, instance_id: str) -> str:
        """Return how an instance has ended: ``"Completed: result"``."""
        found = await asyncio.wait_for(
            self.wait_for_completion(instance_id, payloads=True), PATIENCE
        )
        return f"{found.status.name}: {found.output}"

    async def end_work(self) -> None:
        """End the workers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


@contextlib.asynccontextmanager
async def scripted(store: HubStore, *, message_buffer: int = 2_000) -> AsyncIterator[ScriptedHub]:
    """Run a hub over *store*, which is open, for the body."""
    hub = ScriptedHub(store, message_buffer)
    running = asyncio.create_task(hub.run())
    try:
        yield hub
    finally:
        await hub.end_work()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
