"""What is read of an ID on both sides makes its verdict."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from durahub.engine.entities.ids import is_entity
from durahub.model.ticks import PER_SECOND
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.verifying.differing import explain
from durahub_migrate.verifying.judging import SOURCE, TARGET, Judge, Sees
from durahub_migrate.verifying.prints import ENTITY, ORCHESTRATION, Print
from durahub_migrate.verifying.spool import Kept, Spool
from durahub_migrate.verifying.verdicts import (
    Difference,
    Fate,
    Match,
    Symbol,
    Unread,
    Verdict,
)
from durahub_migrate.verifying.wanted import Level, Wanted

UNSHOWN = "an entity without a state, which endpoints do not show"
DEFERRED = "activities whose inputs were not seen are asked for by the app, in its first turn"
DAY = 86_400 * PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """Compares what the spool has of both sides.

    *old_ids* has the IDs at the source of what was renamed; *is_endpoint* tells whether the target is one.
    """

    spool: Spool
    wanted: Wanted
    judge: Judge
    is_endpoint: bool
    has_plan: bool
    is_left_out: Callable[[str], bool]
    old_ids: Mapping[str, str]
    is_sampled: Callable[[str], bool]

    @property
    def hides(self) -> bool:
        """Whether the target shows nothing of open work."""
        return self.judge.target is Sees.NOTHING

    def is_name_alone(self, source: Kept, target: Kept) -> bool:
        """Tell whether the target lists an entity that was deleted, as the SDK's in-memory backend does."""
        if source.print is not None or source.coming or target.print is None:
            return False
        return target.print.is_empty and self.hides

    def unreadable(
        self, instance_id: str, kept: Kept, problem: Unread, *, is_target: bool
    ) -> Verdict:
        """Return the verdict of an instance that could not be read on one side."""
        source = kept.print
        where = "at the target" if is_target else "at the source"
        return Verdict(
            instance_id=self.old_ids.get(instance_id, instance_id),
            kind=ENTITY if is_entity(instance_id) else ORCHESTRATION,
            symbol=Symbol.UNREADABLE,
            name=source.name if source is not None else "",
            root=self.old_ids.get(kept.root, kept.root) if source is not None else "",
            fate=(Fate.IMPORTED if source is not None else None) if is_target else Fate.REJECTED,
            is_fault=is_target,
            notes=(f"{where}: {problem.code}: {problem.sentence}",),
        )

    def verdict(self, instance_id: str, source: Kept, target: Kept) -> Verdict:
        """Return the verdict of an ID; of one that differs, where is told by `explained`."""
        one, other = source.print, target.print
        known = one or other
        old = self.old_ids.get(instance_id, instance_id)

        def told(symbol: Symbol, **others: object) -> Verdict:
            fields: dict[str, object] = {
                "instance_id": old,
                "target_id": instance_id if old != instance_id else "",
                "kind": ENTITY if is_entity(instance_id) else ORCHESTRATION,
                "name": known.name if known is not None else "",
                "root": self.old_ids.get(source.root, source.root) if one is not None else "",
                "symbol": symbol,
                "fate": Fate.IMPORTED if one is not None else None,
                "is_fault": symbol is Symbol.DIFFERS,
            }
            return Verdict(**{**fields, **others})  # type: ignore[arg-type]

        if one is None and other is not None:
            if self.hides and other.is_empty and source.coming:
                return told(Symbol.EQUAL, notes=("there are only messages to it",))
            return told(Symbol.ONLY_TARGET, is_fault=True)
        if one is not None and other is None:
            fate, note = self._missing(source.root, one)
            if self.hides and one.is_empty and fate is Fate.LOST:
                return told(Symbol.EQUAL, notes=(UNSHOWN,))
            is_fault = fate is Fate.LOST
            return told(
                Symbol.ONLY_SOURCE, fate=fate, is_fault=is_fault, notes=(note,) if note else ()
            )
        if one is None or other is None:
            differences = tuple(self._open(source, target, Match.EXACT))
            notes = ("there are only messages to it",)
            symbol = Symbol.DIFFERS if differences else Symbol.EQUAL
            return told(symbol, differences=differences, notes=notes)
        if self.wanted.level is Level.COUNTS:
            return told(Symbol.EQUAL)
        if not self.is_sampled(instance_id):
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
        differences = tuple(self._open(source, target, match, again))
        symbol = Symbol.DIFFERS if differences else Symbol.EQUAL
        return told(
            symbol,
            match=match,
            differences=differences,
            notes=(DEFERRED,) if again else (),
        )

    def _open(
        self,
        source: Kept,
        target: Kept,
        match: Match,
        again: Collection[int] = (),
    ) -> tuple[Difference, ...]:
        if self.wanted.level < Level.OPEN:
            return ()
        return tuple(self.judge.open_work(source, target, match, again))

    def _missing(self, root: str, source: Print) -> tuple[Fate, str]:
        """Return what has become of an instance that the target does not have, and a sentence about it."""
        unit = self.spool.unit(root)
        if unit is not None:
            _, fate, _ = unit
            if fate != Fate.IMPORTED.value:
                return Fate(fate), ""
        elif self.has_plan and self.is_left_out(self.old_ids.get(root, root)):
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
        if not self.hides and not source.deferred:
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
            return None if self.is_endpoint else Match.EXACT
        strategy, _, exact = unit
        if exact:
            return Match.EXACT
        is_fresh = strategy == Strategy.RECREATE.value and source.status != "Pending"
        return Match.START if is_fresh else Match.SEMANTIC

    def explained(self, instance_id: str, verdict: Verdict) -> Verdict:
        """Return the verdict of an instance that differs, by the sketches of both sides."""
        one, other = (self.spool.sketch(which, instance_id) for which in (SOURCE, TARGET))
        match = verdict.match or Match.EXACT
        if one is None or other is None:
            return verdict.but(notes=("it has gone while it was read",))
        source, target = (self.spool.kept(which, instance_id) for which in (SOURCE, TARGET))
        if match is Match.SEMANTIC and self.hides:
            one, other = one.without_hidden(other), other.without_hidden(other)
        answered = {coming.place for coming in source.coming}
        unseen = {
            wait.place for wait in source.waits if not wait.carriers and wait.place not in answered
        }
        found = explain(one, other, match, unseen)
        differences = found.differences
        if found.symbol is Symbol.EQUAL:
            again = {wait.number for wait in source.waits if wait.place in found.again}
            differences = self._open(source, target, match, again)
        symbol = Symbol.DIFFERS if differences else found.symbol
        return verdict.but(
            symbol=symbol,
            is_fault=symbol is Symbol.DIFFERS,
            differences=differences,
            notes=found.notes,
        )
