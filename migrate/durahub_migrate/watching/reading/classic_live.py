"""Single instances of a hub in Azure Storage, each by a few requests whose number is known.

============  ==================================================================================
detail        its row, each of input and output that stands in a blob, of an entity that is
              locked the row of whoever holds the lock: 4 at most
history       one for each 1,000 rows that are new since the last look, at least one, and the
              large payloads of these
parent        its first rows, if its history is not known yet: 1 at most
============  ==================================================================================
"""

from collections.abc import Awaitable, Callable

from durahub.classic import instance_rows
from durahub.classic.columns import Columns
from durahub.classic.instance_payloads import input_of, output_of
from durahub.classic.instance_rows import InstanceRow
from durahub.classic.keys import escape
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.names import HubNames
from durahub.classic.stored_rows import is_of_hub
from durahub.classic.tables import Tables
from durahub.errors import BadPayload, Malformed
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.row import Kind
from durahub_migrate.monitor.seam import Detail, LiveHistory
from durahub_migrate.watching.reading.classic_history import ClassicHistories
from durahub_migrate.watching.reading.details import detail_of
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.reading.members import member_of
from durahub_migrate.watching.sources.classic_rows import RowMaker

_ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


class ClassicLive:
    """A `durahub_migrate.watching.reading.live.LiveSource`. *whole* reads payloads of any size."""

    def __init__(
        self,
        tables: Tables,
        names: HubNames,
        maker: RowMaker,
        clock: Callable[[], Ticks],
        small: LargePayloads,
        whole: LargePayloads,
        limits: Limits,
    ) -> None:
        self._tables = tables
        self._names = names
        self._maker = maker
        self._clock = clock
        self._small = small
        self._whole = whole
        self.histories = ClassicHistories(tables, names.history_table, small, limits)

    async def detail(self, instance_id: str) -> Detail | None:
        """Return an instance with everything in its row."""
        found = await self._tables.get(self._names.instances_table, escape(instance_id), "")
        if found is None or not self._is_ours(found.columns):
            return None
        row, problem = self._maker.row(found.columns, self._clock())
        missing = [("row", problem)] if problem is not None else []
        texts: dict[str, str | None] = {}
        custom_status = None
        try:
            stored = instance_rows.decode(found.columns)
        except Malformed as error:
            missing.append(("row", error.sentence))
        else:
            custom_status = stored.instance.custom_status
            for member, read in (("input", input_of), ("output", output_of)):
                texts[member] = await self._text(stored, member, read, missing)
        return detail_of(
            row,
            input_text=texts.get("input"),
            output_text=texts.get("output"),
            custom_status=custom_status,
            missing=tuple(missing),
            lock_is_orphaned=await self._is_orphaned(row.locked_by, row.kind),
        )

    async def history(self, instance_id: str) -> LiveHistory:
        """Return the history of its current execution."""
        return (await self.histories.look(instance_id)).told()

    async def payload(self, instance_id: str, number: int, member: str) -> str | None:
        """Return a text of an event whole."""
        found = self.histories.kept(instance_id) or await self.histories.look(instance_id)
        event = found.numbered(number, instance_id)
        blob = found.blobs.get((number, member))
        if blob is not None:
            return await self._whole.read(blob)
        return member_of(event, member)

    async def parent(self, instance_id: str) -> str | None:
        """Return the orchestration that started it."""
        started = await self.histories.started(instance_id)
        if started is None or started.parent is None:
            return None
        return started.parent.execution.instance_id

    async def _text(
        self,
        stored: InstanceRow,
        member: str,
        read: Callable[[InstanceRow, LargePayloads], Awaitable[str | None]],
        missing: list[tuple[str, str]],
    ) -> str | None:
        try:
            return await read(stored, self._small)
        except BadPayload as error:
            missing.append((member, f"blob {error.blob}: {error.problem}"))
        except Malformed as error:
            missing.append((member, error.sentence))
        return None

    async def _is_orphaned(self, locked_by: str | None, kind: Kind) -> bool | None:
        """Tell whether the holder of a lock has ended or is gone."""
        if kind is not Kind.ENTITY or locked_by is None:
            return None
        holder = await self._tables.get(self._names.instances_table, escape(locked_by), "")
        return holder is None or holder.columns.get("RuntimeStatus") in _ENDED

    def _is_ours(self, columns: Columns) -> bool:
        return self._names.tracking_prefix is None or is_of_hub(columns, self._names.hub)
