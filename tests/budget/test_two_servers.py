"""Two server processes with a worker each on one hub: all is done once, for about the budget's requests."""

import asyncio
import contextlib
import itertools
import logging
from collections import Counter
from collections.abc import Callable

import pytest
from durabletask.azuremanaged.client import AsyncDurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.classic.account import Account
from durahub.classic.options import ClassicOptions
from durahub.classic.store import ClassicStore
from durahub.dispatch.clock import system_clock
from durahub.local.server import ServerProcess
from tests.budget.counted_hub import PATIENCE
from tests.budget.lines import FIVE_ACTIVITIES, GET
from tests.budget.proxy import proxy_of
from tests.conftest import STORE, Storage
from tests.sdk.python_hub import python_worker

pytestmark = [pytest.mark.azurite, pytest.mark.sdk]

ORCHESTRATIONS = 100
AT_ONCE = 16
CITIES = ["Tokyo", "Seattle", "London", "Lima", "Cairo"]
MOST_EACH = 27
"""Requests for each, but for the reads of rows: a result of an activity that the other server took goes
through its queue. Half of the waiting clients ask the server without the partition, which reads the row until
it has ended: how often, that is the machine's speed."""


def client_of(server: ServerProcess, hub: str) -> AsyncDurableTaskSchedulerClient:
    return AsyncDurableTaskSchedulerClient(
        host_address=server.ready.endpoint,
        taskhub=hub,
        token_credential=None,
        secure_channel=False,
        logger=logging.Logger("sdk", logging.CRITICAL),
    )


async def shared_by_two(storage: Storage, hub: str) -> None:
    """Wait until each of two servers has half of the partitions."""
    account = Account.from_connection_string(storage.connection_string, "the test")
    store = ClassicStore(hub, account, ClassicOptions(), system_clock)
    deadline = asyncio.get_running_loop().time() + PATIENCE
    try:
        while True:
            owners = Counter((await store.info()).owners.values())
            if None not in owners and sorted(owners.values()) == [2, 2]:
                return
            assert asyncio.get_running_loop().time() < deadline, owners
            await asyncio.sleep(0.2)  # nobody tells when partitions have changed hands
    finally:
        await account.close()


async def test_two_servers_do_together_what_one_does_for_about_the_same_requests(
    azurite: Storage, hub_name: str, start_server: Callable[..., ServerProcess]
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(proxy_of(azurite))
        env = {STORE: proxy.connection_string}
        arguments = ("--store", f"env:{STORE}", "--hub", hub_name, "--partitions", "4")
        servers = [await asyncio.to_thread(start_server, *arguments, env=env) for _ in range(2)]
        for server in servers:
            stack.push_async_callback(asyncio.to_thread, server.stop)  # before the proxy ends
            worker = python_worker(server.ready.endpoint, hub_name)
            await asyncio.to_thread(worker.__enter__)
            stack.push_async_callback(asyncio.to_thread, worker.__exit__, None, None, None)
        clients = [client_of(server, hub_name) for server in servers]
        for client in clients:
            stack.push_async_callback(client.close)
        await shared_by_two(azurite, hub_name)

        before = proxy.seen.work()
        numbers = itertools.count()

        async def run_some() -> None:
            while (number := next(numbers)) < ORCHESTRATIONS:
                client = clients[number % 2]
                instance_id = await client.schedule_new_orchestration("py_greet_all", input=CITIES)
                state = await client.wait_for_orchestration_completion(
                    instance_id, timeout=PATIENCE
                )
                assert state is not None
                assert state.runtime_status is OrchestrationStatus.COMPLETED
                assert state.get_output() == [f"Hello, {city}!" for city in CITIES]

        await asyncio.gather(*(run_some() for _ in range(AT_ONCE)))
        asked = proxy.seen.work() - before
        each = {kind: count / ORCHESTRATIONS for kind, count in asked.items()}
        written = sum(count for kind, count in each.items() if kind != GET)
        assert FIVE_ACTIVITIES.total - 1 <= written <= MOST_EACH, each
