"""What the SDK for Python makes of a server that is full: clients are told, workers come back."""

import re
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from durahub.local.server import ServerProcess, running_server
from tests.sdk.python_hub import PythonHub, python_worker
from tests.sdk.travel_hub import until

pytestmark = [pytest.mark.slow, pytest.mark.sdk]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    arguments = ["--store", f"sqlite:{tmp_path / 'hubs.db'}", "--hub", "default"]
    bounds = ["--max-streams", "1", "--max-waits", "1"]
    env = {"DURAHUB_STATE_DIR": str(tmp_path)}
    with running_server([*arguments, *bounds], env) as server:
        yield server


def test_a_client_is_told_and_a_worker_takes_the_place_of_one_that_goes(
    server: ServerProcess,
) -> None:
    endpoint = server.ready.endpoint
    hub = PythonHub(endpoint, "default")
    with hub.client, python_worker(endpoint, "default") as first:
        waiting = hub.start("py_collect", ["go"])
        waits = threading.Thread(target=hub.ended, args=(waiting,))
        waits.start()
        until(lambda: _waits(server) == 1)  # or the second one could be there before it

        refused = _until_refused(hub, waiting)
        assert "DH516" in refused
        assert "server.max_waits" in refused
        assert "try again in 5 s" in refused
        with python_worker(endpoint, "default") as second:
            first.kill()
            hub.client.raise_orchestration_event(waiting, "go", data=1)
            waits.join()
            assert hub.output("py_greet_all", ["Lima"]) == ["Hello, Lima!"]
            assert second.exit_status is None


def _waits(server: ServerProcess) -> int:
    """Return how many calls wait for an instance."""
    with urllib.request.urlopen(f"{server.ready.http_url}/metrics", timeout=60) as answer:
        told = answer.read().decode()
    found = re.search(r'^durahub_calls\{kind="waits"\} ([\d.]+)$', told, re.MULTILINE)
    return int(float(found[1])) if found else 0


def _until_refused(hub: PythonHub, instance_id: str) -> str:
    """Return what a second wait is told, once the first one is there."""
    told: list[str] = []

    def is_refused() -> bool:
        try:
            hub.client.wait_for_orchestration_completion(instance_id, timeout=1)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                told.append(error.details() or "")
        except TimeoutError:  # it was the first
            pass
        return bool(told)

    until(is_refused)
    return told[0]
