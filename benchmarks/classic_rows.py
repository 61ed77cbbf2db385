"""Rows of a hub in Azure Storage, written into its tables as a worker would have left them."""

import asyncio
from collections.abc import Sequence
from itertools import chain, islice

from benchmarks.stores import VARIABLE, Storage
from durahub.classic import instance_rows
from durahub.classic.account import Account
from durahub.classic.columns import Columns
from durahub.classic.dialect import DTFX_2_9
from durahub.classic.history_rows import HistoryRow, encode, sentinel
from durahub.classic.names import HubNames
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables, put
from durahub.engine.commit import InstanceUpdate
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.ticks import Ticks, later
from durahub.storage import StorageOptions, open_storage

EXECUTION = "e1"
BATCH = 99  # rows of a transaction, and the sentinel
AT_ONCE = 32


async def create_hub(storage: Storage, hub: str) -> None:
    """Make an empty hub, as a server does."""
    async with open_storage(storage.env[VARIABLE], StorageOptions()) as opened:
        store = opened.store(hub)
        await store.open(create=True)
        await store.close()


def opened_account(storage: Storage) -> Account:
    """Return the account of a store, to be closed by who asked."""
    return Account.from_connection_string(storage.env[VARIABLE], "the benchmark")


class ClassicTables:
    """Writes into the tables of one hub."""

    def __init__(self, account: Account, hub: str) -> None:
        self._names = HubNames(hub)
        self._tables = Tables(account.table_wire, StorageErrors(account.name, hub))

    async def put_instances(self, ids: Sequence[str], status: Status, began: Ticks) -> None:
        """Write a row for each instance: a partition of its own, so that none can share a request."""
        places = asyncio.Semaphore(AT_ONCE)

        async def write(instance_id: str) -> None:
            async with places:
                row = _instance(instance_id, status, began, self._names.hub)
                await self._tables.transact(self._names.instances_table, [put(row)])

        await asyncio.gather(*(write(one) for one in ids))

    async def put_history(
        self, instance_id: str, events: Sequence[Event], first: int, now: Ticks
    ) -> None:
        """Write events from row *first* on, and the sentinel with the last of them."""
        table = self._names.history_table
        rows = [
            encode(HistoryRow(event, EXECUTION, index), instance_id, DTFX_2_9)
            for index, event in enumerate(events, first)
        ]
        for at in range(0, len(rows), BATCH):
            some = rows[at : at + BATCH]
            if at + BATCH >= len(rows):
                some.append(sentinel(instance_id, EXECUTION, now))
            await self._tables.transact(table, [put(row) for row in some])


def _instance(instance_id: str, status: Status, began: Ticks, hub: str) -> Columns:
    ended = later(began, 60.0)
    output = '"done"' if status.is_terminal else None
    update = InstanceUpdate(
        execution_id=EXECUTION,
        last_updated=ended,
        custom_status=None,
        started=_started(instance_id, began),
        status=status,
        completed=ended if status.is_terminal else None,
        sets_output=status.is_terminal,
        output=output,
    )
    return instance_rows.checkpoint(
        instance_id, update, hub, input_text='"apples"', output_text=output
    )


def _started(instance_id: str, began: Ticks) -> ExecutionStarted:
    return ExecutionStarted(
        timestamp=began,
        execution=Execution(instance_id, EXECUTION),
        name="Order",
        input='"apples"',
        generation=0,
    )


def events_of(instance_id: str, count: int, began: Ticks) -> list[Event]:
    """Return *count* events of an orchestration that calls one activity after another."""
    first: list[Event] = [
        OrchestratorStarted(timestamp=began),
        _started(instance_id, began),
        TaskScheduled(timestamp=began, event_id=0, name="Charge", input="0"),
        OrchestratorCompleted(timestamp=began),
    ]
    episodes = (episode(n, began) for n in range(1, count))
    return list(islice(chain(first, chain.from_iterable(episodes)), count))


def episode(number: int, began: Ticks) -> list[Event]:
    """Return the events of an episode: a result has come, the next activity is scheduled."""
    now = later(began, float(number))
    return [
        OrchestratorStarted(timestamp=now),
        TaskCompleted(timestamp=now, task_scheduled_id=number - 1, result=f'"charged {number}"'),
        TaskScheduled(timestamp=now, event_id=number, name="Charge", input=f"{number}"),
        OrchestratorCompleted(timestamp=now),
    ]
