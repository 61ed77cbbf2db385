"""Apply in a process of its own: a full disk, Ctrl-C, kill -9, a second process."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from durahub.errors import WrongJobState
from durahub_migrate.applying.states import JobState, UnitState
from tests.applying.counting_target import CountingMover, Target
from tests.applying.jobs import a_run, state_of, units_by_state
from tests.applying.moves import Move, a_move
from tests.bundle.exports import exported_file

ROOT = Path(__file__).parents[2]
COMMAND = """
import sys
from durahub.cli.entry import run_entry
from durahub_migrate.cli.apply import apply
sys.exit(run_entry(apply))
"""

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are those of POSIX"),
]


@pytest.mark.parametrize("size", [30_000, 90_000, 150_000])
def test_a_full_disk_ends_the_run_before_the_next_call_and_it_goes_on_when_there_is_room(
    tmp_path: Path, size: int
) -> None:
    move = a_move(tmp_path)

    ended = subprocess.run(
        [sys.executable, "-m", "tests.applying.full_disk_app", str(move.plan), str(size)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.stdout.strip() == "DH512", (ended.stdout, ended.stderr)
    asyncio.run(go_on(move, Target(tmp_path / "target")))

    held = Target(tmp_path / "target").holds()
    assert len(held) == 3 * 11 + 1
    assert set(held.values()) == {1}


async def go_on(move: Move, target: Target) -> None:
    async with a_run(move.plan, CountingMover(target)) as running:
        await running.apply()


def begin(move: Move, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(move.plan), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def wait_until_some_are_placed(move: Move, process: "subprocess.Popen[str]") -> None:
    while process.poll() is None:
        try:
            if units_by_state(move.plan).get(UnitState.PLACED, 0) >= 2:
                return
        except WrongJobState:
            pass
        time.sleep(0.05)  # another process is at work
    raise AssertionError(process.communicate())


def instances_at(folder: Path) -> int:
    manifest = asyncio.run(exported_file(folder / "new.db", "orders", folder / "after.hub"))
    return manifest.counts.instances_read


@pytest.fixture
def slow_move(tmp_path: Path) -> Move:
    return a_move(tmp_path, f"sqlite:{tmp_path}/new.db/orders", live=20, ended=20)


def test_ctrl_c_stops_in_order_and_the_same_command_goes_on(
    slow_move: Move, tmp_path: Path
) -> None:
    with begin(slow_move, "--rate", "5") as process:
        wait_until_some_are_placed(slow_move, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()

    assert process.returncode == 5, (out, err)
    assert "the same command goes on" in out
    assert state_of(slow_move.plan) is JobState.PLACING
    with begin(slow_move) as process:
        out, err = process.communicate()
    assert process.returncode == 0, (out, err)
    assert instances_at(tmp_path) == 60


def test_a_process_that_was_killed_is_followed_by_one_that_goes_on(
    slow_move: Move, tmp_path: Path
) -> None:
    for _ in range(3):
        with begin(slow_move, "--rate", "10", "--parallel", "3") as process:
            wait_until_some_are_placed(slow_move, process)
            process.kill()
    with begin(slow_move) as process:
        out, err = process.communicate()

    assert process.returncode == 0, (out, err)
    assert units_by_state(slow_move.plan) == {UnitState.DONE: 40}
    assert instances_at(tmp_path) == 60


def test_a_second_process_is_told_who_is_at_work_and_speed_is_changed_while_it_is(
    slow_move: Move,
) -> None:
    with begin(slow_move, "--rate", "2") as process:
        wait_until_some_are_placed(slow_move, process)
        with begin(slow_move) as second:
            out, err = second.communicate()
        control = slow_move.plan.with_name("orders.plan.job") / "control.toml"
        control.write_text("rate = 1000\nparallel = 2\n")
        first_out, first_err = process.communicate()

    assert (second.returncode, f"process {process.pid}" in err) == (4, True), (out, err)
    assert process.returncode == 0, (first_out, first_err)
