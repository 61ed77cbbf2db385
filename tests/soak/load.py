"""The clients of a soak: they start instances at a steady rate, steer them, and judge their ends."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import grpc
from durabletask.client import OrchestrationState

from tests.sdk.python_hub import PythonHub
from tests.soak.figures import Counts
from tests.soak.kinds import kind_of, wrong_in
from tests.soak.mixed_kinds import ACCOUNTS

AT_ONCE = 200  # instances on their way, at most: what comes later is counted as delayed
PATIENCE = 180.0  # seconds after which an instance that has not ended counts as lost
LATE = 60.0  # seconds by which the last starts may be late, on a machine that is busy otherwise
RETRIES = 5

T = TypeVar("T")


class Clients:
    """Starts *rate* instances a second until told to stop; *counts* are what came of them."""

    def __init__(self, hub: PythonHub, rate: float, *, patience: float = PATIENCE) -> None:
        self.counts = Counts()
        self._hub = hub
        self._rate = rate
        self._patience = patience
        self._lock = threading.Lock()
        self._places = threading.Semaphore(AT_ONCE)
        self._stopped = threading.Event()

    def run(self, seconds: float) -> None:
        """Start instances for so many seconds; return when the last has ended, or is lost."""
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            number = 0
            while (due := number / self._rate) < seconds:
                self._stopped.wait(max(0.0, began + due - time.monotonic()))
                if not self._places.acquire(blocking=False):
                    self.counts.delayed += 1
                    self._places.acquire()
                pool.submit(self._one, number)
                number += 1
                if time.monotonic() > began + seconds + LATE or self._stopped.is_set():
                    break  # started too slowly for the rate

    def stop(self) -> None:
        """Start no more."""
        self._stopped.set()

    def check_accounts(self) -> None:
        """Note as wrong if what was moved between accounts does not add up to nothing."""
        total = sum(self._hub.counter(f"account-{n}") or 0 for n in range(ACCOUNTS))
        if total:
            self.counts.wrong.append(f"the accounts add up to {total}, not 0")

    def _one(self, number: int) -> None:
        try:
            self._play(number)
        except Exception as error:
            with self._lock:
                self.counts.lost.append(
                    f"instance {number}: {type(error).__name__}: {error!s:.200}"
                )
        finally:
            self._places.release()

    def _play(self, number: int) -> None:
        kind, instance_id = kind_of(number), f"soak-{number}"
        self._call(
            lambda: self._hub.start(
                kind.name, kind.given(number), instance_id=instance_id, **kind.options()
            )
        )
        with self._lock:
            self.counts.started += 1
        act = kind.act
        if act is not None:
            self._call(lambda: act(self._hub, instance_id))
        state = self._call(
            lambda: self._hub.client.wait_for_orchestration_completion(
                instance_id, timeout=self._patience
            )
        )
        self._note(number, state)

    def _note(self, number: int, state: OrchestrationState | None) -> None:
        if state is None:
            raise LookupError("it is gone")
        message = state.failure_details.message if state.failure_details else None
        wrong = wrong_in(number, state.runtime_status.name, state.serialized_output, message)
        with self._lock:
            self.counts.ended += 1
            if wrong is not None:
                self.counts.wrong.append(f"instance {number}: {wrong}")

    def _call(self, call: Callable[[], T]) -> T:
        """Return what *call* does; errors are counted, and those that pass are waited for.

        No fault is planted in a soak, so that nothing is repeated that may have been done.
        """
        for attempt in range(RETRIES):
            try:
                return call()
            except grpc.RpcError as error:
                status = error.code()
                with self._lock:
                    name = status.name
                    self.counts.errors[name] = self.counts.errors.get(name, 0) + 1
                if status is not grpc.StatusCode.RESOURCE_EXHAUSTED or attempt == RETRIES - 1:
                    raise
                self._stopped.wait(1.0 + attempt)  # as the refusal asks for
        raise AssertionError
