"""Leads both sides through a comparison.

Each side is read once, whatever its order, and what is compared is kept in the spool; then ID by ID is
judged. Only if some differ, both are read once more, for the sketches that tell where.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from fnmatch import fnmatchcase

from durahub.engine.entities.ids import is_entity
from durahub.model.ticks import PER_SECOND, Ticks
from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.bundle.canonical import utf8
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.verifying.differing import explain
from durahub_migrate.verifying.judging import SOURCE, TARGET, Judge, Sees
from durahub_migrate.verifying.open_work import open_work
from durahub_migrate.verifying.prints import (
    ENTITY,
    ORCHESTRATION,
    Print,
    bare_print_of,
    print_of,
    sketch_of,
)
from durahub_migrate.verifying.renaming import renamed, renamed_message
from durahub_migrate.verifying.sides import OpenSide, Side, sees
from durahub_migrate.verifying.spool import Kept, Spool, Which
from durahub_migrate.verifying.summary import Group, Summary
from durahub_migrate.verifying.verdicts import (
    Difference,
    Fate,
    Match,
    Symbol,
    Unread,
    Verdict,
)

UNSHOWN = "an entity without a state, which endpoints do not show"
DEFERRED = "activities whose inputs were not seen are asked for by the app, in its first turn"
DAY = 86_400 * PER_SECOND


class Level(IntEnum):
    """How deep to look; each looks at what those before it do."""

    COUNTS = 0
    STATE = 1
    HISTORY = 2
    OPEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to compare. *sample* is how many instances, ``None`` for all; *retention* days, of the target.

    *now* is needed to tell how long ago something ended.
    """

    level: Level = Level.OPEN
    match: Match | None = None
    sample: int | None = None
    only: tuple[str, ...] = ()
    retention: int | None = None
    now: Ticks | None = None

    def includes(self, instance_id: str) -> bool:
        """Tell whether an instance is to be told of."""
        return not self.only or any(fnmatchcase(instance_id, one) for one in self.only)


Progress = Callable[[str, int, int | None], object]
"""Told what is done, how many of it, and of how many if that is known."""


def _nobody(doing: str, count: int, total: int | None) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Verification:
    """One comparison. The verdicts are in the spool when `run` has returned."""

    open_source: OpenSide
    open_target: OpenSide
    spool: Spool
    wanted: Wanted = field(default_factory=Wanted)
    progress: Progress = _nobody
    has_plan: bool = False
    is_left_out: Callable[[str], bool] = lambda _: False
    ids: dict[str, str] = field(default_factory=dict)
    _back: dict[str, str] = field(default_factory=dict)
    _sampled: set[bytes] | None = None
    _sees: tuple[Sees, Sees] = (Sees.NOTHING, Sees.NOTHING)
    _kinds: tuple[str, str] = ("", "")

    def add_unit(self, unit: Unit) -> None:
        """Tell of a unit of the plan, before `run`."""
        self.has_plan = True
        fate = Fate.IMPORTED
        if unit.strategy is Strategy.DRAIN:
            fate = Fate.DRAINED
        elif unit.strategy is Strategy.ARCHIVE:
            fate = Fate.ARCHIVED
        elif unit.blockers:
            fate = Fate.SKIPPED
        exact = unit.strategy.is_exact
        root = unit.target_id(unit.root_id)
        self.spool.add_unit(root, unit.strategy.value, fate.value, exact=exact)
        self.ids.update(unit.ids)
        self._back.update((new, old) for old, new in unit.ids.items())

    async def run(self) -> Summary:
        """Compare. Raises what reading the places raises, and `FileUnavailable` for the spool."""
        source = await self._read(SOURCE)
        target = await self._read(TARGET)
        self._sees, self._kinds = (source[0], target[0]), (source[1], target[1])
        summary = Summary()
        self._judge(summary)
        if self.spool.wanted():
            await self._sketch(SOURCE)
            await self._sketch(TARGET)
            self._explain()
        for body in self.spool.verdicts():
            summary.add(Verdict.decoded(body))
        self._count(summary)
        return summary

    # -- reading -------------------------------------------------------------------------------

    async def _read(self, which: Which) -> tuple[Sees, str]:
        ids: Mapping[str, str] = self.ids if which is SOURCE else {}
        doing = f"reading the {which.name.lower()}"
        sample: list[tuple[bytes, bytes]] = []
        async with self._opened(which) as side:
            async for message in side.messages():
                if isinstance(message, Unread):
                    self.spool.left[which]["unreadable"] += 1
                    continue
                self._keep_message(which, renamed_message(message, ids))
            count = 0
            async for one in side.instances():
                count += 1
                self.progress(doing, count, side.total)
                if isinstance(one, Unread):
                    self.spool.add_unread(which, one)
                    continue
                instance = renamed(one, ids)
                self._keep(which, instance)
                if which is SOURCE and self.wanted.sample is not None:
                    self._draw(sample, instance.instance_id, self.wanted.sample)
            found = sees(side), side.kind
        for missing in self.spool.to_nobody(which):
            messages = self.spool.messages_to(which, missing)
            self.spool.add(which, missing, None, open_work(None, messages, missing))
        self.spool.find_roots(which)
        if which is SOURCE and self.wanted.sample is not None:
            self._sampled = {key for _, key in sample}
        return found

    def _opened(self, which: Which) -> AbstractAsyncContextManager[Side]:
        return self.open_source() if which is SOURCE else self.open_target()

    def _keep_message(self, which: Which, message: StoredMessage) -> None:
        self.spool.add_message(which, message, message.message.target.instance_id)

    def _keep(self, which: Which, instance: StoredInstance) -> None:
        messages = self.spool.messages_to(which, instance.instance_id)
        is_compared = self._is_sampled(instance.instance_id)
        work = open_work(instance, messages, instance.instance_id)
        found = print_of(instance, work) if is_compared else bare_print_of(instance)
        self.spool.add(which, instance.instance_id, found, work)

    def _draw(self, sample: list[tuple[bytes, bytes]], instance_id: str, size: int) -> None:
        """Keep the IDs with the smallest digests: the same ones, whoever reads in whatever order."""
        key = utf8(instance_id)
        rank = bytes(
            255 - one for one in hashlib.sha256(key).digest()
        )  # the heap gives up its least
        if len(sample) < size:
            heapq.heappush(sample, (rank, key))
        elif sample and rank > sample[0][0]:
            heapq.heapreplace(sample, (rank, key))

    def _is_sampled(self, instance_id: str) -> bool:
        return self._sampled is None or utf8(instance_id) in self._sampled

    # -- judging -------------------------------------------------------------------------------

    def _judge(self, summary: Summary) -> None:
        judge = Judge(self.spool, *self._sees)
        unread = {one.instance_id: one for one in self.spool.unread(TARGET) if one.instance_id}
        rejected = {one.instance_id: one for one in self.spool.unread(SOURCE) if one.instance_id}
        expected: Counter[Group] = Counter()
        found: Counter[Group] = Counter()
        for number, instance_id in enumerate(self.spool.ids(), 1):
            self.progress("comparing", number, None)
            if not self.wanted.includes(self._back.get(instance_id, instance_id)):
                continue
            source = self.spool.kept(SOURCE, instance_id)
            target = self.spool.kept(TARGET, instance_id)
            if self._is_name_alone(source, target):
                continue
            if instance_id in unread or instance_id in rejected:
                problem = unread.get(instance_id) or rejected[instance_id]
                verdict = self._unreadable(
                    instance_id, source, problem, is_target=instance_id in unread
                )
            else:
                verdict = self._verdict(judge, instance_id, source, target)
            self.spool.add_verdict(instance_id, verdict.encoded())
            if source.print is not None and verdict.fate in (Fate.IMPORTED, Fate.LOST):
                expected[_group(source.print)] += 1
            if target.print is not None:
                found[_group(target.print)] += 1
        for group in sorted({*expected, *found}):
            summary.counts[group] = expected[group], found[group]

    def _is_name_alone(self, source: Kept, target: Kept) -> bool:
        """Tell whether the target lists an entity that was deleted, as the SDK's in-memory backend does."""
        if source.print is not None or source.coming or target.print is None:
            return False
        return target.print.is_empty and self._sees[TARGET] is Sees.NOTHING

    def _unreadable(
        self, instance_id: str, kept: Kept, problem: Unread, *, is_target: bool
    ) -> Verdict:
        source = kept.print
        where = "at the target" if is_target else "at the source"
        return Verdict(
            instance_id=self._back.get(instance_id, instance_id),
            kind=ENTITY if is_entity(instance_id) else ORCHESTRATION,
            symbol=Symbol.UNREADABLE,
            name=source.name if source is not None else "",
            root=self._back.get(kept.root, kept.root) if source is not None else "",
            fate=(Fate.IMPORTED if source is not None else None) if is_target else Fate.REJECTED,
            is_fault=is_target,
            notes=(f"{where}: {problem.code}: {problem.sentence}",),
        )

    def _verdict(self, judge: Judge, instance_id: str, source: Kept, target: Kept) -> Verdict:
        one, other = source.print, target.print
        known = one or other
        old = self._back.get(instance_id, instance_id)

        def told(symbol: Symbol, **others: object) -> Verdict:
            fields: dict[str, object] = {
                "instance_id": old,
                "target_id": instance_id if old != instance_id else "",
                "kind": ENTITY if is_entity(instance_id) else ORCHESTRATION,
                "name": known.name if known is not None else "",
                "root": self._back.get(source.root, source.root) if one is not None else "",
                "symbol": symbol,
                "fate": Fate.IMPORTED if one is not None else None,
                "is_fault": symbol is Symbol.DIFFERS,
            }
            return Verdict(**{**fields, **others})  # type: ignore[arg-type]

        if one is None and other is not None:
            if self._sees[TARGET] is Sees.NOTHING and other.is_empty and source.coming:
                return told(Symbol.EQUAL, notes=("there are only messages to it",))
            return told(Symbol.ONLY_TARGET, is_fault=True)
        if one is not None and other is None:
            fate, note = self._missing(source.root, one)
            if self._sees[TARGET] is Sees.NOTHING and one.is_empty and fate is Fate.LOST:
                return told(Symbol.EQUAL, notes=(UNSHOWN,))
            is_fault = fate is Fate.LOST
            return told(
                Symbol.ONLY_SOURCE, fate=fate, is_fault=is_fault, notes=(note,) if note else ()
            )
        if one is None or other is None:
            differences = tuple(self._open(judge, source, target, Match.EXACT))
            notes = ("there are only messages to it",)
            symbol = Symbol.DIFFERS if differences else Symbol.EQUAL
            return told(symbol, differences=differences, notes=notes)
        if self.wanted.level is Level.COUNTS:
            return told(Symbol.EQUAL)
        if not self._is_sampled(instance_id):
            fields = tuple(
                name
                for name in ("name", "status", "version")
                if getattr(one, name) != getattr(other, name)
            )
            differences = (
                (Difference(part="row", text="it is not in the sample", fields=fields),)
                if fields
                else ()
            )
            symbol = Symbol.DIFFERS if fields else Symbol.EQUAL
            return told(symbol, differences=differences, notes=("not in the sample",))
        match, is_same = self._compared(source.root, one, other)
        if not is_same:
            self.spool.want(instance_id)
            return told(Symbol.DIFFERS, match=match)
        again: set[int] = set()
        if match is Match.SEMANTIC and one.shown != other.shown:
            answered = {coming.number for coming in source.coming}
            again = {
                wait.place
                for wait in source.waits
                if wait.kind == "activity"
                and not (wait.carriers or wait.detail)
                and wait.number not in answered
            }
        differences = tuple(self._open(judge, source, target, match, again))
        symbol = Symbol.DIFFERS if differences else Symbol.EQUAL
        return told(
            symbol,
            match=match,
            differences=differences,
            notes=(DEFERRED,) if again else (),
        )

    def _open(
        self,
        judge: Judge,
        source: Kept,
        target: Kept,
        match: Match,
        again: Collection[int] = (),
    ) -> tuple[Difference, ...]:
        if self.wanted.level < Level.OPEN:
            return ()
        return tuple(judge.open_work(source, target, match, again))

    def _missing(self, root: str, source: Print) -> tuple[Fate, str]:
        """Return what has become of an instance that the target does not have, and a sentence about it."""
        unit = self.spool.unit(root)
        if unit is not None:
            _, fate, _ = unit
            if fate != Fate.IMPORTED.value:
                return Fate(fate), ""
        elif self.has_plan and self.is_left_out(self._back.get(root, root)):
            return Fate.SKIPPED, "the plan leaves it out"
        if source.ended is None or self.wanted.now is None:
            return Fate.LOST, ""
        days = (self.wanted.now - source.ended) // DAY
        if self.wanted.retention is not None and days >= self.wanted.retention:
            return Fate.PURGED, f"it ended {days} days ago: the target's retention has purged it"
        return Fate.LOST, f"it ended {days} days ago: a retention policy may have purged it"

    def _compared(self, root: str, source: Print, target: Print) -> tuple[Match, bool]:
        match = self._match(root, source)
        if match is None or match is Match.EXACT:
            is_same = source.exact_state == target.exact_state and (
                self.wanted.level < Level.HISTORY or source.exact_history == target.exact_history
            )
            if is_same or match is Match.EXACT:
                return Match.EXACT, is_same
        if match is Match.START:
            ended = target.ended is not None
            return Match.START, source.start == target.start and not ended
        if self.wanted.level < Level.HISTORY:
            return Match.SEMANTIC, source.semantic_state == target.semantic_state
        if self._sees[TARGET] is not Sees.NOTHING and not source.deferred:
            return Match.SEMANTIC, source.semantic == target.semantic
        is_untagged = source.untagged == target.untagged != b"" and not target.has_tags
        is_same = (
            (target.shown in (source.shown, source.deferred) or is_untagged)
            and target.parent in ("", source.parent)
            and bool(source.locked_by) >= bool(target.locked_by)
            and target.due in (0, source.due)
        )
        return Match.SEMANTIC, is_same

    def _match(self, root: str, source: Print) -> Match | None:
        """Return how to compare an instance; ``None``: exactly, or else by what counts."""
        if self.wanted.match is not None:
            return self.wanted.match
        unit = self.spool.unit(root)
        if unit is None:
            return None if self._kinds[1] == "endpoint" else Match.EXACT
        strategy, _, exact = unit
        if exact:
            return Match.EXACT
        is_fresh = strategy == Strategy.RECREATE.value and source.status != "Pending"
        return Match.START if is_fresh else Match.SEMANTIC

    # -- those that differ ---------------------------------------------------------------------

    async def _sketch(self, which: Which) -> None:
        ids: Mapping[str, str] = self.ids if which is SOURCE else {}
        async with self._opened(which) as side:
            count = 0
            async for one in side.instances():
                count += 1
                self.progress(f"looking into differences, {which.name.lower()}", count, side.total)
                if isinstance(one, Unread):
                    continue
                instance = renamed(one, ids)
                if self.spool.is_wanted(instance.instance_id):
                    self.spool.add_sketch(which, instance.instance_id, sketch_of(instance))

    def _explain(self) -> None:
        judge = Judge(self.spool, *self._sees)
        for instance_id in self.spool.wanted_ids():
            before = Verdict.decoded(self.spool.verdict(instance_id))
            self.spool.add_verdict(
                instance_id, self._explained(judge, instance_id, before).encoded()
            )

    def _explained(self, judge: Judge, instance_id: str, verdict: Verdict) -> Verdict:
        one, other = (self.spool.sketch(which, instance_id) for which in (SOURCE, TARGET))
        match = verdict.match or Match.EXACT
        if one is None or other is None:
            return verdict.but(notes=("it has gone while it was read",))
        source, target = (self.spool.kept(which, instance_id) for which in (SOURCE, TARGET))
        if match is Match.SEMANTIC and self._sees[TARGET] is Sees.NOTHING:
            one, other = one.without_hidden(other), other.without_hidden(other)
        answered = {coming.place for coming in source.coming}
        unseen = {
            wait.place for wait in source.waits if not wait.carriers and wait.place not in answered
        }
        found = explain(one, other, match, unseen)
        differences = found.differences
        if found.symbol is Symbol.EQUAL:
            again = {wait.number for wait in source.waits if wait.place in found.again}
            differences = self._open(judge, source, target, match, again)
        symbol = Symbol.DIFFERS if differences else found.symbol
        return verdict.but(
            symbol=symbol,
            is_fault=symbol is Symbol.DIFFERS,
            differences=differences,
            notes=found.notes,
        )

    # -- sums ----------------------------------------------------------------------------------

    def _count(self, summary: Summary) -> None:
        messages = summary.messages
        left = self.spool.left[SOURCE].copy()
        messages.rejected = left.pop("unreadable", 0)
        messages.left = left
        messages.source = self.spool.seen[SOURCE] + messages.rejected
        messages.needed = self.spool.needed(SOURCE)
        for which, side in ((SOURCE, "source"), (TARGET, "target")):
            if self._sees[which] is Sees.NOTHING:
                text = "nor what waits at entities"
                summary.notes.append(f"the {side} shows no messages on their way, {text}")
            elif self._sees[which] is Sees.SOME:
                text = "32 of each queue at most"
                summary.notes.append(f"the {side} shows only messages that are visible, {text}")
        if self.wanted.level is Level.COUNTS:
            summary.faults += sum(one != other for one, other in summary.counts.values())


def _group(found: Print) -> Group:
    return found.kind, found.name, found.status, found.version
