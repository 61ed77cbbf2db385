"""A hub in this process behind a counting proxy, with a worker of the Python SDK in a process of its own."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from durabletask.azuremanaged.client import AsyncDurableTaskSchedulerClient
from durabletask.client import OrchestrationState, OrchestrationStatus
from durabletask.entities import EntityInstanceId

from durahub.classic.account import Account
from durahub.classic.options import ClassicOptions, Level
from durahub.classic.store import ClassicStore
from durahub.dispatch.clock import system_clock
from durahub.dispatch.hub import TaskHub
from durahub.edge.server import start_server
from tests.budget.proxy import Seen, proxy_of
from tests.checklist.served_hubs import OneHub, new_name
from tests.conftest import Storage
from tests.sdk.apps.mixed import COUNTER
from tests.sdk.python_hub import python_worker

PATIENCE = 60.0  # seconds
UNTIMED = {
    # What a busy machine could bring about is no part of the budget: results that are written into
    # their queue because a turn takes long, rows of which only the time is refreshed.
    "result_grace": 600.0,
    "row_refresh": 600.0,
}


@dataclass
class CountedHub:
    """A hub with its client. ``seen`` is what went through the proxy, ``account`` counts for itself."""

    client: AsyncDurableTaskSchedulerClient
    hub: TaskHub
    account: Account
    seen: Seen

    async def start(self, name: str, given: Any = None, **options: Any) -> str:
        """Start an orchestration; return its ID."""
        return await self.client.schedule_new_orchestration(name, input=given, **options)

    async def ended(self, instance_id: str) -> OrchestrationState:
        state = await self.client.wait_for_orchestration_completion(instance_id, timeout=PATIENCE)
        assert state is not None
        return state

    async def run(self, name: str, given: Any = None, **options: Any) -> Any:
        """Run an orchestration that must complete; return its output.

        The client waits before anything is written: whoever comes behind the end has to look.
        """
        self.seen.checkpoints.clear()
        try:
            instance_id = await self.start(name, given, **options)
            ended = asyncio.create_task(self.ended(instance_id))
            await self.waited_for(instance_id)
        finally:
            self.seen.checkpoints.set()
        state = await ended
        assert state.runtime_status is OrchestrationStatus.COMPLETED, state.failure_details
        return state.get_output()

    async def waited_for(self, instance_id: str) -> None:
        """Wait until the server knows that a client waits for an instance."""
        await self.until(lambda: instance_id in self.hub._waits._waiting)

    async def signal(self, key: str, operation: str, given: Any = None) -> None:
        await self.client.signal_entity(EntityInstanceId(COUNTER, key), operation, input=given)

    async def until(self, condition: Callable[[], bool], looks: int = 1) -> None:
        """Wait until *condition* holds, at so many looks in a row."""
        held = 0
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while held < looks:
            assert asyncio.get_running_loop().time() < deadline, "it did not come about"
            await asyncio.sleep(0.02)  # nobody tells when what is written behind an answer is done
            held = held + 1 if condition() else 0

    async def quiet(self) -> None:
        """Wait until all work is done, and every request of it is answered."""

        def at_rest() -> bool:
            works = self.hub.messages_in_memory or any(self.hub.open_work_items)
            return not works and not self.seen.under_way

        await self.until(at_rest, looks=5)  # between two steps of work there may be nothing to see

    @contextlib.asynccontextmanager
    async def counting(self) -> AsyncIterator[Counter[str]]:
        """Count what the body's work costs; the counter is filled when it is done."""
        found: Counter[str] = Counter()
        await self.quiet()
        before = self.seen.work()
        yield found
        await self.quiet()
        found.update(self.seen.work() - before)


@contextlib.asynccontextmanager
async def counted_hub(storage: Storage, level: Level = Level.DEFAULT) -> AsyncIterator[CountedHub]:
    """Serve a new hub of one partition, warm: everything of it is this server's."""
    async with contextlib.AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(proxy_of(storage))
        account = await stack.enter_async_context(
            Account.from_connection_string(proxy.connection_string, "the test")
        )
        options: dict[str, Any] = {"partitions": 1, "max_poll": 0.5, "lease_pass": 1.0} | UNTIMED
        options["level"] = level
        store = ClassicStore(new_name(), account, ClassicOptions(**options), system_clock)
        await store.open(create=True)
        stack.push_async_callback(store.close)
        hub = TaskHub(store)
        running = asyncio.create_task(hub.run())
        server = await start_server(OneHub(hub), host="127.0.0.1", port=0)
        endpoint = f"http://127.0.0.1:{server.port}"
        worker = contextlib.ExitStack()
        await asyncio.to_thread(worker.enter_context, python_worker(endpoint, hub.name))
        client = AsyncDurableTaskSchedulerClient(
            host_address=endpoint,
            taskhub=hub.name,
            token_credential=None,
            secure_channel=False,
            logger=logging.Logger("sdk", logging.CRITICAL),
        )
        counted = CountedHub(client, hub, account, proxy.seen)
        try:
            for _ in range(
                2
            ):  # the first may come through the queue, as what waits there comes first
                await counted.run("py_greet_all", ["Lima"])
            yield counted
        finally:
            await client.close()
            await asyncio.to_thread(worker.close)
            await server.stop(0)
            hub.stop_streams()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
