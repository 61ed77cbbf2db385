"""A small SDK: runs a generator against a history, as the SDKs do, and finds what it asks for next.

An orchestrator yields what it waits for: one `Future`, or a tuple of them to wait for any. What it has asked
for must stand in the history as it asks for it again: otherwise the history is not its own.
"""

import uuid
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEntityMessage,
    SendEvent,
    TurnResult,
)
from durahub.engine.entities.calls import (
    EntityCallDone,
    EntityCallFailed,
    EntityLockGranted,
    NativeEvent,
    native_events,
)
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
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
from durahub.model.ticks import Ticks, later


class Diverged(Exception):
    """The history is not that of this orchestrator: an event is missing, doubled, or of another one."""


class Failed(Exception):
    """What an orchestrator waits for has failed; or it fails itself."""


class Future:
    """Something that an orchestrator waits for."""

    def __init__(self) -> None:
        self.done = False
        self.value: Any = None
        self.error: Failed | None = None

    def settle(self, value: Any = None, error: Failed | None = None) -> None:
        """Note what came of it."""
        self.done, self.value, self.error = True, value, error


Wait: TypeAlias = "Future | tuple[Future, ...]"
Program: TypeAlias = Callable[["Replay", str | None], Generator[Wait, Any, str]]

_EVENT_OF: dict[type[Action], type[Event]] = {
    ScheduleTask: TaskScheduled,
    CreateTimer: TimerCreated,
    CreateSubOrchestration: SubOrchestrationInstanceCreated,
    SendEvent: EventSent,
    SendEntityMessage: EventSent,
}


class Continued(Exception):
    """The orchestrator goes on as a new execution, with an input."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Replay:
    """One turn of one orchestration: what a generator may ask for, and what came of all it asked before."""

    def __init__(self, instance_id: str, execution_id: str) -> None:
        self.instance_id = instance_id
        self.execution_id = execution_id
        self.now = Ticks(0)
        self.custom_status: str | None = None
        self.results: dict[int, str] = {}  # of the activities that have ended, by their numbers
        self._next = 0
        self._asked: dict[int, Action] = {}  # what the history does not show yet
        self._open: dict[int | str, Future] = {}
        self._events: deque[EventRaised] = deque()
        self._listening: deque[tuple[str, Future]] = deque()
        self._program: Generator[Wait, Any, str] | None = None
        self._wait: Wait | None = None
        self._end: Complete | None = None
        self._held: list[tuple[Event, NativeEvent | None]] = []  # while suspended
        self._suspended = False

    # -- what a generator asks for -------------------------------------------------------------

    def activity(self, name: str, text: str) -> Future:
        """Run an activity."""
        return self._ask(lambda n: ScheduleTask(id=n, name=name, input=text))

    def timer(self, seconds: float) -> Future:
        """Wait."""
        fire_at = later(self.now, seconds)
        return self._ask(lambda n: CreateTimer(id=n, fire_at=fire_at))

    def child(self, name: str, text: str, instance_id: str) -> Future:
        """Run a child."""
        return self._ask(
            lambda n: CreateSubOrchestration(id=n, name=name, input=text, instance_id=instance_id)
        )

    def tell(self, target: str, name: str, text: str) -> None:
        """Send an event to another instance."""
        self._ask(lambda n: SendEvent(id=n, target=Execution(target), name=name, input=text))

    def event(self, name: str) -> Future:
        """Wait for an event; the oldest of that name comes first."""
        future = Future()
        for event in self._events:
            if event.name == name:
                self._events.remove(event)
                future.settle(event.input)
                return future
        self._listening.append((name, future))
        return future

    def ignore(self, event: Future) -> None:
        """Listen no more."""
        self._listening = deque(one for one in self._listening if one[1] is not event)

    def call(self, entity: str, operation: str, text: str, *, signal: bool = False) -> Future:
        """Have an entity do something."""
        number = self._guid()
        future = self._open[number] = Future()
        self._ask(
            lambda n: SendEntityMessage(
                id=n,
                kind="signal" if signal else "call",
                request_id=number,
                target=entity,
                operation=operation,
                input=text,
            )
        )
        return future

    def lock(self, entities: tuple[str, ...]) -> tuple[str, Future]:
        """Lock entities; return the critical section and its beginning.

        Its ID is made of the time, as SDKs make theirs: a turn that runs again asks under another.
        """
        section = self._guid(f"/{self.now}")
        future = self._open[section] = Future()
        self._ask(
            lambda n: SendEntityMessage(
                id=n, kind="lock", request_id=section, target=entities[0], lock_set=entities
            )
        )
        return section, future

    def unlock(self, section: str, entities: tuple[str, ...]) -> None:
        """Give locks back."""
        for entity in entities:
            self._unlock(section, entity)

    def _unlock(self, section: str, entity: str) -> None:
        self._ask(
            lambda n: SendEntityMessage(id=n, kind="unlock", request_id=section, target=entity)
        )

    def _guid(self, more: str = "") -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.execution_id}/{self._next}{more}"))

    def _ask(self, make: Callable[[int], Action]) -> Future:
        action = make(self._next)
        self._asked[self._next] = action
        future = self._open[self._next] = Future()
        self._next += 1
        return future

    # -- the turn ------------------------------------------------------------------------------

    def run(self, program: Program, events: Sequence[Event]) -> TurnResult:
        """Return what *program* answers to *events*, its whole history. Raises `Diverged`."""
        for event, native in zip(events, native_events(events), strict=True):
            self._take(program, event, native)
        actions = list(self._asked.values())
        if self._end is not None and self._end.status is Status.ContinuedAsNew:
            held = (event for event, native in self._held if native is None)
            unheard = (event for event in held if isinstance(event, EventRaised))
            self._end = replace(self._end, carry_over=(*self._events, *unheard))
        if self._end is not None:
            actions.append(self._end)
        return TurnResult(actions=tuple(actions), custom_status=self.custom_status)

    def _take(self, program: Program, event: Event, native: NativeEvent | None) -> None:
        match event:
            case OrchestratorStarted():
                self.now = event.timestamp
            case ExecutionSuspended():
                self._suspended = True
            case ExecutionResumed():
                self._suspended = False
                held, self._held = self._held, []
                for one, of_entity in held:
                    self._settle(one, of_entity)
            case ExecutionStarted():
                if self._program is not None:
                    raise Diverged("it is started twice")
                self._program = program(self, event.input)
                self._go_on(None)
            case ExecutionTerminated():
                self._end = Complete(id=self._next, status=Status.Terminated, result=event.input)
            case TaskScheduled() | TimerCreated() | SubOrchestrationInstanceCreated() | EventSent():
                self._confirm(event)
            case _ if self._suspended:
                self._held.append((event, native))
            case _:
                self._settle(event, native)

    def _confirm(self, event: Event) -> None:
        action = self._asked.pop(event.event_id, None)
        if action is None:
            raise Diverged(f"{type(event).__name__} {event.event_id} was not asked for (again)")
        if not isinstance(event, _EVENT_OF[type(action)]):
            raise Diverged(f"{event.event_id} is {type(event).__name__}, not a {type(action)}")

    def _settle(self, event: Event, native: NativeEvent | None) -> None:
        match event, native:
            case TaskCompleted(task_scheduled_id=number), _:
                self.results[number] = event.result or ""
                self._answer(number, event.result)
            case SubOrchestrationInstanceCompleted(task_scheduled_id=number), _:
                self._answer(number, event.result)
            case ((TaskFailed() | SubOrchestrationInstanceFailed()), _):
                text = event.failure.message if event.failure else event.reason or ""
                self._answer(event.task_scheduled_id, None, Failed(text))
            case TimerFired(timer_id=number), _:
                self._answer(number, None)
            case EventRaised(), EntityCallDone(request_id=request, output=output):
                self._answer(request, output)
            case EventRaised(), EntityCallFailed(request_id=request, failure=failure):
                self._answer(request, None, Failed(failure.message))
            case EventRaised(), EntityLockGranted(critical_section_id=section):
                self._answer(section, None)
            case EventRaised(), None:
                self._hear(event)

    def _answer(self, number: int | str, value: Any, error: Failed | None = None) -> None:
        future = self._open.get(number)
        if future is None or future.done:
            raise Diverged(f"{number} is answered, and {'had been' if future else 'not asked'}")
        if number in self._asked:
            raise Diverged(f"{number} is answered before it is asked")
        future.settle(value, error)
        self._go_on_if_ready()

    def _hear(self, event: EventRaised) -> None:
        for one in self._listening:
            if one[0] == event.name:
                self._listening.remove(one)
                one[1].settle(event.input)
                self._go_on_if_ready()
                return
        self._events.append(event)

    def _go_on_if_ready(self) -> None:
        while self._wait is not None:
            waits = self._wait if isinstance(self._wait, tuple) else (self._wait,)
            if not any(one.done for one in waits):
                return
            self._go_on(waits[0] if not isinstance(self._wait, tuple) else None)

    def _go_on(self, ready: Future | None) -> None:
        """Run the generator to its next wait, or its end."""
        assert self._program is not None
        self._wait = None
        if self._end is not None:
            return
        try:
            if ready is not None and ready.error is not None:
                self._wait = self._program.throw(ready.error)
            else:
                self._wait = self._program.send(ready.value if ready is not None else None)
        except StopIteration as end:
            self._finish(Status.Completed, str(end.value))
            return
        except Continued as again:
            self._end = Complete(id=self._next, status=Status.ContinuedAsNew, result=again.text)
            self._listening.clear()
            return
        except Failed as failed:
            failure = Failure(error_type="Failed", message=str(failed))
            self._end = Complete(id=self._next, status=Status.Failed, failure=failure)
            return
        self._go_on_if_ready()

    def _finish(self, status: Status, result: str) -> None:
        self._end = Complete(id=self._next, status=status, result=result)
