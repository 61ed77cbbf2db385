"""Single instances of a hub in a SQLite file."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from sqlite3 import Connection

from durahub.errors import Malformed
from durahub.model.history import Event, Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.scheduler import reads
from durahub.scheduler.columns import Column, from_text, to_text
from durahub.scheduler.event_proto import decode as decode_event
from durahub_migrate.monitor.row import Kind, Row
from durahub_migrate.monitor.seam import Detail, LiveHistory
from durahub_migrate.watching.reading.details import detail_of
from durahub_migrate.watching.reading.kept import KeptHistories, KeptHistory
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.reading.members import member_of
from durahub_migrate.watching.sources.file_look import FileLook
from durahub_migrate.watching.sources.scheduler import row_of

_AT_ONCE = 2000  # events that are read in one look: a server may share the file's thread

_Head = tuple[int, int, str | None, int]  # number of the history, revision, execution, length


class SchedulerLive:
    """A `durahub_migrate.watching.reading.live.LiveSource` of the hub with the key *hub*."""

    def __init__(
        self, look: FileLook, hub: str, clock: Callable[[], Ticks], limits: Limits
    ) -> None:
        self._look = look
        self._hub = hub
        self._clock = clock
        self._limits = limits
        self._kept = KeptHistories(limits.kept)

    async def detail(self, instance_id: str) -> Detail | None:
        """Return an instance with everything in its row."""
        found = await self._look.read(
            lambda c, hub: reads.instance(c, hub, instance_id, payloads=True)
        )
        if found is None:
            return None
        if isinstance(found, reads.Unreadable):
            row = Row(hub=self._hub, instance_id=instance_id, status="")
            return Detail(row=row, missing=(("row", found.error.sentence),))
        row = row_of(found, self._hub, self._clock())
        missing: list[tuple[str, str]] = []
        detail = detail_of(
            row,
            input_text=self._text("input", found.input, missing),
            output_text=self._text("output", found.output, missing),
            custom_status=found.custom_status,
            lock_is_orphaned=await self._is_orphaned(row),
        )
        return replace(detail, missing=(*detail.missing, *missing))

    async def history(self, instance_id: str) -> LiveHistory:
        """Return the history of its current execution."""
        return (await self._history(instance_id)).told()

    async def payload(self, instance_id: str, number: int, member: str) -> str | None:
        """Return a text of an event whole."""
        found = await self._history(instance_id)
        return member_of(found.numbered(number, instance_id), member)

    async def parent(self, instance_id: str) -> str | None:
        """Return the orchestration that started it: its row tells."""
        found = await self._look.read(
            lambda c, hub: reads.instance(c, hub, instance_id, payloads=False)
        )
        return found.parent_id if isinstance(found, Instance) else None

    def _text(self, member: str, text: str | None, missing: list[tuple[str, str]]) -> str | None:
        """Return a text unless it is too large to be shown with the rest."""
        if text is None or len(text) <= self._limits.payload:
            return text
        missing.append((member, f"it has {len(text):,} characters, more than are read at once"))
        return None

    async def _is_orphaned(self, row: Row) -> bool | None:
        if row.kind is not Kind.ENTITY or row.locked_by is None:
            return None
        holder = row.locked_by
        found = await self._look.read(lambda c, hub: reads.instance(c, hub, holder, payloads=False))
        return found is None or (isinstance(found, Instance) and Status(found.status).is_terminal)

    # -- histories -----------------------------------------------------------------------------

    async def _history(self, instance_id: str) -> KeptHistory:
        head = await self._look.read(lambda c, hub: _head(c, hub, instance_id))
        if head is None:
            self._kept.forget(instance_id)
            return KeptHistory()
        number, revision, execution, length = head
        etag = f"{number}.{revision}"
        kept = self._kept.get(instance_id)
        if kept is not None and kept.etag == etag:
            return kept
        events: list[Event] = []
        problems: list[str] = []
        position = 0
        while position < min(length, self._limits.events):
            found = await self._look.read(_events_look(number, position))
            for body, extra in found:
                event = _event(body, extra, f"table events {instance_id}/{position:016X}")
                position += 1
                if isinstance(event, str):
                    problems.append(event)
                else:
                    events.append(event)
            if not found:
                break
        if length > self._limits.events:
            problems.append(f"only the first {position:,} of {length:,} events were read")
        read = KeptHistory(
            execution_id=execution,
            events=tuple(events),
            etag=etag,
            problems=tuple(problems),
            total=length if length > self._limits.events else None,
        )
        self._kept.put(instance_id, read)
        return read


def _head(connection: Connection, hub: int, instance_id: str) -> _Head | None:
    sql = "SELECT number, revision, execution, length FROM histories WHERE hub = ? AND instance = ?"
    found = connection.execute(sql, (hub, from_text(instance_id))).fetchone()
    return None if found is None else (found[0], found[1], to_text(found[2]), found[3])


def _events_look(number: int, position: int) -> Callable[[Connection, int], list[Sequence[Column]]]:
    def look(connection: Connection, _: int) -> list[Sequence[Column]]:
        sql = (
            "SELECT event, extra FROM events WHERE history = ? AND position >= ?"
            " ORDER BY position LIMIT ?"
        )
        return connection.execute(sql, (number, position, _AT_ONCE)).fetchall()

    return look


def _event(body: Column, extra: Column, place: str) -> Event | str:
    """Return an event, or why it cannot be read."""
    try:
        return decode_event(body if isinstance(body, bytes) else b"", to_text(extra), place)
    except Malformed as error:
        return error.sentence
