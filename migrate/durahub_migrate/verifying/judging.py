"""What the two sides of an instance are to each other, by what the spool has of them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from durahub_migrate.verifying.open_work import Coming, Wait, coming_content
from durahub_migrate.verifying.prints import Print
from durahub_migrate.verifying.spool import Guids, Kept, Which
from durahub_migrate.verifying.verdicts import Difference, Match

SOURCE, TARGET = Which.SOURCE, Which.TARGET
WAKE = "wake"
RESULT = "SubOrchestrationInstanceCompleted"


class Sees(IntEnum):
    """What a side shows of the messages on their way."""

    NOTHING = 0  # an endpoint
    SOME = 1  # queues: 32 that are visible
    ALL = 2


class Others(Protocol):
    """The other instances of both sides."""

    def instance(self, side: Which, instance_id: str) -> Print | None:
        """Return the print of an instance, ``None`` if that side has none."""

    def is_starting(self, side: Which, instance_id: str) -> bool:
        """Tell whether the start of an instance is on its way."""

    def count(self, side: Which, what: Guids, guid: str) -> int:
        """Return how often a GUID was met."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares open work, with what each side can see."""

    others: Others
    source: Sees
    target: Sees

    def open_work(
        self, source: Kept, target: Kept, match: Match, again: Collection[int] = ()
    ) -> Iterator[Difference]:
        """Yield where the open work of an instance differs; of what cannot be seen nothing is said.

        *again* are the numbers of actions that an import has the orchestrator do again.
        """
        if match is not Match.START:
            yield from self._waits(source, target, match, again)
        yield from self._coming(source, target, match)

    # -- what waits ----------------------------------------------------------------------------

    def _waits(
        self, source: Kept, target: Kept, match: Match, again: Collection[int]
    ) -> Iterator[Difference]:
        found = {(one.kind, _id(one, match)): one for one in source.waits}
        others = {(one.kind, _id(one, match)): one for one in target.waits}
        for key in sorted({*found, *others}):
            if key[0] == WAKE or (key[1] in again and key not in others):
                continue
            one, other = found.get(key), others.get(key)
            name = _name(*key)
            if one is None or other is None:
                where = "the source" if other is None else "the target"
                yield _open(f"{name} is open at {where} only")
                continue
            is_timer = one.kind == "timer"  # to the tick where nothing was replayed
            is_other = is_timer and match is Match.EXACT and one.detail != other.detail
            if is_other or (one.content != other.content and one.kind != "request"):
                yield _open(f"{name} is another one, or has another time")
            if not is_timer and one.detail and other.detail and one.detail != other.detail:
                yield _open(f"the input of {name} differs")
            if other.late:
                yield _open(f"what is on its way for {name} is something else, or is due otherwise")
            yield from self._carried(name, (source, one), (target, other))
        if (
            again
            and match is Match.EXACT
            and self.target is Sees.ALL
            and WAKE not in {one.kind for one in target.waits}
        ):
            yield _open("nothing wakes it, so that it does again what was lost")

    def _carried(
        self, name: str, source: tuple[Kept, Wait], target: tuple[Kept, Wait]
    ) -> Iterator[Difference]:
        """Tell whether exactly one message brings about what waits."""
        if self.target is Sees.NOTHING:
            return
        found, before = self._carriers(TARGET, *target), self._carriers(SOURCE, *source)
        if found > 1 and found > before:
            yield _open(f"{found} messages are on their way for {name}")
        elif found == 0 and self.target is Sees.ALL and not self._is_as_empty(before):
            yield _open(f"nothing is on its way for {name}")

    def _is_as_empty(self, before: int) -> bool:
        return before == 0 and self.source is Sees.ALL

    def _carriers(self, side: Which, kept: Kept, wait: Wait) -> int:
        answers = sum(
            one.count for one in kept.coming if one.place == wait.place and one.place >= 0
        )
        match wait.kind:
            case "child":
                child = self.others.instance(side, wait.about)
                if child is None:
                    return answers + self.others.is_starting(side, wait.about)
                return answers if child.ended is not None else 1 + answers
            case "request":
                return self.others.count(side, Guids.CARRIED, wait.about)
            case _:
                return wait.carriers + answers

    # -- what comes ----------------------------------------------------------------------------

    def _coming(self, source: Kept, target: Kept, match: Match) -> Iterator[Difference]:
        if self.target is Sees.NOTHING:
            return
        found = {(one.content, _id(one, match)): one for one in source.coming}
        others = {(one.content, _id(one, match)): one for one in target.coming}
        for key in sorted({*found, *others}):
            one, other = found.get(key), others.get(key)
            if one is not None and other is None:
                if self.target is Sees.ALL:
                    yield _open(f"a message is missing: {_message(one)}")
            elif one is None and other is not None:
                if not self._is_told_otherwise(source, other, match):
                    yield _open(f"a message is too many: {_message(other)}")
            elif one is not None and other is not None:
                yield from self._both(one, other, match)

    def _both(self, one: Coming, other: Coming, match: Match) -> Iterator[Difference]:
        if other.count not in (one.count, one.distinct) and (
            self.target is Sees.ALL or other.count > one.count
        ):
            yield _open(f"{other.count} messages where {one.count} belong: {_message(one)}")
        elif match is Match.EXACT and one.exact != other.exact and other.count == one.count:
            yield _open(f"a message differs in its time or in who sent it: {_message(one)}")
        if other.late and not one.late:
            yield _open(f"a message is due at another time: {_message(one)}")

    def _is_told_otherwise(self, source: Kept, coming: Coming, match: Match) -> bool:
        """Tell whether the source implies a message of which it does not show that it is on its way."""
        if self.source is Sees.ALL:
            return False
        if coming.about and self.others.count(SOURCE, Guids.ASKED, coming.about):
            return True
        number = _id(coming, match)
        children = (one for one in source.waits if one.kind == "child" and number >= 0)
        child = next((one.about for one in children if _id(one, match) == number), None)
        found = self.others.instance(SOURCE, child) if child is not None else None
        if found is None or found.ended is None:
            return False
        result = coming_content(RESULT, found.output)
        return result == coming.content if found.status == "Completed" else coming.kind != RESULT


def _id(one: Wait | Coming, match: Match) -> int:
    """Return by what an action is known on both sides."""
    return one.number if match is Match.EXACT else one.place


def _name(kind: str, number: int) -> str:
    return f"its {kind}" if number < 0 else f"{kind} (action {number})"


def _message(one: Coming) -> str:
    return one.kind if one.number < 0 else f"{one.kind} for action {one.number}"


def _open(text: str) -> Difference:
    return Difference(part="open work", text=text)
