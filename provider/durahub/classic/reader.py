"""A hub's instances and histories, read as they are; nothing is taken, noted or written."""

from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from typing import Any

from durahub.classic import instance_query, instance_rows
from durahub.classic.account import Account
from durahub.classic.ahead import found_in_order
from durahub.classic.blobs import Blobs
from durahub.classic.columns import Columns
from durahub.classic.functions import is_of_functions
from durahub.classic.instance_payloads import input_of, output_of
from durahub.classic.keys import escape
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.stored_rows import (
    current,
    is_guarding,
    is_of_hub,
    is_sentinel,
    stored_event,
    stored_instance,
)
from durahub.classic.tables import Row, Tables, literal
from durahub.classic.together import Together
from durahub.classic.tracking import find_tables
from durahub.errors import Malformed
from durahub.stored import NotRead, StoredEvent, StoredInstance

PAGE = 100  # instance rows held at a time: each may have 64 KiB of input and as much of output
AT_ONCE = 16  # histories read at a time
REQUESTS = 32  # at a time, of all of them
TRIES = 5  # to read an instance that a worker keeps writing


class ClassicReader:
    """A `durahub.stored.HubReader`. The account stays its maker's to close.

    Without *tracking_prefix* the tables are those of the hub's name, or where there are none, those
    in which its name is found.
    """

    def __init__(self, hub: str, account: Account, *, tracking_prefix: str | None = None) -> None:
        check_hub_name(hub)
        self._account = account
        self._names = HubNames(hub, tracking_prefix)
        errors = StorageErrors(account.name, hub, account.service_of)
        self._tables = Tables(account.table_wire, errors)
        blobs = Blobs(account.blobs, errors)
        container = self._names.large_messages_container
        self._payloads = LargePayloads(blobs, container, lambda: 0)  # chance is for writers
        self._together = Together(REQUESTS)

    async def open(self) -> None:
        """Find the tables. Raises `HubNotFound`."""
        self._names = await find_tables(self._account, self._tables, self._names)

    async def close(self) -> None:
        """Do nothing: the connections are the account's."""

    async def is_of_functions(self) -> bool:
        """Tell whether the first rows show that Durable Functions writes this hub."""
        return await is_of_functions(self._tables, self._names)

    def instances(self, *, entities: bool = False) -> AsyncIterator[StoredInstance | NotRead]:
        """Yield all instances with their histories, or entities alone; in the order of their keys."""
        return found_in_order(self._works(entities), AT_ONCE)

    async def _works(
        self, entities: bool
    ) -> AsyncIterator[Coroutine[Any, Any, StoredInstance | NotRead | None]]:
        start = None
        while True:
            rows, start = await self._tables.query(
                self._names.instances_table,
                instance_query.ENTITIES if entities else "",
                most=PAGE,
                start=start,
            )
            for row in rows:
                if self._names.tracking_prefix is None or is_of_hub(row.columns, self._names.hub):
                    yield self._settled(row, with_history=not entities)
            if start is None:
                return

    async def _settled(self, row: Row, *, with_history: bool) -> StoredInstance | NotRead | None:
        """Return the instance of *row*, ``None`` if it is purged.

        A worker may write between two requests: what does not fit together is read again, unless the
        row is still the same. Then it is as .NET left it, or nobody can read it.
        """
        for _ in range(TRIES):
            found, fits = await self._instance(row.columns, with_history=with_history)
            if fits:
                return found
            keys = str(row.columns["PartitionKey"]), str(row.columns["RowKey"])
            now = await self._tables.get(self._names.instances_table, *keys)
            if now is None:
                return None
            if now.etag == row.etag:
                break
            row = now
        return found

    async def _instance(
        self, columns: Columns, *, with_history: bool
    ) -> tuple[StoredInstance | NotRead, bool]:
        """Return the instance of a row, and whether its history is of the execution that the row names."""
        table = self._names.instances_table
        place = f"table {table}, row {columns.get('PartitionKey')!r}"
        try:
            found = instance_rows.decode(columns)
            stored = stored_instance(
                columns,
                found,
                input_text=await input_of(found, self._payloads),
                output_text=await output_of(found, self._payloads),
            )
            if not with_history:
                return stored, True
            place = f"table {self._names.history_table}, instance {stored.instance_id!r}"
            rows, sentinel = await self._history(stored.instance_id, stored.execution_id)
            told = replace(stored, history=current(rows, sentinel))
            return told, is_guarding(sentinel, stored.execution_id)
        except Malformed as error:
            return NotRead(place, error), False

    async def _history(
        self, instance_id: str, execution_id: str | None
    ) -> tuple[list[tuple[str, StoredEvent]], Columns | None]:
        """Return the events of an execution, as .NET asks for them, and the sentinel."""
        condition = f"PartitionKey eq {literal(escape(instance_id))}"
        if execution_id is not None:
            condition += f" and (RowKey eq 'sentinel' or ExecutionId eq {literal(execution_id)})"
        sentinel: Columns | None = None
        events: list[tuple[str, StoredEvent]] = []
        async for page in self._tables.pages(self._names.history_table, condition):
            rows = [row.columns for row in page]
            sentinel = next(filter(is_sentinel, rows), sentinel)
            events += await self._together.all(
                self._event(columns) for columns in rows if not is_sentinel(columns)
            )
        return events, sentinel

    async def _event(self, columns: Columns) -> tuple[str, StoredEvent]:
        return stored_event(await self._payloads.resolve(columns))
