"""Does the repairs: what it is about to send is noted first, so that a repair that dies is taken up again.

A message that is sent may be hidden at once (a timer), and hides whether others are lost. So the places of
all lost messages are written to a blob before the first is sent, and the blob goes when all are. If it is
found, an earlier repair has died: what it names, and still is not to be seen, is sent again.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

from durahub.classic.doctor.findings import Finding
from durahub.classic.doctor.repairs import (
    AnswerParent,
    ClearBlobOwner,
    ClearOwner,
    DeleteBlob,
    ReleaseLock,
    Repair,
    RewriteRow,
    ScheduleAgain,
    SendAgain,
    SetAside,
    StartAgain,
)
from durahub.classic.due import queue_delay
from durahub.classic.partitioning import lease_blob
from durahub.classic.partitioning.table import encode
from durahub.classic.parts import Parts
from durahub.classic.routing import control_index
from durahub.engine import state as states
from durahub.engine.commit import HistoryVersion
from durahub.engine.effects import Actor, tell_parent
from durahub.engine.repairs import repair_of
from durahub.errors import BadMessage, DurahubError
from durahub.model.history import Execution
from durahub.model.json_text import loads
from durahub.model.message import Message
from durahub.model.ticks import Ticks, parse, seconds_between, to_text

JOURNAL = "doctor/unfinished.json"
UNFINISHED_FOR = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a repair; ``problem`` is ``None`` if it is done."""

    finding: Finding
    problem: str | None = None


class Repairing:
    """Repairs one hub."""

    def __init__(self, parts: Parts, clock: Callable[[], Ticks]) -> None:
        self._parts = parts
        self._names = parts.names
        self._clock = clock
        self._partitions = 0  # not asked for yet

    async def unfinished(self) -> frozenset[str]:
        """Return the places whose messages an earlier repair was about to send when it died."""
        content = await self._parts.blobs.read(self._names.set_aside_container, JOURNAL)
        if content is None:
            return frozenset()
        try:
            found = loads(content)
            places, written = found["places"], parse(found["at"])
        except (ValueError, KeyError, TypeError):
            return frozenset()  # not ours, or cut off: the messages are counted as ever
        if seconds_between(written, self._clock()) > UNFINISHED_FOR:
            return frozenset()  # other rows may have these keys by now
        return frozenset(map(str, places))

    async def run(self, findings: Sequence[Finding]) -> AsyncIterator[Outcome]:
        """Repair *findings*, each by itself, and tell what became of it."""
        sending = [f.where for f in findings if f.repair is not None and not f.repair.live]
        if sending:
            await self._write_journal(sending)
        whole = True
        for finding in findings:
            if finding.repair is None:
                continue
            try:
                done = await self._do(finding.repair)
                yield Outcome(finding, None if done else "it has changed meanwhile")
            except DurahubError as error:
                whole = False
                yield Outcome(finding, str(error))
        if whole:
            await self._parts.blobs.delete(self._names.set_aside_container, JOURNAL)

    async def _write_journal(self, places: Sequence[str]) -> None:
        container = self._names.set_aside_container
        there = await self._parts.blobs.read_version(container, JOURNAL)
        told = sorted({*places, *await self.unfinished()})
        content = {"places": told, "at": to_text(self._clock())}
        etag = there[1] if there is not None else None
        await self._parts.blobs.replace_json(container, JOURNAL, content, etag)

    async def _do(self, repair: Repair) -> bool:
        """Do one repair; ``False`` if somebody was quicker."""
        match repair:
            case DeleteBlob():
                await self._parts.payloads.delete(repair.name)
                return True
            case ClearOwner():
                return await self._clear_owner(repair)
            case ClearBlobOwner():
                return await self._clear_blob_owner(repair)
            case RewriteRow():
                return await self._rewrite(repair)
            case StartAgain():
                return await self._start(repair)
            case AnswerParent():
                return await self._answer(repair)
            case ScheduleAgain():
                await self._send(repair.wake_up)
                await self._parts.histories.mark(
                    repair.instance_id, repair.execution_id, [repair.mark]
                )
                return True
            case SendAgain() | ReleaseLock():
                await self._send(repair.message)
                return True
            case SetAside():
                error = BadMessage(repair.problem)
                await self._parts.aside.note(repair.location, error, repair.head)
                return True

    async def _clear_owner(self, repair: ClearOwner) -> bool:
        for row in await self._parts.leases.rows():
            if row.partition == repair.partition and row.etag == repair.etag:
                free = replace(row, current_owner=None, next_owner=None, draining=False)
                table = self._names.partitions_table
                return await self._parts.tables.replace(table, encode(free), row.etag) is not None
        return False

    async def _clear_blob_owner(self, repair: ClearBlobOwner) -> bool:
        container = self._names.leases_container
        found = await self._parts.blobs.read_version(container, repair.name)
        if found is None:
            return False
        content, etag = found
        if lease_blob.decode(content, repair.blob.partition, leased=False) != repair.blob:
            return False
        free = replace(repair.blob, owner=None, token=None)
        return await self._parts.blobs.replace(
            container, repair.name, lease_blob.encode(free), etag
        )

    async def _rewrite(self, repair: RewriteRow) -> bool:
        """Write the row from the history, as it is now, with what stands in blobs."""
        row = await self._parts.instances.get(repair.instance_id, payloads=False)
        if (row.etag if row is not None else None) != repair.etag:
            return False
        loaded = await self._parts.histories.load(repair.instance_id)
        version = HistoryVersion(loaded.version.execution_id, len(loaded.events), None)
        found = repair_of(version, states.read(loaded.events), None)
        if found is None:
            return False
        custom_status = row.custom_status if row is not None else None
        await self._parts.instances.repair(
            repair.instance_id,
            replace(found.update, custom_status=custom_status),
            insert=row is None,
            etag=repair.etag,
        )
        return True

    async def _start(self, repair: StartAgain) -> bool:
        row = await self._parts.instances.get(repair.instance_id, payloads=True)
        if row is None or row.execution_id != repair.execution_id:
            return False
        started = row.start
        await self._send(Message(event=started, target=started.execution, due=row.scheduled_start))
        return True

    async def _answer(self, repair: AnswerParent) -> bool:
        loaded = await self._parts.histories.load(repair.child_id)
        state = states.read(loaded.events)
        if state.started is None or state.completed is None:
            return False
        actor = Actor(
            execution=Execution(repair.child_id, loaded.version.execution_id),
            started=state.started,
            episode=max(1, state.episodes),
            now=state.completed.timestamp,
        )
        message = tell_parent(state.completed, actor)
        if message is None:
            return False
        await self._send(message)
        return True

    async def _send(self, message: Message) -> None:
        if not self._partitions:
            self._partitions = len(await self._parts.resources.control_queues())
        queue = self._names.control_queue(
            control_index(message.target.instance_id, self._partitions)
        )
        outgoing = await self._parts.outbox.prepare(message, queue)
        delay = queue_delay(self._clock(), message.due) if message.due is not None else 0
        await self._parts.queues.put(queue, outgoing.text, delay)
