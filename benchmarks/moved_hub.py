"""A hub to be moved, made up: of instance number *n* everything is known, so that nothing can be lost unseen.

Of each `CYCLE` roots some have ended, one has failed, and the others wait for what one can wait for: an
event, an activity, a timer, a child; two are entities with a state.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import shake_128
from itertools import islice
from pathlib import Path

from durahub.dispatch.clock import system_clock
from durahub.engine.entities.scheduler_state import SchedulerState, scheduler_state_text
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later, parse
from durahub.scheduler import importing
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.importing import Whole
from durahub.scheduler.transactions import Transaction
from durahub.stored import StoredEvent, StoredInstance, StoredMessage

JOB = "the benchmark fills it"
BEGAN = Ticks(parse("2026-11-01T12:00:00Z"))
FAR = Ticks(parse("2036-11-01T12:00:00Z"))  # when timers are due: after any measurement
ENDED, FAILED, EVENT, ACTIVITY, TIMER, PARENT, ENTITY = (
    "ended",
    "failed",
    "event",
    "activity",
    "timer",
    "parent",
    "entity",
)
CYCLE = (*[ENDED] * 9, FAILED, *[EVENT] * 2, *[ACTIVITY] * 2, *[TIMER] * 2, PARENT, ENTITY, ENTITY)
UNFINISHED = (*[EVENT] * 4, *[ACTIVITY] * 4, *[TIMER] * 4, PARENT, PARENT, ENTITY, ENTITY)
LARGE_EVERY = (
    2_000  # roots, beginning with the first: an orchestration of a whole hub has a large input
)
LARGE = 1_200_000  # characters; from 1 MiB on a text is a payload of its own in a bundle
AT_ONCE = 500  # in a transaction


@dataclass(frozen=True)
class Kinds:
    """What a hub consists of: its roots are of these kinds, again and again."""

    cycle: tuple[str, ...]
    large: bool  # whether some have large inputs


WHOLE = Kinds(CYCLE, large=True)
LIVE = Kinds(UNFINISHED, large=False)


@dataclass
class Filled:
    """What is in a hub, as counted when it was filled."""

    instances: int = 0  # entities too
    entities: int = 0
    live: int = 0
    events: int = 0
    messages: int = 0
    large: int = 0
    statuses: Counter[str] = field(default_factory=Counter)

    def add(self, whole: Whole) -> None:
        """Count one."""
        instance = whole.instance
        assert instance is not None
        self.instances += 1
        self.entities += instance.instance_id.startswith("@")
        self.live += not Status[instance.status].is_terminal
        self.events += len(instance.history)
        self.messages += len(whole.messages) + len(whole.activities)
        self.large += len(instance.input or "") >= LARGE
        self.statuses[instance.status] += 1


def instances(count: int, kinds: Kinds) -> Iterator[Whole]:
    """Yield *count* instances, those of a tree one behind the other."""
    number = 0
    while count > 0:
        kind = kinds.cycle[number % len(kinds.cycle)]
        if kind == PARENT and count == 1:
            kind = ACTIVITY  # there is no room for its child
        is_large = kinds.large and number % LARGE_EVERY == 0
        for whole in _tree(kind, number, is_large):
            yield whole
            count -= 1
        number += 1


async def fill(file: Path, hub: str, count: int, kinds: Kinds) -> Filled:
    """Make a hub of *count* instances in a SQLite file; nobody serves it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    store = SchedulerFile(str(file), clock=system_clock)
    filled = Filled()
    await store.connect(create=True)
    try:
        now = system_clock()
        number = await store.write(partial(importing.begin, name=hub, job=JOB, now=now))
        left = instances(count, kinds)
        while some := list(islice(left, AT_ONCE)):
            await store.write(partial(_put, hub=number, wholes=some))
            for whole in some:
                filled.add(whole)
        await store.write(partial(importing.hand_over, hub=number, job=JOB, now=now))
        await store.write(lambda tx: tx.change("DELETE FROM moved", ()))  # it was never moved
        await store.write(lambda tx: tx.change("DELETE FROM moves", ()))
    finally:
        await store.close()
    return filled


def fill_here(file: Path, hub: str, count: int, kinds: Kinds) -> Filled:
    """Do what `fill` does, outside of any event loop."""
    return asyncio.run(fill(file, hub, count, kinds))


def _put(tx: Transaction, hub: int, wholes: Sequence[Whole]) -> None:
    for whole in wholes:
        assert whole.instance is not None
        key = whole.instance.instance_id
        importing.put(tx, hub, JOB, unit=key, key=key, whole=whole)


# -- trees -----------------------------------------------------------------------------------------


def _tree(kind: str, number: int, is_large: bool) -> Iterator[Whole]:
    name = f"{kind}-{number:07}"
    if kind == ENTITY:
        yield _entity(f"@cart@{number:07}", number)
        return
    text = (
        f'"{_noise(number)}"' if is_large else f'{{"order":{number},"customer":"c-{number % 97}"}}'
    )
    history, messages, activities = _History(name, text, number), [], []
    match kind:
        case "ended":
            history.activity("Reserve", f'{{"order":{number}}}', '"reserved"')
            history.activity("Charge", f'{{"amount":{number % 1000}}}', f'"charged {number}"')
            history.end(f'"order {number} is done"')
        case "failed":
            history.fail("Charge", f"no money for {number}")
        case "event":
            history.activity("Reserve", f'{{"order":{number}}}', '"reserved"')
            history.waits()
            if number % 2:
                messages.append(history.raised("approved", f'"{number}"'))
        case "activity":
            history.activity("Reserve", f'{{"order":{number}}}', '"reserved"')
            activities.append(history.asks("Charge", f'{{"amount":{number % 1000}}}'))
        case "timer":
            history.activity("Reserve", f'{{"order":{number}}}', '"reserved"')
            messages.append(history.sleeps())
        case _:
            child = _History(
                f"{name}:0",
                f'{{"part":{number}}}',
                number,
                Parent(name="Order", execution=history.execution, task_schedule_id=0),
            )
            history.child(child.execution.instance_id, f'{{"part":{number}}}')
            child.activity("Reserve", f'{{"order":{number}}}', '"reserved"')
            charge = child.asks("Charge", f'{{"amount":{number % 1000}}}')
            yield history.whole()
            yield child.whole(activities=(charge,))
            return
    yield history.whole(tuple(messages), tuple(activities))


def _noise(number: int) -> str:
    """Return a text that is its instance's own, and that compression makes but half as long."""
    return shake_128(number.to_bytes(8, "big")).hexdigest(LARGE // 2)


def _entity(instance_id: str, number: int) -> Whole:
    execution = Execution(instance_id, f"{number:032x}")
    state = scheduler_state_text(
        SchedulerState(state=f'{{"items":[{number},{number + 1}],"total":{number % 500}}}')
    )
    started = ExecutionStarted(
        timestamp=BEGAN, execution=execution, name="@cart", input=state, generation=0
    )
    events: tuple[Event, ...] = (
        OrchestratorStarted(timestamp=BEGAN),
        started,
        OrchestratorCompleted(timestamp=BEGAN),
    )
    return Whole(
        instance=StoredInstance(
            instance_id=instance_id,
            execution_id=execution.execution_id,
            name="@cart",
            version=None,
            status=Status.Running.name,
            created=BEGAN,
            last_updated=BEGAN,
            completed=None,
            scheduled_start=None,
            input=state,
            output=None,
            custom_status='{"entityExists":true}',
            tags=None,
            generation=0,
            history=tuple(map(StoredEvent, events)),
        )
    )


class _History:
    """A history that grows, turn by turn."""

    def __init__(self, name: str, text: str, number: int, parent: Parent | None = None) -> None:
        self.execution = Execution(name, f"{number:031x}{int(parent is not None)}")
        self._text = text
        self._now = later(BEGAN, number % 86_400)
        self._actions = 0
        self._status = Status.Running
        self._output: str | None = None
        started = ExecutionStarted(
            timestamp=self._now,
            execution=self.execution,
            name="Order" if parent is None else "Part",
            input=text,
            parent=parent,
            generation=0,
        )
        self._events: list[Event] = [OrchestratorStarted(timestamp=self._now), started]

    def activity(self, name: str, given: str, result: str) -> None:
        """Run an activity to its end."""
        number = self._schedule(name, given)
        self._turn()
        self._events.append(
            TaskCompleted(timestamp=self._now, task_scheduled_id=number, result=result)
        )

    def fail(self, name: str, reason: str) -> None:
        """Fail with an activity."""
        failure = Failure(error_type="ValueError", message=reason, stack_trace="in charge()")
        number = self._schedule(name, '{"amount":1}')
        self._turn()
        self._events += (
            TaskFailed(timestamp=self._now, task_scheduled_id=number, failure=failure),
            ExecutionCompleted(
                event_id=self._next(), timestamp=self._now, status=Status.Failed, failure=failure
            ),
        )
        self._status = Status.Failed
        self.waits()

    def end(self, output: str) -> None:
        """Complete."""
        self._events.append(
            ExecutionCompleted(
                event_id=self._next(), timestamp=self._now, status=Status.Completed, result=output
            )
        )
        self._status, self._output = Status.Completed, output
        self.waits()

    def asks(self, name: str, given: str) -> StoredMessage:
        """Schedule an activity that nobody has run yet; return its message."""
        number = self._schedule(name, given)
        self.waits()
        scheduled = TaskScheduled(event_id=number, timestamp=self._now, name=name, input=given)
        return self._sent(scheduled, tags={})

    def sleeps(self) -> StoredMessage:
        """Set a timer; return its message."""
        number = self._next()
        self._events.append(TimerCreated(event_id=number, timestamp=self._now, fire_at=FAR))
        self.waits()
        fired = TimerFired(timestamp=self._now, timer_id=number, fire_at=FAR)
        return self._sent(fired, due=FAR)

    def child(self, name: str, given: str) -> None:
        """Start a child."""
        self._events.append(
            SubOrchestrationInstanceCreated(
                event_id=self._next(),
                timestamp=self._now,
                instance_id=name,
                name="Part",
                input=given,
            )
        )
        self.waits()

    def waits(self) -> None:
        """End the turn."""
        self._events.append(OrchestratorCompleted(timestamp=self._now))

    def raised(self, name: str, given: str) -> StoredMessage:
        """Return an event of a client that was not seen yet."""
        event = EventRaised(timestamp=later(self._now, 1), name=name, input=given)
        message = Message(event=event, target=Execution(self.execution.instance_id))
        return StoredMessage(queue="inbox", message_id="0", message=message)

    def whole(
        self,
        messages: tuple[StoredMessage, ...] = (),
        activities: tuple[StoredMessage, ...] = (),
    ) -> Whole:
        """Return the instance with its messages."""
        instance_id, execution_id = self.execution.instance_id, self.execution.execution_id
        is_over = self._status.is_terminal
        started = self._events[1]
        assert isinstance(started, ExecutionStarted)
        return Whole(
            instance=StoredInstance(
                instance_id=instance_id,
                execution_id=execution_id,
                name=started.name,
                version=None,
                status=self._status.name,
                created=started.timestamp,
                last_updated=self._now,
                completed=self._now if is_over else None,
                scheduled_start=None,
                input=self._text,
                output=self._output,
                custom_status=None,
                tags=None,
                generation=0,
                history=tuple(map(StoredEvent, self._events)),
            ),
            messages=messages,
            activities=activities,
        )

    def _schedule(self, name: str, given: str) -> int:
        number = self._next()
        self._events.append(
            TaskScheduled(event_id=number, timestamp=self._now, name=name, input=given)
        )
        return number

    def _turn(self) -> None:
        self.waits()
        self._now = later(self._now, 1)
        self._events.append(OrchestratorStarted(timestamp=self._now))

    def _next(self) -> int:
        self._actions += 1
        return self._actions - 1

    def _sent(
        self,
        event: TaskScheduled | TimerFired,
        *,
        tags: dict[str, str] | None = None,
        due: Ticks | None = None,
    ) -> StoredMessage:
        message = Message(
            event=event, target=self.execution, sender=self.execution, tags=tags, due=due
        )
        return StoredMessage(queue="inbox", message_id="0", message=message, due=due)
