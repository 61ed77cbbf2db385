"""``durahub export`` that gets ``SIGKILL`` anywhere: no bundle looks complete that is not."""

import random
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from durahub.errors import BadRequest, DurahubError, FileUnavailable
from durahub_migrate.bundle import layout
from durahub_migrate.bundle.archive import opened_bundle
from durahub_migrate.bundle.reader import BundleReader
from tests.bundle.bundles import a_history, an_instance, read, written
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS

PLACES = "durahub_migrate/bundle/,durahub_migrate/export/"
ROOT = Path(__file__).parents[2]
WAITING = next(hub for hub in HUBS if hub.name == "waiting")


def killed_at(at: int, source: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Export, and be killed instead of call number *at* into the exporter; 0 is never."""
    command = ["export", source, str(folder)]
    return subprocess.run(
        [sys.executable, "-m", "tests.lint.cli.killed_command", PLACES, str(at), *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.azurite
@pytest.mark.fault
async def test_a_killed_export_is_unfinished_and_the_next_one_is_whole(
    tmp_path: Path, azurite: Storage, hub_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(WAITING, azurite.connection_string, hub_name)
    monkeypatch.setenv("KILLED_EXPORT_STORE", azurite.connection_string)
    source, folder = f"env:KILLED_EXPORT_STORE/{hub_name}", tmp_path / "hub"
    undisturbed = killed_at(0, source, tmp_path / "whole")
    calls = int(re.findall(r"calls: (\d+)", undisturbed.stderr)[0])
    expected = read(tmp_path / "whole")
    chance = random.Random(7)

    for at in sorted([1, *(chance.randrange(1, calls) for _ in range(5)), calls - 2]):
        killed = killed_at(at, source, folder)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        if not (folder / layout.MANIFEST).exists():
            with pytest.raises(DurahubError):
                BundleReader(folder)
        else:  # it was told to be whole, and so it is
            assert read(folder) == expected
            (folder / layout.MANIFEST).unlink()
    done = killed_at(0, source, folder)

    assert done.returncode == undisturbed.returncode, done.stderr
    assert read(folder) == expected
    assert sorted(one.name for one in folder.iterdir()) == sorted(
        one.name for one in (tmp_path / "whole").iterdir()
    )


@pytest.mark.azurite
@pytest.mark.fault
async def test_a_killed_export_to_a_tar_leaves_a_whole_tar_or_none(
    tmp_path: Path, azurite: Storage, hub_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(WAITING, azurite.connection_string, hub_name)
    monkeypatch.setenv("KILLED_EXPORT_STORE", azurite.connection_string)
    source, target = f"env:KILLED_EXPORT_STORE/{hub_name}", tmp_path / "out" / "hub.tar"
    target.parent.mkdir()
    undisturbed = killed_at(0, source, tmp_path / "whole.tar")
    calls = int(re.findall(r"calls: (\d+)", undisturbed.stderr)[0])
    with opened_bundle(tmp_path / "whole.tar") as folder:
        expected = read(folder)
    chance = random.Random(11)

    for before_end in (2, 9, *(chance.randrange(10, calls) for _ in range(3))):
        killed = killed_at(calls - before_end, source, target)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        if target.exists():
            with opened_bundle(target) as folder:
                assert read(folder) == expected
            target.unlink()
    done = killed_at(0, source, target)

    assert done.returncode == undisturbed.returncode, done.stderr
    assert [one.name for one in target.parent.iterdir()] == ["hub.tar"]
    with opened_bundle(target) as folder:
        assert read(folder) == expected


def test_a_bundle_that_another_export_has_just_finished_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    one = an_instance("a", history=a_history("a"))
    outcomes: list[str] = []
    barrier = threading.Barrier(4)

    def export() -> None:
        barrier.wait()
        try:
            written(folder, [one])
            outcomes.append("written")
        except (BadRequest, FileUnavailable):
            outcomes.append("refused")

    threads = [threading.Thread(target=export) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert "written" in outcomes
    assert [found.instance_id for found in read(folder)] == ["a"]
