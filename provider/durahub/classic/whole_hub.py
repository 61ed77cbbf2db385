"""Everything of a hub, for whoever copies it: instances with their large payloads in place, messages.

Both tables are read side by side in full pages, where `durahub.classic.reader` asks for one history at a
time: a request for 1,000 rows instead of one for each instance.
"""

import json
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any

from durahub.classic import instance_rows
from durahub.classic.ahead import found_in_order
from durahub.classic.columns import Columns, to_odata
from durahub.classic.doctor.reading import Reading, StoredRows
from durahub.classic.doctor.snapshot import QueueFacts, SeenMessage
from durahub.classic.instance_payloads import input_of, output_of
from durahub.classic.keys import escape, unescape
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.names import HubNames
from durahub.classic.payloads import candidates
from durahub.classic.row_size import row_size
from durahub.classic.stored_rows import is_guarding, is_sentinel, stored_event, stored_instance
from durahub.engine import state as states
from durahub.errors import BadMessage, BadPartitionKey, BadRow, Malformed
from durahub.stored import NotRead, StoredEvent, StoredInstance, StoredMessage

AT_ONCE = 8  # instances whose blobs are read at a time
TRIES = 3  # to read an instance that a worker keeps writing


class WholeInstances:
    """The instances of the hub that *reading* reads."""

    def __init__(self, reading: Reading, names: HubNames, payloads: LargePayloads) -> None:
        self._reading = reading
        self._names = names
        self._payloads = payloads

    def all(self) -> AsyncIterator[StoredInstance | NotRead]:
        """Yield every instance, by key. One of which a row or a blob cannot be read is not read at all."""
        return found_in_order(self._works(), AT_ONCE)

    async def one(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return one instance, ``None`` if there is nothing of it."""
        stored = await self._reading.stored_of(escape(instance_id))
        if stored.row is None and not stored.history:
            return None
        return await self._settled(stored)

    async def _works(
        self,
    ) -> AsyncIterator[Coroutine[Any, Any, StoredInstance | NotRead | None]]:
        async for stored in self._reading.stored():
            yield self._settled(stored)

    async def _settled(self, stored: StoredRows) -> StoredInstance | NotRead | None:
        """Return an instance, ``None`` if it is purged.

        A worker may have written between two pages: what does not fit together is read again by itself,
        unless it is still the same. Then it is as it was left, or nobody can read it.
        """
        for _ in range(TRIES):
            found, fits = await self._instance(stored)
            if fits:
                return found
            now = await self._reading.stored_of(stored.key)
            if now.row is None and not now.history:
                return None
            if _etag(now) == _etag(stored):
                return (await self._instance(now))[0]
            stored = now
        return found

    async def _instance(self, stored: StoredRows) -> tuple[StoredInstance | NotRead, bool]:
        """Return an instance, and whether its history belongs to its row: by execution and by state."""
        table = self._names.instances_table
        place = f"table {table}, row {stored.key!r}"
        try:
            if stored.row is None:
                place = f"table {self._names.history_table}, instance {_id(stored.key)!r}"
                raise BadRow(stored.key, "a history without an instance row")
            columns = stored.row.columns
            found = instance_rows.decode(columns)
            row = stored_instance(
                columns,
                found,
                input_text=await input_of(found, self._payloads),
                output_text=await output_of(found, self._payloads),
            )
            place = f"table {self._names.history_table}, instance {row.instance_id!r}"
            rows = [one.columns for one in stored.history]
            sentinel = next(filter(is_sentinel, rows), None)
            history = [await self._event(one) for one in _current(rows, sentinel)]
            beside = self._beside(found, [columns, *rows])
            whole = replace(row, history=tuple(history), beside=beside)
            fits = not rows or (is_guarding(sentinel, row.execution_id) and _is_as_far(whole))
            return whole, fits
        except Malformed as error:
            return NotRead(place, error, _raw(stored), _id(stored.key)), False

    async def _event(self, columns: Columns) -> StoredEvent:
        _, event = stored_event(await self._payloads.resolve(columns))
        return event

    def _beside(
        self, found: instance_rows.InstanceRow, rows: Iterable[Columns]
    ) -> dict[str, object]:
        blobs = {
            name: blob
            for name, text in (("Input", found.instance.input), ("Output", found.instance.output))
            if text is not None and (blob := next(iter(candidates(text, self._payloads.url)), None))
        }
        if found.input_blob is not None:
            blobs["Input"] = found.input_blob
        told: dict[str, object] = {"bytes": sum(map(row_size, rows))}
        return {**told, "blobs": blobs} if blobs else told


def whole_messages(queues: Iterable[QueueFacts]) -> Iterator[StoredMessage | NotRead]:
    """Yield the messages that were seen in *queues*."""
    for queue in queues:
        for seen in queue.seen:
            yield whole_message(seen)


def whole_message(seen: SeenMessage) -> StoredMessage | NotRead:
    """Return a message that was seen, as it is copied."""
    raw = seen.text.encode("utf-8", "surrogatepass")
    if seen.envelope is None:
        return NotRead(seen.place, seen.error or BadMessage(seen.problem or ""), raw)
    return StoredMessage(
        queue=seen.queue,
        message_id=seen.message_id,
        message=seen.envelope.message,
        deliveries=seen.deliveries,
        raw=raw,
        blob=seen.blob,
    )


def _current(rows: Iterable[Columns], sentinel: Columns | None) -> Iterator[Columns]:
    """Return the rows of the current execution: what stands behind another's is left over of an older one."""
    events = [one for one in rows if not is_sentinel(one)]
    guarded = sentinel.get("ExecutionId") if sentinel is not None else None
    execution = guarded or next((one.get("ExecutionId") for one in events), None)
    return takewhile(lambda one: one.get("ExecutionId") == execution, events)


def _is_as_far(instance: StoredInstance) -> bool:
    """Tell whether row and history are in the same state: they were read in pages of different moments."""
    state = states.read([one.event for one in instance.history])
    return instance.status == state.status.name


def _raw(stored: StoredRows) -> bytes:
    """Return rows as they came from storage, a line of JSON each."""
    rows = [*([stored.row] if stored.row is not None else []), *stored.history]
    lines = (json.dumps(to_odata(one.columns), sort_keys=True) for one in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _etag(stored: StoredRows) -> object:
    ends = stored.history[-1:]
    return (
        stored.row.etag if stored.row is not None else None,
        len(stored.history),
        [one.etag for one in ends],
    )


def _id(key: str) -> str:
    try:
        return unescape(key)
    except BadPartitionKey:
        return key
