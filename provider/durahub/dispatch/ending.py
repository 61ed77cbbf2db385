"""Ending instances: asking them to, or ending them in storage where nobody could do it for them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from durahub.dispatch.client_base import ClientBase
from durahub.dispatch.purging import check_batch
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.releases import locks_held
from durahub.engine.forced_end import forced_end
from durahub.engine.state import open_children
from durahub.errors import CheckpointLost
from durahub.model.history import ExecutionTerminated
from durahub.model.instance import Instance
from durahub.store import SharedStore

TRIES = 5  # to end an instance whose history changes under our hands


class Ending(ClientBase):
    """The operations that end an execution before its time."""

    async def terminate(self, instance_id: str, output: str | None, *, recursive: bool) -> None:
        """Ask an instance to end, with *recursive* its children too.

        One that no worker could end now, here or on another server, is ended at once.
        """
        row = await self._existing(instance_id, payloads=False)
        await self._terminate(row, output, recursive, set())

    async def _terminate(
        self, row: Instance, output: str | None, recursive: bool, seen: set[str]
    ) -> None:
        seen.add(row.instance_id)
        event = ExecutionTerminated(timestamp=self._clock(), input=output, recurse=recursive)
        children = await self._open_children(row) if recursive else []
        if not row.status.is_terminal and (self._can_run(row) or not await self._end(row, event)):
            await self._send(row.instance_id, event)
        for child in children:
            found = await self.get(child, payloads=False)
            if found is not None and not found.status.is_terminal and child not in seen:
                await self._terminate(found, output, True, seen)

    def _can_run(self, row: Instance) -> bool:  # noqa: ARG002 (a hub with workers asks them)
        """Tell whether a worker is there that takes this orchestration; without a dispatcher it may be."""
        return True

    async def force_terminate(self, ids: Sequence[str], reason: str | None) -> tuple[str, ...]:
        """End at most 500 instances in storage, whatever they do; return those that were left.

        Left are entities, what does not exist or has ended, and what holds an entity's lock.
        """
        check_batch(ids)
        event = ExecutionTerminated(timestamp=self._clock(), input=reason)
        left: list[str] = []
        for instance_id in dict.fromkeys(ids):
            row = await self.get(instance_id, payloads=False)
            if row is None or row.status.is_terminal or not await self._end(row, event, force=True):
                left.append(instance_id)
        return tuple(left)

    async def _end(self, row: Instance, event: ExecutionTerminated, *, force: bool = False) -> bool:
        """End an instance in storage; tell whether that was possible.

        Its history's version guards it: whoever runs it loses its checkpoint, and finds that it has ended.
        """
        store, instance_id = self._store, row.instance_id
        others = store if isinstance(store, SharedStore) and not force else None
        if others is not None and await others.is_held_elsewhere(instance_id):
            return False
        for _ in range(TRIES):
            history = await store.load(instance_id)
            full = await store.get(instance_id)
            if full is None or full.status.is_terminal or (force and locks_held(history.events)):
                return False
            event = replace(event, timestamp=self._clock())
            commit = forced_end(full, history.version, history.events, event, self._clock())
            if commit is None:
                return False
            try:
                await store.intervene(commit)
            except CheckpointLost:
                await asyncio.sleep(0)
                continue
            self._changed_in_storage(instance_id, over_at=event.timestamp)
            if commit.instance.status is not None:
                self._waits.notify(instance_id, commit.instance.status)
            return True
        return False

    async def _open_children(self, row: Instance) -> list[str]:
        """Return the running children; terminating them now spares a generation each its turn."""
        events = self._events_here(row.instance_id)
        if events is None:
            events = [event async for event in self._store.history(row.instance_id)]
        ids = [child.instance_id or "" for child in open_children(events)]
        return [child for child in ids if child != row.instance_id and not is_entity(child)]
