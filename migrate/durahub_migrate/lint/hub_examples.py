"""Facts of hubs for the examples of rules: events, messages, blobs, what the doctor says."""

from collections.abc import Mapping
from typing import Any

from durahub.classic.doctor.findings import Finding as Diagnosed
from durahub.classic.doctor.findings import Rule as DoctorRule
from durahub.classic.doctor.snapshot import HubFacts as ClassicHub
from durahub.classic.doctor.snapshot import QueueFacts, SeenMessage, hub_facts
from durahub.classic.names import HubNames
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import Ticks, later
from durahub_migrate.lint.examples import SOURCE, STARTED
from durahub_migrate.lint.facts.hubs import BlobFacts, Diagnosis, MessageFacts
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.target import Given, Target

DAY = 86_400.0
STOPPED = Given(now=EXAMPLE_TIME, target=Target(frozen=True))


def ago(seconds: float) -> Ticks:
    """Return a time before that of the examples; a negative number lies behind it."""
    return later(EXAMPLE_TIME, -seconds)


# -- events --------------------------------------------------------------------------------------


def began(*events: Event, when: Ticks = STARTED, parent: Parent | None = None) -> tuple[Event, ...]:
    """Return a history of one episode that began *when*."""
    execution = Execution("order-7", "0" * 32)
    start = ExecutionStarted(timestamp=when, execution=execution, name="Order", parent=parent)
    return episode(start, *events, when=when)


def episode(*events: Event, when: Ticks = STARTED) -> tuple[Event, ...]:
    """Return *events* as those of an episode."""
    return (OrchestratorStarted(timestamp=when), *events, OrchestratorCompleted(timestamp=when))


def timer(due: Ticks, number: int = 0) -> TimerCreated:
    """Return a timer that fires when it is *due*."""
    return TimerCreated(event_id=number, timestamp=STARTED, fire_at=due)


def fired(due: Ticks, number: int = 0) -> TimerFired:
    """Return the end of a `timer`."""
    return TimerFired(timestamp=STARTED, timer_id=number, fire_at=due)


def activity(number: int = 0) -> TaskScheduled:
    """Return the start of an activity."""
    return TaskScheduled(event_id=number, timestamp=STARTED, name="ChargeCard")


def result(number: int = 0) -> TaskCompleted:
    """Return the result of an `activity`."""
    return TaskCompleted(timestamp=STARTED, task_scheduled_id=number, result='"ok"')


def child(instance_id: str, number: int = 0) -> SubOrchestrationInstanceCreated:
    """Return the start of a child."""
    return SubOrchestrationInstanceCreated(
        event_id=number, timestamp=STARTED, instance_id=instance_id, name="Parcel"
    )


def parent() -> Parent:
    """Return order-7 as the parent of its first `child`."""
    return Parent(name="Order", execution=Execution("order-7", "0" * 32), task_schedule_id=0)


def raised(name: str) -> EventRaised:
    """Return an event from outside."""
    return EventRaised(timestamp=STARTED, name=name, input="true")


def sent(name: str, to: str) -> EventSent:
    """Return an event that was sent to another instance."""
    return EventSent(event_id=0, timestamp=STARTED, instance_id=to, name=name)


def ended(status: Status = Status.Completed) -> ExecutionCompleted:
    """Return the end of an execution."""
    return ExecutionCompleted(event_id=9, timestamp=STARTED, status=status, result='"done"')


# -- messages, blobs -----------------------------------------------------------------------------


def a_queued(
    event: Event | None = None,
    target: str | None = "order-7",
    *,
    queue: str = "orders-control-01",
    number: int = 1,
    **others: Any,
) -> MessageFacts:
    """Return a message in a queue; *others* are fields of `MessageFacts`."""
    place = Place(source=SOURCE, kind=PlaceKind.MESSAGE, key=f"{queue}/m{number}")
    return MessageFacts(place=place, queue=queue, event=event, target=target, **others)


def a_blob(name: str, *, age: float = 30 * DAY, size: int = 200_000) -> BlobFacts:
    """Return a blob that was written *age* seconds ago."""
    place = Place(source=SOURCE, kind=PlaceKind.BLOB, key=name)
    return BlobFacts(place=place, name=name, size=size, changed=ago(age))


def a_classic_hub(hidden: Mapping[str, int] | None = None, **others: Any) -> ClassicHub:
    """Return what the doctor sees of a hub called orders: four partitions, *hidden* messages by queue."""
    names = HubNames("orders")
    seen: tuple[SeenMessage, ...] = ()
    queues = [
        QueueFacts(name, (hidden or {}).get(name, 0), seen)
        for name in (*names.control_queues(4), names.workitem_queue)
    ]
    return hub_facts(names, 4, EXAMPLE_TIME, queues, **others)


def a_diagnosis(
    rule: DoctorRule, detail: str, *, key: str = "order-7", kind: PlaceKind = PlaceKind.INSTANCE
) -> Diagnosis:
    """Return what the doctor says of the instance *key*, or of another *kind* of thing.

    That of a message, ``QUEUE/NUMBER``, is about order-7.
    """
    where = f"table ordersHistory {key}/"
    if kind is PlaceKind.MESSAGE:
        queue, _, number = key.partition("/")
        where, key, kind = f"queue {queue} message {number}", "order-7", PlaceKind.INSTANCE
    place = Place(source=SOURCE, kind=kind, key=key)
    instance_id = key if kind is PlaceKind.INSTANCE else None
    found = Diagnosed(rule=rule, where=where, detail=detail, instance_id=instance_id)
    return Diagnosis(place, found)
