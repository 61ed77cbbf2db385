"""SIGTERM: a server comes to its end in stages, and what its workers do is done once."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.local.child import Child
from tests.conftest import STORE, Storage
from tests.operations.serve_process import Serve

pytestmark = [pytest.mark.sdk]

APP = Path(__file__).parents[1] / "fault" / "counting_app.py"
STEPS = 8
MANY = 30  # instances: a worker does not end them all before this process goes on
WITHIN = 150.0  # seconds
STAGES = [
    "drain-begins",
    "drain-no-new-work",
    "drain-partitions-released",
    "grpc-stopping",
    "server-stopped",
]

Start = Callable[..., Serve]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Start]:
    """Start a server in a folder of its own, by its name."""
    servers: list[Serve] = []

    def start(name: str, *arguments: str, env: dict[str, str] | None = None) -> Serve:
        servers.append(Serve(tmp_path / name, *arguments, env=env))
        return servers[-1]

    yield start
    for one in servers:
        one.kill()


def client(endpoint: str, hub: str) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        host_address=endpoint, taskhub=hub, token_credential=None, secure_channel=False
    )


def started(endpoint: str, hub: str, count: int) -> list[str]:
    with client(endpoint, hub) as caller:
        return [caller.schedule_new_orchestration("Chain", input=STEPS) for _ in range(count)]


def assert_completed(endpoint: str, hub: str, instances: list[str]) -> None:
    with client(endpoint, hub) as caller:
        for instance in instances:
            state = caller.wait_for_orchestration_completion(instance, timeout=WITHIN)
            assert state is not None
            assert state.runtime_status is OrchestrationStatus.COMPLETED


def until_some(notes: Path, count: int) -> None:
    deadline = time.monotonic() + WITHIN
    while len(notes.read_text().splitlines()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)  # another process writes them, and tells nobody


def assert_each_once(notes: Path, instances: list[str]) -> None:
    ran = Counter(notes.read_text().splitlines())
    assert ran == {f"{one}/{step}": 1 for one in instances for step in range(STEPS)}


def stages(server: Serve) -> list[str]:
    return [event["event"] for event in server.events() if event["event"] in STAGES]


@pytest.mark.slow
def test_a_clean_stop_on_a_file_runs_nothing_twice(
    serve: Start, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.touch()
    store = ("--store", f"sqlite:{tmp_path / 'hub.db'}", "--hub", "orders")
    one = serve("one", *store)
    start_worker(APP, one.endpoint, "orders", str(notes))
    instances = started(one.endpoint, "orders", MANY)
    until_some(notes, 15)

    one.terminate()
    assert one.child.wait(WITHIN) == 0
    assert len(notes.read_text().splitlines()) < MANY * STEPS  # it was in the middle of it
    assert stages(one) == STAGES
    ports = ("--grpc-port", str(one.grpc_port), "--http-port", str(one.http_port))
    again = serve("again", *store, *ports)

    assert_completed(again.endpoint, "orders", instances)
    assert_each_once(notes, instances)
    [released] = [e for e in one.events() if e["event"] == "drain-partitions-released"]
    assert released["hub"] == "orders"
    assert released["given_back"] == 0


@pytest.mark.slow
@pytest.mark.azurite
def test_a_clean_stop_on_a_shared_hub_hands_its_partitions_over_and_runs_nothing_twice(
    serve: Start,
    start_worker: Callable[..., Child],
    azurite: Storage,
    hub_name: str,
    tmp_path: Path,
) -> None:
    notes = tmp_path / "notes"
    notes.touch()
    env = {STORE: azurite.connection_string}
    store = ("--store", f"env:{STORE}", "--hub", hub_name, "--max-poll", "1")
    one = serve("one", *store, env=env)
    other = serve("other", *store, env=env)
    for server in (one, other):
        start_worker(APP, server.endpoint, hub_name, str(notes))
    instances = started(one.endpoint, hub_name, 10)
    until_some(notes, 15)

    one.terminate()
    assert one.child.wait(WITHIN) == 0
    assert stages(one) == STAGES

    assert_completed(other.endpoint, hub_name, instances)
    assert_each_once(notes, instances)


def test_a_second_signal_ends_it_at_once(serve: Start, tmp_path: Path) -> None:
    one = serve("one", "--store", "sqlite::memory:", "--drain-delay", "600")
    one.terminate()
    deadline = time.monotonic() + 60
    while one.readiness() != 503:
        assert time.monotonic() < deadline
    assert one.child.exit_status is None

    one.child.send(signal.SIGTERM)

    assert one.child.wait(60) == 130
