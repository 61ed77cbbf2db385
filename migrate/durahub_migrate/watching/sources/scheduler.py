"""The rows of a hub in a SQLite file, in the order of their IDs; what changed, in the order of changes.

Every write of a row gives it a number that is higher than all before, so what changed is a range of an index.
Rows that were deleted leave none; but counting is cheap there, and tells that a sweep is worth it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from sqlite3 import Connection

from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.scheduler_state import status_of
from durahub.errors import BadRequest, Malformed
from durahub.model.instance import Instance
from durahub.model.json_text import loads
from durahub.model.ticks import Ticks
from durahub.scheduler import instance_rows
from durahub.scheduler.columns import Column, from_text
from durahub_migrate.monitor.row import HEAD, Kind, Row
from durahub_migrate.watching.sources.file_look import FileLook
from durahub_migrate.watching.sources.row_source import RowsRead

PAGE = 1000
_OUTPUT = f"substr(output, 1, {HEAD}) AS output"
_INPUT = f"substr(input, 1, {HEAD}) AS input"


class SchedulerRows:
    """A `RowSource`. *hub* is the hub's key, *clock* tells when rows are seen."""

    changes_are_told = True
    is_still = False

    def __init__(
        self, look: FileLook, hub: str, clock: Callable[[], Ticks], *, inputs: bool = False
    ) -> None:
        self._look = look
        self._hub = hub
        self._clock = clock
        payload = _INPUT if inputs else "NULL AS input"
        self._columns = ", ".join((*instance_rows.COLUMNS, payload, _OUTPUT))

    async def page(self, position: str | None) -> RowsRead:
        """Return a page of all rows, by ID."""
        after = from_text(_id_of(position)) if position is not None else ""
        found, newest = await self._look.read(self._range("id", after))
        rows, unread = self._rows(found)
        last = json.dumps(_text(found[-1][0])) if len(found) == PAGE else None
        return RowsRead(rows=rows, position=last, mark=newest, unread=unread)

    async def changes(self, mark: str, position: str | None, *, active: bool) -> RowsRead:  # noqa: ARG002
        """Return a page of what has changed since *mark*, in that order."""
        after = _number(position or mark)
        found, newest = await self._look.read(self._range("etag", after))
        rows, unread = self._rows(found)
        last = str(found[-1][1]) if len(found) == PAGE else None
        return RowsRead(rows=rows, position=last, mark=newest, unread=unread)

    def _range(
        self, column: str, after: Column
    ) -> Callable[[Connection, int], tuple[list[Sequence[Column]], str]]:
        """Return a look for a page in the order of a column, and for the highest number given so far."""

        def look(connection: Connection, hub: int) -> tuple[list[Sequence[Column]], str]:
            sql = "SELECT max(etag) FROM instances WHERE hub = ?"
            newest = connection.execute(sql, (hub,)).fetchone()[0]
            sql = (
                f"SELECT {self._columns} FROM instances WHERE hub = ? AND {column} > ?"  # noqa: S608 (names and marks of ours)
                f" ORDER BY {column} LIMIT ?"
            )
            return connection.execute(sql, (hub, after, PAGE)).fetchall(), str(newest or 0)

        return look

    async def row(self, instance_id: str) -> Row | None:
        """Return one row as it is now."""

        def look(connection: Connection, hub: int) -> list[Sequence[Column]]:
            sql = f"SELECT {self._columns} FROM instances WHERE hub = ? AND id = ?"  # noqa: S608 (names and marks of ours)
            return connection.execute(sql, (hub, from_text(instance_id))).fetchall()

        rows, _ = self._rows(await self._look.read(look))
        return rows[0] if rows else None

    async def count(self) -> int | None:
        """Return how many rows there are."""

        def look(connection: Connection, hub: int) -> int:
            sql = "SELECT count(*) FROM instances WHERE hub = ?"
            return int(connection.execute(sql, (hub,)).fetchone()[0])

        return await self._look.read(look)

    def _rows(self, found: Sequence[Sequence[Column]]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        now = self._clock()
        made = [self._row(one, now) for one in found]
        rows = tuple(one for one in made if isinstance(one, Row))
        return rows, tuple(one for one in made if isinstance(one, str))

    def _row(self, columns: Sequence[Column], now: Ticks) -> Row | str:
        """Return a row, or why it cannot be read."""
        try:
            return row_of(instance_rows.decode(_whole(columns)), self._hub, now)
        except Malformed as error:
            return error.sentence


def row_of(found: Instance, hub: str, seen: Ticks) -> Row:
    """Return the row of an instance of a hub with the key *hub*."""
    entity = is_entity(found.instance_id)
    row = Row(
        hub=hub,
        instance_id=found.instance_id,
        execution_id=found.execution_id,
        name=found.name,
        version=found.version,
        status=found.status.name,
        created=found.created,
        updated=found.last_updated,
        completed=found.completed,
        scheduled_start=found.scheduled_start,
        custom_status=_head(found.custom_status),
        output=_head(found.output),
        input=_head(found.input),
        tags=found.tags or {},
        parent_id=found.parent_id,
        generation=found.generation,
        seen=seen,
    )
    if not entity:
        return row
    name, _, key = found.instance_id[1:].partition("@")
    locked_by = status_of(found.custom_status).locked_by
    return replace(row, kind=Kind.ENTITY, name=name, key=key, locked_by=locked_by)


def _whole(row: Sequence[Column]) -> Sequence[Column]:
    """Return a row whose heads of blobs, half a character of which may be cut off, are texts."""
    return [_cut(one) if isinstance(one, bytes) else one for one in row]


def _cut(column: bytes) -> str:
    return column.decode("utf-8", "surrogatepass" if len(column) < HEAD else "replace")


def _text(column: Column) -> str:
    return column.decode("utf-8", "surrogatepass") if isinstance(column, bytes) else str(column)


def _head(text: str | None) -> str | None:
    return text if text is None else text[:HEAD]


def _id_of(position: str) -> str:
    try:
        found = loads(position)
    except ValueError:
        found = None
    if not isinstance(found, str):
        raise BadRequest("the position is not one of a hub in a file")
    return found


def _number(text: str) -> int:
    if not text.isdecimal():
        raise BadRequest("the mark is not one of a hub in a file")
    return int(text)
