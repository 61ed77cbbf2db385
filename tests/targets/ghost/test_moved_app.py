"""An app's hub is moved with all its work in flight, and the app goes on as if nothing had been."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from durabletask.client import OrchestrationStatus

from durahub_migrate.moving.mover import Outcome
from tests.endpoint.endpoints import KINDS
from tests.targets.ghost import app
from tests.targets.ghost.moved_app import OUTPUTS, WAITS, Finished, filled, finished

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def filled_hub(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[str]]:
    """A hub in a file in which everything waits, and what its activities have done."""
    folder = tmp_path_factory.mktemp("source")
    app.ran.clear()
    asyncio.run(filled(folder))
    return folder, Counter(app.ran)


@pytest.fixture(scope="module", params=KINDS)
def done(request: pytest.FixtureRequest, filled_hub: tuple[Path, Counter[str]]) -> Finished:
    """The hub, moved to a target and finished there."""
    folder, ran = filled_hub
    app.ran.clear()
    app.ran.update(ran)
    return asyncio.run(finished(request.param, folder))


def test_every_unit_is_moved(done: Finished) -> None:
    assert [moved for _, _, moved in done.moved if moved.outcome is not Outcome.DONE] == []


def test_no_activity_runs_because_of_the_move(done: Finished) -> None:
    assert done.ran_by_move == Counter()


def test_every_activity_has_run_once(done: Finished) -> None:
    tries = {what: count for what, count in done.ran.items() if count != 1}
    assert tries == {'recover "retried"': 2}, "it fails once by itself"


@pytest.mark.parametrize("instance_id", sorted(WAITS))
def test_an_instance_ends_as_it_would_have_at_the_source(done: Finished, instance_id: str) -> None:
    state = done.states[instance_id]
    if instance_id == "failed":
        assert state.runtime_status is OrchestrationStatus.FAILED
        assert state.failure_details is not None
        assert "no failed" in state.failure_details.message
    else:
        assert state.runtime_status is OrchestrationStatus.COMPLETED, state.failure_details
        assert state.get_output() == OUTPUTS[instance_id]


def test_an_instance_stands_where_it_stood(done: Finished) -> None:
    assert done.before["after"].customStatus.value == '"half way"'
    assert done.before["eternal"].input.value == "3"
    assert done.before["ended"].output.value == '"did ended"'


def test_its_history_means_the_same(done: Finished) -> None:
    seen_by_nobody = {"@tally@locked"}  # who waits for its lock: endpoints do not show it
    if done.kind == "foreign":  # its backend tells no child of its parent
        seen_by_nobody |= {"parent:0001", "parent:0002", "parent:0002:0002"}
    assert done.differ == seen_by_nobody


def test_an_entity_goes_on_from_its_state(done: Finished) -> None:
    assert done.tally == 42
