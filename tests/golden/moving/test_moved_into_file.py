"""Recorded .NET hubs are moved into a hub in a file, and finished there: all ends as under .NET."""

import secrets

import pytest

from tests.conftest import Storage
from tests.golden.finishing.endings import neutral
from tests.golden.finishing.moved import FileTarget, Finished, finish_at, wrong_ends
from tests.golden.finishing.stored import StoredHub
from tests.golden.finishing.takeover import most_runs
from tests.golden.moving.known import IN_FILE, RUN_AGAIN
from tests.golden.moving.road import QUICK, Move, exported, in_account
from tests.golden.recorded import HUBS, RecordedHub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

HOUR = 3600
CASES = [
    *(
        pytest.param((hub, 0), id=hub.name, marks=() if hub.name in QUICK else pytest.mark.slow)
        for hub in HUBS
    ),
    *(
        pytest.param((RecordedHub(name), HOUR), id=f"{name}-hidden", marks=pytest.mark.slow)
        for name in ("waiting", "killed")
    ),
]
SCHEDULED_AGAIN = frozenset({"awaits-activity", "awaits-some-activities"})
"""Whose histories tell that, where messages were hidden, beside the ends that they have in common."""


def wrong(hub: RecordedHub, found: StoredHub, again: frozenset[str]) -> dict[str, list[str]]:
    """Return what is not known to end otherwise; of *again* only outputs count."""
    differences = wrong_ends(hub, found)
    for one in again:
        output = neutral(found.lines[one])["output"] if one in found.lines else ...
        if output == neutral(hub.finished[one])["output"]:
            differences.pop(one, None)
    for one in IN_FILE.get(hub.name, {}):
        texts = differences.pop(one, [])
        if not texts or any("'exists': True" not in text for text in texts):
            differences[one] = ["it does not end as is known", *texts]
    return differences


@pytest.fixture(scope="module", params=CASES)
def finished(
    request: pytest.FixtureRequest, azurite: Storage, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Finished, frozenset[str]]:
    """A hub that was moved and finished, and the instances that it had to schedule again."""
    hub, hidden = request.param
    again = SCHEDULED_AGAIN if hidden else frozenset()
    folder = tmp_path_factory.mktemp(hub.name)
    name = f"Moved{secrets.token_hex(6)}"
    source = exported(hub, azurite, name, folder, hidden=hidden)
    move = Move(source, f"sqlite:{folder}/hub.db/{name}", folder, in_account(azurite))
    move.planned()
    move.applied("--postpone-cut-over")
    move.verified()
    move.cut_over()
    target = FileTarget(folder / "hub.db", name)
    done = finish_at(
        hub,
        target,
        folder,
        within=90,
        has_ended=lambda hub, found: not wrong(hub, found, again),
    )
    return done, again


def test_every_instance_and_entity_ends_as_under_dotnet(
    finished: tuple[Finished, frozenset[str]],
) -> None:
    done, again = finished
    differences = wrong(done.hub, done.end, again)
    assert "\n".join(f"{one}: {what}" for one, what in differences.items()) == ""


def test_the_activities_run_that_were_still_to_be_run_and_no_others(
    finished: tuple[Finished, frozenset[str]],
) -> None:
    done, _ = finished
    times = 2 if done.hub.name in RUN_AGAIN else 1
    assert done.runs == {one: count * times for one, count in most_runs(done.hub).items() if count}
