import os
from pathlib import Path

import pytest

from tests.ui.front_end import builder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The front end as it is built of the sources that are there."""
    ui = builder()
    if ui.is_current():
        return Path(ui.BUILT)
    if ui.find_node() is None:
        pytest.skip("the front end is not built, and there is no Node to build it")
    shared = tmp_path_factory.getbasetemp().parent  # of all processes of this run
    lock = shared / "building-the-front-end"
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        pytest.skip("another process of this run builds the front end")
    ui.build()
    return Path(ui.BUILT)
