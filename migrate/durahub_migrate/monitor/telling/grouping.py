"""The events of a history in groups that belong together; every event is in exactly one.

An activity is a group with all its tries and the pauses between them; so is a child. A timer is one with its
firing, an entity call with its answer, a lock from when it was asked for to its last release, a suspension
with its end, a rewind with the rows that it made inert. The turns (``OrchestratorStarted`` and
``OrchestratorCompleted``) are one group for all, of kind ``other`` and called ``turns``, with an attempt for
each; it stands last.

Nothing in a history tells how long an activity lay in a queue, so *wait* and *run* of a group are known for
locks only: asked for, granted, released.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.histories import Attempt, Group
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.event_views import instance_id_of, rewound_from
from durahub_migrate.monitor.telling.failures import failure_head
from durahub_migrate.monitor.telling.meanings import (
    CALL,
    CALL_COMPLETED,
    CALL_FAILED,
    LOCK,
    LOCK_GRANTED,
    SIGNAL,
    UNLOCK,
    EntityMeaning,
    Meanings,
    meanings_of,
)
from durahub_migrate.monitor.telling.payloads import Showing, shown_text
from durahub_migrate.monitor.telling.redaction import Redact, RedactionPlace, nothing
from durahub_migrate.monitor.telling.tries import Tries, tries_of

COMPLETED, FAILED, OPEN = "completed", "failed", "open"
FIRED, CANCELED = "fired", "canceled"
TURNS = "turns"
"""The name of the group that has the turns."""

_OF_STATUS: Mapping[Status, str] = {
    Status.Completed: COMPLETED,
    Status.ContinuedAsNew: COMPLETED,
    Status.Failed: FAILED,
}


HEAD = 500
"""Characters of a failure that a group shows."""


def groups_of(
    history: LiveHistory, meanings: Meanings | None = None, *, redact: Redact = nothing
) -> tuple[Group, ...]:
    """Return the groups of a history in the order of their first events, the turns last.

    Every *lane* is 0: a timeline gives them out. *meanings* are those of the whole history, where the
    caller has them already. Failures are told by their first line, after *redact*.
    """
    meanings = meanings if meanings is not None else meanings_of(history.events)
    grouping = _Grouping(history, meanings, redact)
    for number, event in enumerate(history.events):
        grouping.add(number, event)
    return grouping.finished()


@dataclass(eq=False, slots=True)
class _Draft:
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

    def finished(self, *, is_live: bool) -> Group:
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


class _Grouping:
    """Reads a history event by event."""

    def __init__(self, history: LiveHistory, meanings: Meanings, redact: Redact) -> None:
        self._instance_id = instance_id_of(history.events)
        self._showing = Showing(HEAD, redact)
        self._events = history.events
        self._beside = history.beside
        self._meanings = meanings
        self._tries: Tries = tries_of(history.events)
        self._drafts: list[_Draft] = []
        self._turns = _Draft("other", TURNS, 0)
        self._at: dict[int, tuple[_Draft, int]] = {}  # by the event that asks: place of the attempt
        self._locks: dict[str, _Draft] = {}
        self._start: _Draft | None = None
        self._end: _Draft | None = None
        self._suspension: _Draft | None = None
        self._inert: _Draft | None = None  # rows of a rewind that has not woken anything yet
        self._after_inert: Ticks | None = None  # when the first turn behind those rows began
        self._clock: Ticks | None = None  # of the turn
        self._episode = -1
        self._is_live = True

    def finished(self) -> tuple[Group, ...]:
        """Return what was made of all events."""
        if self._inert is not None and self._after_inert is not None:
            attempt = self._inert.attempts[
                -1
            ]  # a child's answer has woken it, no message of its own
            at = self._after_inert
            self._inert.attempts[-1] = replace(attempt, scheduled=at, ended=at, outcome=COMPLETED)
        groups = [draft.finished(is_live=self._is_live) for draft in self._drafts]
        groups.sort(key=lambda group: group.events[0])
        if self._turns.events:
            groups.append(self._turns.finished(is_live=self._is_live))
        return tuple(groups)

    def add(self, number: int, event: Event) -> None:
        """Put the next event into its group."""
        meaning = self._meanings.entities.get(number)
        match event:
            case OrchestratorStarted():
                self._clock = event.timestamp
                self._after_inert = self._after_inert or event.timestamp
                self._episode += 1
                self._turns.begin(number, event.timestamp)
            case OrchestratorCompleted():
                self._close_turn(number, event)
            case TaskScheduled():
                self._ask("activity", number, event, event.name)
            case SubOrchestrationInstanceCreated():
                self._ask("child", number, event, event.name).instance_id = event.instance_id
            case TaskCompleted() | SubOrchestrationInstanceCompleted():
                self._answer(number, event, COMPLETED)
            case TaskFailed() | SubOrchestrationInstanceFailed():
                failure = failure_head(event.failure, event.reason, event.details)
                self._answer(number, event, FAILED, self._head(number, failure))
            case TimerCreated():
                self._add_timer(number, event)
            case TimerFired():
                self._fire(number, event)
            case EventSent() | EventRaised() if meaning is not None:
                self._add_entity(number, event, meaning)
            case EventSent():
                self._add_instant("sent", number, event, event.name).instance_id = event.instance_id
            case EventRaised():
                self._add_instant("event", number, event, event.name)
            case _:
                self._add_to_life(number, event)

    def _add_to_life(self, number: int, event: Event) -> None:
        """Put an event into its group that concerns the instance as a whole."""
        match event:
            case ExecutionStarted():
                self._add_start(number, event)
            case ExecutionCompleted() | ExecutionTerminated():
                self._add_end(number, event)
            case ExecutionSuspended() | ExecutionResumed():
                self._suspend(number, event)
            case ExecutionRewound() | GenericEvent():
                self._rewind(number, event)
            case _:
                self._add_instant("other", number, event, event.type.name)

    def _head(self, number: int, failure: str | None) -> str | None:
        """Return the first line of a failure as it is shown."""
        asked = self._meanings.answered.get(number)
        name: str | None = getattr(self._events[asked], "name", None) if asked is not None else None
        place = RedactionPlace(self._instance_id, "failure", name, number)
        return shown_text(failure, place, self._showing)

    # -- kinds of groups -----------------------------------------------------------------------

    def _begin(self, kind: str, number: int, event: Event, name: str | None) -> _Draft:
        draft = _Draft(kind, name, max(self._episode, 0))
        draft.begin(number, event.timestamp)
        self._drafts.append(draft)
        return draft

    def _add_instant(self, kind: str, number: int, event: Event, name: str | None) -> _Draft:
        draft = self._begin(kind, number, event, name)
        draft.attempts[-1] = replace(
            draft.attempts[-1], ended=event.timestamp, outcome=COMPLETED, last=number
        )
        return draft

    def _close_turn(self, number: int, event: Event) -> None:
        if not self._turns.attempts:
            self._turns.begin(number, event.timestamp)
            self._turns.events.pop()
        self._turns.end(number, event.timestamp, COMPLETED)

    def _add_start(self, number: int, event: ExecutionStarted) -> None:
        if self._start is None:
            self._start = self._add_instant("start", number, event, event.name)
            parent = event.parent
            self._start.instance_id = parent.execution.instance_id if parent is not None else None
            self._start.due = event.scheduled_start
        else:  # a second start: nothing comes of it
            self._start.events.append(number)

    def _add_end(self, number: int, event: ExecutionCompleted | ExecutionTerminated) -> None:
        if self._end is None:
            self._end = self._begin("end", number, event, None)
            self._end.events.pop()
        if isinstance(event, ExecutionTerminated):
            self._end.name = self._end.name or Status.Terminated.name
            self._end.events.append(number)
            return
        self._is_live = False
        self._end.name = event.status.name
        outcome = _OF_STATUS.get(event.status, CANCELED)
        failure = self._head(number, failure_head(event.failure))
        self._end.end(number, event.timestamp, outcome, failure)

    def _ask(
        self,
        kind: str,
        number: int,
        event: TaskScheduled | SubOrchestrationInstanceCreated,
        name: str | None,
    ) -> _Draft:
        first = self._tries.first[number]
        if first == number or first not in self._at:
            draft = self._begin(kind, number, event, name)
        else:
            draft = self._at[first][0]
            draft.begin(number, event.timestamp)
        self._at[number] = (draft, len(draft.attempts) - 1)
        return draft

    def _answer(self, number: int, event: Event, outcome: str, failure: str | None = None) -> None:
        asked = self._meanings.answered.get(number)
        if asked is None:
            draft = self._add_instant("other", number, event, event.type.name)
            draft.attempts[-1] = replace(draft.attempts[-1], outcome=outcome, failure=failure)
            return
        self._settle(number, event.timestamp, outcome, failure, self._at[asked])

    def _settle(
        self,
        number: int,
        at: Ticks | None,
        outcome: str,
        failure: str | None,
        asked: tuple[_Draft, int],
    ) -> None:
        """End an attempt; nothing comes of a second answer."""
        draft, place = asked
        if draft.attempts[place].outcome == OPEN:
            draft.end(number, at, outcome, failure, of=place)
        else:
            draft.events.append(number)

    def _add_timer(self, number: int, event: TimerCreated) -> None:
        first = self._tries.pauses.get(number)
        if first is not None and first in self._at:
            draft = self._at[first][0]
            draft.events.append(number)
            draft.pauses.add(number)
            draft.due = event.fire_at
            self._at[number] = (draft, -1)
            return
        draft = self._begin("timer", number, event, None)
        draft.due = event.fire_at
        self._at[number] = (draft, 0)

    def _fire(self, number: int, event: TimerFired) -> None:
        """End a timer. The event's own time is when the timer was set, so it ended by the turn's clock."""
        asked = self._meanings.answered.get(number)
        if asked is None:
            self._add_instant("timer", number, event, None).due = event.fire_at
            return
        draft, place = self._at[asked]
        if place < 0:
            draft.events.append(number)
            draft.pauses.discard(asked)
            draft.due = None if not draft.pauses else draft.due
        else:
            self._settle(number, self._clock or event.timestamp, FIRED, None, (draft, place))

    def _suspend(self, number: int, event: ExecutionSuspended | ExecutionResumed) -> None:
        draft = self._suspension
        if isinstance(event, ExecutionSuspended):
            if draft is None:
                self._suspension = self._begin("suspension", number, event, event.reason)
            else:
                draft.events.append(number)
        elif draft is None:
            self._add_instant("suspension", number, event, event.reason)
        else:
            draft.end(number, event.timestamp, COMPLETED)
            self._suspension = None

    def _rewind(self, number: int, event: ExecutionRewound | GenericEvent) -> None:
        """Add what a rewind left: rows that it made inert, and what woke the instance afterwards."""
        was_inert = rewound_from(event, self._beside.get(number, {})) is not None
        if was_inert:
            if self._inert is None:
                self._inert = self._begin("rewind", number, event, None)
            else:
                self._inert.events.append(number)
                self._inert.attempts[-1] = replace(
                    self._inert.attempts[-1], scheduled=event.timestamp, last=number
                )
            self._after_inert = None
            return
        draft, self._inert = self._inert, None
        if draft is None and isinstance(event, GenericEvent):
            self._add_instant("other", number, event, event.type.name)
            return
        reason: str | None = event.data if isinstance(event, GenericEvent) else event.reason
        if draft is None:
            self._add_instant("rewind", number, event, reason or None)
            return
        draft.name = reason or None
        draft.episode = max(self._episode, 0)
        draft.attempts[-1] = replace(draft.attempts[-1], scheduled=event.timestamp)
        draft.end(number, event.timestamp, COMPLETED)

    def _add_entity(
        self, number: int, event: EventSent | EventRaised, meaning: EntityMeaning
    ) -> None:
        kind, asked = meaning.kind, self._at.get(-1 if meaning.asked is None else meaning.asked)
        if kind == CALL:
            draft = self._begin("entity-call", number, event, meaning.operation)
            self._at[number] = (draft, 0)
        elif kind == SIGNAL:
            draft = self._add_instant("entity-signal", number, event, meaning.operation)
        elif kind == LOCK:
            draft = self._begin("lock", number, event, ", ".join(meaning.locks))
            draft.held = set(meaning.locks)
            self._locks[meaning.request_id] = draft
        elif kind == LOCK_GRANTED and meaning.request_id in self._locks:
            draft = self._locks[meaning.request_id]
            draft.events.append(number)
            draft.granted = draft.granted or event.timestamp
            return
        elif kind == UNLOCK and meaning.request_id in self._locks:
            self._unlock(number, event, meaning)
            return
        elif kind in (CALL_COMPLETED, CALL_FAILED) and asked is not None:
            outcome = COMPLETED if kind == CALL_COMPLETED else FAILED
            failure = self._head(number, failure_head(meaning.failure))
            self._settle(number, event.timestamp, outcome, failure, asked)
            return
        else:
            place = "sent" if isinstance(event, EventSent) else "event"
            draft = self._add_instant(place, number, event, meaning.operation or event.name)
        draft.instance_id, draft.due = meaning.peer, meaning.due

    def _unlock(self, number: int, event: EventSent | EventRaised, meaning: EntityMeaning) -> None:
        draft = self._locks[meaning.request_id]
        draft.held.discard(meaning.peer or "")
        if draft.held:
            draft.events.append(number)
        else:
            draft.end(number, event.timestamp, COMPLETED)
