"""Recorded .NET hubs are moved into a classic hub of another name, the way back, and finished there."""

import secrets

import pytest

from tests.conftest import STORE, Storage
from tests.golden.finishing.moved import ClassicTarget, Finished, finish_at
from tests.golden.finishing.takeover import most_runs
from tests.golden.moving.known import RUN_AGAIN
from tests.golden.moving.road import Move, exported, in_account
from tests.golden.recorded import RecordedHub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite, pytest.mark.slow]


@pytest.fixture(
    scope="module",
    params=["crash-outbox", "waiting", "killed", "entities"],
)
def finished(
    request: pytest.FixtureRequest, azurite: Storage, tmp_path_factory: pytest.TempPathFactory
) -> Finished:
    hub = RecordedHub(request.param)
    folder = tmp_path_factory.mktemp(hub.name)
    name = f"Moved{secrets.token_hex(6)}"
    source = exported(hub, azurite, name, folder)
    move = Move(source, f"env:{STORE}/{name}Back", folder, in_account(azurite))
    move.planned()
    move.applied("--postpone-cut-over")
    move.cut_over()  # queues show nothing before
    move.verified()
    return finish_at(hub, ClassicTarget(azurite, f"{name}Back"), folder, within=30)


def test_every_instance_and_entity_ends_as_under_dotnet(finished: Finished) -> None:
    assert "\n".join(f"{one}: {what}" for one, what in finished.wrong().items()) == ""


def test_the_activities_run_that_were_still_to_be_run_and_no_others(finished: Finished) -> None:
    times = 2 if finished.hub.name in RUN_AGAIN else 1
    most = most_runs(finished.hub)
    assert finished.runs == {one: count * times for one, count in most.items() if count}
