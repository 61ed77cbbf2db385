"""What an orchestration has asked for and not got: activities, timers, children, calls of entities, locks.

A wait for an external event leaves no trace. What was tried again, and which timer is the pause before that,
is recognised as the engine does it: see `durahub.engine.retries`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.entities.calls import release_sent, request_sent
from durahub.engine.entities.messages import Request, guid_text
from durahub.engine.retries import Asked, Retries
from durahub.engine.state import Answer, answer_of, question_of
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    ExecutionStarted,
    OrchestratorStarted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.explaining.wording import head

Question: TypeAlias = "TaskScheduled | SubOrchestrationInstanceCreated | TimerCreated | EventSent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Something that was asked for. *position* is its event's number in the history.

    *attempt* counts from 1; of a timer before a retry it is that of the try that follows, *retries* its name.
    *request* is that to an entity.
    """

    asked: Question
    position: int
    attempt: int = 1
    last_failure: str | None = None
    retries: str | None = None
    request: Request | None = None

    @property
    def since(self) -> Ticks:
        """When it was asked for."""
        return self.asked.timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An external event that has arrived. *moved* tells whether the orchestrator did something upon it."""

    name: str
    at: Ticks
    moved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """What is open, in the order in which it was asked for, and what has arrived.

    *held* are the locks of entities that it has: their IDs.
    """

    open: tuple[Open, ...] = ()
    arrived: tuple[Arrived, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tries:
    """How often each action was tried, and why it failed last."""

    retries: Retries = field(default_factory=Retries)
    actions: dict[tuple[type[Asked], int], int] = field(default_factory=dict)  # of what is tried
    counts: dict[tuple[type[Asked], int], int] = field(default_factory=dict)  # by action
    failures: dict[tuple[type[Asked], int], str | None] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        if isinstance(event, TaskScheduled | SubOrchestrationInstanceCreated):
            action = event.worker_number
            if action is None:
                action = self.retries.likely(event)
            of = type(event), event.event_id if action is None else action
            self.actions[type(event), event.event_id] = of[1]
            self.counts[of] = self.counts.get(of, 0) + 1
            self.retries.add(event, action)
            return
        match event:
            case TaskFailed():
                self._fail(TaskScheduled, event)
            case SubOrchestrationInstanceFailed():
                self._fail(SubOrchestrationInstanceCreated, event)
            case _:
                pass
        self.retries.add(event)

    def _fail(self, kind: type[Asked], event: TaskFailed | SubOrchestrationInstanceFailed) -> None:
        action = self.actions.get((kind, event.task_scheduled_id), event.task_scheduled_id)
        self.failures[kind, action] = failure_head(event)

    def of(self, asked: Question) -> tuple[int, str | None]:
        """Return which try it is, and why the one before failed."""
        if not isinstance(asked, TaskScheduled | SubOrchestrationInstanceCreated):
            return 1, None
        kind = type(asked)
        action = self.actions.get((kind, asked.event_id), asked.event_id)
        return self.counts.get((kind, action), 1), self.failures.get((kind, action))

    def before(self, timer: TimerCreated) -> tuple[Asked, int, str | None] | None:
        """Return what *timer* is probably the pause of, the number of the next try, the failure."""
        failed = self.retries.paused(timer.event_id)
        if failed is None:
            return None
        attempt, _ = self.of(failed)
        kind = type(failed)
        action = self.actions.get((kind, failed.event_id), failed.event_id)
        return failed, attempt + 1, self.failures.get((kind, action))


def failure_head(event: TaskFailed | SubOrchestrationInstanceFailed) -> str | None:
    """Return the head of a failure."""
    failure: Failure | None = event.failure
    if failure is not None:
        return head(f"{failure.error_type}: {failure.message}".strip(": "))
    return head(event.reason) or head(event.details)


def open_work(history: Sequence[Event]) -> OpenWork:
    """Return what an execution that has not ended waits for, as far as its history tells."""
    tries = _Tries()
    asked: dict[Answer, tuple[int, Question]] = {}
    requests: dict[str, tuple[int, EventSent, Request]] = {}
    locks: dict[str, Request] = {}
    granted: dict[str, str] = {}  # entities by the IDs of their critical sections
    held: dict[str, None] = {}
    for position, event in enumerate(history):
        tries.add(event)
        question = question_of(event)
        if question is not None and isinstance(
            event, TaskScheduled | SubOrchestrationInstanceCreated | TimerCreated
        ):
            asked[question] = position, event
        answer = answer_of(event)
        if answer is not None:
            asked.pop(answer, None)
        match event:
            case EventSent():
                request = request_sent(event)
                if request is not None and not request.signal:
                    requests[guid_text(request.id)] = position, event, request
                    if request.is_lock:
                        locks[guid_text(request.id)] = request
                elif (release := release_sent(event)) is not None:
                    held.pop(event.instance_id or "", None)
                    granted.pop(guid_text(release.id or ""), None)
            case EventRaised():
                number = guid_text(event.name or "")
                requests.pop(number, None)
                if number in locks:
                    held.update(dict.fromkeys(locks[number].lock_set or ()))
            case _:
                pass
    found = [
        _opened(position, event, tries)
        for position, event in asked.values()
        if not _is_forgotten(event)
    ]
    found += [
        Open(asked=event, position=position, request=request)
        for position, event, request in requests.values()
    ]
    return OpenWork(
        open=tuple(sorted(found, key=lambda one: one.position)),
        arrived=tuple(_arrived(history)),
        held=tuple(held),
    )


def _opened(position: int, event: Question, tries: _Tries) -> Open:
    if isinstance(event, TimerCreated) and (before := tries.before(event)) is not None:
        failed, attempt, failure = before
        return Open(
            asked=event,
            position=position,
            attempt=attempt,
            last_failure=failure,
            retries=failed.name or "?",
        )
    attempt, failure = tries.of(event)
    return Open(asked=event, position=position, attempt=attempt, last_failure=failure)


def _is_forgotten(event: Question) -> bool:
    tags = event.tags if isinstance(event, SubOrchestrationInstanceCreated) else None
    return FIRE_AND_FORGET in (tags or {})


def _arrived(history: Sequence[Event]) -> Iterator[Arrived]:
    """Yield external events; an answer of an entity is none.

    An episode is what stands between its start and its end. In classic rows what the orchestrator does stands
    in between as well; the first episode after continue-as-new has it behind.
    """
    sent = set()
    for first, last in _episodes(history):
        events = history[first:last]
        sent |= {
            guid_text(request.id)
            for event in events
            if (request := request_sent(event)) is not None
        }
        moved = any(
            event.event_id >= 0 and not isinstance(event, EventRaised | ExecutionStarted)
            for event in events
        )
        for event in events:
            if isinstance(event, EventRaised) and guid_text(event.name or "") not in sent:
                yield Arrived(name=event.name or "", at=event.timestamp, moved=moved)


def _episodes(history: Sequence[Event]) -> Iterator[tuple[int, int]]:
    starts = [n for n, event in enumerate(history) if isinstance(event, OrchestratorStarted)]
    edges = [0, *(n for n in starts if n), len(history)]
    yield from pairwise(edges)
