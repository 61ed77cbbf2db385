"""Recorded .NET hubs are moved to a foreign endpoint, and finished there by workers of the Python SDK."""

import secrets
from pathlib import Path

import pytest

from tests.conftest import Storage
from tests.endpoint.endpoints import free_port
from tests.golden.finishing.moved import Finished, finish_at
from tests.golden.finishing.takeover import most_runs
from tests.golden.moving.foreign import ends_otherwise, foreign_target
from tests.golden.moving.known import differences_at_foreign, drained
from tests.golden.moving.road import QUICK, Move, exported, in_account
from tests.golden.recorded import HUBS, RecordedHub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

ODD_IDS = frozenset({"edges", "entities", "functions"})
"""Hubs with IDs that not every endpoint takes: a probe tells that this one does."""


@pytest.fixture(scope="module")
def port() -> int:
    """Of all servers here, for what a probe has seen is about one address."""
    return free_port()


@pytest.fixture(scope="module")
def probed(port: int, azurite: Storage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a probe has seen of such a server, which is not the one that is moved to."""
    folder = tmp_path_factory.mktemp("probed")
    source = exported(RecordedHub("crash-outbox"), azurite, _name(), folder)
    with foreign_target(port) as target:
        move = Move(source, str(target.address), folder, in_account(azurite))
        move.planned("--probe", "--capabilities", str(folder / "capabilities.json"))
    return folder / "capabilities.json"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(hub, id=hub.name, marks=() if hub.name in QUICK else pytest.mark.slow)
        for hub in HUBS
    ],
)
def finished(
    request: pytest.FixtureRequest,
    port: int,
    azurite: Storage,
    tmp_path_factory: pytest.TempPathFactory,
) -> Finished:
    hub: RecordedHub = request.param
    options = ["--numbering", "python", *drained(hub.name)]
    if hub.name in ODD_IDS:
        options += ["--capabilities", str(request.getfixturevalue("probed"))]
    if hub.name.startswith("crash-"):
        options += ["--ended", "move"]  # its history has ended, or nearly so: it is to be there
    folder = tmp_path_factory.mktemp(hub.name)
    source = exported(hub, azurite, _name(), folder)
    with foreign_target(port) as target:
        move = Move(source, str(target.address), folder, in_account(azurite))
        move.planned(*options)
        move.applied()
        move.verified()
        return finish_at(
            hub,
            target,
            folder,
            within=30,
            has_ended=lambda hub, found: (
                ends_otherwise(hub, found) == differences_at_foreign(hub.name)
            ),
        )


def _name() -> str:
    return f"Moved{secrets.token_hex(6)}"


def test_every_instance_and_entity_ends_as_under_dotnet(finished: Finished) -> None:
    assert ends_otherwise(finished.hub, finished.end) == differences_at_foreign(finished.hub.name)


def test_the_activities_run_that_were_still_to_be_run_and_no_others(finished: Finished) -> None:
    assert finished.runs == {one: count for one, count in most_runs(finished.hub).items() if count}
