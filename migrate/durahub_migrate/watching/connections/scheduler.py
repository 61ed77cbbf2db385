"""The way to a hub in a SQLite file: the one that this process has open, or the file beside its server."""

from durahub.storage import SqliteStorage
from durahub_migrate.monitor.seam import Ability
from durahub_migrate.moving.place import Place
from durahub_migrate.watching.connecting import Found, Told
from durahub_migrate.watching.opened import OpenedHub
from durahub_migrate.watching.reading.scheduler_live import SchedulerLive
from durahub_migrate.watching.sources.file_look import FileBeside, FileLook, SharedFile
from durahub_migrate.watching.sources.scheduler import SchedulerRows

CAN = frozenset(
    {
        Ability.QUEUES,
        Ability.MESSAGES,
        Ability.HISTORY,
        Ability.ENTITIES,
        Ability.ACT,
        Ability.SET_CUSTOM_STATUS,
        Ability.DELETE_HUB,
    }
)
"""What a file lets be seen: it has neither leases nor blobs."""


class SchedulerConnection:
    """A `Connection` to a hub in the file *file*; in *storage*, where that is open in this process."""

    def __init__(
        self, place: Place, hub: str, file: str, told: Told, storage: SqliteStorage | None = None
    ) -> None:
        self._place = place
        self._told = told
        self._storage = storage
        self._look: FileLook = (
            SharedFile(storage.file, hub) if storage is not None else FileBeside(file, hub)
        )

    async def open(self) -> Found:
        """Find the hub."""
        told, look = self._told, self._look
        rows = SchedulerRows(look, told.ref.key, told.clock, inputs=told.inputs)
        await look.read(lambda _connection, _hub: None)
        hub = OpenedHub(
            ref=told.ref,
            place=self._place,
            budget=told.budget,
            clock=told.clock,
            index=told.index,
            live=SchedulerLive(look, told.ref.key, told.clock, told.limits),
            can=CAN,
            file=look,
            storage=self._storage,
        )
        return Found(rows, hub)

    async def close(self) -> None:
        """Do nothing: what is open is its owner's."""
