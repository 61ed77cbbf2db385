"""Which rows of the decision table an instance, an entity or a message is in. Pure."""

from collections.abc import Iterable, Iterator

from durahub.engine.entities.ids import is_entity
from durahub.engine.state import Answer, State, answer_of
from durahub.model.history import (
    Event,
    EventRaised,
    OrchestratorCompleted,
    Status,
    TaskScheduled,
)
from durahub_migrate.assessment.rows import Row
from durahub_migrate.assessment.waiting import Waiting, has_begun_anew, waiting
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.target import Given, Thresholds

_NOTHING = Waiting()


def state_of(
    fact: InstanceFacts,
    given: Given,
    open_work: Waiting | None = None,
    on_the_way: Iterable[Event] | None = None,
) -> frozenset[Row]:
    """Return the rows that an instance is in, one at least that is not a trait.

    *open_work* is what it waits for, *on_the_way* the events of messages to it and of its activities, if the
    caller knows them; else they are those that were seen in the hub's queues.
    """
    rows = set(_traits(fact, given.thresholds))
    if fact.entity is not None:
        rows.update(_of_entity(fact.entity))
    elif not is_live(fact):
        rows.add(Row.ENDED)
    else:
        events = _seen(fact, given) if on_the_way is None else on_the_way
        rows.update(_of_live(fact, given, open_work or waiting_of(fact, given), events))
    return frozenset(rows)


def is_live(fact: InstanceFacts) -> bool:
    """Tell whether it has something left to do. Entities do not end."""
    if fact.entity is not None:
        return True
    if fact.history_is_read and fact.state.completed is not None:
        return False  # the row may be one checkpoint behind
    return not fact.is_terminal


def waiting_of(fact: InstanceFacts, given: Given) -> Waiting:
    """Return what an orchestration waits for; nothing where its history was not read.

    One that has ended waits for nothing, but delayed signals that it sent may be on their way still.
    """
    if fact.entity is not None or not fact.history_is_read:
        return _NOTHING
    found = waiting(fact.history, given.hub.now if given.hub is not None else given.now)
    return found if is_live(fact) else Waiting(signals=found.signals)


def row_of_message(fact: MessageFacts, given: Given) -> Row:
    """Return the row that a message is in."""
    if fact.problem is not None:
        return Row.UNREADABLE
    if fact.deliveries >= given.thresholds.poison_warning:
        return Row.POISON
    if isinstance(fact.event, EventRaised) and not is_entity(fact.target):
        return Row.EVENT_QUEUED
    return Row.MESSAGE


def _traits(fact: InstanceFacts, limits: Thresholds) -> Iterator[Row]:
    entity_is_bad = fact.entity is not None and fact.entity.problem is not None
    if fact.problems or entity_is_bad or any(one.problem for one in fact.payloads):
        yield Row.UNREADABLE
    printable = all(" " <= character <= "~" for character in fact.instance_id)
    if len(fact.instance_id) > limits.id_most or not printable:
        yield Row.BAD_ID
    if any(payload.size > limits.payload_error for payload in fact.payloads):
        yield Row.LARGE


def _of_entity(entity: EntityFacts) -> Iterator[Row]:
    if entity.locked_by is not None:
        yield Row.ENTITY_LOCKED
    if entity.backlog or entity.held:
        yield Row.ENTITY_BUSY
    elif entity.locked_by is None:
        is_empty = entity.state is None and entity.problem is None
        yield Row.ENTITY_EMPTY if is_empty else Row.ENTITY_IDLE


def _of_live(
    fact: InstanceFacts, given: Given, work: Waiting, events: Iterable[Event]
) -> Iterator[Row]:
    row, state = fact.row, fact.state
    if (row is not None and row.status == "Suspended") or state.suspended:
        yield Row.SUSPENDED
    leftovers = fact.classic is not None and bool(fact.classic.older)
    generation = row.generation if row is not None else None
    if has_begun_anew(fact.history, generation, leftovers=leftovers):
        yield Row.ETERNAL
    if not fact.history_is_read or state.started is None:
        yield from _by_row(fact, given)
    else:
        yield from _by_open_work(fact, state, work, events)


def _by_row(fact: InstanceFacts, given: Given) -> Iterator[Row]:
    """Yield the row of an instance of which there is no history."""
    row = fact.row
    if row is None or row.status != Status.Pending.name:
        suspended_before_start = row is not None and row.status == "Suspended"
        if suspended_before_start and fact.history_is_read:
            yield Row.PENDING
        else:
            yield Row.RUNNING_UNREAD
        return
    now = given.hub.now if given.hub is not None else given.now
    later = row.scheduled_start is not None and row.scheduled_start > now
    yield Row.SCHEDULED if later else Row.PENDING


def _by_open_work(
    fact: InstanceFacts, state: State, work: Waiting, events: Iterable[Event]
) -> Iterator[Row]:
    queued, answered = progress_of(events)
    if work.activities or work.children:
        open_tasks = {("task", number) for number in work.activities}
        open_tasks |= {("child", number) for number in work.children}
        if open_tasks & answered:
            yield Row.RESULT_QUEUED
        rest = {number for number in work.activities if ("task", number) not in answered}
        if rest & queued:
            yield Row.ACTIVITY_QUEUED
        if rest - queued:
            yield Row.ACTIVITY_TAKEN
        if any(("child", number) not in answered for number in work.children):
            yield Row.CHILD
    if work.timers:
        yield Row.TIMER
    if work.calls:
        yield Row.ENTITY_ANSWER
    if not work.is_anything:
        has_turned = any(isinstance(event, OrchestratorCompleted) for event in fact.history)
        yield Row.EVENT if has_turned and state.terminated is None else Row.RUNNING_UNREAD


def _seen(fact: InstanceFacts, given: Given) -> Iterator[Event]:
    hub = given.hub.classic if given.hub is not None else None
    for message in hub.messages_to(fact.instance_id) if hub is not None else ():
        if message.event is not None:
            yield message.event


def progress_of(events: Iterable[Event]) -> tuple[set[int], set[Answer]]:
    """Return which activities wait in the queue, and which answers are on their way, by these messages."""
    queued: set[int] = set()
    answered: set[Answer] = set()
    for event in events:
        if isinstance(event, TaskScheduled):
            queued.add(event.event_id)
        elif (answer := answer_of(event)) is not None:
            answered.add(answer)
    return queued, answered
