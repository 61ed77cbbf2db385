"""A hub served by the Python app of every kind (``apps/mixed.py``), and short ways to use it."""

import logging
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationState, OrchestrationStatus
from durabletask.entities import EntityInstanceId

from durahub.local.child import Child
from tests.conftest import WORKER_READY_WITHIN
from tests.sdk.apps.mixed import COUNTER
from tests.sdk.travel_hub import WITHIN, until

MIXED = Path(__file__).parent / "apps" / "mixed.py"


class PythonHub:
    """A client of a hub; instance IDs that it makes begin with `prefix`."""

    def __init__(self, endpoint: str, hub: str) -> None:
        self.endpoint = endpoint  # "http://127.0.0.1:8080"
        self.name = hub
        self.client = DurableTaskSchedulerClient(
            host_address=endpoint,
            taskhub=hub,
            token_credential=None,
            secure_channel=False,
            logger=logging.Logger("sdk", logging.CRITICAL),
        )

    def start(self, name: str, given: Any = None, **options: Any) -> str:
        return self.client.schedule_new_orchestration(name, input=given, **options)

    def begun(self, instance_id: str) -> OrchestrationState:
        state = self.client.wait_for_orchestration_start(instance_id, timeout=WITHIN)
        assert state is not None
        return state

    def ended(self, instance_id: str) -> OrchestrationState:
        state = self.client.wait_for_orchestration_completion(instance_id, timeout=WITHIN)
        assert state is not None
        return state

    def run(self, name: str, given: Any = None, **options: Any) -> OrchestrationState:
        return self.ended(self.start(name, given, **options))

    def output(self, name: str, given: Any = None, **options: Any) -> Any:
        """Return the output of an orchestration that must complete."""
        return completed(self.run(name, given, **options))

    def state(self, instance_id: str) -> OrchestrationState:
        state = self.client.get_orchestration_state(instance_id)
        assert state is not None
        return state

    def once(self, instance_id: str, status: OrchestrationStatus) -> OrchestrationState:
        until(lambda: self.state(instance_id).runtime_status is status)
        return self.state(instance_id)

    def counter(self, key: str) -> int | None:
        """Return the value of the counter *key*, None when it does not exist."""
        found = self.client.get_entity(EntityInstanceId(COUNTER, key))
        return None if found is None else found.get_state(int)

    def signal(self, key: str, operation: str, given: Any = None, **options: Any) -> None:
        self.client.signal_entity(EntityInstanceId(COUNTER, key), operation, given, **options)


def completed(state: OrchestrationState) -> Any:
    """Return the output of an instance that must have completed."""
    assert state.runtime_status is OrchestrationStatus.COMPLETED, state.failure_details
    return state.get_output()


def new_id() -> str:
    return uuid.uuid4().hex


@contextmanager
def python_worker(endpoint: str, hub: str, *arguments: str) -> Iterator[Child]:
    """Run a worker of the app for the body, from when it is connected."""
    worker = Child([sys.executable, MIXED, endpoint, hub, *arguments])
    try:
        ready = worker.wait_for(lambda line: "worker ready" in line or None, WORKER_READY_WITHIN)
        assert ready, worker.tail()
        yield worker
    finally:
        worker.kill()
        print(worker.output())
