"""Moves units into a hub of ours in a SQLite file, as they are: strategy *a*.

PLACE writes each member of a tree with all messages to it in one transaction, beside which stands that the
job has done so; there is nothing left to be delivered or settled. What runs there must wait for the
hand-over: no server serves the hub before.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial

from durahub.errors import BadHubName, BadRow, InstanceExists
from durahub.model.ticks import Ticks
from durahub.scheduler import importing, reads
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_access import is_hub_name
from durahub.scheduler.importing import STRAYS, Whole
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Outcome, Phase
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.open_messages import FOR_NOBODY, complete
from durahub_migrate.targets.placed import Placed
from durahub_migrate.targets.source import Source

PLACED = "place"


class SchedulerStoreMover:
    """A `durahub_migrate.moving.mover.Mover` into the hub called *hub* of an open file."""

    def __init__(self, file: SchedulerFile, hub: str, job: str, clock: Callable[[], Ticks]) -> None:
        self._file = file
        self._hub = hub
        self._job = job
        self._clock = clock
        self._number: int | None = None
        self._source: Source | None = None

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Write a unit's instances with their messages; other phases have nothing to do."""
        if phase is not Phase.PLACE:
            return Moved()
        if unit.ids:
            reason = "its instances would get other IDs, which an import does not give"
            return Moved(outcome=Outcome.REJECTED, reason=reason)
        if not ledger.is_done(PLACED):
            await ledger.begin(PLACED)
        hub = await self._begun()
        source = self._source_of(content)
        placed = Placed()
        try:
            for held in content.members(unit.root_id):
                found = complete(held, source)
                whole = Whole(
                    instance=found.instance,
                    messages=tuple(found.messages),
                    activities=tuple(found.activities),
                )
                key = held.instance.instance_id
                put = partial(
                    importing.put,
                    hub=hub,
                    job=self._job,
                    unit=unit.root_id,
                    key=key,
                    whole=whole,
                )
                await self._file.write(put)  # the file knows better than the ledger if it was done
                placed.add(found, await self._written(hub, unit.root_id, key))
        except (InstanceExists, BadRow) as error:
            withdraw = partial(
                importing.withdraw, hub=hub, job=self._job, unit=unit.root_id, goes_on=True
            )
            await self._file.write(withdraw)  # a part of a tree is worse than none
            return Moved(outcome=Outcome.REJECTED, reason=error.sentence, code=error.code)
        if not ledger.is_done(PLACED):
            await ledger.end(PLACED)
        return placed.moved()

    async def deliver_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Write the messages of clients to entities that are not there yet."""
        hub = await self._begun()
        strays = self._source_of(content).strays
        whole = Whole(instance=None, messages=strays.of_clients)
        await ledger.begin(PLACED)
        await self._file.write(
            partial(importing.put, hub=hub, job=self._job, unit=STRAYS, key=STRAYS, whole=whole)
        )
        written = await self._written(hub, STRAYS, STRAYS) or 0
        await ledger.end(PLACED)
        left = {FOR_NOBODY: strays.for_nobody} if strays.for_nobody else {}
        return Moved(messages=written, taken=written, left=left)

    async def _written(self, hub: int, unit: str, key: str) -> int | None:
        """Return how many messages the job has written with *key*, ``None`` if it has nothing there."""
        ask = partial(importing.written, hub=hub, job=self._job, unit=unit, key=key)
        return await self._file.read(ask)

    async def withdraw_strays(self, content: Content, ledger: Ledger) -> Moved:  # noqa: ARG002
        """Take away the messages of clients that the job has put there."""
        hub = await self._begun()
        withdrawn = await self._file.write(
            partial(importing.withdraw, hub=hub, job=self._job, unit=STRAYS)
        )
        return Moved(messages=withdrawn.messages)

    async def withdraw(self, unit: Unit, content: Content, ledger: Ledger) -> Moved:  # noqa: ARG002
        """Take away what the job has put there of a unit, and what that has started since."""
        hub = await self._begun()
        withdrawn = await self._file.write(
            partial(importing.withdraw, hub=hub, job=self._job, unit=unit.root_id)
        )
        return Moved(instances=withdrawn.instances, messages=withdrawn.messages)

    async def has_run(self, unit: Unit, content: Content, ledger: Ledger) -> bool:  # noqa: ARG002
        """Tell whether an instance of a unit was written since the job has put it there, or is gone."""
        number = await self._file.read(lambda connection: reads.find_hub(connection, self._hub))
        if number is None:
            return False
        return await self._file.read(
            partial(importing.has_run, hub=number, job=self._job, unit=unit.root_id)
        )

    async def hand_over(self) -> None:
        """Let servers have the hub. Whatever was moved, it is there afterwards."""
        hub, now = await self._begun(), self._clock()
        await self._file.write(partial(importing.hand_over, hub=hub, job=self._job, now=now))

    async def _begun(self) -> int:
        """Return the hub's number; with the first call it is the job's. Raises `HubBeingMoved`."""
        if self._number is None:
            begin = partial(importing.begin, name=self._hub, job=self._job, now=self._clock())
            self._number = await self._file.write(begin)
        return self._number

    def _source_of(self, content: Content) -> Source:
        if self._source is None or self._source.content is not content:
            self._source = Source(content)
        return self._source


@contextlib.asynccontextmanager
async def scheduler_store_mover(
    place: str, hub: str, job: str, clock: Callable[[], Ticks]
) -> AsyncIterator[SchedulerStoreMover]:
    """Open the file *place* for the body, made if it is missing; no other process may have it meanwhile.

    Raises `BadHubName`, and `FileUnavailable` where a server has the file.
    """
    if not is_hub_name(hub):
        raise BadHubName(hub)
    file = SchedulerFile(place, clock=clock)
    try:
        await file.connect(create=True)
        yield SchedulerStoreMover(file, hub, job, clock)
    finally:
        await file.close()
