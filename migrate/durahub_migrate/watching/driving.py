"""Reads a hub into its index, step by step, as `durahub_migrate.watching.sweeping` decides.

A failure ends nothing: it becomes the hub's health, and the next step comes after a pause.
"""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Iterable

from durahub.errors import BadRequest, DurahubError
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.hub import Freshness, Health
from durahub_migrate.monitor.query import Query, Relation
from durahub_migrate.monitor.querying import condition
from durahub_migrate.monitor.row import Sort
from durahub_migrate.watching import sweeping
from durahub_migrate.watching.budget import RequestBudget
from durahub_migrate.watching.feed import ANYTHING, Feed
from durahub_migrate.watching.keeping import HubIndex, SweepState
from durahub_migrate.watching.sources.row_source import RowSource, RowsRead
from durahub_migrate.watching.sweeping import Changes, Intervals, Open, Rest, Step, Sweep, Watching
from durahub_migrate.watching.troubles import health_of, patience_of

log = logging.getLogger(__name__)

MOST_SETTLED = 50
"""Instances that are asked for one by one behind a question for changes, where changes are not told."""


class Driver:
    """Keeps the index of one hub fresh. *open_source* finds the hub; it is called again after failures.

    *watched* tells whether somebody looks, *monotonic* and *clock* the time. *changed* is called when the
    index has changed.
    """

    def __init__(
        self,
        open_source: Callable[[], Awaitable[RowSource]],
        index: HubIndex,
        feed: Feed,
        budget: RequestBudget,
        *,
        intervals: Intervals,
        watched: Callable[[], bool],
        monotonic: Callable[[], float],
        clock: Callable[[], Ticks],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._open_source = open_source
        self._index = index
        self._feed = feed
        self._budget = budget
        self._intervals = intervals
        self._watched = watched
        self._monotonic = monotonic
        self._clock = clock
        self._on_change = changed
        self._source: RowSource | None = None
        self._asked = asyncio.Event()
        self._woken = asyncio.Event()
        self._answered: list[asyncio.Future[None]] = []
        self._changed: Ticks | None = None
        self.unread: tuple[str, ...] = ()
        self.error: DurahubError | None = None
        self.state = self._resumed(index.sweep())

    def _resumed(self, kept: SweepState) -> Watching:
        """Return the state that an index from an earlier process leaves."""
        if kept.complete is None:
            return Watching()
        ago = max(0.0, seconds_between(kept.complete, self._clock()))
        self._changed = kept.complete
        return Watching(swept=self._monotonic() - ago)

    # -- what is known -------------------------------------------------------------------------

    def freshness(self) -> Freshness:
        """Return how old and how complete the index is."""
        kept = self._index.sweep()
        share: float | None = 1.0 if kept.complete is not None else None
        if kept.under_way:
            share = min(0.999, kept.seen / kept.last_count) if kept.last_count else None
        return Freshness(
            complete=kept.complete, changed=self._changed, swept=share, rows=self._index.count()
        )

    async def refresh(self) -> None:
        """Return when the next step is done: at once, unless storage asks for patience."""
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answered.append(answered)
        self._asked.set()
        self._woken.set()
        await answered

    def ask(self) -> None:
        """Let the next step be a look for changes; nobody waits for it."""
        self._asked.set()
        self._woken.set()

    def wake(self) -> None:
        """Decide anew what is due: somebody begins to look, and a pause was made for nobody."""
        self._woken.set()

    # -- steps ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            step = await self.step()
            if isinstance(step, Rest):
                self._answer()
                await self._rest(step.seconds)

    async def step(self) -> Step:
        """Do what is due, and return what that was."""
        asked = self._asked.is_set()
        step = sweeping.next_step(
            self.state,
            self._monotonic(),
            self._intervals,
            watched=self._watched(),
            asked=asked,
            per_second=self._budget.per_second,
        )
        if isinstance(step, Rest):
            return step
        before = self.state.health, self.state.problem
        try:
            await self._do(step)
        except DurahubError as error:
            self.lose(error)
        except Exception:
            log.exception("watching failed")
            self._note_failure(
                Health.UNREACHABLE, "a mistake of the monitor's own; its log has more"
            )
        if not isinstance(step, Open) or not self.state.is_open:
            self._answer()
        if before != (self.state.health, self.state.problem):
            self._feed.tell(ANYTHING)
        return step

    async def _do(self, step: Step) -> None:
        match step:
            case Open():
                self._source = await self._open_source()
                kept = self._index.sweep()
                self.state = sweeping.opened(
                    self.state,
                    is_still=self._source.is_still,
                    has_mark=kept.changes is not None and not self._source.is_still,
                    under_way=kept.under_way,
                )
            case Sweep(begins):
                await self._sweep(begins=begins)
            case Changes(active):
                await self._changes(active=active)

    async def _sweep(self, *, begins: bool) -> None:
        assert self._source is not None  # noqa: S101 (for the types)
        position = None if begins else self._index.sweep().position
        try:
            read = await self._source.page(position)
        except BadRequest:  # the position of another version's sweep
            position = None
            read = await self._source.page(None)
        if position is None:
            self._index.begin_sweep(self._clock(), read.mark)
            self.unread = ()
        await self._put(read, swept=True)
        ended = read.position is None
        if ended:
            kept = self._index.sweep()
            self.note(await asyncio.to_thread(self._index.end_sweep, self._clock()))
            self._index.mark(kept.mark)
            self._changed = kept.begun
        self.state = sweeping.swept_page(self.state, self._monotonic(), ended=ended)

    async def _changes(self, *, active: bool) -> None:
        assert self._source is not None  # noqa: S101 (for the types)
        mark = self._index.sweep().changes
        assert mark is not None  # noqa: S101 (for the types)
        began, sent = self._clock(), self._budget.total
        position: str | None = None
        following: str | None = None
        seen: set[str] = set()
        told = self._source.changes_are_told
        while True:
            read = await self._source.changes(mark, position, active=active or not told)
            await self._put(read, swept=False)
            following = following or read.mark
            if not told:
                seen.update(row.instance_id for row in read.rows)
            position = read.position
            if position is None:
                break
        if not told:
            await self._settle(seen)
        if following is not None:
            self._index.mark(following)
        self._changed = began
        count = await self._source.count()
        missing = count is not None and count < self._index.count()
        self.state = sweeping.read_changes(
            self.state,
            self._monotonic(),
            took=self._budget.total - sent,
            active=active,
            sweep_again=missing,
        )

    async def _settle(self, seen: set[str]) -> None:
        """Ask one by one for those that were active and are not among the active now."""
        left = [one for one in self._active() if one not in seen]
        await self.look_at(left[:MOST_SETTLED])

    def _active(self) -> Iterable[str]:
        now = self._clock()
        node = condition("status", Relation.EQUALS, ("active",), now)
        query = Query("status:active", node, now)
        after: str | None = None
        while True:
            page = self._index.page(query, Sort("id", descending=False), count=1000, after=after)
            yield from (row.instance_id for row in page.rows)
            after = page.after
            if after is None:
                return

    async def look_at(self, instance_ids: Iterable[str]) -> None:
        """Read some rows again, each by itself: after an action, say."""
        if self._source is None:
            return
        for instance_id in instance_ids:
            row = await self._source.row(instance_id)
            if row is None:
                self.note(self._index.remove((instance_id,)))
            else:
                self.note(self._index.put((row,)))

    async def _put(self, read: RowsRead, *, swept: bool) -> None:
        put = functools.partial(self._index.put, position=read.position, swept=swept)
        self.note(await asyncio.to_thread(put, read.rows))
        if read.unread:
            self.unread = (*self.unread, *read.unread)[:MOST_SETTLED]

    def note(self, changed: frozenset[str]) -> None:
        """Tell everybody that rows of the index have changed."""
        if changed:
            self._on_change()
            self._feed.tell(changed)

    # -- failing and resting -------------------------------------------------------------------

    def lose(self, error: DurahubError) -> None:
        """Note why the hub cannot be read; what is known of one that is gone is forgotten."""
        health = health_of(error)
        self.error = error
        if health is Health.GONE and self.state.health is not Health.GONE:
            self._index.drop()
            self._changed = None
            self.state = sweeping.gone(self.state)
            self._on_change()
            self._feed.tell(ANYTHING)
        self._note_failure(health, str(error), patience_of(error))

    def _note_failure(self, health: Health, problem: str, patience: float | None = None) -> None:
        self.state = sweeping.failed(
            self.state, self._monotonic(), health, problem, self._intervals, patience=patience
        )

    def _answer(self) -> None:
        self._asked.clear()
        answered, self._answered = self._answered, []
        for one in answered:
            if not one.done():
                one.set_result(None)

    async def _rest(self, seconds: float) -> None:
        # wait_for would lose a cancellation that comes together with the event, before Python 3.12
        alarm = asyncio.get_running_loop().call_later(seconds, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            alarm.cancel()
            self._woken.clear()
