"""The power goes, and with it what was not synced: a SQLite file has all that was acknowledged."""

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from durahub.local.child import Child
from tests.fault.power.checking import DATABASE, Ack, broken
from tests.fault.power.images import Kept, images
from tests.fault.power.journal import Journal, compiled
from tests.fault.power.recorded import APP, HUB, record
from tests.fault.served import DURAHUB, Served
from tests.sdk.travel_hub import client_of

pytestmark = [pytest.mark.fault, pytest.mark.sdk, pytest.mark.timeout(400)]

CUTS = 60

StartWorker = Callable[..., Child]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = compiled(tmp_path_factory.mktemp("journal"))
    if isinstance(made, str):
        pytest.skip(f"writes cannot be noted here: {made}")
    return made


@pytest.fixture
def journal(library: Path, tmp_path: Path) -> Journal:
    (tmp_path / "disk").mkdir()
    return Journal(tmp_path / "journal", tmp_path / "disk", library)


@pytest.mark.parametrize("content", [b"\xff", None])
def test_what_a_torn_page_has_left_of_an_event_counts_as_broken(
    content: bytes | None, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "made.db")) as made:
        made.execute("CREATE TABLE instances (id, status, output)")
        made.execute("CREATE TABLE inbox (instance, event)")
        made.execute("INSERT INTO inbox VALUES ('one', ?)", (content,))
        made.commit()
    image = {DATABASE: (tmp_path / "made.db").read_bytes()}

    (told,) = broken(image, [Ack(0, "event", "one", "tick")], tmp_path)

    assert told.startswith("cannot be read")


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_power_loss_takes_back_nothing_that_was_acknowledged(
    command: str, journal: Journal, tmp_path: Path
) -> None:
    recorded = record(journal, (*DURAHUB, command))

    assert {ack.what for ack in recorded.acks} == {"start", "event", "end"}
    assert recorded.broken(CUTS, 20261122, tmp_path) == []


def test_a_server_goes_on_from_what_a_power_loss_has_left(
    journal: Journal, start_worker: StartWorker, tmp_path: Path
) -> None:
    recorded = record(journal, (*DURAHUB, "serve"))
    cut = recorded.acks[len(recorded.acks) // 3].at
    ((_, _, image),) = images(recorded.steps, [(cut, Kept.TORN)], Random(7))
    left = tmp_path / "left"
    left.mkdir()
    for name, content in image.items():
        if not name.endswith("-shm"):
            (left / name).write_bytes(content)
    told = [ack for ack in recorded.acks if ack.at <= cut]
    started = {ack.instance_id for ack in told if ack.what == "start"}
    ready = {
        one for one in started if sum(a.instance_id == one and a.what == "event" for a in told) == 2
    }

    server = Served(
        ("serve", "--store", f"sqlite:{left / DATABASE}", "--hub", HUB),
        env={"DURAHUB_STATE_DIR": str(tmp_path)},
    )
    server.start()
    try:
        start_worker(APP, server.endpoint, HUB, str(tmp_path / "notes"))
        with client_of(server.endpoint, HUB) as client:
            assert started
            for one in started:
                assert client.get_orchestration_state(one) is not None, one
            assert ready
            for one in ready:
                state = client.wait_for_orchestration_completion(one, timeout=60)
                assert state is not None
                number = one.removeprefix("mixed-")
                texts = [f"tick-{number}-{tick}." for tick in range(2)]
                assert state.get_output() == {"child": 3, "seen": texts}
    finally:
        server.stop()


@pytest.mark.parametrize("bug", ["synchronous-off", "answers-early"])
def test_a_store_that_acknowledges_too_early_is_found(
    bug: str, journal: Journal, tmp_path: Path
) -> None:
    planted = (sys.executable, "-m", "tests.fault.planted", bug)
    recorded = record(journal, planted, runs=1)

    assert recorded.broken(CUTS, 20261122, tmp_path) != []
