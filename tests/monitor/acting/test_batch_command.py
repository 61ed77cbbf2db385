"""``durahub batch`` over a hub in a file."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from durahub.dispatch.clock import system_clock
from durahub.engine.commit import InstanceUpdate
from durahub.errors import DurahubError
from durahub.model.history import Execution, ExecutionStarted, Status
from durahub.storage import SqliteStorage
from durahub_migrate.acting.data_folder import VARIABLE
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.cli.batch import batch

SCRIPT = (
    "import sys\n"
    "from durahub.cli.entry import run_entry\n"
    "from durahub_migrate.cli.batch import batch\n"
    "sys.exit(run_entry(batch))\n"
)


async def fill(file: Path, count: int) -> None:
    async with SqliteStorage(str(file)) as storage:
        store = storage.store("Shop")
        await store.open(create=True)
        for number in range(count):
            name, status = f"order-{number}", Status.Running if number == 1 else Status.Completed
            now = system_clock()
            event = ExecutionStarted(
                timestamp=now, execution=Execution(name, "x"), name="Order", version=""
            )
            update = InstanceUpdate(
                execution_id="x",
                last_updated=now,
                custom_status=None,
                started=event,
                status=status,
                completed=now if status.is_terminal else None,
            )
            await store.repair(name, update, insert=True)
        await store.close()


Batch = Callable[..., tuple[int, Result]]


@pytest.fixture
def hub(tmp_path: Path) -> str:
    asyncio.run(fill(tmp_path / "hub.db", 4))
    return f"sqlite:{tmp_path / 'hub.db'}/Shop"


@pytest.fixture
def durahub_batch(tmp_path: Path) -> Batch:
    """Run the command; return its exit status as `durahub` has it, and what it printed."""

    def invoke(*arguments: str) -> tuple[int, Result]:
        runner = CliRunner(env={VARIABLE: str(tmp_path / "data")})
        result = runner.invoke(batch, arguments)
        error = result.exception
        if isinstance(error, DurahubError):
            return error.exit_status, result
        if isinstance(error, Exception) and not isinstance(error, click.ClickException):
            raise error
        return result.exit_code, result

    return invoke


def left(durahub_batch: Batch, hub: str) -> list[str]:
    status, result = durahub_batch(
        "run", "purge", hub, "--query", "", "--dry-run", "--format", "json"
    )
    assert status == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    _, reported = durahub_batch("report", lines[0]["number"], "--format", "jsonl")
    return [json.loads(line)["instanceId"] for line in reported.stdout.splitlines()]


def test_a_dry_run_tells_and_does_nothing(hub: str, durahub_batch: Batch) -> None:
    status, result = durahub_batch("run", "purge", hub, "--query", "name:Order", "--dry-run")
    assert status == 0
    assert "4 found, 3 to do" in result.stdout
    assert "only what has ended can be purged" in result.stdout
    assert "purge (dry run)" in result.stdout
    assert "purge (dry run)" in durahub_batch("list")[1].stdout
    assert len(left(durahub_batch, hub)) == 4


def test_what_was_found_is_purged_and_what_runs_is_told(
    hub: str, tmp_path: Path, durahub_batch: Batch
) -> None:
    archive = tmp_path / "archive"
    status, result = durahub_batch(
        *("run", "purge", hub, "--query", "id:order-*", "--yes", "--rate", "1000"),
        *("--archive", str(archive), "--reason", "old", "--format", "json"),
    )
    assert status == 6  # one was skipped
    job = json.loads(result.stdout.splitlines()[-1])
    assert (job["state"], job["done"], job["skipped"]) == ("done", 3, 1)
    (manifest,) = archive.rglob("manifest.json")
    saved = {one.whole().instance_id for one in BundleReader(manifest.parent).instances()}
    assert saved == {"order-0", "order-2", "order-3"}
    assert left(durahub_batch, hub) == ["order-1"]


def test_all_that_was_wanted_is_status_0(hub: str, durahub_batch: Batch) -> None:
    asked = ("run", "purge", hub, "--query", "status:Completed", "--yes", "--rate", "1000")
    assert durahub_batch(*asked)[0] == 0
    assert durahub_batch(*asked)[0] == 0  # there is nothing to do


def test_without_a_terminal_and_without_yes_it_waits(hub: str, durahub_batch: Batch) -> None:
    status, result = durahub_batch("run", "purge", hub, "--query", "status:Completed")
    assert status == 3
    assert "--yes" in str(result.exception)
    assert len(left(durahub_batch, hub)) == 4
    status, result = durahub_batch("resume", "1")
    assert status == 0
    assert left(durahub_batch, hub) == ["order-1"]


def test_too_many_are_status_3(hub: str, durahub_batch: Batch) -> None:
    status, result = durahub_batch("run", "purge", hub, "--query", "", "--yes", "--most", "2")
    assert status == 3
    assert "more than 2 instances" in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--query", "status:("),
        ("--query", "", "--set", "recursive"),
        ("--query", "", "--set", "force=1"),
        ("--query", "", "--rate", "0"),
    ],
)
def test_wrong_usage_is_status_2(
    hub: str, arguments: tuple[str, ...], durahub_batch: Batch
) -> None:
    assert durahub_batch("run", "purge", hub, *arguments, "--yes")[0] == 2


def test_a_hub_that_is_not_there_is_told(hub: str, durahub_batch: Batch) -> None:
    status, result = durahub_batch("run", "purge", hub.replace("Shop", "Other"), "--query", "")
    assert status == 2
    assert "Task hub not found" in str(result.exception)


def test_jobs_are_listed_shown_and_canceled(hub: str, durahub_batch: Batch) -> None:
    durahub_batch("run", "purge", hub, "--query", "status:Completed")
    _, result = durahub_batch("list", "--format", "json")
    assert [json.loads(line)["state"] for line in result.stdout.splitlines()] == ["ready"]
    _, result = durahub_batch("show", "1")
    assert "3 to do" in result.stdout
    assert durahub_batch("pause", "1")[0] == 3  # it does not run
    assert durahub_batch("cancel", "1")[0] == 0
    assert durahub_batch("resume", "1")[0] == 3
    assert durahub_batch("show", "7")[0] == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals are otherwise there")
def test_ctrl_c_pauses_and_says_how_to_go_on(
    hub: str, tmp_path: Path, durahub_batch: Batch
) -> None:
    command = [
        *(sys.executable, "-c", SCRIPT, "run", "purge", hub, "--query", "status:Completed"),
        *("--yes", "--rate", "0.5"),
    ]
    with subprocess.Popen(
        command,
        env={**os.environ, VARIABLE: str(tmp_path / "data")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("examples"):
                break
        _until_one_is_done(durahub_batch)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert "'durahub batch resume 1' goes on" in err
    _, result = durahub_batch("show", "1", "--format", "json")
    job = json.loads(result.stdout)
    assert job["state"] == "paused"
    assert 1 <= job["done"] < 3


def _until_one_is_done(durahub_batch: Batch) -> None:
    while True:  # the time-out of tests ends it
        _, result = durahub_batch("show", "1", "--format", "json")
        if json.loads(result.stdout)["done"]:
            return
