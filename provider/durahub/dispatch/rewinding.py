"""Rewinding failed instances: a message to the instance does it, or the rows are changed in place.

The message works wherever a durahub server runs the instance. Where another worker holds the partition it
may be a .NET one, which knows only DTFx's older way: the failures' rows become generic events.
"""

from durahub.dispatch.client_base import ClientBase
from durahub.dispatch.starting import check_instance_id
from durahub.engine.commit import InstanceUpdate
from durahub.engine.rewind_in_place import marks_of, wake_up
from durahub.errors import WrongStatus
from durahub.model.history import Execution, ExecutionRewound, Status
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.store import SharedStore


class Rewinding(ClientBase):
    """The operation that lets a failed instance go on."""

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        """Run a failed instance again from its failure, its failed children as well.

        Raises `BadInstanceId`, `InstanceNotFound`, `WrongStatus`.
        """
        check_instance_id(instance_id)
        row = await self._existing(instance_id, payloads=False)
        if row.status is not Status.Failed:
            raise WrongStatus(
                instance_id, row.status.name, "rewinding is allowed only for what has failed"
            )
        store = self._store
        if isinstance(store, SharedStore) and await store.is_held_elsewhere(instance_id):
            await self._rewind_in_place(store, row, reason or "", set())
            return
        request = ExecutionRewound(timestamp=self._clock(), reason=reason)
        await store.send(Message(event=request, target=Execution(instance_id, row.execution_id)))
        # Who asks next must not see the failure any more; the rewind itself may be faster.
        await self._mark(row, Status.Running)

    async def _rewind_in_place(
        self, store: SharedStore, row: Instance, reason: str, seen: set[str]
    ) -> None:
        """Rewind an instance and its failed children in storage.

        The row is written last: until then the whole can be asked for again.
        """
        instance_id = row.instance_id
        seen.add(instance_id)
        events = [event async for event in self._store.history(instance_id, row.execution_id)]
        marks, children = marks_of(events)
        await store.mark_rows(instance_id, row.execution_id or "", marks)
        below = [await self.get(child, payloads=False) for child in children if child not in seen]
        failed = [c for c in below if c is not None and c.status in (Status.Failed, Status.Pending)]
        for child in failed:
            await self._rewind_in_place(store, child, reason, seen)
        if not failed:
            await self._store.send(wake_up(instance_id, reason, self._clock()))
        await self._mark(row, Status.Pending)

    async def _mark(self, row: Instance, status: Status) -> None:
        update = InstanceUpdate(
            execution_id=row.execution_id or "",
            last_updated=self._clock(),
            custom_status=row.custom_status,
            tags=row.tags,
            status=status,
        )
        await self._store.repair(row.instance_id, update, insert=False, replaces=row)
