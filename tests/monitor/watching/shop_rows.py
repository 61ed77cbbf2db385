"""Rows of a hub in Azure Storage, as workers leave them, and the hub watched."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from durahub.accounts import Access
from durahub.classic import instance_rows
from durahub.classic.app_settings import AppSettings
from durahub.classic.columns import Columns, Value
from durahub.classic.dialect import DTFX_2_9
from durahub.classic.history_rows import HistoryRow, encode, sentinel
from durahub.classic.names import HubNames
from durahub.engine.commit import InstanceUpdate
from durahub.model.history import (
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorStarted,
    Parent,
    Status,
    TaskScheduled,
)
from durahub.model.ticks import later
from durahub_migrate.watching.opening import open_monitor
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.sweeping import Intervals
from durahub_migrate.watching.watched_hub import WatchedHub
from tests.monitor.watching.table_account import NOON, TableAccount

NAMES = HubNames("Shop")
KEY = "Shop@local"
FAST = MonitorOptions(
    requests_per_second=1000.0,
    answers_within=60.0,
    intervals=Intervals(watched=3600.0, free=3600.0, idle=3600.0, sweep=3600.0, gone=3600.0),
    limits=Limits(payload=10_000, payloads=3, events=6_000),
)
"""Nothing happens by itself but the first sweep: the rest is asked for."""


def instance(
    instance_id: str,
    status: Status = Status.Running,
    *,
    output: str | None = None,
    input_text: str = '"apples"',
    custom_status: str | None = None,
    hub: str = "Shop",
    execution_id: str = "e1",
) -> Columns:
    """Return a row of Instances."""
    started = ExecutionStarted(
        timestamp=NOON, execution=Execution(instance_id, execution_id), name="Order", generation=0
    )
    update = InstanceUpdate(
        execution_id=execution_id,
        last_updated=later(NOON, 1),
        custom_status=custom_status,
        started=started,
        status=status,
        completed=later(NOON, 1) if status.is_terminal else None,
        sets_output=output is not None,
        output=output,
    )
    return instance_rows.checkpoint(
        instance_id, update, hub, input_text=input_text, output_text=output
    )


def history(
    instance_id: str, scheduled: int, *, parent: str | None = None, execution_id: str = "e1"
) -> list[Event]:
    """Return a history with so many activities that were scheduled."""
    above = None
    if parent is not None:
        above = Parent(name="Order", execution=Execution(parent, "e0"), task_schedule_id=0)
    started = ExecutionStarted(
        timestamp=NOON,
        execution=Execution(instance_id, execution_id),
        name="Order",
        parent=above,
        input='"apples"',
    )
    tasks = [
        TaskScheduled(timestamp=later(NOON, n), event_id=n, name="Charge", input=f"{n}")
        for n in range(scheduled)
    ]
    return [OrchestratorStarted(timestamp=NOON), started, *tasks]


def ended(at: float = 9000.0) -> ExecutionCompleted:
    return ExecutionCompleted(timestamp=later(NOON, at), status=Status.Completed, result='"done"')


def put_history(
    account: TableAccount,
    instance_id: str,
    events: Sequence[Event],
    *,
    first: int = 0,
    execution_id: str = "e1",
    blobs: dict[int, dict[str, str]] | None = None,
) -> None:
    """Write events from row *first* on, and the sentinel behind them."""
    table = account.names.history_table
    for index, event in enumerate(events, first):
        row = HistoryRow(event, execution_id, index, blobs=(blobs or {}).get(index, {}))
        account.put(table, encode(row, instance_id, DTFX_2_9))
    account.put(table, sentinel(instance_id, execution_id, account.now))


@contextlib.asynccontextmanager
async def watched(
    account: TableAccount, options: MonitorOptions = FAST, **more: object
) -> AsyncIterator[WatchedHub]:
    """Watch the account's hub for the body, swept once."""
    async with open_monitor(
        [f"azurite:{account.names.hub}"],
        options,
        access=access_of(account),
        resolve=lambda _: account.connection_string,
        **more,  # type: ignore[arg-type]
    ) as monitor:
        (hub,) = monitor.hubs()
        await hub.refresh()
        yield hub


def access_of(account: TableAccount) -> Access:
    return Access(app_settings=AppSettings({}), tracking_prefix=account.names.tracking_prefix)


def paced(**intervals: float) -> MonitorOptions:
    return replace(FAST, intervals=replace(FAST.intervals, **intervals))


def with_columns(columns: Columns, **more: Value) -> Columns:
    return {**columns, **more}
