"""A hub is exported while an app and its clients are at work: the bundle says so, and is moved by nobody."""

import asyncio
from pathlib import Path

import pytest

from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.cli.apply import apply
from durahub_migrate.cli.export import export
from durahub_migrate.cli.plan import plan
from durahub_migrate.cli.verify import verify
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from tests.conftest import Storage
from tests.lint.in_use.linted import found_in, told
from tests.moving_in_use.play import Hub, Move, Players, Road, left_in_the_midst
from tests.moving_in_use.stories import stories
from tests.sdk.two_stores import new_hub

pytestmark = [pytest.mark.sdk, pytest.mark.timeout(400)]

LOOKS = 3
SEEDS = [21, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(22, 28))]
STORES = [pytest.param("classic", marks=[pytest.mark.azurite, pytest.mark.slow]), "sqlite"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("store", STORES)
def test_what_is_in_use_gives_a_preview(
    store: str, seed: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    storage: Storage | None = request.getfixturevalue("azurite") if store == "classic" else None
    hub = Hub(new_hub("Looked"), storage, None if storage else tmp_path / "hub.db")
    moves = [Move(tmp_path / f"look-{n}", hub.env) for n in range(LOOKS)]

    def look(move: Move) -> None:
        move.folder.mkdir()
        move.run(export, hub.address, move.bundle)

    players = Players(stories(seed, 12))
    notes = tmp_path / "notes"
    notes.touch()
    looking = [lambda move=move: look(move) for move in moves]
    left_in_the_midst(Road(seed, store, "sqlite"), hub, players, notes, looking)

    for move in moves:
        manifest = BundleReader(move.bundle).manifest
        assert not manifest.frozen
        assert manifest.evidence["not_frozen"]
        target = f"sqlite:{move.folder / 'new.db'}/new"
        assert "preview" in move.run(plan, move.bundle, target).lower()
        move.run(apply, move.plan_file, status=3)
        assert not (move.folder / "new.db").exists()
        move.run(verify, move.bundle, move.bundle)
        found = asyncio.run(found_in(BundleSource("bundle", move.bundle, ReadingOptions())))
        assert told([one for one in found if one.severity is not Severity.INFO]) == []
