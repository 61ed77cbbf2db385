"""``durahub hub settle``: gives every activity that has no message its message.

A hub of the level ``exclusive`` whose servers have crashed is then one that any worker can go on with. For
each instance the messages are put first and the column is cleared behind them: whatever stops the
work in between, it can be done again, and at worst a message stands in its queue twice, whose activity may
run twice as after any crash; its second result is dropped.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import Random

from durahub.classic.account import Account
from durahub.classic.dialect import DTFX_2_9_BASE64
from durahub.classic.keys import escape
from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.options import ClassicOptions
from durahub.classic.partitioning.evidence import all_sightings
from durahub.classic.parts import Parts, assemble
from durahub.classic.stored_rows import is_of_hub
from durahub.classic.tracking import find_tables
from durahub.classic.unposted import outstanding
from durahub.errors import CheckpointLost, HubInUse, Malformed
from durahub.model.ticks import Ticks

READABLE_BY_ALL = DTFX_2_9_BASE64
"""Which workers will take the messages is not known, and every version reads Base64."""
FREE_SOON = (
    "stop it and try again; if it has crashed, its leases run out within a minute (or start a durahub "
    "server again, which goes on with what it was doing)"
)


@dataclass(frozen=True, slots=True)
class Settled:
    """An instance, the task IDs that got a message (or would), and why it could not be done, if so."""

    instance_id: str
    tasks: tuple[int, ...]
    problem: str | None = None


class Settling:
    """Settles one hub. The account stays its maker's to close.

    Without *tracking_prefix* the tables are those of the hub's name, or those in which its name is found.
    """

    def __init__(
        self,
        hub: str,
        account: Account,
        clock: Callable[[], Ticks],
        tracking_prefix: str | None = None,
    ) -> None:
        check_hub_name(hub)
        self._names = HubNames(hub, tracking_prefix)
        self._account = account
        self._clock = clock

    async def run(
        self, *, dry_run: bool = False, progress: Callable[[int], object] = bool
    ) -> AsyncIterator[Settled]:
        """Settle what is not, and yield each instance; with *dry_run* change nothing.

        *progress* is told how many instances were found. Raises `HubNotFound`, and `HubInUse` while
        anybody holds partitions: servers settle by themselves what they run.
        """
        parts = await self._assembled()
        await parts.resources.check_there()
        await self._refuse_workers(parts)
        found = 0
        async for instances in parts.histories.unposted_pages():
            found += len(instances)
            progress(found)
            for instance_id in instances:
                settled = await self._settle(parts, instance_id, dry_run=dry_run)
                if settled is not None:
                    yield settled

    async def _assembled(self) -> Parts:
        options = ClassicOptions(dialect=READABLE_BY_ALL)
        parts = assemble(self._names, self._account, options, self._clock, Random())  # noqa: S311 (no secret hangs on it)
        names = await find_tables(self._account, parts.tables, self._names)
        return assemble(names, self._account, options, self._clock, Random())  # noqa: S311 (no secret hangs on it)

    async def _refuse_workers(self, parts: Parts) -> None:
        seen = all_sightings(await parts.leases.evidence(), "", self._clock())
        if seen:
            who = "; ".join(f"{one.worker} holds partitions ({one.what})" for one in seen)
            raise HubInUse(self._names.hub, f"{who}: {FREE_SOON}")

    async def _settle(self, parts: Parts, instance_id: str, *, dry_run: bool) -> Settled | None:
        if not await self._is_ours(parts, instance_id):
            return None
        try:
            loaded = await parts.histories.load(instance_id)
        except Malformed as error:
            return Settled(instance_id, (), str(error))
        left = loaded.unposted
        if left is None:  # of an execution that is over
            return None
        messages = outstanding(instance_id, loaded.events, left)
        tasks = tuple(message.event.event_id for message in messages)
        if dry_run:
            return Settled(instance_id, tasks)
        queue = parts.names.workitem_queue
        for message in messages:
            outgoing = await parts.outbox.prepare(message, queue)
            await parts.queues.put(queue, outgoing.text, 0)
        try:
            await parts.histories.write_unposted(instance_id, loaded.version, None)
        except CheckpointLost:
            return Settled(instance_id, tasks, "somebody has written its history meanwhile")
        return Settled(instance_id, tasks)

    async def _is_ours(self, parts: Parts, instance_id: str) -> bool:
        """Tell whether an instance in tables that hubs share is this hub's."""
        if parts.names.tracking_prefix is None:
            return True
        row = await parts.tables.get(parts.names.instances_table, escape(instance_id), "")
        return row is not None and is_of_hub(row.columns, parts.names.hub)
