"""What clients do with entities: signal, look, list, clean up."""

import asyncio
from dataclasses import replace

from durahub.dispatch.client_base import ClientBase
from durahub.dispatch.entity_queries import EntityCleaning, EntityPage, EntityQuery
from durahub.engine.entities.cleaning import Cleaning, cleaning_of, is_orphaned
from durahub.engine.entities.clients import release_orphan, signal_message
from durahub.engine.entities.ids import check_entity_id, is_entity
from durahub.engine.entities.reading import entity_of
from durahub.engine.entities.work import Entity
from durahub.errors import BadRequest
from durahub.model.history import Trace
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.store import InstanceQuery

CLEANING_TIME = 5.0  # seconds of one call; the rest is for the next, with the token
CLEANING_PAGE = 100
EMPTY_PAGES = 10  # read at most for one page of entities


class EntityClients(ClientBase):
    """The entity operations of one task hub's clients."""

    async def signal_entity(
        self,
        instance_id: str,
        name: str,
        input: str | None,  # noqa: A002 (the wire's word)
        *,
        request_id: str = "",
        scheduled: Ticks | None = None,
        trace: Trace | None = None,
        requested: Ticks | None = None,
    ) -> None:
        """Send an operation whose answer nobody waits for, at *scheduled* or at once.

        An empty *request_id* is replaced by a new one. Raises `BadInstanceId`, `BadRequest`.
        """
        check_entity_id(instance_id)
        if not name:
            raise BadRequest("an operation needs a name")
        message = signal_message(
            instance_id,
            name,
            input,
            request_id=request_id or self._new_id(),
            now=self._clock(),
            scheduled=scheduled,
            trace=trace,
            requested=requested,
        )
        await self._store.send(message)

    async def get_entity(self, instance_id: str, *, with_state: bool) -> Entity | None:
        """Return an entity, ``None`` where there is none or it has no state."""
        if not is_entity(instance_id):
            return None
        row = await self._store.get(instance_id, payloads=with_state)
        if row is None:
            return None
        entity = entity_of(row, with_state=with_state)
        return entity if entity.status.exists else None

    async def query_entities(self, query: EntityQuery) -> EntityPage:
        """Return a page of entities; one without any but with a token is legal."""
        rows_of = InstanceQuery(
            entities=True,
            prefix=_prefix(query.prefix),
            created_from=query.modified_from,  # an entity's row is made anew by each batch
            created_to=query.modified_to,
            payloads=query.with_state,
            page_size=query.page_size,
            token=query.token,
        )
        for _ in range(EMPTY_PAGES):
            page = await self._store.query(rows_of)
            all_of = (entity_of(row, with_state=query.with_state) for row in page.instances)
            found = tuple(e for e in all_of if e.status.exists or query.transient)
            if found or page.token is None:
                break
            rows_of = replace(rows_of, token=page.token)
        return EntityPage(found, page.token)

    async def clean_entities(
        self, *, remove_empty: bool, release_locks: bool, token: str | None
    ) -> EntityCleaning:
        """Remove entities that hold nothing, and release locks whose holders run no more."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CLEANING_TIME
        removed = released = 0
        while True:
            page = await self._store.query(
                InstanceQuery(entities=True, payloads=False, page_size=CLEANING_PAGE, token=token)
            )
            for row in page.instances:
                match cleaning_of(row, self._clock()):
                    case Cleaning.REMOVE if remove_empty:
                        await self._remove(row)
                        removed += 1
                    case Cleaning.CHECK_LOCK if release_locks and await self._release(row):
                        released += 1
            token = page.token
            if token is None or loop.time() >= deadline:
                return EntityCleaning(removed, released, token)

    async def _remove(self, row: Instance) -> None:
        await self._store.purge(row.instance_id, row)
        self._changed_in_storage(row.instance_id)

    async def _release(self, row: Instance) -> bool:
        """Release the lock of an entity if its holder has ended or is gone; tell whether it was."""
        holder = entity_of(row, with_state=False).status.locked_by
        if holder is None or not is_orphaned(await self._store.get(holder, payloads=False)):
            return False
        await self._store.send(release_orphan(row.instance_id, holder, self._clock()))
        return True


def _prefix(prefix: str) -> str:
    """Return the prefix of IDs: with its "@", the entity's name in lower case, the key as it is."""
    name, separator, key = prefix.removeprefix("@").partition("@")
    return f"@{name.lower()}{separator}{key}"
