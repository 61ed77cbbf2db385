"""A server in a process of its own, and a worker beside it: what the other tests here stand on."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.errors import ServerUnavailable
from durahub.local.child import Child
from durahub.local.server import ServerProcess

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

TRAVEL = Path(__file__).parent / "apps" / "travel.py"


def client(server: ServerProcess, hub: str) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        host_address=server.ready.endpoint,
        taskhub=hub,
        token_credential=None,
        secure_channel=False,
    )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_its_connection_string_names_its_port_and_hub(server: ServerProcess, hub_name: str) -> None:
    ready = server.ready

    assert ready.connection_string.endswith(
        f":{ready.grpc_port};TaskHub={hub_name};Authentication=None"
    )


def test_it_ends_well_when_interrupted(server: ServerProcess) -> None:
    port = server.ready.grpc_port

    assert server.stop() == 0
    assert not listens(port)
    assert server.stop() is None


def test_it_keeps_its_ports_and_its_instances_over_a_crash(
    server: ServerProcess, hub_name: str
) -> None:
    ready = server.ready
    with client(server, hub_name) as before:
        instance = before.schedule_new_orchestration("Echo", input="kept")

    server.kill()
    assert not listens(ready.grpc_port)

    assert server.restart() == ready
    with client(server, hub_name) as after:
        state = after.get_orchestration_state(instance)
    assert state is not None
    assert state.runtime_status is OrchestrationStatus.PENDING


def test_a_server_that_cannot_start_says_why(start_server: Callable[..., ServerProcess]) -> None:
    with pytest.raises(ServerUnavailable, match="DH104"):
        start_server("--store", "nowhere:at-all")


def test_a_worker_of_the_recorded_app_runs_it(
    server: ServerProcess, start_worker: Callable[..., Child], hub_name: str
) -> None:
    start_worker(TRAVEL, server.ready.endpoint, hub_name)

    with client(server, hub_name) as caller:
        instance = caller.schedule_new_orchestration("FiveCities")
        state = caller.wait_for_orchestration_completion(instance, timeout=60)

    assert state is not None
    assert state.serialized_output == (
        '["Hello, Tokyo!","Hello, Seattle!","Hello, London!","Hello, Cairo!","Hello, Lima!"]'
    )
    assert state.serialized_custom_status == '{"done":5,"of":5}'
