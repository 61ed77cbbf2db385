"""The work that a simulated hub has: messages that take a while and may cause others.

A message is an event raised for an instance. Its name is its identity; one that a worker sends because
of it is named after it, so that it has the same name however often it is sent. An activity that it asks
for is a message, too, and its result has the same name: what it has come to is in the history then.
"""

from dataclasses import dataclass, field

from durahub.classic.dialect import DTFX_2_9
from durahub.classic.envelope import Envelope, decode, encode, from_queue_text, to_queue_text
from durahub.classic.routing import control_index
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later, parse

START = parse("2026-01-15T09:30:00Z")


@dataclass(frozen=True, slots=True)
class Task:
    """A message: who it is for, how many seconds it takes to act on it, and what is sent then.

    An activity takes its seconds when it runs; its result takes none.
    """

    name: str
    instance_id: str
    seconds: float
    sends: tuple["Task", ...] = ()
    is_activity: bool = False

    @property
    def turn_seconds(self) -> float:
        """How long a turn takes that has this among its messages."""
        return 0.0 if self.is_activity else self.seconds


@dataclass(slots=True)
class Workload:
    """All messages of a scenario, by name."""

    tasks: dict[str, Task] = field(default_factory=dict)

    def add(self, task: Task) -> None:
        self.tasks[task.name] = task
        for one in task.sends:
            self.add(one)


def message_of(task: Task) -> Message:
    """Return an event, or the message that asks for an activity."""
    event: Event = EventRaised(timestamp=START, name=task.name)
    if task.is_activity:
        event = TaskScheduled(event_id=0, timestamp=START, name=task.name)
    return Message(event=event, target=Execution(task.instance_id))


def result_of(task: Task) -> Message:
    """Return the result of an activity."""
    event = TaskCompleted(timestamp=START, task_scheduled_id=0, result=task.name)
    return Message(event=event, target=Execution(task.instance_id))


def text_of(message: Message) -> str:
    """Return the queue text of a message, as a client or a .NET worker puts it."""
    envelope = Envelope(
        message=message,
        activity_id="00000000-0000-0000-0000-000000000000",
        sequence_number=1,
    )
    return to_queue_text(encode(envelope, DTFX_2_9), DTFX_2_9)


def name_in(text: str) -> str:
    """Return the name of the message that is in a queue."""
    found = decode(from_queue_text(text))
    assert isinstance(found, Envelope)
    return name_of(found.message)


def name_of(message: Message) -> str:
    return name_of_event(message.event)


def name_of_event(event: Event) -> str:
    if isinstance(event, TaskCompleted):
        assert event.result is not None
        return event.result
    assert isinstance(event, EventRaised | TaskScheduled)
    assert event.name is not None
    return event.name


def queue_of(partitions: tuple[str, ...], instance_id: str) -> str:
    return partitions[control_index(instance_id, len(partitions))]


def at(seconds: float, skew: float = 0.0) -> Ticks:
    """Return what a clock that is *skew* seconds ahead shows *seconds* after the start."""
    return later(START, seconds + skew)
