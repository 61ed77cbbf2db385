"""Groups of events while they grow, event by event."""

from dataclasses import dataclass, field, replace

from durahub.model.history import Event
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.histories import Attempt, Group
from durahub_migrate.monitor.telling.outcomes import CANCELED, COMPLETED, FAILED, OPEN


@dataclass(eq=False, slots=True)
class Draft:
    """A group as it grows."""

    kind: str
    name: str | None
    episode: int
    attempts: list[Attempt] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    instance_id: str | None = None
    due: Ticks | None = None
    pauses: set[int] = field(default_factory=set)  # timers, by number, that have not fired
    held: set[str] = field(default_factory=set)  # locks
    granted: Ticks | None = None

    def begin(self, number: int, at: Ticks | None) -> None:
        """Begin another attempt."""
        self.events.append(number)
        self.attempts.append(
            Attempt(
                number=len(self.attempts) + 1,
                scheduled=at,
                ended=None,
                outcome=OPEN,
                first=number,
                last=number,
            )
        )

    def end(
        self,
        number: int,
        at: Ticks | None,
        outcome: str,
        failure: str | None = None,
        *,
        of: int = -1,
    ) -> None:
        """End the attempt at place *of*, the last without one."""
        self.events.append(number)
        self.attempts[of] = replace(
            self.attempts[of], ended=at, outcome=outcome, last=number, failure=failure
        )

    def settle(
        self, number: int, at: Ticks | None, outcome: str, failure: str | None, place: int
    ) -> None:
        """End the attempt at *place*; nothing comes of a second answer."""
        if self.attempts[place].outcome == OPEN:
            self.end(number, at, outcome, failure, of=place)
        else:
            self.events.append(number)

    def finished(self, *, is_live: bool) -> Group:
        """Return the group; *is_live*: its instance may go on."""
        attempts = self.attempts
        if self.kind == "timer" and not is_live and attempts[-1].outcome == OPEN:
            attempts = [*attempts[:-1], replace(attempts[-1], outcome=CANCELED)]
        last = attempts[-1] if attempts else None
        is_pausing = bool(self.pauses) and is_live and last is not None and last.outcome == FAILED
        start = attempts[0].scheduled if attempts else None
        end = last.ended if last is not None and not is_pausing else None
        outcome = OPEN if is_pausing or last is None else last.outcome
        wait = run = None
        if self.granted is not None and start is not None:
            wait = max(seconds_between(start, self.granted), 0.0)
            run = max(seconds_between(self.granted, end), 0.0) if end is not None else None
        failures = [one.failure for one in attempts if one.failure is not None]
        return Group(
            kind=self.kind,
            name=self.name,
            start=start,
            end=end,
            outcome=outcome,
            attempts=tuple(attempts),
            events=tuple(sorted(self.events)),
            lane=0,
            episode=self.episode,
            instance_id=self.instance_id,
            due=self.due,
            failure=failures[-1] if failures and outcome != COMPLETED else None,
            wait=wait,
            run=run,
        )


@dataclass(eq=False, slots=True)
class Drafts:
    """The groups of one history. *episode* is that of the event that is read, -1 before the first turn."""

    found: list[Draft] = field(default_factory=list)
    episode: int = -1

    def begin(self, kind: str, number: int, event: Event, name: str | None) -> Draft:
        """Begin a group with an attempt that is open."""
        draft = Draft(kind, name, max(self.episode, 0))
        draft.begin(number, event.timestamp)
        self.found.append(draft)
        return draft

    def add_instant(self, kind: str, number: int, event: Event, name: str | None) -> Draft:
        """Add a group that has begun and ended with one event."""
        draft = self.begin(kind, number, event, name)
        draft.attempts[-1] = replace(
            draft.attempts[-1], ended=event.timestamp, outcome=COMPLETED, last=number
        )
        return draft
