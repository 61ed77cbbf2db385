"""The Instances table: one row an instance, read and written, with its large payloads."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from durahub.classic import instance_rows
from durahub.classic.columns import Value
from durahub.classic.envelope import Envelope, decode
from durahub.classic.instance_rows import InstanceRow
from durahub.classic.keys import escape
from durahub.classic.payloads import (
    blob_name_of,
    blob_url,
    candidates,
    is_large_property,
    is_message_blob,
    pack,
    property_blob,
    unpack,
    with_blobs,
)
from durahub.classic_b.blobs import Container
from durahub.classic_b.tables import Lost, Row, Table, quoted
from durahub.engine.commit import InstanceUpdate
from durahub.errors import BadPayload, BadRequest, InstanceExists
from durahub.model.history import ExecutionStarted, Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks, to_round_trip_text
from durahub.store import InstanceQuery, Page

_LIGHT = (
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
"""The columns without payloads."""

LARGEST_PAGE = 1000
_PENDING_OR_RUNNING = frozenset({Status.Running, Status.Pending})


class InstanceTable:
    """Reads and writes instance rows. *chance* returns a random number below 2**31."""

    def __init__(
        self,
        table: Table,
        container: Container,
        container_url: str,
        hub: str,
        clock: Callable[[], Ticks],
        chance: Callable[[], int],
    ) -> None:
        self._table = table
        self._container = container
        self._container_url = container_url
        self._hub = hub
        self._clock = clock
        self._chance = chance

    async def create(
        self, started: ExecutionStarted, message_blob: str | None, replaces: Instance | None
    ) -> None:
        """Write the Pending row of a start. Raises `InstanceExists` if the row changed meanwhile."""
        columns = await self._new_row(started, message_blob)
        try:
            if replaces is None or replaces.etag is None:
                await self._table.insert(columns)
            else:
                await self._table.replace(columns, replaces.etag)
        except Lost:
            raise InstanceExists(started.execution.instance_id, "being started") from None

    async def _new_row(
        self, started: ExecutionStarted, message_blob: str | None
    ) -> dict[str, Value]:
        if message_blob is not None:
            address = blob_url(self._container_url, message_blob)
            return instance_rows.created(started, self._hub, self._clock(), address)
        columns = instance_rows.created(started, self._hub, self._clock(), started.input)
        if started.input is None or not is_large_property(started.input):
            return columns
        instance_id = started.execution.instance_id
        blob = property_blob(instance_id, "", "Input", "Input", self._chance())
        await self._container.write(blob, pack(started.input))
        return with_blobs(columns, {"Input": blob})

    async def update(
        self,
        instance_id: str,
        update: InstanceUpdate,
        *,
        input_blob: str | None = None,
        output_blob: str | None = None,
    ) -> None:
        """Merge what a checkpoint changes; the blobs are those that the history's rows name."""
        input_text = update.started.input if update.started is not None else None
        await self._table.merge_or_insert(
            instance_rows.checkpoint(
                instance_id,
                update,
                self._hub,
                input_text=self._address(input_blob) or input_text,
                output_text=self._address(output_blob) or await self._fitting(instance_id, update),
            )
        )

    async def repair(self, instance_id: str, update: InstanceUpdate, *, insert: bool) -> None:
        """Write a row without a checkpoint; without *insert* only into one that is there."""
        output = await self._fitting(instance_id, update)
        if update.started is None:
            columns = instance_rows.terminated_before_start(instance_id, update, output_text=output)
        else:
            columns = instance_rows.checkpoint(
                instance_id,
                update,
                self._hub,
                input_text=await self._offloaded(instance_id, "Input", update.started.input),
                output_text=output,
            )
        if insert:
            await self._table.merge_or_insert(columns)
        else:
            await self._table.merge_existing(columns)

    async def _fitting(self, instance_id: str, update: InstanceUpdate) -> str | None:
        return await self._offloaded(instance_id, "Output", update.output)

    async def _offloaded(self, instance_id: str, column: str, text: str | None) -> str | None:
        """Return *text*, or the address of a blob that holds it if a column cannot."""
        if text is None or not is_large_property(text):
            return text
        blob = property_blob(instance_id, "", column, column, self._chance())
        await self._container.write(blob, pack(text))
        return self._address(blob)

    def _address(self, blob: str | None) -> str | None:
        return blob_url(self._container_url, blob) if blob is not None else None

    async def get(self, instance_id: str, *, payloads: bool) -> Instance | None:
        """Return an instance, ``None`` if there is no row."""
        row = await self._table.get(escape(instance_id), "", None if payloads else _LIGHT)
        return await self._instance(row, payloads=payloads) if row is not None else None

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page, in the order of the keys. Raises `BadRequest` for a token that is not ours."""
        try:
            page = await self._table.page(
                condition_of(query),
                max(1, min(query.page_size, LARGEST_PAGE)),
                query.token,
                None if query.payloads else _LIGHT,
            )
        except ValueError:
            raise BadRequest("the continuation token is not one of this hub's") from None
        found = await asyncio.gather(
            *(self._instance(row, payloads=query.payloads) for row in page.rows)
        )
        return Page(tuple(found), page.token)

    async def delete(self, instance_id: str) -> bool:
        """Delete the row; tell whether there was one."""
        key = escape(instance_id)
        there = await self._table.get(key, "", ("PartitionKey",)) is not None
        if there:
            await self._table.delete(key, "")
        return there

    async def _instance(self, row: Row, *, payloads: bool) -> Instance:
        found = instance_rows.decode(row.columns, row.etag)
        if not payloads:
            return found.instance
        return replace(
            found.instance,
            input=await self._resolved_input(found),
            output=await self._resolved(found.instance.output),
        )

    async def _resolved_input(self, found: InstanceRow) -> str | None:
        if found.input_blob is not None:
            return await self._text_of((found.input_blob,))
        return await self._resolved(found.instance.input)

    async def _resolved(self, text: str | None) -> str | None:
        """Return *text*, or what stands in the blob that it is the address of."""
        if text is None or blob_name_of(text, self._container_url) is None:
            return text
        return await self._text_of(candidates(text, self._container_url))

    async def _text_of(self, blobs: tuple[str, ...]) -> str | None:
        for number, blob in enumerate(blobs):
            try:
                text = unpack(await self._container.read(blob), blob)
            except BadPayload:
                if number == len(blobs) - 1:
                    raise
                continue
            if not is_message_blob(blob) or "/message-" not in blob:
                return text
            envelope = decode(text)
            event = envelope.message.event if isinstance(envelope, Envelope) else None
            return event.input if isinstance(event, ExecutionStarted) else None
        return None


def condition_of(query: InstanceQuery) -> str:
    """Return the OData condition of *query*."""
    parts: list[str] = []
    if query.created_from is not None:
        parts.append(f"CreatedTime ge datetime'{to_round_trip_text(query.created_from)}'")
    if query.created_to is not None:
        parts.append(f"CreatedTime le datetime'{to_round_trip_text(query.created_to)}'")
    if query.statuses:
        names = sorted(status.name for status in query.statuses)
        parts.append(" or ".join(f"RuntimeStatus eq '{name}'" for name in names))
    prefix = ("@" if query.entities and not query.prefix.startswith("@") else "") + query.prefix
    if prefix:
        safe = escape(prefix)
        after = safe[:-1] + chr(ord(safe[-1]) + 1)
        parts.extend((f"PartitionKey ge {quoted(safe)}", f"PartitionKey lt {quoted(after)}"))
    if not query.entities and not prefix:
        parts.append("PartitionKey lt '@' or PartitionKey ge 'A'")
    return " and ".join(f"({part})" for part in parts)
