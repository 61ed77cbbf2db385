"""A server with a hub of its own and workers of the recorded app, for all tests of a module."""

import logging
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar, cast

import grpc
import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationState, OrchestrationStatus
from durabletask.history import HistoryEvent

from durahub.local.child import Child
from durahub.local.server import ServerProcess, running_server
from tests.conftest import STORE, WORKER_READY_WITHIN, Storage
from tests.sdk.apps.travel import CompactJson

Found = TypeVar("Found")

TRAVEL = Path(__file__).parent / "apps" / "travel.py"
WITHIN = 60.0  # seconds in which anything must come about
QUIET = logging.getLogger("tests.sdk")
OFTEN = 0.05  # seconds between two looks


class TravelHub:
    """A hub on a running server. What it starts ends with `travel_hub`."""

    def __init__(self, server: ServerProcess, names: tuple[str, ...], ending: ExitStack) -> None:
        self.server = server
        self.names = names  # all hubs of the server; the first is this one, and the default
        self.client = self.client_of(names[0])
        self._ending = ending

    @property
    def name(self) -> str:
        return self.names[0]

    def client_of(self, hub: str) -> DurableTaskSchedulerClient:
        return client_of(self.server.ready.endpoint, hub)

    def beside(self, name: str) -> "TravelHub":
        """Return another hub of the same server."""
        other = TravelHub(self.server, (name,), self._ending)
        self._ending.enter_context(other.client)
        return other

    def start_worker(self, *arguments: str, app: Path = TRAVEL, hub: str | None = None) -> Child:
        """Start a worker and return when it is connected."""
        command = [
            sys.executable,
            str(app),
            self.server.ready.endpoint,
            hub or self.name,
            *arguments,
        ]
        worker = Child(command, env={"PYTHONUNBUFFERED": "1"})
        self._ending.callback(lambda: print(worker.output()))
        self._ending.callback(worker.kill)
        ready = worker.wait_for(lambda line: "worker ready" in line or None, WORKER_READY_WITHIN)
        assert ready, worker.tail()
        return worker

    def ended(self, instance_id: str) -> OrchestrationState:
        """Return an instance once it has ended."""
        state = self.client.wait_for_orchestration_completion(instance_id, timeout=WITHIN)
        assert state is not None
        return state

    def begun(self, instance_id: str) -> OrchestrationState:
        """Return an instance once it has begun."""
        state = self.client.wait_for_orchestration_start(
            instance_id, fetch_payloads=True, timeout=WITHIN
        )
        assert state is not None
        return state

    def once(self, instance_id: str, status: OrchestrationStatus) -> OrchestrationState:
        """Return an instance once it is in *status*."""

        def look() -> OrchestrationState | None:
            state = self.client.get_orchestration_state(instance_id)
            return state if state is not None and state.runtime_status is status else None

        return until(look)

    def history(self, instance_id: str) -> list[HistoryEvent]:
        """Return the events of an instance's current execution, in order."""
        return list(self.client.get_orchestration_history(instance_id))

    def kinds(self, instance_id: str) -> list[type[HistoryEvent]]:
        """Return the kinds of these events."""
        return [type(event) for event in self.history(instance_id)]


def client_of(endpoint: str, hub: str) -> DurableTaskSchedulerClient:
    """Return a client of *hub* that writes JSON without spaces, as .NET and the worker do."""
    return DurableTaskSchedulerClient(
        logger=QUIET,
        host_address=endpoint,
        taskhub=hub,
        token_credential=None,
        secure_channel=False,
        data_converter=CompactJson(),
    )


@contextmanager
def travel_hub(storage: Storage | None, state: Path, *, hubs: int = 1) -> Iterator[TravelHub]:
    """Run a server for the body, with as many new hubs on *storage*; *state* keeps what it notes.

    Without *storage* the hubs are in a SQLite file.
    """
    names = tuple(f"Travel{secrets.token_hex(6)}" for _ in range(hubs))
    store = f"env:{STORE}" if storage else f"sqlite:{state / 'hubs.db'}"
    arguments = ["--store", store, *(part for name in names for part in ("--hub", name))]
    env = {"DURAHUB_STATE_DIR": str(state)}
    if storage:
        env[STORE] = storage.connection_string
    with running_server(arguments, env) as server, ExitStack() as ending:
        ending.callback(lambda: print(server.output()))
        hub = TravelHub(server, names, ending)
        ending.enter_context(hub.client)
        yield hub


def until(look: Callable[[], Found | None], within: float = WITHIN) -> Found:
    """Return the first answer of *look* that is true; it must come *within* so many seconds."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(OFTEN)
    return found


@contextmanager
def refused(code: grpc.StatusCode) -> Iterator[None]:
    """Expect the body's call to be refused with *code*."""
    with pytest.raises(grpc.RpcError) as error:
        yield
    call = cast("grpc.Call", error.value)
    assert call.code() is code, call.details()
