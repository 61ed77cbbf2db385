"""A hub in a SQLite file as a source of facts: read while a server may have it, and never changed.

All of it is of one moment. As long as it is read the server's log (WAL) cannot be folded into the file, and
grows by what is written meanwhile.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from durahub.engine import state as states
from durahub.errors import BadRequest, HubNotFound, Malformed
from durahub.model.history import Event, ExecutionStarted
from durahub.model.instance import Instance
from durahub.model.json_text import loads
from durahub.model.ticks import Ticks
from durahub.scheduler import message_rows, reads
from durahub.scheduler.columns import Column, from_text, required_text
from durahub.scheduler.connections import MEMORY, looking
from durahub.scheduler.event_proto import decode as decode_event
from durahub.scheduler.reader import stored_instance
from durahub.scheduler.writes import Table
from durahub.stored import StoredInstance
from durahub_migrate.lint.facts.entity_reading import entity_of
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts, Problem
from durahub_migrate.lint.facts.measuring import (
    asked_name,
    event_payloads,
    message_payloads,
    names_entity,
    row_payloads,
)
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.payloads import Payload
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.sources.large_texts import without_large_texts
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.source import Read

_IDS = 1000  # of instances, read at a time
_TABLES: tuple[Table, ...] = ("inbox", "tasks")
_INSTANCES = "instances"


class SchedulerSource:
    """Reads one hub of the file *place*."""

    def __init__(
        self,
        address: str,
        place: str,
        hub: str,
        options: ReadingOptions,
        clock: Callable[[], Ticks],
    ) -> None:
        self.address = address
        self._place = place
        self._hub = hub
        self._options = options
        self._clock = clock
        self.rows = 0
        self.requests = 0

    @property
    def provides(self) -> frozenset[Need]:
        """What a file has: it has neither leases nor blobs."""
        return frozenset({Need.HUB, Need.INSTANCES, Need.HISTORY, Need.QUEUES})

    @property
    def identity(self) -> str:
        """The address, and which share of it is read."""
        return f"{self.address} {self._options.identity}"

    async def count(self) -> int | None:
        """Return how many instances there are."""
        if not self._is_there():
            return None
        with looking(self._place) as connection:
            number = reads.find_hub(connection, self._hub)
            sql = "SELECT count(*) FROM instances WHERE hub = ?"
            return int(connection.execute(sql, (number,)).fetchone()[0])

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        """Yield the facts: messages, then instances by ID. Raises `HubNotFound`, `FileUnavailable`."""
        if not self._is_there():
            raise HubNotFound(self._hub, f"there is no file {self._place}")
        with looking(self._place) as connection:
            # A reader sees what there was at its beginning: messages belong to the instances beside them.
            connection.execute("BEGIN")
            number = reads.find_hub(connection, self._hub)
            if number is None:
                raise HubNotFound(self._hub, store=f"the file {self._place}")
            yield Read(self._hub_facts(connection, number))
            phase, behind = parse(after) if after is not None else (_TABLES[0], "")
            for table in _TABLES:
                if phase == table:
                    for message, seq in self._messages(connection, number, table, behind):
                        yield Read(message, position(table, seq))
                    phase, behind = _next_phase(table), ""
            for instance in self._instances(connection, number, behind):
                yield Read(instance, position(_INSTANCES, instance.instance_id))

    def _is_there(self) -> bool:
        return self._place != MEMORY and Path(self._place).is_file()

    def _hub_facts(self, connection: Connection, number: int) -> HubFacts:
        return HubFacts(
            place=Place(source=self.address, kind=PlaceKind.HUB),
            name=self._hub,
            kind=HubKind.SCHEDULER,
            now=self._clock(),
            queues=reads.counts(connection, number),
            is_of_functions=False,
        )

    # -- messages ------------------------------------------------------------------------------

    def _messages(
        self, connection: Connection, hub: int, table: Table, behind: str
    ) -> Iterator[tuple[MessageFacts, str]]:
        """Yield messages one by one with their numbers: each may be large."""
        columns = ", ".join(message_rows.COLUMNS)
        sql = f"SELECT due, {columns} FROM {table} WHERE hub = ? AND seq > ? ORDER BY seq LIMIT 1"  # noqa: S608 (names and marks of ours)
        seq = int(behind or -1)
        while (row := connection.execute(sql, (hub, seq)).fetchone()) is not None:
            due, *stored = row
            seq = int(stored[0])
            self.rows += 1
            yield self._message(table, seq, stored, due), str(seq)

    def _message(self, table: Table, seq: int, stored: list[Any], due: int | None) -> MessageFacts:
        place = Place(source=self.address, kind=PlaceKind.MESSAGE, key=f"{table}/{seq}")
        visible_at = Ticks(due) if due is not None else None
        try:
            found = message_rows.decode(stored, table == "tasks")
        except Malformed as error:
            return MessageFacts(
                place=place, queue=table, visible_at=visible_at, problem=error.sentence
            )
        message = found.message
        return MessageFacts(
            place=place,
            queue=table,
            deliveries=found.deliveries - 1,
            event=without_large_texts(message.event),
            target=message.target.instance_id,
            execution_id=message.target.execution_id,
            visible_at=visible_at,
            payloads=tuple(message_payloads(message.event, message.target.instance_id)),
        )

    # -- instances -----------------------------------------------------------------------------

    def _instances(self, connection: Connection, hub: int, behind: str) -> Iterator[InstanceFacts]:
        sql = "SELECT id FROM instances WHERE hub = ? AND id > ? ORDER BY id LIMIT ?"
        last: Column = from_text(behind)
        while ids := [one for (one,) in connection.execute(sql, (hub, last, _IDS))]:
            for instance_id in map(required_text, ids):
                found = reads.instance(connection, hub, instance_id, payloads=True)
                if found is not None:  # it was purged meanwhile
                    yield self._instance(connection, hub, instance_id, found)
            last = ids[-1]

    def _instance(
        self,
        connection: Connection,
        hub: int,
        instance_id: str,
        found: Instance | reads.Unreadable,
    ) -> InstanceFacts:
        is_entity = names_entity(instance_id)
        history_is_read = self._options.takes(instance_id)
        one = _History(connection, hub, instance_id)
        if history_is_read:
            one.read(found.execution_id if isinstance(found, Instance) else None)
        self.rows += 1 + len(one.events)
        payloads, problems = one.payloads, one.problems
        row = None
        if isinstance(found, reads.Unreadable):
            problems.append(Problem("instance row", found.error.sentence))
        else:
            row = stored_instance(found)
            payloads += row_payloads(row, one.events)
        entity = None
        if is_entity:
            of_row = row.input if row is not None else None
            entity = entity_of(instance_id, one.scheduler_state if one.events else of_row)
        kind = PlaceKind.ENTITY if is_entity else PlaceKind.INSTANCE
        return InstanceFacts(
            place=Place(source=self.address, kind=kind, key=instance_id),
            instance_id=instance_id,
            row=None if row is None else without_large_texts(row),
            history=tuple(one.events),
            history_is_read=history_is_read,
            state=states.read(one.events),
            payloads=tuple(payloads),
            entity=entity,
            problems=tuple(problems),
            stored_bytes=one.stored_bytes + _row_bytes(row),
        )


class _History:
    """The current history of one instance, event by event."""

    def __init__(self, connection: Connection, hub: int, instance_id: str) -> None:
        self._connection = connection
        self._hub = hub
        self._instance_id = instance_id
        self.events: list[Event] = []
        self.payloads: list[Payload] = []
        self.problems: list[Problem] = []
        self.scheduler_state: str | None = None
        self.stored_bytes = 0

    def read(self, execution_id: str | None) -> None:
        """Read and measure it, if it is that execution's."""
        rows = self._connection.execute(
            "SELECT execution, length, event, extra FROM histories JOIN events ON history = number"
            " WHERE hub = ? AND instance = ? ORDER BY position",
            (self._hub, from_text(self._instance_id)),
        )
        of_entity = names_entity(self._instance_id)
        names: dict[int, str] = {}
        written = index = 0
        for index, (execution, length, body, extra) in enumerate(rows, 1):
            written = length
            if execution_id is not None and execution != execution_id:
                return  # it has gone on, and its row is behind
            self.stored_bytes += len(body) + len(extra or "")
            where = f"table events {self._instance_id}/{index - 1:016X}"
            try:
                event = decode_event(body, extra, where)
            except Malformed as error:
                self.problems.append(Problem(f"event {index - 1}", error.sentence))
                continue
            asked = asked_name(event)
            if asked is not None:
                names[asked[0]] = asked[1]
            self.payloads += event_payloads(index - 1, event, names=names, of_entity=of_entity)
            if isinstance(event, ExecutionStarted):
                self.scheduler_state = event.input
            self.events.append(without_large_texts(event))
        if index != written:
            self.problems.append(Problem("history", f"{index} events where {written} were written"))


def position(phase: str, behind: str) -> str:
    """Return how far a reading is, as a text."""
    return json.dumps([phase, behind])


def parse(text: str) -> tuple[str, str]:
    """Return phase and key of a position. Raises `BadRequest`."""
    try:
        phase, behind = loads(text)
    except (ValueError, TypeError):
        raise BadRequest(f"not a position of a hub: {text[:60]!r}") from None
    return str(phase), str(behind)


def _next_phase(table: Table) -> str:
    return "tasks" if table == "inbox" else _INSTANCES


def _row_bytes(row: StoredInstance | None) -> int:
    if row is None:
        return 0
    texts = (row.input, row.output, row.custom_status, row.name, row.instance_id)
    return sum(len(text) for text in texts if text is not None)
