"""Folders for data that nobody keeps: gone afterwards, also those of processes that were killed."""

import os
from pathlib import Path

from durahub.local.folder import claim
from durahub.local.scratch import scratch_folder


def test_the_folder_is_there_for_the_body_and_then_gone(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "queues").mkdir()
        assert folder.parent == tmp_path

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_deleted_by_the_next(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as first:
        os.close(claim(first, 0))  # its lock file stays, and nobody holds it

        with scratch_folder(tmp_path) as second:
            assert list(tmp_path.iterdir()) == [second]


def test_what_is_in_use_or_just_being_made_is_left_alone(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as used, scratch_folder(tmp_path) as fresh:
        lock = claim(used, 0)
        with scratch_folder(tmp_path):
            pass
        os.close(lock)

        assert sorted(tmp_path.iterdir()) == sorted([used, fresh])


def test_other_folders_are_nobodys_business(tmp_path: Path) -> None:
    other = tmp_path / "other"
    os.close(claim(other, 0))

    with scratch_folder(tmp_path):
        assert other.is_dir()
