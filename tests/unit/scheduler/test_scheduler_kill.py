"""A process that is killed in the middle of its commits loses none that it was told of."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from scheduler_hubs import opened, sql

from durahub.dispatch.clock import system_clock
from durahub.model.history import Status, TaskCompleted

APP = Path(__file__).with_name("committing_app.py")
COMPLETING_APP = Path(__file__).with_name("completing_app.py")
ACKNOWLEDGED = 150  # lines until the process is killed


def killed_while_committing(place: Path, prefix: str, app: Path = APP) -> list[str]:
    """Run the app until it has acknowledged enough; return everything that it acknowledged."""
    command = [sys.executable, str(app), str(place), prefix]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(ACKNOWLEDGED)]
        process.kill()
        lines += process.stdout.readlines()
    return [line.strip() for line in lines if line.endswith("\n")]


@pytest.mark.fault
@pytest.mark.parametrize("runs", [3])
async def test_what_was_acknowledged_is_there_and_every_commit_is_whole(
    tmp_path: Path, runs: int
) -> None:
    place = tmp_path / "hub.db"
    acknowledged: list[str] = []
    for run in range(runs):
        acknowledged += killed_while_committing(place, f"r{run}")

    async with opened(place, system_clock, create=False) as store:
        assert await sql(store, "PRAGMA integrity_check") == [("ok",)]
        targets = Counter(str(name) for (name,) in await sql(store, "SELECT instance FROM inbox"))
        known = await sql(store, "SELECT id FROM instances")
        work = await sql(store, "SELECT seq FROM tasks")
        committed = 0
        for (found,) in known:
            instance_id = str(found)
            row = await store.get(instance_id)
            assert row is not None
            events = (await store.load(instance_id)).events
            if row.status is Status.Pending:
                assert events == ()
                assert targets[instance_id] == 1
                assert targets[f"child of {instance_id}"] == 0
            else:
                committed += 1
                assert len(events) == 2
                assert targets[instance_id] == 0
                assert targets[f"child of {instance_id}"] == 1
        assert len(work) == 2 * committed

        there = {str(found) for (found,) in known}
        for line in acknowledged:
            what, instance_id = line.split()
            assert instance_id in there
            if what == "committed":
                assert (await store.load(instance_id)).version.length == 2
        assert committed > 0


@pytest.mark.fault
async def test_of_an_activity_there_is_its_row_or_its_result_and_what_was_consumed_stays_so(
    tmp_path: Path,
) -> None:
    place = tmp_path / "hub.db"
    ended = [
        line.removeprefix("ended ")
        for run in range(3)
        for line in killed_while_committing(place, f"r{run}", COMPLETING_APP)
    ]

    async with opened(place, system_clock, create=False) as store:
        rows = Counter(str(name) for (name,) in await sql(store, "SELECT instance FROM tasks"))
        results = Counter(str(name) for (name,) in await sql(store, "SELECT instance FROM inbox"))
        # what has begun has consumed its start: what is left for it is a result
        begun = await sql(store, "SELECT id FROM instances WHERE status = 0")
        consumed = 0
        for (found,) in begun:
            instance_id = str(found)
            events = (await store.load(instance_id)).events
            done = sum(isinstance(event, TaskCompleted) for event in events)
            assert rows[instance_id] + results[instance_id] + done == 1
            consumed += done
        assert consumed >= len(ended)
        for instance_id in ended:
            events = (await store.load(instance_id)).events
            assert isinstance(events[-1], TaskCompleted)
        assert len(begun) > len(ended) > 0
