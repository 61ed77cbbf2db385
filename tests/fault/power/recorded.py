"""A server under load whose writes are noted, and a client that keeps in mind what it was told, and when."""

import logging
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

import grpc
from durabletask.azuremanaged.client import DurableTaskSchedulerClient

from durahub.local.child import Child
from tests.fault.power.checking import DATABASE, Ack, broken
from tests.fault.power.images import Kept, images
from tests.fault.power.journal import Journal, Step, steps_of
from tests.fault.served import Served

APP = Path(__file__).parents[1] / "counting_app.py"
HUB = "PowerLoss"
CALLERS = 4
TICKS = 2
WITHIN = 60  # seconds


@dataclass(frozen=True)
class Recording:
    """The steps of a server's life, and what its callers were told during it."""

    steps: tuple[Step, ...]
    acks: tuple[Ack, ...]

    @property
    def size(self) -> int:
        """Where the journal ends."""
        return self.steps[-1].end if self.steps else 0

    def cuts(self, count: int, chance: Random) -> list[tuple[int, Kept]]:
        """Choose *count* moments for the power to go: half of them just when a caller was told something."""
        told = [ack.at for ack in self.acks] or [self.size]
        some = [
            chance.choice(told) if n % 2 else chance.choice(self.steps).end for n in range(count)
        ]
        return sorted(
            ((cut, chance.choice(list(Kept))) for cut in some),
            key=lambda cut: (cut[0], cut[1].value),
        )

    def broken(self, count: int, seed: int, folder: Path) -> list[str]:
        """Cut the power *count* times; return what was wrong afterwards."""
        chance = Random(seed)
        found: list[str] = []
        cuts = self.cuts(count, chance)
        for number, (cut, kept, image) in enumerate(images(self.steps, cuts, chance)):
            place = folder / f"cut-{number}"
            place.mkdir()
            acks = [ack for ack in self.acks if ack.at <= cut]
            wrong = list(broken(image, acks, place))
            found += [f"cut {number} at {cut}, kept {kept.value}: {one}" for one in wrong]
            if not wrong:
                for file in place.iterdir():
                    file.unlink()
                place.rmdir()
        return found


class Caller:
    """Starts instances, raises events, waits for ends; notes what it is told."""

    def __init__(self, endpoint: str, journal: Journal) -> None:
        self.acks: list[Ack] = []
        self._journal = journal
        self._lock = threading.Lock()
        self._client = DurableTaskSchedulerClient(
            logger=logging.Logger("sdk", logging.CRITICAL),
            host_address=endpoint,
            taskhub=HUB,
            token_credential=None,
            secure_channel=False,
        )

    def call(self, numbers: range) -> None:
        """Do it for the instances of these numbers, some at a time."""
        with self._client, ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(self._one, numbers))

    def _one(self, number: int) -> None:
        instance_id = f"mixed-{number}"
        client = self._client
        try:
            client.schedule_new_orchestration("Mixed", input=TICKS, instance_id=instance_id)
            self._note("start", instance_id)
            for tick in range(TICKS):
                text = f"tick-{number}-{tick}."
                client.raise_orchestration_event(instance_id, "Tick", data=text)
                self._note("event", instance_id, text)
            if number % 3:  # the others are not waited for: some are under way at every moment
                state = client.wait_for_orchestration_completion(instance_id, timeout=WITHIN)
                if state is not None and state.serialized_output is not None:
                    self._note("end", instance_id, state.serialized_output)
        except (grpc.RpcError, TimeoutError):
            return  # it was told nothing

    def _note(self, what: str, instance_id: str, text: str = "") -> None:
        with self._lock:
            self.acks.append(Ack(self._journal.size, what, instance_id, text))


def record(
    journal: Journal, command: Sequence[str], *, runs: int = 2, instances: int = 12
) -> Recording:
    """Have a server under load, and killed with work under way, *runs* times; return what was noted."""
    state = journal.file.parent
    served = Served(
        ("--store", f"sqlite:{journal.folder / DATABASE}", "--hub", HUB),
        env={**journal.env, "DURAHUB_STATE_DIR": str(state)},
        program=command,
        log=state / "server.log",
    )
    acks: list[Ack] = []
    for run in range(runs):
        served.start()
        worker = Child([sys.executable, APP, served.endpoint, HUB, state / "notes"])
        try:
            caller = Caller(served.endpoint, journal)
            caller.call(range(run * instances, (run + 1) * instances))
            acks += caller.acks
        finally:
            served.kill()
            worker.kill()
    return Recording(tuple(steps_of(journal.file.read_bytes())), tuple(acks))
