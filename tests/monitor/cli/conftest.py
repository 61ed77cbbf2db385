"""A shop's hub in a file."""

import asyncio
from pathlib import Path

import pytest

from durahub.dispatch.clock import system_clock
from durahub.engine.commit import InstanceUpdate
from durahub.model.history import Execution, ExecutionStarted, Status
from durahub.storage import SqliteStorage
from durahub_migrate.acting.data_folder import VARIABLE
from tests.monitor.cli.commands import Run, runner

STATUSES = (Status.Completed, Status.Running, Status.Failed, Status.Completed)


async def fill(file: Path) -> None:
    async with SqliteStorage(str(file)) as storage:
        store = storage.store("Shop")
        await store.open(create=True)
        for number, status in enumerate(STATUSES):
            now = system_clock()
            event = ExecutionStarted(
                timestamp=now,
                execution=Execution(f"order-{number}", "x"),
                name="Refund" if number == 3 else "Order",
                version="",
                input=f'{{"number":{number}}}',
            )
            update = InstanceUpdate(
                execution_id="x",
                last_updated=now,
                custom_status=f'"step {number}"',
                started=event,
                status=status,
                completed=now if status.is_terminal else None,
            )
            await store.repair(f"order-{number}", update, insert=True)
        await store.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of the audit log."""
    return tmp_path / "data"


@pytest.fixture
def run(tmp_path: Path, data: Path) -> Run:
    """Run a command on the shop's hub."""
    asyncio.run(fill(tmp_path / "hub.db"))
    return runner(
        {
            VARIABLE: str(data),
            "DURAHUB_HUB": f"sqlite:{tmp_path / 'hub.db'}/Shop",
            "DURAHUB_STATE_DIR": str(tmp_path),
        }
    )
