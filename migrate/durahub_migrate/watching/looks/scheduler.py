"""Looks at a hub in a SQLite file: its tables show every message, but not whether a worker has it.

There are no partitions and no leases: the process that has the file serves all of it. What is asked is asked
of the file on this machine, and costs no requests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection

from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.scheduler_state import status_of
from durahub.errors import BadRequest, InstanceNotFound, Malformed
from durahub.model.ticks import Ticks
from durahub.scheduler import message_rows, reads
from durahub.scheduler.columns import Column, from_text
from durahub.scheduler.connections import MEMORY, holder_of
from durahub.scheduler.freezing import freeze_of
from durahub_migrate.monitor.explaining import (
    Frozen,
    HubSeen,
    InstanceSeen,
    SeenMessage,
    SeenQueue,
    explain,
    needs,
)
from durahub_migrate.monitor.health.look import HubLook, Looked, queue_view
from durahub_migrate.monitor.health.measures import BlobSum, Measured, storage_view
from durahub_migrate.monitor.health.messages import verdicts
from durahub_migrate.monitor.health.owners import Held
from durahub_migrate.monitor.hub import HubRef
from durahub_migrate.monitor.partitions import (
    BlobView,
    MessageView,
    PartitionsView,
    StorageView,
    WorkerView,
)
from durahub_migrate.monitor.waiting import Explanation, Stuck
from durahub_migrate.watching.keeping import HubIndex
from durahub_migrate.watching.looks import known_rows
from durahub_migrate.watching.looks.settings import LookSettings
from durahub_migrate.watching.looks.stuck_list import StuckList
from durahub_migrate.watching.sources.file_look import FileLook
from durahub_migrate.watching.sources.scheduler import row_of

INBOX, TASKS = "inbox", "tasks"
MOST_SEEN = 32  # as many as a queue of Azure Storage shows
MOST_OTHERS = 20
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class _Tables:
    """What a look found in the file."""

    queues: tuple[SeenQueue, ...]


class SchedulerLooks:
    """Looks at one hub; *place* is the file, ``:memory:`` or empty for one of this process.

    *workers* returns how many workers are connected to the server that this process is.
    """

    def __init__(
        self,
        ref: HubRef,
        file: FileLook,
        place: str,
        index: HubIndex,
        clock: Callable[[], Ticks],
        settings: LookSettings | None = None,
        *,
        workers: Callable[[], int] | None = None,
    ) -> None:
        self._ref = ref
        self._connected = workers
        self._file = file
        self._place = place
        self._index = index
        self._clock = clock
        self._settings = settings or LookSettings()
        self._list = StuckList(self._settings, clock)
        self._looked = Looked()

    async def why(self, instance_id: str) -> Explanation:
        """Explain why an instance waits. Raises `InstanceNotFound`."""
        now = self._clock()

        def look(connection: Connection, hub: int) -> tuple[dict[str, InstanceSeen], HubSeen]:
            found = {instance_id: self._instance(connection, hub, instance_id, now)}
            while len(found) <= MOST_OTHERS:
                wanted = [one for one in needs(instance_id, found) if one not in found]
                if not wanted:
                    break
                found[wanted[0]] = self._instance(connection, hub, wanted[0], now)
            queues = [_queue(connection, hub, table, tuple(found)) for table in (INBOX, TASKS)]
            return found, self._seen(queues, now)

        instances, hub = await self._file.read(look)
        found = instances[instance_id]
        if not found.is_there and not list(hub.messages_to(instance_id, activities=False)):
            raise InstanceNotFound(instance_id)
        return explain(instance_id, instances, hub)

    async def look(self) -> HubLook:
        """Look at the tables of messages."""
        now = self._clock()

        def look(connection: Connection, hub: int) -> _Tables:
            return _Tables(tuple(_queue(connection, hub, table, None) for table in (INBOX, TASKS)))

        found = await self._file.read(look)
        seen = self._seen(found.queues, now)
        held = Held(manager=None, owners={}, workers=dict.fromkeys(seen.workers or (), ()))
        taken = HubLook(seen=seen, control=(), held=held)
        self._looked = Looked(taken, self._looked.last, self._looked.hands)
        return taken

    async def partitions(self) -> PartitionsView:
        """Return the queue of activities; there are no partitions."""
        found = await self.look()
        before = self._looked.before
        return PartitionsView(
            at=found.at,
            manager=None,
            partitions=(),
            work_items=queue_view(found.seen.queues[TASKS], found, before),
            workers=tuple(
                WorkerView(name=one, seen=found.at, maker="durahub")
                for one in found.seen.workers or ()
            ),
            problems=self._unsure(found.seen),
        )

    async def messages(self, queue: str) -> tuple[MessageView, ...]:
        """Return the first messages of a table. Raises `BadRequest`."""
        found = await self.look()
        if queue not in found.seen.queues:
            raise BadRequest(f"the hub has no queue {queue!r}: they are {INBOX} and {TASKS}")
        messages = found.seen.queues[queue].messages
        return verdicts(messages, self._exists, self._settings.thresholds)

    async def stuck(self, *, older_than: float) -> tuple[Stuck, ...]:
        """Return instances that do not move; the first of them are explained in whole."""
        found = await self.look()
        rows = list(known_rows.active(self._index, found.at, most=MOST_ROWS))
        return await self._list.of(rows, found.seen, lambda _: INBOX, older_than, self.why)

    async def storage(self) -> StorageView:
        """Return what the hub takes: events and payloads by their lengths, counted in the file."""
        now = self._clock()

        def look(connection: Connection, hub: int) -> tuple[list[Measured], int]:
            return _measured(connection, hub, self._settings.samples), _count(connection, hub)

        measured, messages = await self._file.read(look)
        known = known_rows.known(self._index, now)
        return storage_view(now, measured, known, BlobSum(), messages, self._settings.price)

    async def orphaned_blobs(self) -> tuple[BlobView, ...]:
        """Return nothing: payloads stand in the rows."""
        return ()

    async def close(self) -> None:
        """Do nothing: nothing runs in the background."""

    def _seen(self, queues: Sequence[SeenQueue], now: Ticks) -> HubSeen:
        workers = self._workers()
        return HubSeen(
            name=self._ref.key,
            address=self._ref.address,
            now=now,
            queues={queue.name: queue for queue in queues},
            work_items=TASKS,
            workers=workers,
            server=workers[0] if workers and self._connected is None else None,
            frozen=self._frozen(),
            thresholds=self._settings.thresholds,
        )

    def _unsure(self, seen: HubSeen) -> tuple[str, ...]:
        """Return what it means that there are no workers, or that only a server is known."""
        if seen.server is not None:
            return (f"The server that has the file ({seen.server}) alone knows its workers.",)
        if seen.workers != ():
            return ()
        if self._connected is not None:
            return ("No worker is connected to the server.",)
        return ("No process has the file open: no server.",)

    def _workers(self) -> tuple[str, ...] | None:
        """Return the workers that are connected, else the process that has the file.

        ``None`` for a file that this process may have itself, and does not serve.
        """
        if self._connected is not None:
            return tuple(f"connected worker {number + 1}" for number in range(self._connected()))
        if self._place in ("", MEMORY) or not Path(self._place).is_file():
            return None
        holder = holder_of(self._place)
        return (f"process {holder}",) if holder is not None else ()

    def _frozen(self) -> Frozen | None:
        if self._place in ("", MEMORY):
            return None
        freeze = freeze_of(self._place)
        if freeze is None:
            return None
        return Frozen(holder=freeze.holder, since=freeze.frozen_at or freeze.begun)

    def _exists(self, instance_id: str) -> bool | None:
        if self._index.row(instance_id) is not None:
            return True
        return False if self._index.sweep().complete is not None else None

    def _instance(
        self, connection: Connection, hub: int, instance_id: str, now: Ticks
    ) -> InstanceSeen:
        row = reads.instance(connection, hub, instance_id, payloads=False)
        history = reads.history(connection, hub, instance_id)
        problems = [
            one.error.sentence for one in (row, history) if isinstance(one, reads.Unreadable)
        ]
        events = () if isinstance(history, reads.Unreadable) else tuple(history.events)
        execution = None if isinstance(history, reads.Unreadable) else history.version.execution_id
        found = None if row is None or isinstance(row, reads.Unreadable) else row
        backlog = None
        if found is not None and is_entity(instance_id):
            backlog = status_of(found.custom_status).backlog
        return InstanceSeen(
            instance_id=instance_id,
            row=row_of(found, self._ref.key, now) if found is not None else None,
            history=events,
            execution_id=execution,
            queue=INBOX,
            checkpoint=found.last_updated if found is not None else None,
            backlog=backlog,
            problems=tuple(problems),
        )


def _queue(
    connection: Connection, hub: int, table: str, instances: Sequence[str] | None
) -> SeenQueue:
    """Return a table of messages: those to *instances*, else the first; none of them is hidden."""
    depth = int(
        connection.execute(f"SELECT count(*) FROM {table} WHERE hub = ?", (hub,)).fetchone()[0]  # noqa: S608 (names and marks of ours)
    )
    select = f"SELECT due, {', '.join(message_rows.COLUMNS)} FROM {table} WHERE hub = ?"  # noqa: S608 (names and marks of ours)
    parameters: list[Column] = [hub]
    if instances is not None:
        select += f" AND instance IN ({', '.join('?' * len(instances))})"
        parameters += map(from_text, instances)
    rows = connection.execute(
        f"{select} ORDER BY due IS NOT NULL, due, seq LIMIT ?",
        (*parameters, MOST_SEEN if instances is None else 10 * MOST_SEEN),
    ).fetchall()
    messages = tuple(_message(table, row) for row in rows)
    hidden = 0 if instances is not None else max(0, depth - len(messages))
    return SeenQueue(name=table, depth=depth, messages=messages, hidden=hidden, cut=hidden > 0)


def _message(table: str, row: Sequence[Column]) -> SeenMessage:
    due, seq, deliveries = row[0], row[1], row[2]
    message = SeenMessage(
        queue=table,
        message_id=str(seq),
        event=None,
        deliveries=deliveries if isinstance(deliveries, int) else 0,
        due=Ticks(due) if isinstance(due, int) else None,
        taken=None,
    )
    try:
        found = message_rows.decode(row[1:], table == TASKS).message
    except Malformed as error:
        return replace(message, problem=error.sentence)
    return replace(
        message,
        event=found.event,
        target=found.target.instance_id,
        execution_id=found.target.execution_id,
    )


def _measured(connection: Connection, hub: int, most: int) -> list[Measured]:
    rows = connection.execute(
        "SELECT i.id, i.name, i.entity, coalesce(length(i.input), 0) + coalesce(length(i.output), 0)"
        " + coalesce(length(i.custom_status), 0), h.number, coalesce(h.length, 0)"
        " FROM instances i LEFT JOIN histories h ON h.hub = i.hub AND h.instance = i.id"
        " WHERE i.hub = ? ORDER BY i.id LIMIT ?",
        (hub, most),
    ).fetchall()
    found = []
    for instance_id, name, entity, size, number, length in rows:
        events = 0
        if number is not None:
            (events,) = connection.execute(
                "SELECT coalesce(sum(length(event) + coalesce(length(extra), 0)), 0) FROM events"
                " WHERE history = ?",
                (number,),
            ).fetchone()
        told = str(instance_id)[1:].partition("@")[0] if entity else str(name or "")
        found.append(
            Measured(instance_id=str(instance_id), name=told, rows=length, bytes=size + events)
        )
    return found


def _count(connection: Connection, hub: int) -> int:
    return sum(reads.counts(connection, hub).values())
