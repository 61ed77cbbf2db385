"""The shop's hub as a bundle, with a plan for each kind of target."""

from pathlib import Path

import pytest

from tests.interrupted import shop


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the bundle, and a plan by each kind of target."""
    folder = tmp_path_factory.mktemp("shop")
    shop.fill(folder)
    for kind, target in (
        ("file", "sqlite:new.db/shop"),
        ("classic", "env:STORAGE/shop"),
        ("own", "dts:http://localhost:1/shop"),
        ("foreign", "dts:http://localhost:1/default"),
    ):
        shop.plan(folder / shop.BUNDLE, kind, target, folder / f"{kind}.plan")
    return folder
