"""A SQLite file on a full disk: calls are refused clearly, nothing is lost, and it goes on by itself."""

import json
import logging
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import grpc
import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationState, OrchestrationStatus

from durahub.local.child import Child
from tests.fault.served import Served

pytestmark = [pytest.mark.fault, pytest.mark.sdk, pytest.mark.timeout(400)]

APP = Path(__file__).with_name("counting_app.py")
SIZE = "6m"  # of the disk
LARGE = "x" * 100_000  # an input
HUB = "FullDisk"
MIXED = [f"mixed-{n}" for n in range(8)]
CHAINS = [f"chain-{n}" for n in range(8)]
TICKS, STEPS = 3, 12


class SmallDisk:
    """A tmpfs that only the server sees, in a mount namespace of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        mount = f'mount -t tmpfs -o size={SIZE} tmpfs "{folder}"'
        self.under = (
            "unshare",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            f'{mount} && exec "$@"',
            "sh",
        )

    def why_not(self) -> str | None:
        """Return why there can be none here."""
        if shutil.which("unshare") is None:
            return "there is no unshare(1)"
        tried = subprocess.run([*self.under, "true"], capture_output=True, text=True, check=False)
        return tried.stderr.strip() or "it failed" if tried.returncode else None

    def fill(self, pid: int) -> None:
        """Take all the room there is, as the process *pid* sees it."""
        with self._ballast(pid).open("ab", buffering=0) as file:
            for size in (65_536, 4_096, 512, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def make_room(self, pid: int) -> None:
        self._ballast(pid).unlink()

    def _ballast(self, pid: int) -> Path:
        return Path(f"/proc/{pid}/root{self.folder}/ballast")


@pytest.fixture
def disk(tmp_path: Path) -> SmallDisk:
    (tmp_path / "disk").mkdir()
    made = SmallDisk(tmp_path / "disk")
    if why := made.why_not():
        pytest.skip(f"no small file system can be mounted here: {why}")
    return made


@pytest.fixture
def server(disk: SmallDisk, tmp_path: Path) -> Iterator[Served]:
    store = f"sqlite:{disk.folder / 'hub.db'}"
    served = Served(
        ("serve", "--store", store, "--hub", HUB),
        env={"DURAHUB_STATE_DIR": str(tmp_path)},
        under=disk.under,
        log=tmp_path / "server.log",
    )
    served.start()
    yield served
    served.stop()
    print((tmp_path / "server.log").read_text("utf-8"))


def client_of(server: Served) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        logger=logging.getLogger("tests.fault"),
        host_address=server.endpoint,
        taskhub=HUB,
        token_credential=None,
        secure_channel=False,
    )


class Caller:
    """A client that keeps in mind what was accepted, and what was refused with which words."""

    def __init__(self, client: DurableTaskSchedulerClient) -> None:
        self.client = client
        self.ticks = dict.fromkeys(MIXED, 0)  # events that were accepted, by instance
        self.accepted: set[str] = set()
        self.refused: list[tuple[grpc.StatusCode, str]] = []

    def start(self, name: str, given: object, instance_id: str) -> None:
        if self._asked(
            lambda: self.client.schedule_new_orchestration(
                name, input=given, instance_id=instance_id
            )
        ):
            self.accepted.add(instance_id)

    def tick(self, instance_id: str) -> None:
        seen = self.ticks[instance_id]
        if seen < TICKS and self._asked(
            lambda: self.client.raise_orchestration_event(instance_id, "Tick", data=seen)
        ):
            self.ticks[instance_id] += 1

    def ended(self, instance_id: str) -> OrchestrationState:
        state = self.client.wait_for_orchestration_completion(instance_id, timeout=100)
        assert state is not None, instance_id
        assert state.runtime_status is OrchestrationStatus.COMPLETED, state
        return state

    def _asked(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except grpc.RpcError as error:
            answer = cast("grpc.Call", error)
            self.refused.append((answer.code(), answer.details() or ""))
            return False
        return True


def test_a_full_disk_loses_nothing_and_the_server_goes_on_when_there_is_room(
    disk: SmallDisk, server: Served, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.touch()
    pid = server.child.pid
    start_worker(APP, server.endpoint, HUB, str(notes))
    with client_of(server) as client:
        caller = Caller(client)
        for mixed, chain in zip(MIXED, CHAINS, strict=True):
            caller.start("Mixed", TICKS, mixed)
            caller.start("Chain", STEPS, chain)
        assert not caller.refused

        disk.fill(pid)
        for number in range(100):
            if len(caller.refused) < 3:
                caller.start("Nobody", LARGE, f"n-{number}")
        for mixed in MIXED:
            caller.tick(mixed)

        assert len(caller.refused) >= 3
        for code, details in caller.refused:
            assert code is grpc.StatusCode.UNAVAILABLE
            assert details.startswith("DH520: ")
        assert client.get_orchestration_state(CHAINS[0]) is not None  # reading goes on
        with urllib.request.urlopen(f"{server.http_url}/healthz") as answer:
            assert answer.status < 300

        disk.make_room(pid)
        for mixed in MIXED * TICKS:
            caller.tick(mixed)
        for mixed in MIXED:
            output = json.loads(caller.ended(mixed).serialized_output or "")
            assert output == {"child": 3, "seen": list(range(TICKS))}
        for chain in CHAINS:
            caller.ended(chain)
        for accepted in caller.accepted:
            assert client.get_orchestration_state(accepted) is not None, accepted
    assert server.child.exit_status is None
    ran = set(notes.read_text("utf-8").split())
    assert ran >= {f"{chain}/{step}" for chain in CHAINS for step in range(STEPS)}
