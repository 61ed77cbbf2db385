"""Rules about the messages that are seen, each beside the instance that it is for; layout 9.3-9.5."""

from collections.abc import Iterator, Sequence

from durahub.classic.doctor.findings import Finding, Rule, Severity
from durahub.classic.doctor.repairs import SetAside
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts, SeenMessage
from durahub.engine.entities.ids import is_entity
from durahub.engine.state import Answer, answer_of, question_of, same_execution
from durahub.model.history import (
    Event,
    EventRaised,
    ExecutionRewound,
    ExecutionStarted,
    GenericEvent,
    Status,
    TaskScheduled,
)

POISON = 10  # deliveries from which DTFx speaks of poison

UNREADABLE = Rule(
    name="message-unreadable",
    severity=Severity.ERROR,
    means="A message holds what no writer of the layout produces, or its blob is gone. Workers put it back "
    "with growing pauses, for ever.",
    remedy="It is set aside, and stays where it is: another version may be able to read it.",
)
POISONOUS = Rule(
    name="message-poison",
    severity=Severity.WARNING,
    means="A message was delivered ten times or more, and is still there: whoever receives it fails, or "
    "gives it back.",
    remedy="None: the worker's log tells why.",
)
WRONG_QUEUE = Rule(
    name="message-in-wrong-queue",
    severity=Severity.WARNING,
    means="A message lies in the queue of another partition than its instance's: it was sent with another "
    "number of partitions. Two workers may run the instance at once.",
    remedy="None: let all senders and workers have the same number of partitions.",
)
NOBODY = Rule(
    name="message-for-nobody",
    severity=Severity.NOTE,
    means="A message is for an instance that does not exist.",
    remedy="None is needed: the next worker deletes it.",
)
START_WITHOUT_ROW = Rule(
    name="start-without-row",
    severity=Severity.WARNING,
    means="A client has sent a start message and no instance row for it: it died between the two. .NET "
    "workers put the message back for about 17 minutes, then delete it.",
    remedy="None: start the instance again.",
)
SUPERSEDED = Rule(
    name="superseded-start",
    severity=Severity.NOTE,
    means="A start message is of another execution than the instance row: of two clients that started the "
    "same ID at once, it is the one that lost.",
    remedy="None is needed: the next worker deletes it.",
)
OLDER = Rule(
    name="message-for-older-execution",
    severity=Severity.NOTE,
    means="A message is for an execution that is over: a timer that was not cancelled, a late result.",
    remedy="None is needed: workers delete it, .NET's after about a minute.",
)
ENDED = Rule(
    name="message-for-ended-instance",
    severity=Severity.NOTE,
    means="A message is for an instance that has ended.",
    remedy="None is needed: the next worker deletes it. (.NET 2.9.1 runs a start that is due after its "
    "instance was terminated; durahub does not.)",
)
REPEATED = Rule(
    name="message-repeated",
    severity=Severity.NOTE,
    means="A result is on its way that the history has already.",
    remedy="None is needed: the next worker drops it.",
)
EARLY = Rule(
    name="result-before-action",
    severity=Severity.NOTE,
    means="A result is on its way for an action that the history does not hold yet: a worker died between "
    "sending and its checkpoint.",
    remedy="None is needed: the episode's own messages are still queued, and it runs again.",
)
STRANDED = Rule(
    name="result-for-no-action",
    severity=Severity.WARNING,
    means="A result is on its way for an action that the history does not hold, and nothing else is queued "
    "that would run the episode again: workers put it back for ever.",
    remedy="None: it does no harm until the instance ends, and is deleted then.",
)
RULES = (
    UNREADABLE,
    POISONOUS,
    WRONG_QUEUE,
    NOBODY,
    START_WITHOUT_ROW,
    SUPERSEDED,
    OLDER,
    ENDED,
    REPEATED,
    EARLY,
    STRANDED,
)


def of_themselves(hub: HubFacts) -> Iterator[Finding]:
    """Check what messages show without their instances."""
    for queue in hub.queues.values():
        for message in queue.seen:
            yield from _of_itself(message, hub)


def _of_itself(message: SeenMessage, hub: HubFacts) -> Iterator[Finding]:
    where = message.place
    if message.problem is not None:
        known = where in hub.set_aside
        repair = None if known else SetAside(where, message.problem, message.head)
        said = f"{message.problem}{' (set aside)' if known else ''}"
        yield UNREADABLE.found(where, said, repair=repair)
        return
    told = message.target or ""
    if message.deliveries >= POISON:
        detail = f"{_kind(message)}, delivered {message.deliveries} times"
        yield POISONOUS.found(where, detail, instance_id=told)
    work = hub.names.workitem_queue
    right = work if isinstance(message.event, TaskScheduled) else hub.queue_of(told)
    if message.queue != right:
        detail = f"{_kind(message)}; {right} is the right one"
        yield WRONG_QUEUE.found(where, detail, instance_id=told)


def to_instance(
    instance: InstanceFacts, messages: Sequence[SeenMessage], hub: HubFacts
) -> Iterator[Finding]:
    """Check the messages that are seen on their way to one instance."""
    if not instance.is_readable:
        return
    for message in messages:
        rule = _verdict(instance, message, messages, hub)
        if rule is not None:
            yield rule.found(message.place, _kind(message), instance_id=instance.instance_id)


def _verdict(
    instance: InstanceFacts, message: SeenMessage, others: Sequence[SeenMessage], hub: HubFacts
) -> Rule | None:
    event, envelope = message.event, message.envelope
    if event is None or envelope is None:
        return None
    if isinstance(event, ExecutionStarted):
        return _start(instance, event)
    if not instance.is_there:
        return None if _begins(event, instance, others) else NOBODY
    row = instance.row
    if instance.state.started is None:
        if _begins(event, instance, others) or (row is not None and row.status is Status.Pending):
            return None  # it goes with the start
        return ENDED if row is not None and row.status.is_terminal else NOBODY
    wanted = envelope.message.target.execution_id
    if wanted is not None and not same_execution(wanted, instance.execution_id):
        return None if _starts(others, wanted) else OLDER
    if isinstance(event, ExecutionRewound | GenericEvent):
        return None
    if instance.state.completed is not None:
        again = row is not None and not same_execution(row.execution_id, instance.execution_id)
        return None if again and row is not None and row.status is Status.Pending else ENDED
    return _answer(instance, event, others, hub)


def _start(instance: InstanceFacts, event: ExecutionStarted) -> Rule | None:
    execution = event.execution.execution_id
    if same_execution(execution, instance.execution_id):
        return ENDED if instance.state.completed is not None else REPEATED
    if event.parent is not None:
        return None
    row = instance.row
    if row is None:
        return START_WITHOUT_ROW
    if row.execution_id is not None and not same_execution(row.execution_id, execution):
        return SUPERSEDED
    return ENDED if row.status.is_terminal else None


def _answer(
    instance: InstanceFacts, event: Event, others: Sequence[SeenMessage], hub: HubFacts
) -> Rule | None:
    answer = _answered_by(event)
    if answer is None:
        return None
    if answer in instance.state.answers:
        return REPEATED
    if _is_asked(instance, answer):
        return None
    causes = any(_causes_an_episode(instance, one.event) for one in others if one.event is not None)
    hidden = hub.unseen((hub.queue_of(instance.instance_id), *_queue_of_activities(instance, hub)))
    return EARLY if causes or hidden else STRANDED


def _answered_by(event: Event) -> Answer | None:
    """Return the action that a message is for: the one it answers, or the activity that it is."""
    return ("task", event.event_id) if isinstance(event, TaskScheduled) else answer_of(event)


def _is_asked(instance: InstanceFacts, answer: Answer) -> bool:
    return any(question_of(event) == answer for event in instance.events)


def _causes_an_episode(instance: InstanceFacts, event: Event) -> bool:
    """Tell whether a message makes the instance run, so that it may schedule something once more.

    That of an open activity does, for its result will: it may have been there, in the memory of a server
    that died. So does what the history has already, if the episode with it is stored in part.
    """
    answer = _answered_by(event)
    if answer is None:
        return True
    if answer in instance.state.answers:
        return instance.state.is_open
    return _is_asked(instance, answer)


def _queue_of_activities(instance: InstanceFacts, hub: HubFacts) -> tuple[str, ...]:
    """Return the work-item queue, if an activity of the instance is open, or the episode with its result."""
    asked = (question_of(event) for event in instance.events if isinstance(event, TaskScheduled))
    is_open = instance.state.is_open or any(one not in instance.state.answers for one in asked)
    return (hub.names.workitem_queue,) if is_open else ()


def _begins(event: Event, instance: InstanceFacts, others: Sequence[SeenMessage]) -> bool:
    """Tell whether a message is for an instance that begins with it, or with another one that is seen."""
    if isinstance(event, EventRaised) and is_entity(instance.instance_id):
        return True
    return _starts(others, None)


def _starts(messages: Sequence[SeenMessage], execution_id: str | None) -> bool:
    starts = (message.event for message in messages)
    return any(
        isinstance(event, ExecutionStarted)
        and (execution_id is None or same_execution(event.execution.execution_id, execution_id))
        for event in starts
    )


def _kind(message: SeenMessage) -> str:
    event = message.event
    if event is None:
        return "?"
    number = answer_of(event)
    shown = number[1] if number is not None else event.event_id
    return event.type.name if shown == -1 else f"{event.type.name} {shown}"
