"""Leads both sides through a comparison.

Each side is read once, whatever its order, and what is compared is kept in the spool; then ID by ID is
judged. Only if some differ, both are read once more, for the sketches that tell where.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.bundle.canonical import utf8
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.verifying.comparing import Comparing
from durahub_migrate.verifying.judging import SOURCE, TARGET, Judge, Sees
from durahub_migrate.verifying.open_work import open_work
from durahub_migrate.verifying.prints import (
    Print,
    bare_print_of,
    print_of,
    sketch_of,
)
from durahub_migrate.verifying.renaming import renamed, renamed_message
from durahub_migrate.verifying.sides import OpenSide, Side, sees
from durahub_migrate.verifying.spool import Spool, Which
from durahub_migrate.verifying.summary import Group, Summary
from durahub_migrate.verifying.verdicts import Fate, Unread, Verdict
from durahub_migrate.verifying.wanted import Level, Wanted

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
        self._sees = source[0], target[0]
        summary = Summary()
        comparing = Comparing(
            spool=self.spool,
            wanted=self.wanted,
            judge=Judge(self.spool, *self._sees),
            is_endpoint=target[1] == "endpoint",
            has_plan=self.has_plan,
            is_left_out=self.is_left_out,
            old_ids=self._back,
            is_sampled=self._is_sampled,
        )
        self._judge(comparing, summary)
        if self.spool.wanted():
            await self._sketch(SOURCE)
            await self._sketch(TARGET)
            self._explain(comparing)
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

    def _judge(self, comparing: Comparing, summary: Summary) -> None:
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
            if comparing.is_name_alone(source, target):
                continue
            if instance_id in unread or instance_id in rejected:
                problem = unread.get(instance_id) or rejected[instance_id]
                verdict = comparing.unreadable(
                    instance_id, source, problem, is_target=instance_id in unread
                )
            else:
                verdict = comparing.verdict(instance_id, source, target)
            self.spool.add_verdict(instance_id, verdict.encoded())
            if source.print is not None and verdict.fate in (Fate.IMPORTED, Fate.LOST):
                expected[_group(source.print)] += 1
            if target.print is not None:
                found[_group(target.print)] += 1
        for group in sorted({*expected, *found}):
            summary.counts[group] = expected[group], found[group]

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

    def _explain(self, comparing: Comparing) -> None:
        for instance_id in self.spool.wanted_ids():
            before = Verdict.decoded(self.spool.verdict(instance_id))
            self.spool.add_verdict(instance_id, comparing.explained(instance_id, before).encoded())

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
