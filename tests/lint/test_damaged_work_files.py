"""A work file that is not as it was left: one error of ours, whatever is done with it."""

import contextlib
import random
from pathlib import Path

import pytest

from durahub.errors import WorkFileUnusable
from durahub_migrate.lint.book import Book
from tests.lint.test_resuming import Numbered, contents, run_in


@pytest.mark.parametrize("seed", range(12))
async def test_damage_is_an_error_of_ours_or_does_no_harm(tmp_path: Path, seed: int) -> None:
    work = tmp_path / "work"
    await run_in(work, Numbered(400, most=300))
    chance = random.Random(seed)
    data = bytearray(work.read_bytes())
    for _ in range(12):
        page = chance.randrange(1, len(data) // 4096) * 4096
        data[page : page + 200] = chance.randbytes(200)
    work.write_bytes(data[: chance.choice([len(data), len(data) // 2])])

    with contextlib.suppress(WorkFileUnusable):
        await run_in(work, Numbered(400))
        contents(work)


def test_a_folder_or_a_file_in_no_folder_is_no_work_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "folder"):
        with pytest.raises(WorkFileUnusable):
            Book(str(path))
