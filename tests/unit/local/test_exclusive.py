"""Locks that end with their process, and the data folder that has one."""

import os
import sys
from pathlib import Path

import pytest

from durahub.errors import AzuriteFailed
from durahub.local import exclusive
from durahub.local.child import Child
from durahub.local.folder import LOCK, claim

HOLD = """
import sys, pathlib
from durahub.local import exclusive
assert exclusive.acquire(pathlib.Path(sys.argv[1])) is not None
print("held")
sys.stdin.read()
"""


def holding(file: Path) -> Child:
    child = Child([sys.executable, "-u", "-c", HOLD, file])
    assert child.wait_for(lambda line: line == "held" or None, 30), child.tail()
    return child


def test_one_process_has_the_lock_and_the_other_learns_which(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    child = holding(file)
    try:
        assert exclusive.acquire(file) is None
        assert exclusive.holder(file) == child.pid
    finally:
        child.kill()


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    holding(file).kill()

    descriptor = exclusive.acquire(file)
    assert descriptor is not None
    os.close(descriptor)


def test_waiting_for_a_lock_ends_when_its_holder_does(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    child = holding(file)
    child.close_input()

    with exclusive.waiting_for(file):
        assert exclusive.holder(file) == os.getpid()
    child.wait(30)


def test_a_lock_that_a_child_inherited_outlives_its_holder(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    descriptor = exclusive.acquire(file)
    assert descriptor is not None
    heir = Child([sys.executable, "-c", "import sys; sys.stdin.read()"], keep=[descriptor])
    os.close(descriptor)
    try:
        assert exclusive.acquire(file) is None
    finally:
        heir.kill()
    assert exclusive.acquire(file) is not None


def test_a_data_folder_is_made_and_refused_to_a_second_one(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    lock = claim(folder, patience=0)
    with pytest.raises(AzuriteFailed, match=f"in use by process {os.getpid()}"):
        claim(folder, patience=0)
    os.close(lock)


def test_a_folder_whose_holder_died_is_had_when_its_azurite_has_ended(tmp_path: Path) -> None:
    heir = _orphan_holding(tmp_path)
    with pytest.raises(AzuriteFailed, match="an Azurite that does not end"):
        claim(tmp_path, patience=0)

    heir.close_input()
    lock = claim(tmp_path, patience=30)

    os.close(lock)
    heir.wait(30)


def test_a_data_folder_that_cannot_be_made_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AzuriteFailed, match="cannot be used"):
        claim(tmp_path / "file" / "data", patience=0)


def _orphan_holding(folder: Path) -> Child:
    """Return a child that holds the lock of *folder*, in the name of a process that has died."""
    lock = claim(folder, patience=0)
    heir = Child([sys.executable, "-c", "import sys; sys.stdin.read()"], keep=[lock])
    os.close(lock)
    dead = Child([sys.executable, "-c", ""])
    dead.wait(30)
    (folder / LOCK).write_text(str(dead.pid))
    return heir
