"""Deleting instances that have ended, and entities."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace

from durahub.dispatch.client_base import ClientBase
from durahub.engine.entities.ids import is_entity
from durahub.errors import BadRequest, WrongStatus
from durahub.model.history import Status, SubOrchestrationInstanceCreated
from durahub.model.instance import Instance
from durahub.store import InstanceQuery, Purged

LARGEST_BATCH = 500  # instances of one call
TRIES = 3  # to delete an instance whose row is written meanwhile


def check_batch(ids: Sequence[str]) -> None:
    """Raise `BadRequest` if a batch has too many instances."""
    if len(ids) > LARGEST_BATCH:
        raise BadRequest(f"a batch has at most {LARGEST_BATCH} instance IDs, not {len(ids)}")


class Purging(ClientBase):
    """The operations that delete."""

    async def purge(self, instance_id: str, *, recursive: bool = False) -> Purged:
        """Delete an instance that has ended, or an entity; one that does not exist counts as none.

        With *recursive* its ended children go first. Raises `WrongStatus` if it has not ended.
        """
        for _ in range(TRIES):
            row = await self._store.get(instance_id, payloads=False)
            if row is None:
                break
            if not is_entity(instance_id) and not row.status.is_terminal:
                raise WrongStatus(instance_id, row.status.name, "only what has ended can be purged")
            purged = await self._purge_tree(row, recursive=recursive)
            if purged.instances:
                return purged
        return Purged(0)

    async def purge_batch(self, ids: Sequence[str], *, recursive: bool = False) -> Purged:
        """Delete those of at most 500 instances that have ended; the others stay."""
        check_batch(ids)
        total = Purged(0)
        for instance_id in ids:
            with contextlib.suppress(WrongStatus):
                total = _sum(total, await self.purge(instance_id, recursive=recursive))
        return total

    async def purge_matching(
        self, query: InstanceQuery, *, time_limit: float | None, recursive: bool = False
    ) -> tuple[Purged, bool]:
        """Delete the ended instances that *query* selects; tell whether all were done in time.

        With *recursive* their ended children, too, whether *query* selects them or not.
        """
        ended = frozenset(s for s in query.statuses if s.is_terminal)
        if query.statuses and not ended:
            return Purged(0), True
        wanted = ended or frozenset(s for s in Status if s.is_terminal)
        page_of = replace(query, statuses=wanted, payloads=False)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + time_limit if time_limit is not None else None
        total = Purged(0)
        while True:
            page = await self._store.query(page_of)
            for instance in page.instances:
                if deadline is not None and loop.time() >= deadline:
                    return total, False
                purged = await self._purge_tree(instance, recursive=recursive)
                total = _sum(total, purged)
            if page.token is None:
                return total, True
            page_of = replace(page_of, token=page.token)

    async def _purge_tree(self, row: Instance, *, recursive: bool) -> Purged:
        """Delete the instance of *row*, with *recursive* after its ended children.

        It stays if it has been started anew since its row was read.
        """
        total, instance_id = Purged(0), row.instance_id
        if recursive:
            for child in await self._children(instance_id):
                found = await self.get(child, payloads=False)
                if found is not None and found.status.is_terminal:
                    total = _sum(total, await self._purge_tree(found, recursive=True))
        now = self._clock()
        # an entity is deleted whatever it is doing
        expected = None if is_entity(instance_id) else row
        purged = await self._store.purge(instance_id, expected)
        if purged.instances:
            self._changed_in_storage(instance_id, over_at=now)
        return _sum(total, purged)

    async def _children(self, instance_id: str) -> list[str]:
        created = [
            event.instance_id
            async for event in self._store.history(instance_id)
            if isinstance(event, SubOrchestrationInstanceCreated)
        ]
        return [child for child in dict.fromkeys(created) if child and child != instance_id]


def _sum(one: Purged, other: Purged) -> Purged:
    return Purged(one.instances + other.instances, one.rows + other.rows)
