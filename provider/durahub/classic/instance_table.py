"""The Instances table: one row an instance, read and written, with its large payloads; layout 6."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

from durahub.classic import instance_query, instance_rows
from durahub.classic.aside import Aside
from durahub.classic.columns import Columns
from durahub.classic.ended_listing import EndedListing
from durahub.classic.instance_payloads import input_of, output_of
from durahub.classic.keys import escape
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.payloads import is_large_property, utf16_size
from durahub.classic.tables import Row, Tables
from durahub.classic.together import Together
from durahub.engine.commit import InstanceUpdate
from durahub.errors import BadPayload, BadRow, InstanceExists, OverLimit
from durahub.model.history import ExecutionStarted, Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.store import Ended, EndedQuery, InstanceQuery, Page

log = logging.getLogger(__name__)

LARGEST_PAGE = 1000
WITHOUT_PAYLOADS = (
    "PartitionKey",
    "RowKey",
    "ExecutionId",
    "Name",
    "Version",
    "CustomStatus",
    "RuntimeStatus",
    "CreatedTime",
    "LastUpdatedTime",
    "CompletedTime",
    "ScheduledStartTime",
    "Generation",
    "Tags",
)
ENDED_COLUMNS = ("PartitionKey", "RowKey", "CompletedTime")


class InstanceTable:
    """Reads and writes instance rows. *shared*: other hubs keep rows in the same table."""

    def __init__(
        self,
        tables: Tables,
        table: str,
        payloads: LargePayloads,
        aside: Aside,
        hub: str,
        clock: Callable[[], Ticks],
        together: Together,
        *,
        shared: bool,
    ) -> None:
        self._tables = tables
        self._table = table
        self._payloads = payloads
        self._aside = aside
        self._hub = hub
        self._clock = clock
        self._together = together
        self._shared = shared
        self._ended = EndedListing(self._look_through)

    # -- writing -------------------------------------------------------------------------------

    async def create(
        self, started: ExecutionStarted, message_blob: str | None, replaces: Instance | None
    ) -> Instance:
        """Write the Pending row of a start and return it, without the input.

        Raises `InstanceExists` if the row changed meanwhile.

        *message_blob* is where the start message stands, if that is so large.
        """
        instance_id = started.execution.instance_id
        text = self._payloads.address(message_blob) if message_blob else started.input
        columns = instance_rows.created(started, self._hub, self._clock(), text)
        columns, _ = await self._payloads.move_out(instance_id, "", None, columns)
        if replaces is None:
            etag = await self._tables.insert(self._table, columns)
        else:
            etag = await self._tables.replace(self._table, columns, replaces.etag or "*")
        if etag is None:
            row = await self.get(instance_id, payloads=False)
            if row is not None and _is_of(row, started):
                return row  # our own: it was sent again because the answer had got lost
            raise InstanceExists(instance_id, row.status.name if row else "being purged")
        return replace(instance_rows.decode(columns, etag).instance, input=None)

    async def check_free(self, instance_id: str) -> None:
        """Raise `InstanceExists` if there is a row."""
        row = await self.get(instance_id, payloads=False)
        if row is not None:
            raise InstanceExists(instance_id, row.status.name)

    async def update(
        self,
        instance_id: str,
        update: InstanceUpdate,
        moved: Mapping[str, str],
        etag: str | None = None,
    ) -> str | None:
        """Write what an episode changed, with *etag* into that version alone; return the new ETag.

        ``None`` if the row has another one, or changed while it was read. *moved* are large texts that have
        blobs already.
        """
        input_text = update.started.input if update.started is not None else None
        columns = instance_rows.checkpoint(
            instance_id,
            self._storable(instance_id, update),
            self._hub,
            input_text=await self._outside(instance_id, "Input", input_text, moved),
            output_text=await self._outside(instance_id, "Output", update.output, moved),
        )
        columns, _ = await self._payloads.move_out(instance_id, "", None, columns)
        if instance_rows.clears_the_end(update):
            return await self._merge_without_end(columns, etag)
        return await self._tables.merge(self._table, columns, etag)

    async def _merge_without_end(self, columns: Columns, etag: str | None) -> str | None:
        """Merge *columns* into a row of an instance that had ended; a merge alone keeps the old output."""
        row = await self._tables.get(self._table, str(columns["PartitionKey"]), "")
        if row is None:
            return await self._tables.merge(self._table, columns, etag)
        if etag not in (None, row.etag):
            return None
        kept = instance_rows.without_end(row.columns) | dict(columns)
        return await self._tables.replace(self._table, kept, row.etag)

    async def repair(
        self, instance_id: str, update: InstanceUpdate, *, insert: bool, etag: str | None = None
    ) -> str | None:
        """Write a row without a checkpoint: with *insert* a new one, else the one of that *etag*.

        Return the new ETag, ``None`` if there is one already, or another, or none.
        """
        output = await self._outside(instance_id, "Output", update.output, {})
        if update.started is None and update.status is Status.Terminated:
            columns = instance_rows.terminated_before_start(instance_id, update, output_text=output)
        else:
            started = update.started.input if update.started is not None else None
            columns = instance_rows.checkpoint(
                instance_id,
                self._storable(instance_id, update),
                self._hub,
                input_text=await self._outside(instance_id, "Input", started, {}),
                output_text=output,
            )
        columns, _ = await self._payloads.move_out(instance_id, "", None, columns)
        if insert:
            return await self._tables.insert(self._table, columns)
        return await self._tables.merge(self._table, columns, etag or "*")

    async def set_custom_status(self, instance_id: str, text: str | None, etag: str) -> bool:
        """Merge a custom status, and nothing else, into the row of that *etag*; tell whether it has it.

        Raises `OverLimit`: no row can hold a larger one, and no layout keeps it in a blob.
        """
        size = utf16_size(text) if text is not None else 0
        if size > instance_rows.LARGEST_STATUS:
            raise OverLimit("the custom status", size, instance_rows.LARGEST_STATUS)
        columns = instance_rows.custom_status(instance_id, text)
        return await self._tables.merge(self._table, columns, etag) is not None

    async def delete(self, instance_id: str, etag: str | None = None) -> bool:
        """Delete the row, with *etag* that version alone; tell whether there was one."""
        self._ended.gone(instance_id)
        return await self._tables.delete(self._table, escape(instance_id), "", etag or "*")

    async def _outside(
        self, instance_id: str, column: str, text: str | None, moved: Mapping[str, str]
    ) -> str | None:
        """Return *text*, or the address of the blob in which it stands because it is large."""
        if text is None or not is_large_property(text):
            return text
        blob = moved.get(text)
        if blob is None:
            blob = await self._payloads.write_property(instance_id, "", column, column, text)
        return self._payloads.address(blob)

    def _storable(self, instance_id: str, update: InstanceUpdate) -> InstanceUpdate:
        """Replace a custom status that no row can hold: it must not keep the rest from being written."""
        status = update.custom_status
        if status is None or utf16_size(status) <= instance_rows.LARGEST_STATUS:
            return update
        extra = {"instance_id": instance_id, "characters": len(status)}
        log.warning("custom-status-too-large", extra=extra)
        told = f'"a custom status of {len(status)} characters was too large to be stored"'
        return replace(update, custom_status=told)

    # -- reading -------------------------------------------------------------------------------

    async def get(self, instance_id: str, *, payloads: bool) -> Instance | None:
        """Return an instance, ``None`` if there is no row."""
        row = await self._tables.get(self._table, escape(instance_id), "")
        return await self._instance(row, payloads=payloads) if row is not None else None

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page; it may be short, or empty, and have a token all the same."""
        rows, following = await self._tables.query(
            self._table,
            instance_query.condition(query, self._hub if self._shared else None),
            select=() if query.payloads else WITHOUT_PAYLOADS,
            most=max(1, min(query.page_size, LARGEST_PAGE)),
            start=instance_query.decode_token(query.token) if query.token else None,
        )
        found = await self._together.all(
            self._readable(row, payloads=query.payloads) for row in rows
        )
        instances = tuple(
            one for one in found if one is not None and instance_query.matches(query, one)
        )
        return Page(instances, instance_query.encode_token(following))

    async def ended(self, query: EndedQuery) -> tuple[Ended, ...]:
        """Return orchestrations that have ended, by the time of their end."""
        return await self._ended.page(query)

    async def _look_through(self, query: EndedQuery) -> AsyncIterator[list[Ended]]:
        condition = instance_query.ended_condition(query, self._hub if self._shared else None)
        async for page in self._tables.pages(self._table, condition, select=ENDED_COLUMNS):
            yield [one for row in page if (one := instance_query.ended(query, row.columns))]

    async def _readable(self, row: Row, *, payloads: bool) -> Instance | None:
        try:
            return await self._instance(row, payloads=payloads)
        except BadRow:
            return None  # it is set aside; the others are to be seen all the same
        except BadPayload as error:
            await self._aside.note(f"table {self._table} {_key(row.columns)}", error)
            return await self._instance(row, payloads=False)

    async def _instance(self, row: Row, *, payloads: bool) -> Instance:
        try:
            found = instance_rows.decode(row.columns, row.etag)
        except BadRow as error:
            await self._aside.note(f"table {self._table} {_key(row.columns)}", error)
            raise
        if not payloads:
            return replace(found.instance, input=None, output=None)
        return replace(
            found.instance,
            input=await input_of(found, self._payloads),
            output=await output_of(found, self._payloads),
        )


def _is_of(row: Instance, started: ExecutionStarted) -> bool:
    """Tell whether *row* was written for *started*: a client may name an execution twice, but not at once."""
    execution_id = started.execution.execution_id
    return row.execution_id == execution_id and row.created == started.timestamp


def _key(columns: Columns) -> str:
    return f"{columns.get('PartitionKey')}/"
