"""``durahub plan`` of a hub: it is exported first."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from durahub.dispatch.clock import system_clock
from durahub.errors import DurahubError, HubNotFound
from durahub.model.history import Execution, ExecutionStarted
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.cli.plan import plan
from durahub_migrate.planning.plan_file import PlanFile

ENDPOINT = "dts:localhost:8080/orders"


@pytest.fixture
async def hub_file(tmp_path: Path) -> Path:
    """Return a file with the hub orders: one instance that waits for its start; no server has it open."""
    file = tmp_path / "hub.db"
    opened = SchedulerFile(str(file), clock=system_clock)
    store = SchedulerStore(opened, "orders")
    await store.open(create=True)
    started = ExecutionStarted(
        timestamp=system_clock(), execution=Execution("order-7", "0" * 32), name="Order", input="1"
    )
    await store.start(Message(event=started, target=started.execution), None)
    await store.close()
    await opened.close()
    return file


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    """Return a folder to work in: it is the current one."""
    folder, before = tmp_path / "here", Path.cwd()
    folder.mkdir()
    os.chdir(folder)
    yield folder
    os.chdir(before)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(plan, [str(one) for one in arguments])


def test_a_hub_is_exported_beside_its_plan(hub_file: Path, here: Path) -> None:
    done = run(f"sqlite:{hub_file}/orders", ENDPOINT)

    made = PlanFile(here / "orders.plan")
    assert done.exit_code == 0, done.output
    assert made.head.bundle == "orders.hub"
    assert made.head.frozen  # nobody had the file open
    assert BundleReader(here / "orders.hub").manifest.root == made.head.bundle_root
    assert [unit.strategy.value for unit in made.units()] == ["b1"]
    assert "exporting" in done.stderr
    assert "root " in done.stderr  # what the export says is no result of the plan
    assert done.stdout.startswith("PLAN\n")


def test_a_bundle_that_is_there_is_replaced_only_if_it_is_asked_for(
    hub_file: Path, here: Path
) -> None:
    source = f"sqlite:{hub_file}/orders"
    run(source, ENDPOINT, "--bundle", here / "mine.hub")

    refused = run(source, ENDPOINT, "--bundle", here / "mine.hub")
    replaced = run(source, ENDPOINT, "--bundle", here / "mine.hub", "--force")

    assert isinstance(refused.exception, DurahubError)
    assert replaced.exit_code == 0
    assert (here / "mine.plan").exists()


def test_a_hub_that_is_not_there_is_told(here: Path) -> None:
    done = run(f"sqlite:{here}/none.db/orders", ENDPOINT)

    assert isinstance(done.exception, DurahubError)
    assert isinstance(done.exception, HubNotFound)
    assert not list(here.glob("*.plan"))
