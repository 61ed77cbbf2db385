"""Follows a job while it runs, and tells how far it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from durahub.errors import Unavailable
from durahub_migrate.applying import events
from durahub_migrate.applying.deciding import Lap
from durahub_migrate.applying.events import Summary
from durahub_migrate.applying.progress import Progress, Speed, counted
from durahub_migrate.applying.states import JobState, UnitState
from durahub_migrate.applying.unit_fates import Group
from durahub_migrate.applying.unit_rows import Entry
from durahub_migrate.applying.watching import Watcher
from durahub_migrate.moving.mover import Moved, Phase
from durahub_migrate.moving.units import Unit


class Teller(Protocol):
    """Whoever says it: to a person, or to a program."""

    def state(self, state: JobState) -> None:
        """Tell that a job takes a state."""

    def progress(self, far: Progress) -> None:
        """Tell how far it is; about every second."""

    def unit(self, root_id: str, phase: str, state: UnitState, moved: Moved) -> None:
        """Tell of a unit that was rejected, or has failed."""

    def waiting(self, error: Unavailable, seconds: float) -> None:
        """Tell that the target does not answer."""

    def ended(self, summary: Summary) -> None:
        """Tell how a run has ended."""

    def close(self) -> None:
        """Leave the terminal tidy."""


@dataclass(slots=True)
class JsonTeller:
    """Hands events to *put*, as `durahub_migrate.applying.events` has them; progress now and then."""

    put: Callable[[dict[str, Any]], object]
    clock: Callable[[], float]
    every: float = 5.0
    _told: float | None = None

    def state(self, state: JobState) -> None:
        """Tell that a job takes a state."""
        self.put(events.of_state(state))

    def progress(self, far: Progress) -> None:
        """Tell how far it is, if it is time to."""
        now = self.clock()
        if self._told is None or now - self._told >= self.every:
            self._told = now
            self.put(events.of_progress(far))

    def unit(self, root_id: str, phase: str, state: UnitState, moved: Moved) -> None:
        """Tell of a unit that was rejected, or has failed."""
        self.put(events.of_unit(root_id, phase, state, moved))

    def waiting(self, error: Unavailable, seconds: float) -> None:
        """Tell that the target does not answer."""
        self.put(events.of_waiting(error.code, error.sentence, seconds))

    def ended(self, summary: Summary) -> None:
        """Tell how a run has ended."""
        self.put(events.of_summary(summary))

    def close(self) -> None:
        """Do nothing."""


@dataclass
class Reporter(Watcher):
    """Counts what happens. *groups* are the units as the run begins; *rate* is what the throttle keeps to."""

    teller: Teller
    clock: Callable[[], float]
    groups: Iterable[Group]
    rate: Callable[[], float | None]
    _phase: Phase = Phase.PLACE
    _done: dict[Phase, int] = field(default_factory=dict)
    _total: int = 0
    _failed: set[int] = field(default_factory=set)
    _rejected: int = 0

    def __post_init__(self) -> None:
        groups = list(self.groups)
        for phase in Phase:
            self._done[phase], self._total = counted(groups, phase)
        for group in groups:
            self._rejected += group.units if group.state is UnitState.REJECTED else 0
        self._speed = Speed(self.clock())

    def began(self, lap: Lap) -> None:
        """Note that a wave begins to go through a phase."""
        if lap.phase is not self._phase:
            self._phase = lap.phase
            self._speed = Speed(self.clock())

    def ended(self, entry: Entry, unit: Unit, lap: Lap, state: UnitState, moved: Moved) -> None:
        """Note that a unit has had a phase."""
        if state is UnitState.FAILED:
            self._failed.add(entry.number)
        else:
            self._failed.discard(entry.number)
            self._done[lap.phase] += 1
        if state is UnitState.REJECTED:
            self._rejected += 1
            for phase in list(Phase)[list(Phase).index(lap.phase) + 1 :]:
                self._done[phase] += 1
        self._speed.add(
            self.clock(),
            units=1,
            instances=moved.instances,
            events=moved.events,
            messages=moved.messages,
        )
        if state in (UnitState.FAILED, UnitState.REJECTED):
            self.teller.unit(unit.root_id, lap.phase.value, state, moved)

    def passed(self, lap: Lap, units: int) -> None:
        """Note that units have had a phase in which nothing is done."""
        self._done[lap.phase] += units

    def kept(self, entry: Entry, moved: Moved) -> None:
        """Note that a unit could not be taken back."""
        self.teller.unit(entry.root_id, "withdraw", UnitState.FAILED, moved)

    def waits(self, error: Unavailable, seconds: float) -> None:
        """Note that the target does not answer."""
        self.teller.waiting(error, seconds)

    def far(self) -> Progress:
        """Return how far it is now."""
        now, done = self.clock(), self._done[self._phase]
        return Progress(
            phase=self._phase.value,
            done=done,
            total=self._total,
            failed=len(self._failed),
            rejected=self._rejected,
            rates=self._speed.rates(now),
            seconds_left=self._speed.seconds_left(now, self._total - done),
            actions_per_second=self.rate(),
        )
