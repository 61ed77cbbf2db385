"""Clients of a chaos run: they start instances and raise events, and note what they were told."""

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random

import grpc
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationState
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from tests.fault.chaos.kinds import EVENTS, KINDS, STOP
from tests.fault.chaos.parts import HUB
from tests.fault.chaos.records import append

CALLERS = 8
FAILURES = 3  # in a row until a client is made anew
QUIET = logging.Logger("sdk", logging.CRITICAL)


@contextmanager
def client_at(endpoint: str) -> Iterator[DurableTaskSchedulerClient]:
    with DurableTaskSchedulerClient(
        host_address=endpoint,
        taskhub=HUB,
        token_credential=None,
        secure_channel=False,
        logger=QUIET,
    ) as client:
        yield client


class Callers:
    """Threads that call until they are stopped, about *pace* instances a second all together."""

    def __init__(self, endpoints: list[str], records: Path, seed: int, pace: float) -> None:
        self._endpoints, self._records, self._seed = endpoints, records, seed
        self._pause = CALLERS / pace
        self._stop = threading.Event()
        self._numbers = itertools.count()
        self.refused = 0
        self._threads = [
            threading.Thread(target=self._call, args=(number,), name=f"caller {number}")
            for number in range(CALLERS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Have them end what they are at, and wait for them."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _call(self, caller: int) -> None:
        chance = Random(f"{self._seed}/{caller}")
        for turn in itertools.count():
            if self._stop.is_set():
                return
            failures = 0
            with client_at(self._endpoints[(caller + turn) % len(self._endpoints)]) as client:
                while failures < FAILURES and not self._stop.wait(
                    chance.uniform(0, 2 * self._pause)
                ):
                    failures = 0 if self._one(client, chance) else failures + 1

    def _one(self, client: DurableTaskSchedulerClient, chance: Random) -> bool:
        number = next(self._numbers)
        kind = chance.choice(list(KINDS))
        instance_id = f"{kind}-{number}"
        append(self._records, {"asks": "start", "id": instance_id})
        if not self._asked(
            lambda: client.schedule_new_orchestration(kind, input=number, instance_id=instance_id)
        ):
            return False
        append(self._records, {"told": "start", "id": instance_id})
        for event in range(EVENTS if kind == "events" else 0):
            text = f"{instance_id}/{event}"
            append(self._records, {"asks": "event", "id": instance_id, "text": text})
            if not self._asked(
                lambda text=text: client.raise_orchestration_event(instance_id, "Add", data=text)
            ):
                return False
            append(self._records, {"told": "event", "id": instance_id, "text": text})
        return True

    def _asked(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except grpc.RpcError:
            self.refused += 1
            return False
        return True


def _is_away(error: BaseException) -> bool:
    return isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.UNAVAILABLE


def end_waits(endpoint: str, events: dict[str, list[str]]) -> None:
    """Tell each instance that waits for events which must have come; it ends when they have."""
    with client_at(endpoint) as client:
        for instance_id, texts in events.items():
            for attempt in Retrying(
                retry=retry_if_exception(_is_away), stop=stop_after_attempt(10), wait=wait_fixed(1)
            ):
                with attempt:
                    if client.get_orchestration_state(instance_id) is not None:
                        client.raise_orchestration_event(instance_id, STOP, data=texts)


def ended(
    endpoint: str, instances: list[str], within: float
) -> dict[str, OrchestrationState | None]:
    """Return the state of each instance when it has ended, or when its time is over."""
    with client_at(endpoint) as client, ThreadPoolExecutor(16) as pool:

        def wait(instance_id: str) -> OrchestrationState | None:
            if client.get_orchestration_state(instance_id) is None:
                return None
            try:
                return client.wait_for_orchestration_completion(instance_id, timeout=within)
            except TimeoutError:
                return client.get_orchestration_state(instance_id)

        return dict(zip(instances, pool.map(wait, instances), strict=True))
