"""The events of a history in groups that belong together; every event is in exactly one.

An activity is a group with all its tries and the pauses between them; so is a child. A timer is one with its
firing, an entity call with its answer, a lock from when it was asked for to its last release, a suspension
with its end, a rewind with the rows that it made inert. The turns (``OrchestratorStarted`` and
``OrchestratorCompleted``) are one group for all, of kind ``other`` and called ``turns``, with an attempt for
each; it stands last.

Nothing in a history tells how long an activity lay in a queue, so *wait* and *run* of a group are known for
locks only: asked for, granted, released.
"""

from dataclasses import replace

from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    OrchestratorCompleted,
    OrchestratorStarted,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.histories import Group
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.drafts import Draft, Drafts
from durahub_migrate.monitor.telling.event_views import instance_id_of
from durahub_migrate.monitor.telling.failures import failure_head
from durahub_migrate.monitor.telling.life_groups import LifeGroups
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
from durahub_migrate.monitor.telling.outcomes import COMPLETED, FAILED, FIRED
from durahub_migrate.monitor.telling.payloads import Showing, shown_text
from durahub_migrate.monitor.telling.redaction import Redact, RedactionPlace, nothing
from durahub_migrate.monitor.telling.tries import Tries, tries_of

TURNS = "turns"
"""The name of the group that has the turns."""

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


class _Grouping:
    """Reads a history event by event."""

    def __init__(self, history: LiveHistory, meanings: Meanings, redact: Redact) -> None:
        self._instance_id = instance_id_of(history.events)
        self._showing = Showing(HEAD, redact)
        self._events = history.events
        self._meanings = meanings
        self._tries: Tries = tries_of(history.events)
        self._drafts = Drafts()
        self._life = LifeGroups(self._drafts, history.beside, self._head)
        self._turns = Draft("other", TURNS, 0)
        self._at: dict[int, tuple[Draft, int]] = {}  # by the event that asks: place of the attempt
        self._locks: dict[str, Draft] = {}
        self._clock: Ticks | None = None  # of the turn

    def finished(self) -> tuple[Group, ...]:
        """Return what was made of all events."""
        self._life.finish()
        groups = [draft.finished(is_live=self._life.is_live) for draft in self._drafts.found]
        groups.sort(key=lambda group: group.events[0])
        if self._turns.events:
            groups.append(self._turns.finished(is_live=self._life.is_live))
        return tuple(groups)

    def add(self, number: int, event: Event) -> None:
        """Put the next event into its group."""
        meaning = self._meanings.entities.get(number)
        match event:
            case OrchestratorStarted():
                self._clock = event.timestamp
                self._life.begin_turn(event.timestamp)
                self._drafts.episode += 1
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
                sent = self._drafts.add_instant("sent", number, event, event.name)
                sent.instance_id = event.instance_id
            case EventRaised():
                self._drafts.add_instant("event", number, event, event.name)
            case _:
                self._life.add(number, event)

    def _head(self, number: int, failure: str | None) -> str | None:
        """Return the first line of a failure as it is shown."""
        asked = self._meanings.answered.get(number)
        name: str | None = getattr(self._events[asked], "name", None) if asked is not None else None
        place = RedactionPlace(self._instance_id, "failure", name, number)
        return shown_text(failure, place, self._showing)

    def _close_turn(self, number: int, event: Event) -> None:
        if not self._turns.attempts:
            self._turns.begin(number, event.timestamp)
            self._turns.events.pop()
        self._turns.end(number, event.timestamp, COMPLETED)

    def _ask(
        self,
        kind: str,
        number: int,
        event: TaskScheduled | SubOrchestrationInstanceCreated,
        name: str | None,
    ) -> Draft:
        first = self._tries.first[number]
        if first == number or first not in self._at:
            draft = self._drafts.begin(kind, number, event, name)
        else:
            draft = self._at[first][0]
            draft.begin(number, event.timestamp)
        self._at[number] = (draft, len(draft.attempts) - 1)
        return draft

    def _answer(self, number: int, event: Event, outcome: str, failure: str | None = None) -> None:
        asked = self._meanings.answered.get(number)
        if asked is None:
            draft = self._drafts.add_instant("other", number, event, event.type.name)
            draft.attempts[-1] = replace(draft.attempts[-1], outcome=outcome, failure=failure)
            return
        draft, place = self._at[asked]
        draft.settle(number, event.timestamp, outcome, failure, place)

    def _add_timer(self, number: int, event: TimerCreated) -> None:
        first = self._tries.pauses.get(number)
        if first is not None and first in self._at:
            draft = self._at[first][0]
            draft.events.append(number)
            draft.pauses.add(number)
            draft.due = event.fire_at
            self._at[number] = (draft, -1)
            return
        draft = self._drafts.begin("timer", number, event, None)
        draft.due = event.fire_at
        self._at[number] = (draft, 0)

    def _fire(self, number: int, event: TimerFired) -> None:
        """End a timer. The event's own time is when the timer was set, so it ended by the turn's clock."""
        asked = self._meanings.answered.get(number)
        if asked is None:
            self._drafts.add_instant("timer", number, event, None).due = event.fire_at
            return
        draft, place = self._at[asked]
        if place < 0:
            draft.events.append(number)
            draft.pauses.discard(asked)
            draft.due = None if not draft.pauses else draft.due
        else:
            draft.settle(number, self._clock or event.timestamp, FIRED, None, place)

    def _add_entity(
        self, number: int, event: EventSent | EventRaised, meaning: EntityMeaning
    ) -> None:
        kind, asked = meaning.kind, self._at.get(-1 if meaning.asked is None else meaning.asked)
        if kind == CALL:
            draft = self._drafts.begin("entity-call", number, event, meaning.operation)
            self._at[number] = (draft, 0)
        elif kind == SIGNAL:
            draft = self._drafts.add_instant("entity-signal", number, event, meaning.operation)
        elif kind == LOCK:
            draft = self._drafts.begin("lock", number, event, ", ".join(meaning.locks))
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
            draft, place = asked
            draft.settle(number, event.timestamp, outcome, failure, place)
            return
        else:
            what = "sent" if isinstance(event, EventSent) else "event"
            draft = self._drafts.add_instant(what, number, event, meaning.operation or event.name)
        draft.instance_id, draft.due = meaning.peer, meaning.due

    def _unlock(self, number: int, event: EventSent | EventRaised, meaning: EntityMeaning) -> None:
        draft = self._locks[meaning.request_id]
        draft.held.discard(meaning.peer or "")
        if draft.held:
            draft.events.append(number)
        else:
            draft.end(number, event.timestamp, COMPLETED)
