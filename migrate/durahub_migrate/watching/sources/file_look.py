"""Looks into a hub in a SQLite file: through the file that this process has open, or beside its server."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection
from typing import Protocol, TypeVar

from durahub.errors import HubNotFound
from durahub.scheduler import reads
from durahub.scheduler.connections import looking
from durahub.scheduler.file import SchedulerFile

T = TypeVar("T")

Look = Callable[[Connection, int], T]
"""One look at a hub: the connection, and the hub's number in the file."""


class FileLook(Protocol):
    """Has looks done in a thread of their own. Raises `HubNotFound`, `FileUnavailable`."""

    async def read(self, look: Look[T]) -> T:
        """Return what *look* finds; it changes nothing."""


class SharedFile:
    """A file that this process has open, for a server of its own perhaps, or memory."""

    def __init__(self, file: SchedulerFile, hub: str) -> None:
        self._file = file
        self._hub = hub

    async def read(self, look: Look[T]) -> T:
        """Return what *look* finds, in the thread of slow readers."""
        if not await self._file.connect(create=False):
            raise HubNotFound(self._hub, f"there is no file {self._file.place}")
        return await self._file.read(
            lambda connection: _looked(connection, self._file.place, self._hub, look), slow=True
        )


class FileBeside:
    """A file as it is, also one that another process has; it is opened for each look."""

    def __init__(self, place: str, hub: str) -> None:
        self._place = place
        self._hub = hub

    async def read(self, look: Look[T]) -> T:
        """Return what *look* finds."""
        return await asyncio.to_thread(self._read, look)

    def _read(self, look: Look[T]) -> T:
        if not Path(self._place).is_file():
            raise HubNotFound(self._hub, f"there is no file {self._place}")
        with looking(self._place) as connection:
            return _looked(connection, self._place, self._hub, look)


def _looked(connection: Connection, place: str, hub: str, look: Look[T]) -> T:
    number = reads.find_hub(connection, hub)
    if number is None:
        raise HubNotFound(hub, store=f"the file {place}")
    return look(connection, number)
