"""An instance of a bundle as a plan sees it: its rows of the decision table, what is open and on its way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from durahub.classic.doctor.rules.messages import POISON
from durahub.engine import state as states
from durahub.engine.entities.calls import request_sent
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import (
    Request,
    due_of_name,
    guid_text,
    is_request_name,
    request_of,
)
from durahub.engine.state import same_execution
from durahub.errors import BadMessage, Malformed
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.ticks import Ticks
from durahub.stored import StoredMessage
from durahub_migrate.assessment.actions import Step, step_of
from durahub_migrate.assessment.classifying import is_live, progress_of, state_of, waiting_of
from durahub_migrate.assessment.rows import Row
from durahub_migrate.assessment.waiting import Waiting
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle import inflight
from durahub_migrate.lint.facts.entity_reading import entity_of
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts, Problem
from durahub_migrate.lint.facts.measuring import instance_payloads, message_payloads
from durahub_migrate.lint.facts.payloads import Payload
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.target import Given
from durahub_migrate.moving.content import Held

_OF_CLIENTS = (EventRaised, ExecutionSuspended, ExecutionResumed, ExecutionTerminated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An activity that a worker may have had in hand."""

    instance_id: str
    number: int
    name: str

    def __str__(self) -> str:
        return f"{self.name or '(no name)'} (number {self.number} of {self.instance_id!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayedSignal:
    """A signal to *entity_id* that is due later; *request* is the GUID of it, in lower case."""

    entity_id: str
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The messages to an instance that were seen in queues, by what becomes of them.

    *events* are those of the carried that a client sends again; the others belong to what is replayed.
    *taken* are activities, by their numbers, whose message a worker may have had in hand before.
    """

    carried: int = 0
    events: int = 0
    poison: int = 0
    stale: int = 0
    payloads: tuple[Payload, ...] = ()
    seen: tuple[Event, ...] = ()
    taken: frozenset[int] = frozenset()

    @property
    def total(self) -> int:
        """How many there are."""
        return self.carried + self.poison + self.stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An instance, read. *steps* are recorded actions as billing counts them."""

    fact: InstanceFacts
    rows: frozenset[Row]
    work: Waiting
    traffic: Traffic
    live: bool
    steps: int
    in_doubt: tuple[Activity, ...]
    overdue_timers: int
    overdue_start: bool
    activities: int  # that were ever asked for
    results: int  # on the way, of activities that the history does not know
    signals: tuple[DelayedSignal, ...]
    hidden: int  # messages that must be on their way and were not seen
    base: int
    parent: str | None
    children: tuple[str, ...]  # open ones

    @property
    def instance_id(self) -> str:
        """Its ID."""
        return self.fact.instance_id


def member_of(
    held: Held, records: Iterable[hb.InFlight], given: Given, *, was_killed: bool = False
) -> Member:
    """Return what a plan has to know of an instance and of the messages to it.

    A server that *was_killed* had handed out nobody knows what: its store says nothing of it.
    """
    fact = _fact(held)
    now = given.now
    live = is_live(fact)
    traffic = _traffic(held, records, live=live, was_killed=was_killed)
    work = waiting_of(fact, given)
    queued, answered = progress_of(traffic.seen)
    asked = {one.event_id: one for one in fact.history if isinstance(one, TaskScheduled)}
    unanswered = [one for one in work.activities if ("task", one) not in answered]
    in_doubt = tuple(
        Activity(instance_id=fact.instance_id, number=number, name=asked[number].name or "")
        for number in unanswered
        if number not in queued or number in traffic.taken
    )
    timers = {one.event_id: one for one in fact.history if isinstance(one, TimerCreated)}
    overdue = [number for number in work.timers if timers[number].fire_at <= now]
    rows = state_of(fact, given, work, traffic.seen)
    has_start = any(isinstance(event, ExecutionStarted) for event in traffic.seen)
    is_pending = bool(rows & {Row.PENDING, Row.SCHEDULED})
    signals = tuple(_signals(fact.history, now))
    started = fact.state.started
    children = _children(held, work) if live else ()
    return Member(
        fact=fact,
        rows=rows,
        work=work,
        traffic=traffic,
        live=live,
        steps=_steps(fact),
        in_doubt=in_doubt,
        overdue_timers=len(overdue) if live else 0,
        overdue_start=is_pending and _is_past(fact, now),
        activities=len(asked),
        results=sum(kind == "task" and number not in asked for kind, number in answered),
        signals=signals,
        hidden=sum(number not in queued for number in unanswered)
        + sum(("timer", number) not in answered for number in work.timers)
        + int(is_pending and not has_start)
        + len(signals),
        base=held.numbering_base,
        parent=started.parent.execution.instance_id if started and started.parent else None,
        children=children,
    )


def _fact(held: Held) -> InstanceFacts:
    row = held.instance
    history = tuple(stored.event for stored in row.history)
    kind = PlaceKind.ENTITY if held.entity is not None else PlaceKind.INSTANCE
    state = states.read(history)
    return InstanceFacts(
        place=Place(source="", kind=kind, key=row.instance_id),
        instance_id=row.instance_id,
        row=row,
        history=history,
        state=state,
        payloads=tuple(instance_payloads(row, history)),
        entity=_entity(held, state.started),
        problems=(Problem("entity", held.entity.problem),)
        if held.entity is not None and held.entity.problem
        else (),
    )


def _entity(held: Held, started: ExecutionStarted | None) -> EntityFacts | None:
    if held.entity is None:
        return None
    text = started.input if started is not None else held.instance.input
    return entity_of(held.instance.instance_id, text)


def _traffic(
    held: Held, records: Iterable[hb.InFlight], *, live: bool, was_killed: bool
) -> Traffic:
    carried = events = poison = stale = 0
    payloads: list[Payload] = []
    seen: list[Event] = []
    taken: set[int] = set()
    for record in records:
        if record.evidence != inflight.QUEUE:
            continue
        found = _message(record)
        if record.dequeue_count >= POISON:
            poison += 1
        elif found is None or is_stale(found, held, live=live):
            stale += 1
        else:
            event = found.message.event
            carried += 1
            events += isinstance(event, _OF_CLIENTS)
            seen.append(event)
            if isinstance(event, TaskScheduled) and (was_killed or record.dequeue_count):
                taken.add(event.event_id)
            payloads += message_payloads(event, held.instance.instance_id)
    return Traffic(
        carried=carried,
        events=events,
        poison=poison,
        stale=stale,
        payloads=tuple(payloads),
        seen=tuple(seen),
        taken=frozenset(taken),
    )


def _message(record: hb.InFlight) -> StoredMessage | None:
    try:
        return inflight.message_of(record)
    except Malformed:
        return None  # nobody can deliver it: it stays in the bundle


def is_stale(found: StoredMessage, held: Held, *, live: bool) -> bool:
    """Tell whether nobody would take a message: what it is for has ended, or is another execution."""
    if held.entity is not None:  # it starts activities and children for nobody's answer
        return not isinstance(found.message.event, _OF_CLIENTS)
    if not live:
        return True
    of, current = found.message.target.execution_id, held.instance.execution_id
    is_start = isinstance(found.message.event, ExecutionStarted)
    return bool(of and current) and not is_start and not same_execution(of, current)


def _steps(fact: InstanceFacts) -> int:
    steps = [step for event in fact.history if (step := step_of(event)) is not None]
    return len(steps) if Step.START in steps else len(steps) + 1


def _is_past(fact: InstanceFacts, now: Ticks) -> bool:
    start = fact.row.scheduled_start if fact.row is not None else None
    return start is not None and start <= now


def _signals(history: Iterable[Event], now: Ticks) -> Iterator[DelayedSignal]:
    for event in history:
        request = request_sent(event) if isinstance(event, EventSent) else None
        if request is None or not request.signal or not isinstance(event, EventSent):
            continue
        due = request.due or due_of_name(event.name)
        if due is not None and due > now:
            yield DelayedSignal(
                entity_id=event.instance_id or "", request=guid_text(request.id).lower()
            )


def _children(held: Held, work: Waiting) -> tuple[str, ...]:
    waiting = set(work.children)
    return tuple(
        event.instance_id or ""
        for stored in held.instance.history
        if isinstance(event := stored.event, SubOrchestrationInstanceCreated)
        and event.event_id in waiting
    )


def request_in(record: hb.InFlight) -> str | None:
    """Return the GUID of the entity request in a message, in lower case; ``None`` if it has none."""
    request = _request(record)
    return guid_text(request.id).lower() if request is not None else None


def is_signal(record: hb.InFlight) -> bool:
    """Tell whether a message asks an entity for something that nobody waits for."""
    request = _request(record)
    return request is not None and request.signal


def _request(record: hb.InFlight) -> Request | None:
    found = _message(record)
    event = found.message.event if found is not None else None
    if not isinstance(event, EventRaised) or not is_request_name(event.name):
        return None
    try:
        return request_of(event.input)
    except BadMessage:
        return None


def is_lone_start(record: hb.InFlight) -> bool:
    """Tell whether a message to an instance that is not there begins it, and no parent waits for that."""
    found = _message(record)
    if found is None or record.dequeue_count >= POISON:
        return False
    event = found.message.event
    return isinstance(event, ExecutionStarted) and event.parent is None


def begins_entity(record: hb.InFlight) -> bool:
    """Tell whether a message to an instance that is not there begins an entity."""
    found = _message(record)
    if found is None or record.dequeue_count >= POISON:
        return False
    return is_entity(record.instance_id) and isinstance(found.message.event, EventRaised)
