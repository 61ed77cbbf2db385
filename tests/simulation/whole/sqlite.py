"""The SQLite store in the simulation: a real file, one server at a time, no threads."""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Container, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from durahub.dispatch.clock import Clock
from durahub.model.ticks import MINIMUM
from durahub.scheduler.connections import FileOptions, reading, writing
from durahub.scheduler.file import Lanes, SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.scheduler.reads import find_hub
from durahub.scheduler.transactions import Transaction
from durahub.scheduler.whole_hub import whole_instance, whole_instances, whole_messages
from durahub.scheduler.writes import make_hub
from durahub.stored import StoredInstance, StoredMessage
from tests.simulation.whole.gate import Gate
from tests.simulation.whole.lanes import InlineReader, InlineWriter
from tests.simulation.whole.storage import HUB

L = TypeVar("L", InlineReader, InlineWriter)

_SHARED_MEMORY = Path("/dev/shm")  # where there is no disk to wait for


class _Template:
    """An empty file with the schema and the hub, made once a process: each seed begins with a copy."""

    content: bytes | None = None


def _empty(folder: Path) -> bytes:
    if _Template.content is None:
        place = folder / "template.db"
        with writing(str(place), FileOptions()) as connection:
            make_hub(Transaction(connection, iter(range(1, 9))), HUB, MINIMUM)
        _Template.content = place.read_bytes()
    return _Template.content


class _Store(SchedulerStore):
    """A store whose file is its server's: closing it closes the file."""

    async def close(self) -> None:
        await super().close()
        await self.file.close()


class SqliteStorage:
    """A hub in a file."""

    servers = 1

    def __init__(self, gate: Gate, seed: int) -> None:
        self._gate = gate
        self._folder = Path(
            tempfile.mkdtemp(dir=_SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None)
        )
        self._place = str(self._folder / "hub.db")
        Path(self._place).write_bytes(_empty(self._folder))
        self._lanes: dict[str, list[InlineReader | InlineWriter]] = {}
        self._closing = contextlib.ExitStack()
        self._eye: sqlite3.Connection = self._closing.enter_context(reading(self._place))
        number = find_hub(self._eye, HUB)
        assert number is not None
        self._number = number

    def store(self, server: str, clock: Clock) -> SchedulerStore:
        """Return a store of a server of its own."""
        self._lanes[server] = []
        lanes = Lanes(
            partial(self._lane, server, InlineWriter), partial(self._lane, server, InlineReader)
        )
        return _Store(SchedulerFile(self._place, clock=clock, lanes=lanes), HUB)

    def _lane(self, server: str, kind: Callable[..., L], *arguments: object) -> L:
        lane = kind(*arguments)
        lane.gate, lane.server = self._gate, server
        self._lanes[server].append(lane)
        return lane

    def kill(self, server: str) -> None:
        """Let go of the file as the end of a process does."""
        for lane in self._lanes.pop(server, ()):
            lane.die()

    def instances(self) -> Sequence[StoredInstance]:
        """Return what is stored."""
        found = whole_instances(self._eye, self._number)
        return [one for one in found if isinstance(one, StoredInstance)]

    def instance(self, instance_id: str) -> StoredInstance | None:
        """Return one instance."""
        found = whole_instance(self._eye, self._number, instance_id)
        return found if isinstance(found, StoredInstance) else None

    def messages(self) -> Sequence[StoredMessage]:
        """Return what waits."""
        found = whole_messages(self._eye, self._number)
        return [one for one in found if isinstance(one, StoredMessage)]

    def owners(self, instance_id: str) -> Sequence[str]:
        """Return nobody: one server has the file."""
        return ()

    def tolerates(self, violation: str, overtaken: Container[str]) -> bool:
        """Tolerate nothing: a commit is one transaction."""
        return False

    def close(self) -> None:
        """Delete the file."""
        for server in list(self._lanes):
            self.kill(server)
        self._closing.close()
        shutil.rmtree(self._folder)
