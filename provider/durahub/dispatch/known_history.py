"""A history in memory with all that is known of it, which a turn extends and never reads anew.

So a turn costs what is new in it, however long its history is. What is here is counted in ``size``, and
forgotten together.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import islice

from durahub.dispatch.work import Projected
from durahub.engine.action_numbers import Numbering
from durahub.engine.commit import Commit, HistoryVersion
from durahub.engine.numbering import Counting, RetriesAlike, numbering
from durahub.engine.readings import LastPauses, Reading
from durahub.engine.repeated_events import Stamp, stamps_of
from durahub.engine.state import State, read
from durahub.engine.turn import Turn
from durahub.model.appended import Appended, appended
from durahub.model.history import Event
from durahub.model.sizes import size_of
from durahub.store import StoredHistory

KNOWN_SIZE = 300  # bytes that what is known of an event takes besides it, about


@dataclass(eq=False, slots=True)
class Showing:
    """How one kind of worker is shown an execution.

    ``numbers`` have read the execution up to where it is known, or further: then they are of the turn
    that is out. ``None`` where they are made for each turn.
    """

    counting: Counting
    reading: Reading
    numbers: RetriesAlike | None = None
    projected: Projected = field(default_factory=Projected)

    def goes_on(self, past: int, new: Sequence[Event], written: Sequence[Event]) -> bool:
        """Read what was *written* of a turn with these events; tell whether it goes on from there."""
        numbers = self.numbers
        if numbers is None:
            return True
        if len(numbers) != past + len(new) or len(written) < len(new):
            return False  # the turn was given back, in whole or in part
        if any(one is not other for one, other in zip(new, written, strict=False)):
            return False
        for event in islice(written, len(new), None):
            numbers.read(event)
        return numbers.is_settled


@dataclass(eq=False, slots=True)
class KnownHistory:
    """A stored history, its state, and how it was last shown. ``raised`` are events others had stored."""

    stored: StoredHistory
    state: State
    events_size: int
    raised: Set[Stamp] = frozenset()
    showing: Showing | None = None
    pays: bool = True  # to wait for more answers did the last time, as far as is known
    row_may_be_behind: bool = False  # a crash may have come between both

    @property
    def size(self) -> int:
        """About how many bytes all of it takes."""
        shown = self.showing.projected.size if self.showing is not None else 0
        return self.events_size + KNOWN_SIZE * len(self.stored.events) + shown

    def shown(self, turn: Turn, counting: Counting, reading: Reading) -> tuple[Numbering, Showing]:
        """Return the numbers of *turn* for a worker that counts so, and how it is shown the execution."""
        showing = self._showing(turn, counting, reading)
        if counting is not Counting.FROM_ONE_RETRIES_ALIKE:
            return numbering(counting, ()), showing
        if reading.last_pauses is not LastPauses.NONE:  # what comes later tells what a timer was
            return RetriesAlike((*turn.past, *turn.new), reading), showing
        numbers = showing.numbers
        if numbers is None or len(numbers) != len(turn.past) or not numbers.is_settled:
            numbers = RetriesAlike(turn.past, reading)
        for event in turn.new:
            numbers.read(event)
        showing.numbers = numbers
        return numbers, showing

    def _showing(self, turn: Turn, counting: Counting, reading: Reading) -> Showing:
        if turn.replaces or reading.last_pauses is not LastPauses.NONE:
            return Showing(counting, reading)
        showing = self.showing
        if showing is None or showing.counting is not counting or showing.reading != reading:
            showing = self.showing = Showing(counting, reading)
        return showing

    def extended(
        self, commit: Commit, version: HistoryVersion, turn: Turn | None, showing: Showing | None
    ) -> "KnownHistory":
        """Return what is known when *commit* is written: that of *turn*, if any, which was shown so."""
        past = 0 if commit.replaces else len(self.stored.events)
        if showing is not None and (
            turn is None or not showing.goes_on(past, turn.new, commit.events)
        ):
            showing = None
        if commit.replaces:
            outlived = commit.outlived or self.stored.outlived
            return KnownHistory(
                StoredHistory(version, Appended(commit.events), self.stored.consumed, outlived),
                read(commit.events),
                size_of(commit.events),
                showing=showing,
                pays=self.pays,
            )
        return KnownHistory(
            replace(
                self.stored,
                version=version,
                events=appended(self.stored.events).and_more(commit.events),
            ),
            self.state.extended(commit.events),
            self.events_size + size_of(commit.events),
            self.raised,
            showing,
            self.pays,
        )


def known(stored: StoredHistory) -> KnownHistory:
    """Return what a history tells that was read: another process may know more of it."""
    events = appended(stored.events)
    return KnownHistory(
        replace(stored, events=events),
        read(events),
        size_of(events),
        stamps_of(events),
        row_may_be_behind=True,
    )
