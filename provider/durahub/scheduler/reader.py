"""A hub in a file, read as it is; nothing is set aside."""

from collections.abc import AsyncIterator
from dataclasses import replace

from durahub.errors import HubNotFound
from durahub.model.instance import Instance
from durahub.scheduler import reads
from durahub.scheduler.file import OpenHub, SchedulerFile
from durahub.store import InstanceQuery
from durahub.stored import NotRead, StoredEvent, StoredInstance


class SchedulerReader:
    """A `durahub.stored.HubReader`. Closing it leaves the file open, for others use it too."""

    def __init__(self, file: SchedulerFile, hub: str) -> None:
        self._file = file
        self._name = hub
        self._found: OpenHub | None = None

    async def open(self) -> None:
        """Find the hub. Raises `HubNotFound`, `FileUnavailable`."""
        if not await self._file.connect(create=False):
            raise HubNotFound(self._name, f"there is no file {self._file.place}")
        self._found = await self._file.hub(self._name, create=False)

    async def close(self) -> None:
        """Let go of the hub."""
        self._found = None

    async def is_of_functions(self) -> bool:
        """Return ``False``: the .NET extension does not write files."""
        return False

    async def instances(self, *, entities: bool = False) -> AsyncIterator[StoredInstance | NotRead]:
        """Yield orchestrations, then entities, each the oldest first; or entities alone."""
        for kind in (True,) if entities else (False, True):
            token: str | None = None
            while True:
                found = await self._page(InstanceQuery(entities=kind, token=token))
                for unreadable in found.unreadable:
                    yield NotRead(unreadable.location, unreadable.error)
                for row in found.page.instances:
                    yield stored_instance(row) if entities else await self._with_history(row)
                token = found.page.token
                if token is None:
                    break

    async def _page(self, query: InstanceQuery) -> reads.FoundPage:
        number = self._number
        return await self._file.read(lambda c: reads.instances(c, number, query), slow=True)

    @property
    def _number(self) -> int:
        if self._found is None:
            raise HubNotFound(self._name)
        return self._found.number

    async def _with_history(self, row: Instance) -> StoredInstance | NotRead:
        number = self._number
        found = await self._file.read(
            lambda c: reads.history(c, number, row.instance_id), slow=True
        )
        if isinstance(found, reads.Unreadable):
            return NotRead(found.location, found.error)
        events = found.events if found.version.execution_id == row.execution_id else ()
        return replace(stored_instance(row), history=tuple(map(StoredEvent, events)))


def stored_instance(row: Instance) -> StoredInstance:
    """Return an instance as its row tells it."""
    return StoredInstance(
        instance_id=row.instance_id,
        execution_id=row.execution_id,
        name=row.name,
        version=row.version,
        status=row.status.name,
        created=row.created,
        last_updated=row.last_updated,
        completed=row.completed,
        scheduled_start=row.scheduled_start,
        input=row.input,
        output=row.output,
        custom_status=row.custom_status,
        tags=row.tags,
        generation=row.generation,
    )
