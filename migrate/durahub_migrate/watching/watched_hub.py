"""One hub that is watched: its index, its driver, and what reads it live, looks at it and acts on it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

from durahub.errors import DurahubError, HubNotFound, NotOffered
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.actions import Command, Cost, Done, Possible, Verb
from durahub_migrate.monitor.histories import FamilyNode
from durahub_migrate.monitor.hub import Health, HubRef, HubStanding
from durahub_migrate.monitor.partitions import (
    BlobView,
    MessageView,
    PartitionsView,
    StorageView,
)
from durahub_migrate.monitor.query import AllOf, Query, Relation
from durahub_migrate.monitor.querying import condition
from durahub_migrate.monitor.row import ENDED
from durahub_migrate.monitor.seam import Ability, Actor, Detail, Index, LiveHistory
from durahub_migrate.monitor.waiting import Explanation, Stuck
from durahub_migrate.watching.actor import OpenActor
from durahub_migrate.watching.background import Once, again_and_again
from durahub_migrate.watching.budget import RequestBudget, in_background, interactive
from durahub_migrate.watching.connecting import Connection, Found
from durahub_migrate.watching.driving import Driver
from durahub_migrate.watching.feed import ANYTHING, Feed
from durahub_migrate.watching.keeping import HubIndex
from durahub_migrate.watching.looks_of import Looks, LooksOf
from durahub_migrate.watching.options import STUCK_AFTER
from durahub_migrate.watching.reading.family import Families
from durahub_migrate.watching.shared import Shared
from durahub_migrate.watching.sources.row_source import RowSource
from durahub_migrate.watching.sweeping import Intervals

LOOKED_AT = 60.0
"""Seconds for which somebody who asked something counts as looking on."""
QUIET = 2.0
"""Seconds without a step of a job, behind which it is looked for what the job has changed."""
_OF_HUBS = frozenset({Verb.CLEAN_ENTITIES, Verb.DELETE_BLOBS, Verb.DELETE_HUB})


class WatchedHub:
    """A `durahub_migrate.monitor.seam.HubWatch`. `run` watches it until it is cancelled."""

    def __init__(
        self,
        ref: HubRef,
        connection: Connection,
        index: HubIndex,
        budget: RequestBudget,
        *,
        intervals: Intervals,
        clock: Callable[[], Ticks],
        monotonic: Callable[[], float],
        looks_of: LooksOf | None = None,
        open_actor: OpenActor | None = None,
        inputs: bool = False,
        stuck_after: float = STUCK_AFTER,
    ) -> None:
        self._ref = ref
        self._connection = connection
        self._index = index
        self._budget = budget
        self._clock = clock
        self._monotonic = monotonic
        self._looks_of = looks_of
        self._open_actor = open_actor
        self._inputs = inputs
        self._feed = Feed()
        self._shared = Shared()
        self._found: Found | None = None
        self._looks: Looks | None = None
        self._actor: Actor | None = None
        self._acting = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._looked = -LOOKED_AT
        self._stuck = 0
        self._stuck_after = stuck_after
        self._stuck_every = intervals.stuck
        self._counted: tuple[dict[str, int], int] | None = None
        self.driver = Driver(
            self._open,
            index,
            self._feed,
            budget,
            intervals=intervals,
            watched=self._is_watched,
            monotonic=monotonic,
            clock=clock,
            changed=self._forget_counts,
        )
        self._settling = Once(self.driver.ask, QUIET)

    # -- watching ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Watch until cancelled."""
        counting = asyncio.create_task(
            again_and_again(self._count_stuck, self._stuck_every), name=f"stuck {self._ref.key}"
        )
        try:
            await self.driver.run()
        finally:
            counting.cancel()

    async def _count_stuck(self) -> None:
        """Count what does not move, while somebody looks, within what the background may take."""
        if not self._is_watched() or self._looks_of is None or self._found is None:
            return
        before = self._stuck
        counts, entities = self._counted or self._count()
        if entities or any(counts.get(one) for one in counts if one not in ENDED):
            found = await self._look("stuck").stuck(older_than=self._stuck_after)
            self._stuck = len(found)
        else:
            self._stuck = 0  # nothing is there that could be
        if self._stuck != before:
            self._feed.tell(ANYTHING)

    async def find(self) -> RowSource:
        """Find the hub, for who looks once and does not watch. Raises `HubNotFound`, `Unavailable`."""
        return await self._open()

    @property
    def rows(self) -> RowSource:
        """Its rows as storage has them. The hub has been found."""
        return self._there().rows

    async def read_rows(self) -> None:
        """Read all rows into the index, once: a request for each 1,000. The hub has been found."""
        rows, position, begun = self.rows, None, False
        while not begun or position is not None:
            read = await rows.page(position)
            if not begun:
                self._index.begin_sweep(self._clock(), read.mark)
                begun = True
            position = read.position
            self._index.put(read.rows, position=position, swept=True)
        self._index.end_sweep(self._clock())

    async def close(self) -> None:
        """Release what was opened; calling it twice is fine."""
        self._settling.close()
        await self._shared.close()
        await self._acting.aclose()
        self._actor = None
        await self._connection.close()

    def is_gone(self, problem: str) -> None:
        """Note that the hub is not there any more, as whoever lists hubs has seen."""
        if self.driver.state.health is not Health.GONE:
            self.driver.lose(HubNotFound(self._ref.name, problem))

    async def _open(self) -> RowSource:
        found = await self._connection.open()
        async with self._opening:
            await self._acting.aclose()
            self._actor = self._looks = None
            self._found = found
        return found.rows

    def _look_on(self) -> None:
        """Note that somebody looks; who is the first is not left with what was read for nobody."""
        is_first = not self._is_watched()
        self._looked = self._monotonic()
        if is_first:
            self.driver.wake()

    def _is_watched(self) -> bool:
        return self._feed.has_listeners or self._monotonic() - self._looked < LOOKED_AT

    # -- what is known -------------------------------------------------------------------------

    @property
    def ref(self) -> HubRef:
        """How it is called."""
        return self._ref

    @property
    def index(self) -> Index:
        """Its part of the index."""
        return self._index

    @property
    def kept(self) -> HubIndex:
        """The same, for who puts something into it."""
        return self._index

    def standing(self) -> HubStanding:
        """Return how it stands; from memory and the index."""
        if not in_background():
            self._look_on()
        state = self.driver.state
        if self._counted is None:
            self._counted = self._count()
        counts, entities = self._counted
        can = self._found.hub.can if self._found is not None else frozenset()
        if self._open_actor is None:
            can -= {Ability.ACT, Ability.SET_CUSTOM_STATUS, Ability.DELETE_HUB}
        return HubStanding(
            ref=self._ref,
            health=state.health,
            freshness=self.driver.freshness(),
            budget=self._budget.standing(),
            problem=state.problem or self._unread(),
            counts=counts,
            entities=entities,
            stuck=self._stuck,
            can=frozenset(one.value for one in can),
        )

    def _unread(self) -> str | None:
        """Return a sentence about rows that cannot be read, if there are any."""
        unread = self.driver.unread
        if not unread:
            return None
        more = f", and {len(unread) - 1} more" if len(unread) > 1 else ""
        return f"not everything can be read: {unread[0]}{more}"

    def _count(self) -> tuple[dict[str, int], int]:
        now = self._clock()
        kind = condition("kind", Relation.EQUALS, ("entity",), now)
        counts = dict(self._index.counts(Query("", AllOf(), now)))
        entities = dict(self._index.counts(Query("kind:entity", kind, now)))
        for status, number in entities.items():
            counts[status] = counts.get(status, 0) - number
        return {one: n for one, n in counts.items() if n > 0}, sum(entities.values())

    def _forget_counts(self) -> None:
        self._counted = None

    async def refresh(self) -> None:
        """Look for changes now, within the budget."""
        self._look_on()
        await self.driver.refresh()

    async def changes(self) -> AsyncIterator[frozenset[str]]:
        """Yield the IDs of rows as they change in the index."""
        self._look_on()
        async for told in self._feed.listen():
            yield told

    # -- one instance --------------------------------------------------------------------------

    async def detail(self, instance_id: str) -> Detail | None:
        """Return an instance as it is now; the index learns its row."""
        with self._somebody_waits():
            found = await self._there().hub.live.detail(instance_id)
        if found is None:
            self.driver.note(self._index.remove((instance_id,)))
        elif found.row.status:
            row = found.row if self._inputs else replace(found.row, input=None)
            self.driver.note(self._index.put((row,)))
            known = self._index.row(instance_id)
            found = replace(found, row=known or found.row)
        return found

    async def history(self, instance_id: str) -> LiveHistory:
        """Return its history as it is now."""
        with self._somebody_waits():
            return await self._there().hub.live.history(instance_id)

    async def payload(self, instance_id: str, number: int, member: str) -> str | None:
        """Return a text of an event whole."""
        with self._somebody_waits():
            return await self._there().hub.live.payload(instance_id, number, member)

    async def family(self, instance_id: str, *, depth: int = 3) -> FamilyNode:
        """Return its parents and children, the topmost first; the index learns them."""
        live = self._there().hub.live
        families = Families(live, self._index, self._clock, self._learn)
        with self._somebody_waits():
            return await families.of(instance_id, depth)

    def _learn(self, parents: dict[str, str]) -> None:
        self.driver.note(self._index.learn(parents))

    async def why(self, instance_id: str) -> Explanation:
        """Explain why it waits."""
        with self._somebody_waits():
            looks = self._look("why")
            return await self._shared.ask(("why", instance_id), lambda: looks.why(instance_id))

    # -- the hub -------------------------------------------------------------------------------

    async def stuck(self, *, older_than: float) -> tuple[Stuck, ...]:
        """Return instances that have not moved though they should."""
        with self._somebody_waits():
            looks = self._look("stuck")
            found = await self._shared.ask(
                ("stuck", older_than), lambda: looks.stuck(older_than=older_than)
            )
        if older_than == self._stuck_after:  # who asks for others does not change what all are told
            self._stuck = len(found)
        return found

    async def partitions(self) -> PartitionsView:
        """Look at queues and leases."""
        with self._somebody_waits():
            return await self._look("partitions").partitions()

    async def messages(self, queue: str) -> tuple[MessageView, ...]:
        """Return the messages of a queue that can be seen."""
        with self._somebody_waits():
            looks = self._look("messages")
            return await self._shared.ask(("messages", queue), lambda: looks.messages(queue))

    async def storage(self) -> StorageView:
        """Return what the hub takes."""
        with self._somebody_waits():
            return await self._shared.ask("storage", self._look("storage").storage)

    async def orphaned_blobs(self) -> tuple[BlobView, ...]:
        """Return blobs that nothing names."""
        with self._somebody_waits():
            looks = self._look("orphaned blobs")
            return await self._shared.ask("orphaned blobs", looks.orphaned_blobs)

    # -- acting --------------------------------------------------------------------------------

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        """Return which actions make sense for an instance."""
        if self._open_actor is None:
            return ()
        with self._somebody_waits():
            return await (await self._acts("acting")).possible(instance_id)

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do."""
        with self._somebody_waits():
            return await (await self._acts(command.verb.value)).cost(command)

    async def do(self, command: Command) -> Done:
        """Do it, and look at what became of it."""
        with self._somebody_waits():
            try:
                done = await (await self._acts(command.verb.value)).do(command)
            finally:
                self._shared.forget()
            await self._look_at(command, done)
        return done

    async def actor(self) -> Actor:
        """Return who acts on it, for a job: nobody sits in front of that. Raises `NotOffered`."""
        return await self._acts("acting")

    def acted(self, command: Command, done: Done) -> None:
        """Note a step of a job: what it deleted is gone at once, the rest is looked for when it pauses."""
        if command.verb is Verb.PURGE and done.instances:
            self.driver.note(self._index.remove((command.target,)))
        self._settling.ask()

    async def _look_at(self, command: Command, done: Done) -> None:
        """Put what an action has changed into the index; whether that can be read changes nothing."""
        if command.verb in _OF_HUBS:
            self._feed.tell(ANYTHING)
            return
        with contextlib.suppress(DurahubError):
            ids = dict.fromkeys(one for one in (command.target, done.instance_id) if one)
            await self.driver.look_at(ids)

    async def _acts(self, what: str) -> Actor:
        found = self._there()
        if self._open_actor is None:
            raise NotOffered(self._ref.key, what, "this monitor only reads")
        async with self._opening:
            if self._actor is None:
                self._actor = await self._acting.enter_async_context(self._open_actor(found.hub))
            return self._actor

    # -- ways ----------------------------------------------------------------------------------

    def _there(self) -> Found:
        """Return the hub, if it has been found. Raises what keeps it from that."""
        state = self.driver.state
        if self._found is None or state.health is Health.GONE:
            raise self.driver.error or HubNotFound(self._ref.name, "it has not been found yet")
        return self._found

    def _look(self, what: str) -> Looks:
        found = self._there()
        if self._looks_of is None:
            raise NotOffered(self._ref.key, what, "nothing looks at this hub")
        if self._looks is None:
            self._looks = self._looks_of(found.hub)
        return self._looks

    @contextlib.contextmanager
    def _somebody_waits(self) -> Iterator[None]:
        if in_background():
            yield
            return
        self._look_on()
        with interactive():
            yield
