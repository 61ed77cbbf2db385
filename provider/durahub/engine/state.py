"""What a history implies: the state of an execution, read off its events."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from durahub.engine.entities.calls import request_sent
from durahub.engine.entities.messages import Request, guid_text
from durahub.engine.entities.sending import Calls
from durahub.engine.entities.sorter import REORDER_WINDOW, Labels
from durahub.model.appended import Appended, AppendedSet
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
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
from durahub.model.ticks import MINIMUM, Ticks

Answer = tuple[str, int]
"""Which action an event answers: its kind (``task``, ``child``, ``timer``) and its id."""


def answer_of(event: Event) -> Answer | None:
    """Return what *event* answers, ``None`` if it is no answer."""
    match event:
        case TaskCompleted() | TaskFailed():
            return "task", event.task_scheduled_id
        case SubOrchestrationInstanceCompleted() | SubOrchestrationInstanceFailed():
            return "child", event.task_scheduled_id
        case TimerFired():
            return "timer", event.timer_id
        case _:
            return None


def question_of(event: Event) -> Answer | None:
    """Return the answer that *event* waits for, ``None`` if it asks for none."""
    match event:
        case TaskScheduled():
            return "task", event.event_id
        case SubOrchestrationInstanceCreated():
            return "child", event.event_id
        case TimerCreated():
            return "timer", event.event_id
        case _:
            return None


def same_execution(one: str | None, other: str | None) -> bool:
    """Tell whether two execution IDs are the same: case means nothing, as in DTFx."""
    if one is None or other is None:
        return False
    return one == other or one.casefold() == other.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An execution as its history tells it. ``started`` is ``None`` where there is no start.

    The state of a longer history is `extended` from that of a shorter one, and shares with it what grows.
    """

    started: ExecutionStarted | None = None
    completed: ExecutionCompleted | None = None
    terminated: ExecutionTerminated | None = None  # asked to end
    suspended: bool = False
    clock: Ticks = MINIMUM  # of the last OrchestratorStarted
    last: Ticks = MINIMUM  # of the last event
    episodes: int = 0
    action_ids: AppendedSet[int] = field(default_factory=AppendedSet)
    answers: AppendedSet[Answer] = field(default_factory=AppendedSet)
    sent: Appended[EventSent] = field(default_factory=Appended)
    requested: AppendedSet[str] = field(default_factory=AppendedSet)  # of entities: GUIDs
    labels: Labels = field(default_factory=Labels, compare=False)  # never changed here
    began: Ticks = MINIMUM  # when the last episode did
    raised: AppendedSet[str] = field(default_factory=AppendedSet)  # names; of GUIDs the usual form
    is_open: bool = False  # the last episode is stored in part: what it sends may not be out

    @property
    def status(self) -> Status:
        """The status that the history implies; the row may lag behind."""
        if self.completed is not None:
            return self.completed.status
        if self.started is None:
            return Status.Pending
        return Status.Suspended if self.suspended else Status.Running

    @property
    def is_live(self) -> bool:
        """Whether the execution has begun and not ended."""
        return self.started is not None and self.completed is None

    def calls(self) -> Calls:
        """Return what labels the messages to entities that the last episode sends."""
        return Calls(self.labels.copy(), self.began)

    def extended(self, events: Iterable[Event]) -> "State":
        """Return the state when *events* have followed. The first start counts, and the last end."""
        started, completed, terminated = self.started, self.completed, self.terminated
        suspended, clock, last, episodes = self.suspended, self.clock, self.last, self.episodes
        known = self.answers
        answers: dict[Answer, None] = {}
        began, is_open = self.began, self.is_open
        sent: list[tuple[EventSent, Ticks]] = []
        raised: list[str] = []
        events = tuple(events)
        for event in events:
            last = event.timestamp
            match event:
                case OrchestratorStarted():
                    began = event.timestamp
                    clock = max(clock, began)
                    episodes += 1
                    is_open = True
                case OrchestratorCompleted() | TaskScheduled() | ContinueAsNew():
                    # the last is the end of a generation, in old hubs: the execution goes on
                    is_open = is_open and not isinstance(event, OrchestratorCompleted)
                case TaskCompleted() | TaskFailed():
                    answers["task", event.task_scheduled_id] = None
                case EventSent():
                    sent.append((event, began))
                case EventRaised():
                    raised.append(guid_text(event.name or ""))
                case ExecutionStarted():
                    started = started or event
                case ExecutionCompleted():
                    completed = event
                case ExecutionTerminated():
                    terminated = terminated or event
                case ExecutionSuspended():
                    suspended = True
                case ExecutionResumed():
                    suspended = False
                case TimerCreated():  # DTFx splits episodes with one that has always the same ID
                    again = ("timer", event.event_id)
                    answers.pop(again, None)
                    known = known.without(again)
                case _:
                    answer = answer_of(event)
                    if answer is not None:
                        answers[answer] = None
        requests = [
            (event.instance_id or "", request, time)
            for event, time in sent
            if (request := request_sent(event)) is not None
        ]
        return State(
            started=started,
            completed=completed,
            terminated=terminated,
            suspended=suspended,
            clock=clock,
            last=last,
            episodes=episodes,
            action_ids=self.action_ids.and_more(e.event_id for e in events if e.event_id != -1),
            answers=known.and_more(answers) if answers else known,
            sent=self.sent.and_more(event for event, _ in sent) if sent else self.sent,
            requested=(
                self.requested.and_more(guid_text(one.id) for _, one, _ in requests)
                if requests
                else self.requested
            ),
            labels=_noted(self.labels, requests) if requests else self.labels,
            began=began,
            raised=self.raised.and_more(filter(None, raised)) if raised else self.raised,
            is_open=is_open,
        )


def _noted(labels: Labels, requests: Iterable[tuple[str, Request, Ticks]]) -> Labels:
    """Return *labels* with those of *requests*: to whom, what, and when the episode began."""
    labelled = [one for one in requests if one[1].timestamp.ticks]
    if not labelled:
        return labels
    noted = labels.copy()
    for target, request, time in labelled:
        noted.note(target, request.timestamp, time, REORDER_WINDOW)
    return noted


def read(events: Iterable[Event]) -> State:
    """Return the state after *events*."""
    return _BEFORE.extended(events)


_BEFORE = State()


def open_children(events: Iterable[Event]) -> tuple[SubOrchestrationInstanceCreated, ...]:
    """Return the children that have been started and have not answered, in order of start."""
    created: dict[int, SubOrchestrationInstanceCreated] = {}
    for event in events:
        match event:
            case SubOrchestrationInstanceCreated():
                created[event.event_id] = event
            case SubOrchestrationInstanceCompleted() | SubOrchestrationInstanceFailed():
                created.pop(event.task_scheduled_id, None)
    return tuple(created.values())
