"""Plays stories at a source that is left in their midst, moves them, and plays the rest at a target."""

import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from durabletask.client import OrchestrationState
from durabletask.entities import EntityInstanceId
from durabletask.testing import create_test_backend

from durahub.local.child import Child
from durahub.local.server import ServerProcess
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving.plan import decode
from durahub_migrate.moving.units import Unit
from tests.conftest import STORE, WORKER_READY_WITHIN, Storage
from tests.endpoint.endpoints import free_port
from tests.moving_in_use.stories import Act, Stories
from tests.sdk.python_hub import PythonHub

APP = Path(__file__).with_name("app.py")
WITHIN = 120.0  # seconds
QUICK = {"DURAHUB_VISIBILITY_SECONDS": "4"}


@dataclass(frozen=True)
class Hub:
    """A hub and how it is served; without *storage* it is in *file*, without either in memory, elsewhere."""

    name: str
    storage: Storage | None = None
    file: Path | None = None

    @property
    def address(self) -> str:
        """What the commands are told."""
        return f"env:{STORE}/{self.name}" if self.storage else f"sqlite:{self.file}/{self.name}"

    @property
    def env(self) -> dict[str, str]:
        return {STORE: self.storage.connection_string} if self.storage else {}

    def server(self, state: Path) -> ServerProcess:
        store = self.address.removesuffix(f"/{self.name}")
        env = {"DURAHUB_STATE_DIR": str(state), **QUICK, **self.env}
        return ServerProcess(["--store", store, "--hub", self.name], env)


class Players:
    """The clients: what they do is done once, in its order, until they are `stopped`."""

    def __init__(self, stories: Stories) -> None:
        self._acts = stories.acts
        self.done = 0
        self.stopped = threading.Event()

    def play(self, hub: PythonHub, pause: float) -> None:
        while self.done < len(self._acts) and not self.stopped.is_set():
            _do(hub, self._acts[self.done])
            self.done += 1
            self.stopped.wait(pause)

    def go_on(self, hub: PythonHub) -> None:
        """Do the rest."""
        self.stopped.clear()
        self.play(hub, 0.0)


def _do(hub: PythonHub, act: Act) -> None:
    client = hub.client
    match act.kind:
        case "start":
            at = datetime.now(timezone.utc) + timedelta(seconds=act.delay) if act.delay else None
            given = {"log": [], "steps": act.what}
            hub.start("story", given, instance_id=act.to, start_at=at)
        case "begun":
            hub.begun(act.to)
        case "event":
            client.raise_orchestration_event(act.to, act.name, data=act.what)
        case "signal":
            client.signal_entity(EntityInstanceId("tally", act.to), "add", act.what)
        case "suspend":
            client.suspend_orchestration(act.to)
        case "resume":
            client.resume_orchestration(act.to)


@contextlib.contextmanager
def working(endpoint: str, hub: str, notes: Path) -> Iterator[Child]:
    """Run a worker for the body, from when it is connected."""
    worker = Child([sys.executable, APP, endpoint, hub, notes])
    try:
        ready = worker.wait_for(lambda line: "worker ready" in line or None, WORKER_READY_WITHIN)
        assert ready, worker.tail()
        yield worker
    finally:
        worker.kill()
        print(worker.output())


@dataclass
class Move:
    """A move of a hub in *folder*, by the commands that people type."""

    folder: Path
    env: dict[str, str]

    @property
    def bundle(self) -> Path:
        return self.folder / "hub.hub"

    @property
    def plan_file(self) -> Path:
        return self.folder / "hub.plan"

    def run(self, command: Any, *words: object, status: int = 0) -> str:
        """Run a command; it must end with *status*. Return what it wrote."""
        env = {"DURAHUB_STATE_DIR": str(self.folder), **self.env}
        done: Result = CliRunner().invoke(command, [str(one) for one in words], env=env)
        print(f"---- {command.name} {words}\n{done.output}")
        found = getattr(done.exception, "exit_status", done.exit_code)
        assert found == status, (command.name, found, done.exception, done.output)
        return done.output

    def units(self) -> list[Unit]:
        with self.plan_file.open("rb") as lines:
            return [one for one in decode(lines, "the plan") if isinstance(one, Unit)]

    def in_doubt(self) -> set[str]:
        """Return the roots of what the plan says may run again."""
        return {
            unit.root_id
            for unit in self.units()
            if any(loss.code == "activity-may-run-again" for loss in unit.losses)
        }


class Ends:
    """What came of everything; *source* answers for what has ended and was not moved."""

    def __init__(self, stories: Stories, hub: PythonHub, bundle: Path) -> None:
        self._stories, self._hub, self._bundle = stories, hub, bundle

    def results(self) -> dict[str, Any]:
        with ThreadPoolExecutor(8) as pool, open_content(self._bundle) as content:
            left = {
                one: content.member(one)
                for one in self._stories.results
                if self._hub.client.get_orchestration_state(one) is None
            }
            found: dict[str, Any] = {}
            for one, held in left.items():
                assert held is not None, f"{one} is nowhere"
                assert held.instance.completed is not None, f"{one} was left"
                output = held.instance.output
                found[one] = json.loads(output) if held.instance.status == "Completed" else output
            there = [one for one in self._stories.results if one not in left]
            found |= zip(there, pool.map(self._end, there), strict=True)
            return found

    def _end(self, instance_id: str) -> Any:
        state = self._hub.client.wait_for_orchestration_completion(instance_id, timeout=WITHIN)
        assert state is not None
        return ended_as(state)

    def tallies(self) -> dict[str, int | None]:
        return {one: self._tally(one) for one in self._stories.tallies}

    def _tally(self, key: str) -> int | None:
        end = time.monotonic() + WITHIN
        while True:
            entity = self._hub.client.get_entity(EntityInstanceId("tally", key))
            found = entity.get_state(int) if entity else None
            if found == self._stories.tallies[key] or time.monotonic() > end:
                return found
            time.sleep(0.05)  # signals may still be on their way


def ended_as(state: OrchestrationState) -> Any:
    if state.failure_details is not None:
        return state.failure_details.message
    return state.get_output()


@dataclass(frozen=True)
class Road:
    """From where to where, and how the worker at the source ends."""

    seed: int
    source: str  # "sqlite" or "classic"
    target: str  # one of these, "own" or "foreign" (endpoints)
    is_killed: bool = False
    number: int = 12
    after: float = 2.0  # seconds of work at the source

    def __str__(self) -> str:
        how = "killed" if self.is_killed else "stopped"
        return f"{self.source}-{self.target}-{how}-{self.seed}"

    @property
    def plan_options(self) -> tuple[str, ...]:
        return ("--ended", "move") if self.seed % 2 else ()

    @property
    def is_to_endpoint(self) -> bool:
        return self.target in ("own", "foreign")


@contextlib.contextmanager
def foreign_backend() -> Iterator[str]:
    """Run the in-memory backend of the ``durabletask`` package for the body; give its endpoint."""
    port = free_port()
    backend = create_test_backend(port=port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        backend.stop(0)


@contextlib.contextmanager
def served(hub: Hub, state: Path) -> Iterator[str]:
    """Run a server for the body; give its endpoint."""
    server = hub.server(state)
    try:
        yield server.start().endpoint
    finally:
        server.stop()
        print(server.output())


def left_in_the_midst(
    road: Road, hub: Hub, players: Players, notes: Path, looking: Sequence[Any] = ()
) -> None:
    """Let the app work at the source for a while; *looking* is called meanwhile."""
    server = hub.server(notes.parent)
    endpoint = server.start().endpoint
    at_hub = PythonHub(endpoint, hub.name)
    with at_hub.client, working(endpoint, hub.name, notes) as worker, ThreadPoolExecutor(1) as pool:
        pause = road.after / (1 + len(players._acts))
        playing = pool.submit(players.play, at_hub, pause)
        end = time.monotonic() + road.after
        for look in looking:
            look()
        time.sleep(max(0.0, end - time.monotonic()))  # the moment of the end is any
        players.stopped.set()
        playing.result()
        if road.is_killed:
            worker.kill()
            server.kill()
        else:
            worker.send(signal.SIGTERM)
            worker.wait(WITHIN)
            server.stop()
    print(server.output())
