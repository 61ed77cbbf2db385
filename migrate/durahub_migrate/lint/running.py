"""Leads rules over sources, fact by fact, and keeps what is found in a book."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from durahub.errors import DurahubError, Malformed, Unavailable
from durahub.model.ticks import Ticks
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.collecting import Collector
from durahub_migrate.lint.facts.hubs import BlobFacts, HubFacts, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.leading import Keep, Leading, is_touched, missing_needs
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.progress import Progress, seconds_left
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.sources.source import MeasuredSource, Read, Source
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.work import ReadCounts, Work, identity_of

SAVED_EVERY = 1000  # facts: what a run that dies reads again, at most
SAVED_WITHIN = 5.0  # seconds, where facts come slowly
TOLD_EVERY = 100  # facts between two words on how far it is

ForHub = Callable[[HubFacts], Given]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went; its findings are in the book.

    ``missing`` are the needs of rules not evaluated, for no source has them; ``not_evaluated`` is what rules
    were not evaluated for because it could not be read; ``judged`` are the codes of those that were,
    somewhere. ``read`` tells how much was read, by the sources' addresses. ``told_again`` is when a run began
    that was finished already, of which nothing is read again; ``began_anew`` says that one had gaps and was
    begun anew. ``is_stuck``: nothing was read that an earlier run had not read.
    """

    facts: int
    unread: tuple[Unread, ...]
    missing: dict[str, frozenset[Need]] = field(default_factory=dict)
    judged: frozenset[str] = frozenset()
    not_evaluated: Mapping[str, tuple[Unread, ...]] = field(default_factory=dict)
    read: Mapping[str, ReadCounts] = field(default_factory=dict)
    told_again: Ticks | None = None
    began_anew: bool = False
    is_stuck: bool = False

    @property
    def can_go_on(self) -> bool:
        """Whether a later run with the same work file may read the rest."""
        return any(one.can_go_on for one in self.unread)


async def run(
    sources: Sequence[Source],
    rules: Sequence[Rule[Any]],
    given: Given,
    book: Book,
    *,
    keep: Keep = lambda finding: finding,
    collectors: Sequence[Collector] = (),
    progress: Callable[[Progress], object] = bool,
    for_hub: ForHub | None = None,
    settings: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Judge everything that *sources* give; *progress* is told how far it is now and then.

    *for_hub* returns what is given of one hub, where that is not the same for all. If the book holds the
    beginning of this run, it goes on behind it, and as if it were still the time at which that began; a run
    that is finished is not run again, unless something could not be read. *settings* are what *keep*,
    *for_hub* and the collectors go by, as a text: with others it is another run. Raises `WorkFileUnusable`
    if the book is another run's.
    """
    work = Work(book)
    now = work.begin(identity_of(sources, rules, given, collectors, settings), given.now)
    given = replace(given, now=now)
    provided = given.provides.union(*(source.provides for source in sources))
    lacking = {rule.code: missing_needs(rule, provided) for rule in rules}
    missing = {code: needs for code, needs in lacking.items() if needs}
    evaluated = [rule for rule in rules if rule.code not in missing]
    is_finished, reached = work.is_finished, work.reached(sources)
    if not is_finished:
        leading = Leading(evaluated, book, keep, collectors)
        going = _Going(work, leading, given, for_hub or (lambda _: given), progress, clock)
        for source in sources:
            try:
                await going.through(source)
            except (Malformed, Unavailable) as error:  # noqa: PERF203 (sources are few)
                if len(sources) == 1:
                    raise
                going.miss_all(source, error)  # the others are worth hearing of
        lost = _lost(work.unread())
        leading.conclude(given, {rule.code: _touched(rule, lost) for rule in evaluated})
        if not any(one.can_go_on for one in work.unread()):
            work.finish()  # else nothing of the end is saved: it will be another one
    unread = work.unread()
    lost = _lost(unread)
    touched = {rule.code: _touched(rule, lost) for rule in evaluated}
    whole = frozenset(source.address for source in sources)
    read = {source.address: work.read(source) for source in sources}
    return Outcome(
        facts=sum(one.facts for one in read.values()),
        unread=unread,
        missing=missing,
        judged=frozenset(
            rule.code
            for rule in evaluated
            if not touched[rule.code]
            or any(
                source.address not in touched[rule.code]
                and not missing_needs(rule, given.provides | source.provides)
                for source in sources
            )
        ),
        not_evaluated={
            rule.code: tuple(one for one in unread if is_touched(rule, frozenset({one.need})))
            for rule in evaluated
            if touched[rule.code] & whole
        },
        read=read,
        told_again=now if is_finished else None,
        began_anew=work.begins_anew,
        is_stuck=not is_finished and work.reached(sources) == reached,
    )


def _lost(unread: Iterable[Unread]) -> Mapping[str, frozenset[Need]]:
    """Return what could not be read by the sources' addresses."""
    lost: dict[str, frozenset[Need]] = {}
    for one in unread:
        source = one.place.source
        lost[source] = lost.get(source, frozenset()) | {one.need}
    return lost


def _touched(rule: Rule[Any], lost: Mapping[str, frozenset[Need]]) -> frozenset[str]:
    """Return the sources by which a rule cannot be judged."""
    return frozenset(source for source, needs in lost.items() if is_touched(rule, needs))


@dataclass(slots=True)
class _Going:
    """Goes through sources one after the other."""

    work: Work
    leading: Leading
    given: Given
    for_hub: ForHub
    progress: Callable[[Progress], object]
    clock: Callable[[], float]

    async def through(self, source: Source) -> None:
        position = self.work.position(source)
        if self.work.is_done(source):
            if self.work.is_hub(source):
                await self._look_at_hub(source, position)
            return
        self.work.go_on(source)
        counting = asyncio.create_task(source.count(), name=f"count {source.address}")
        try:
            await self._read(source, position, counting)
        finally:
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)

    def miss_all(self, source: Source, error: DurahubError) -> None:
        """Take note that nothing of a source can be read now; a later run may try again."""
        self.work.stop(source, None, {}, {})
        place = Place(source=source.address, kind=PlaceKind.HUB)
        for need in sorted(source.provides, key=lambda one: one.name):
            self.work.miss(Unread(need, place, error, can_go_on=isinstance(error, Unavailable)))

    async def _look_at_hub(self, source: Source, position: str | None) -> None:
        """Read a hub's own facts alone, for what is concluded of its instances."""
        facts = source.facts(position)
        try:
            async for one in facts:
                if isinstance(one.fact, HubFacts):
                    self._given_of(one.fact)
                break
        except DurahubError as error:
            place = Place(source=source.address, kind=PlaceKind.HUB)
            self.work.miss(Unread(Need.HUB, place, error))
        finally:
            await facts.aclose()  # type: ignore[attr-defined]  # every source's is a generator

    def _given_of(self, hub: HubFacts) -> Given:
        given = replace(self.for_hub(hub), hub=hub, now=self.given.now)
        self.leading.know(hub, given)
        return given

    async def _read(
        self, source: Source, position: str | None, counting: "asyncio.Task[int | None]"
    ) -> None:
        tally = _Tally(source, self.work.read(source), self.clock())
        given, saved_at, stopped = self.given, self.clock(), False
        async for one in _with_its_end(source, position):
            fact = one.fact
            if isinstance(fact, Unread):
                if fact.can_go_on and not stopped:
                    stopped = True
                    self.work.stop(source, tally.position, tally.until_position, tally.all)
                self.work.miss(fact)
                continue
            if isinstance(fact, HubFacts):
                given, tally.is_hub = self._given_of(fact), True
                if position is not None:
                    continue  # it was judged when the run began
            self.leading.take(fact, given)
            tally.note(fact, one.position)
            if one.position is not None:
                if tally.unsaved >= SAVED_EVERY or self.clock() - saved_at >= SAVED_WITHIN:
                    self.work.save(source, one.position, tally.until_position)
                    tally.saved()
                    saved_at = self.clock()
                else:
                    self.work.mark()
            if tally.facts % TOLD_EVERY == 0:
                await asyncio.sleep(0)  # a source that never waits lets nobody count
                self.progress(tally.progress(counting, self.clock()))
        self.progress(tally.progress(counting, self.clock()))
        if not stopped:
            tally.note_costs()
            self.work.end(source, tally.all, is_hub=tally.is_hub)
        self.work.keep()


class _Tally:
    """Counts what is read of a source in one run. *before* is what earlier runs have read."""

    def __init__(self, source: Source, before: ReadCounts, now: float) -> None:
        self._source = source
        # asked once: the question looks at all that the source has, and a bundle's identity reads a file
        self._measured = source if isinstance(source, MeasuredSource) else None
        self._before = before
        self._began = now
        self._saved_cost = self._cost
        self.is_hub = False
        self.facts = 0
        self.position: str | None = None
        self.until_position: dict[str, int] = {}  # and not saved yet
        self.all: dict[str, int] = {}  # not saved yet
        self._saved_instances = 0

    @property
    def unsaved(self) -> int:
        """How many facts were read since it was saved."""
        return self.all.get("facts", 0)

    def note(self, fact: Any, position: str | None) -> None:
        """Count a fact, behind which is *position*."""
        self.facts += 1
        self._count("facts")
        if isinstance(fact, InstanceFacts):
            self._count("instances")
            if fact.history_is_read:
                self._count("histories")
                self._count("events", len(fact.history))
        elif isinstance(fact, MessageFacts):
            self._count("messages")
        elif isinstance(fact, BlobFacts):
            self._count("blobs")
        if position is not None:
            self.note_costs()
            self.position, self.until_position = position, self.all.copy()

    def note_costs(self) -> None:
        """Count what reading has cost up to now."""
        rows, requests = self._cost
        self.all["rows"] = rows - self._saved_cost[0]
        self.all["requests"] = requests - self._saved_cost[1]

    def _count(self, name: str, amount: int = 1) -> None:
        self.all[name] = self.all.get(name, 0) + amount

    def saved(self) -> None:
        """Begin to count anew: what there was is saved."""
        self._saved_cost = self._cost
        self._saved_instances += self.all.get("instances", 0)
        self.all, self.until_position = {}, {}

    def progress(self, counting: "asyncio.Task[int | None]", now: float) -> Progress:
        """Return how far the reading is, *now* on the clock that it began by."""
        before, read = self._before.facts, self.facts
        if self.is_hub:
            before = self._before.instances
            read = self._saved_instances + self.all.get("instances", 0)
        done = before + read
        total = counting.result() if _is_counted(counting) else None
        rows, requests = self._cost
        return Progress(
            source=self._source.address,
            done=done,
            total=total,
            rows=rows,
            requests=requests,
            seconds_left=seconds_left(done, before, total, now - self._began),
        )

    @property
    def _cost(self) -> tuple[int, int]:
        """The rows that were read and the requests that were sent."""
        source = self._measured
        return (source.rows, source.requests) if source is not None else (0, 0)


async def _with_its_end(source: Source, position: str | None) -> AsyncIterator[Read]:
    """Yield what a source gives; an error half-way is something that could not be read."""
    begun = False
    facts = source.facts(position)
    try:
        async for one in facts:
            yield one
            begun = True
    except (Malformed, Unavailable) as error:
        if not begun:
            raise
        place = Place(source=source.address, kind=PlaceKind.HUB)
        for need in sorted(source.provides, key=lambda one: one.name):
            yield Read(Unread(need, place, error, can_go_on=isinstance(error, Unavailable)))


def _is_counted(counting: "asyncio.Task[int | None]") -> bool:
    return counting.done() and not counting.cancelled() and counting.exception() is None
