"""Two servers behind a balancer are replaced one after the other, under load: nobody notices.

What an SDK's client sees: calls that start and read never fail, for a server that stops answers what has
reached it, and gRPC itself sends the rest over a new connection. A call that waits for an instance may end
with UNAVAILABLE, when the server that it waits at goes; waiting again is what is right then. And a call that
comes in the very moment in which a server closes its port, so that nobody has looked at it, gRPC ends as
CANCELLED: of that there is one a server at most, and nothing was done for it.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import grpc
import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.local.child import Child
from tests.conftest import STORE, Storage
from tests.operations.balancer import Balancer
from tests.operations.serve_process import Serve

pytestmark = [pytest.mark.fault, pytest.mark.sdk, pytest.mark.azurite]

APP = Path(__file__).parents[1] / "fault" / "counting_app.py"
STEPS = 4
WAITS_AT_MOST = 300.0  # seconds
SEEN_WITHIN = (
    5  # seconds until the balancer knows, on a busy machine too, that a server is not ready
)


class Load(threading.Thread):
    """A client that starts orchestrations and reads them, until it is told to stop."""

    def __init__(self, endpoint: str, hub: str) -> None:
        super().__init__(daemon=True)
        self._where = (endpoint, hub)
        self.stop = threading.Event()
        self.instances: list[str] = []
        self.unseen: list[str] = []  # instances of calls that came when a server closed its port
        self.failed: list[str] = []  # calls that failed otherwise

    def run(self) -> None:
        with client(*self._where) as caller:
            while not self.stop.wait(0.05):  # the pace of the load
                one = uuid4().hex
                try:
                    caller.schedule_new_orchestration("Chain", input=STEPS, instance_id=one)
                    self.instances.append(one)
                    caller.get_orchestration_state(one)
                except grpc.RpcError as error:
                    code = error.code()  # type: ignore[attr-defined]
                    if code is grpc.StatusCode.CANCELLED:
                        self.unseen.append(one)
                    else:
                        self.failed.append(str(error))


class Waiter(threading.Thread):
    """Somebody who waits for one instance, and waits again when the server at which he does goes."""

    def __init__(self, endpoint: str, hub: str, instance: str) -> None:
        super().__init__(daemon=True)
        self._where = (endpoint, hub)
        self._instance = instance
        self.stop = threading.Event()
        self.ends: list[grpc.StatusCode] = []  # of waits that ended with a server
        self.status: OrchestrationStatus | None = None

    def run(self) -> None:
        with client(*self._where) as caller:
            while self.status is None and not self.stop.wait(0.01):
                try:
                    state = caller.wait_for_orchestration_completion(
                        self._instance, timeout=WAITS_AT_MOST
                    )
                except grpc.RpcError as error:
                    self.ends.append(error.code())  # type: ignore[attr-defined]
                    continue
                assert state is not None
                self.status = state.runtime_status


def client(endpoint: str, hub: str) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        host_address=endpoint, taskhub=hub, token_credential=None, secure_channel=False
    )


@pytest.fixture
def servers() -> Iterator[list[Serve]]:
    running: list[Serve] = []
    yield running
    for one in running:
        one.kill()


@pytest.mark.timeout(600)
def test_a_rolling_restart_costs_no_call_and_runs_each_activity_once(
    servers: list[Serve],
    start_worker: Callable[..., Child],
    azurite: Storage,
    hub_name: str,
    tmp_path: Path,
) -> None:
    def start(name: str) -> Serve:
        store = ("--store", f"env:{STORE}", "--hub", hub_name, "--max-poll", "1")
        env = {STORE: azurite.connection_string}
        return Serve(tmp_path / name, *store, "--drain-delay", str(SEEN_WITHIN), env=env)

    notes = tmp_path / "notes"
    notes.touch()
    servers += [start("old-1"), start("old-2")]
    stopped: list[Serve] = []
    with contextlib.ExitStack() as ends, Balancer(lambda: list(servers)) as balancer:
        endpoint = f"http://127.0.0.1:{balancer.port}"
        for _ in range(2):
            start_worker(APP, endpoint, hub_name, str(notes))
        with client(endpoint, hub_name) as caller:
            awaited = caller.schedule_new_orchestration("Mixed", input=1)
        waiter = Waiter(endpoint, hub_name, awaited)
        ends.callback(waiter.stop.set)
        waiter.start()
        load = Load(endpoint, hub_name)
        load.start()
        for number in (1, 2):
            until(load, len(load.instances) + 15)
            old = servers[0]
            servers.append(start(f"new-{number}"))
            old.terminate()
            assert old.child.wait(WAITS_AT_MOST) == 0
            servers.remove(old)
            stopped.append(old)
        until(load, len(load.instances) + 15)
        load.stop.set()
        load.join(WAITS_AT_MOST)

        assert load.failed == []
        assert len(load.unseen) <= 2  # servers that went
        assert_all_completed(endpoint, hub_name, load.instances)
        with client(endpoint, hub_name) as caller:
            for one in {*load.unseen} - {*load.instances}:
                assert caller.get_orchestration_state(one) is None
            caller.raise_orchestration_event(awaited, "Tick", data=1)
        waiter.join(WAITS_AT_MOST)
        assert waiter.status is OrchestrationStatus.COMPLETED
        assert set(waiter.ends) == {grpc.StatusCode.UNAVAILABLE}
        assert len(waiter.ends) <= 2  # servers that went
    ran = Counter(one for one in notes.read_text().splitlines() if not one.startswith(awaited))
    assert ran == {f"{one}/{step}": 1 for one in load.instances for step in range(STEPS)}
    for old in stopped:
        assert "server-stopped" in [event["event"] for event in old.events()]


def until(load: Load, count: int) -> None:
    while len(load.instances) < count:
        assert load.is_alive()
        assert not load.stop.wait(0.05)  # until the load has come so far


def assert_all_completed(endpoint: str, hub: str, instances: list[str]) -> None:
    with client(endpoint, hub) as caller:
        for one in instances:
            state = caller.wait_for_orchestration_completion(one, timeout=WAITS_AT_MOST)
            assert state is not None
            assert state.runtime_status is OrchestrationStatus.COMPLETED
