"""Decides what has to be on its way to an instance, so that it goes on where its source stood.

What was seen in queues is that already, as far as it goes: a classic hub shows 32 visible messages of each
queue at most and hides the others, above all timers and whatever a worker has in hand. What was hidden is
made again from histories and rows:

=====================  =======================================================================
open timer             ``TimerFired``, due when it was
pending instance       its ``ExecutionStarted``, due at its scheduled start
open activity          ``TaskScheduled``, if its input is known: it may have run, and runs again. If not, the
                       orchestrator schedules it again: its event is marked as rewound, and a wake-up
                       sent, as ``durahub hub doctor`` repairs a lost activity
child that has ended   its answer, from its history
child that is missing  its start: the orchestrator starts it again, like an activity
=====================  =======================================================================

What cannot be told is left as it is and counted among the doubts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from durahub.classic.doctor.rules.messages import POISON
from durahub.engine import state as states
from durahub.engine.commit import HistoryVersion
from durahub.engine.effects import FIRE_AND_FORGET, Actor, child_execution_id, tell_parent
from durahub.engine.repairs import repair_of
from durahub.engine.rewind_in_place import wake_up
from durahub.engine.state import Answer, State, answer_of, question_of, same_execution
from durahub.model.history import (
    ActionEvent,
    Event,
    Execution,
    ExecutionStarted,
    GenericEvent,
    OrchestratorStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.stored import StoredEvent, StoredInstance, StoredMessage
from durahub_migrate.bundle.records import start_of_row, started_of
from durahub_migrate.moving.content import Held
from durahub_migrate.targets.complete import Complete, made
from durahub_migrate.targets.entity_messages import add_entity_messages
from durahub_migrate.targets.source import Seen, Source

REASON = "durahub apply"

POISONOUS = "poison"
UNREADABLE = "unreadable"
FOR_NOBODY = "for nobody"

RUNS_AGAIN = "activity that may have run runs again"
STARTED_AGAIN = "child that may have been started is started again"
MENDED = "row that was behind its history is written as a worker would have"
CHILD_UNCLEAR = "child of another parent under the ID that is awaited"


def complete(held: Held, source: Source) -> Complete:
    """Return *held* with all messages to it, and those that it has sent to instances that are not there."""
    result = Complete(instance=held.instance)
    seen = source.seen_to(held.instance.instance_id)
    _take_seen(result, seen)
    for stray in source.strays.owned.get(held.instance.instance_id, ()):
        _take(result, stray)
    if source.sight.sees_all:
        return result
    state = states.read([one.event for one in held.instance.history])
    add_entity_messages(result, seen, state, source)
    _mend(result, state)
    _start(result, seen)
    if state.is_live:
        _Answers(result, seen, state, source).make()
    return result


def _take_seen(result: Complete, seen: Seen) -> None:
    for message in seen.messages:
        _take(result, message)
    if seen.unreadable:
        result.left[UNREADABLE] += seen.unreadable


def _take(result: Complete, message: StoredMessage) -> None:
    if message.deliveries >= POISON:
        result.left[POISONOUS] += 1
    elif isinstance(message.message.event, TaskScheduled):
        result.activities.append(message)
    else:
        result.messages.append(message)


def _mend(result: Complete, state: State) -> None:
    """Bring the row in line with its history, as the server would with the next message."""
    instance = result.instance
    status = Status.__members__.get(instance.status)
    if status is None or state.started is None:
        return
    execution = state.started.execution.execution_id
    if not same_execution(execution, instance.execution_id):
        return  # the row tells of a start that is to come
    row = Instance(
        instance_id=instance.instance_id,
        execution_id=instance.execution_id,
        name=instance.name,
        version=instance.version,
        status=status,
        created=instance.created or Ticks(0),
        last_updated=instance.last_updated or Ticks(0),
        custom_status=instance.custom_status,
    )
    repair = repair_of(HistoryVersion(execution, len(instance.history), None), state, row)
    if repair is None:
        return
    update, started = repair.update, state.started
    result.doubts[MENDED] += 1
    result.instance = replace(
        instance,
        status=(update.status or status).name,
        created=started.timestamp,
        last_updated=update.last_updated,
        completed=update.completed,
        output=update.output if update.sets_output else instance.output,
    )


def _start(result: Complete, seen: Seen) -> None:
    """Make the start of an instance that is pending, if it was not seen."""
    instance = result.instance
    if instance.status != Status.Pending.name or instance.execution_id is None:
        return
    begun = started_of(instance)
    if begun is not None and same_execution(begun.execution.execution_id, instance.execution_id):
        return  # rewound
    for message in seen.messages:
        event = message.message.event
        if isinstance(event, ExecutionStarted) and same_execution(
            event.execution.execution_id, instance.execution_id
        ):
            return
    start = start_of_row(instance)
    message = made(Message(event=start, target=start.execution, due=instance.scheduled_start))
    result.messages.insert(0, message)


# -- answers -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Answers:
    """Makes what an instance that runs waits for and what was not seen."""

    result: Complete
    seen: Seen
    state: State
    source: Source
    _marked: set[int] = field(default_factory=set)  # indexes of events

    def make(self) -> None:
        events = [one.event for one in self.result.instance.history]
        on_the_way, at_work = _under_way(self.seen.messages)
        for index in open_actions(events):
            event = events[index]
            question = question_of(event)
            if question in on_the_way:
                continue
            match event:
                case TaskScheduled() if event.event_id not in at_work:
                    self._activity(index, event, events)
                case TimerCreated():
                    self._send(self._fired(event), due=event.fire_at)
                case SubOrchestrationInstanceCreated():
                    self._child(index, event)
        self._wake_up()

    @property
    def _execution(self) -> Execution:
        assert self.state.started is not None  # noqa: S101 (for the types)
        own = self.state.started.execution.execution_id
        return Execution(self.result.instance.instance_id, own)

    def _send(self, event: Event, due: Ticks | None = None) -> None:
        self.result.messages.append(
            made(
                Message(
                    event=event,
                    target=self._execution,
                    sender=self._execution,
                    episode=max(1, self.state.episodes),
                    due=due,
                )
            )
        )

    def _fired(self, timer: TimerCreated) -> TimerFired:
        return TimerFired(timestamp=timer.timestamp, timer_id=timer.event_id, fire_at=timer.fire_at)

    def _activity(self, index: int, event: TaskScheduled, events: Sequence[Event]) -> None:
        self.result.doubts[RUNS_AGAIN] += 1
        if event.input is None and not self.source.sight.has_inputs:
            self._marked.add(index)
            return
        assert self.state.started is not None  # noqa: S101 (for the types)
        sent = replace(event, is_played=False, worker_number=None)  # as in messages
        message = Message(
            event=sent,
            target=self._execution,
            sender=self._execution,
            episode=_episode_of(index, events),
            tags=self.state.started.tags or {},
        )
        self.result.activities.append(made(message))

    def _child(self, index: int, event: SubOrchestrationInstanceCreated) -> None:
        child_id = event.instance_id or ""
        if FIRE_AND_FORGET in (event.tags or {}) or not child_id:
            return
        strays = self.source.strays.owned.get(self._execution.instance_id, ())
        coming = (*self.source.seen_to(child_id).messages, *strays)
        if any(_starts(one, child_id) for one in coming):
            return
        child = self.source.member(child_id)
        started = started_of(child.instance) if child is not None else None
        if child is None:
            self._start_again(index, event)
        elif started is None:
            return  # a row without history: it is to begin, or was ended before it did
        elif not self._is_ours(started.parent, event):
            if states.read([one.event for one in child.instance.history]).completed is None:
                self.result.doubts[CHILD_UNCLEAR] += 1
            else:
                self._start_again(index, event)
        else:
            self._answer_of(child.instance)

    def _is_ours(self, parent: Parent | None, event: SubOrchestrationInstanceCreated) -> bool:
        return (
            parent is not None
            and same_execution(parent.execution.execution_id, self._execution.execution_id)
            and parent.task_schedule_id == event.event_id
        )

    def _answer_of(self, child: StoredInstance) -> None:
        """Send the result of a child that has ended; of one that has not it will come."""
        state = states.read([one.event for one in child.history])
        if state.started is None or state.completed is None:
            return
        actor = Actor(
            execution=Execution(child.instance_id, state.started.execution.execution_id),
            started=state.started,
            episode=max(1, state.episodes),
            now=state.completed.timestamp,
        )
        answer = tell_parent(state.completed, actor)
        if answer is not None:
            self.result.messages.append(made(answer))

    def _start_again(self, index: int, event: SubOrchestrationInstanceCreated) -> None:
        self.result.doubts[STARTED_AGAIN] += 1
        if event.input is None and not self.source.sight.has_inputs:
            self._marked.add(index)
            return
        assert self.state.started is not None  # noqa: S101 (for the types)
        started = self.state.started
        own = child_execution_id(self._execution.execution_id or "", event.event_id)
        start = ExecutionStarted(
            timestamp=event.timestamp,
            execution=Execution(event.instance_id or "", own),
            name=event.name,
            version=event.version,
            input=event.input,
            tags=event.tags,
            parent=Parent(
                name=started.name,
                version=started.version,
                execution=self._execution,
                task_schedule_id=event.event_id,
            ),
        )
        self.result.messages.append(
            made(
                Message(
                    event=start,
                    target=start.execution,
                    sender=self._execution,
                    episode=max(1, self.state.episodes),
                    tags=started.tags or {},
                )
            )
        )

    def _wake_up(self) -> None:
        """Wake an orchestrator that has to schedule something again, or that was rewound."""
        seen = any(isinstance(one.message.event, GenericEvent) for one in self.seen.messages)
        if self._marked:
            self.result.instance = marked(self.result.instance, self._marked)
        elif seen or not waits_for_wake_up(self.result.instance.history):
            return
        message = wake_up(self._execution.instance_id, REASON, self.source.sight.moment)
        self.result.messages.append(made(message))


def open_actions(events: Iterable[Event]) -> tuple[int, ...]:
    """Return the indexes of the actions without an answer: the last where one was done again."""
    found: dict[Answer, int] = {}
    for index, event in enumerate(events):
        question = question_of(event)
        if question is not None:
            found[question] = index
            continue
        answer = answer_of(event)
        if answer is not None:
            found.pop(answer, None)
    return tuple(sorted(found.values()))


def _under_way(messages: Iterable[StoredMessage]) -> tuple[set[Answer], set[int]]:
    """Return the answers that were seen, and the numbers of the activities that were."""
    on_the_way: set[Answer] = set()
    at_work: set[int] = set()
    for one in messages:
        event = one.message.event
        if isinstance(event, TaskScheduled):
            at_work.add(event.event_id)
        elif (answer := answer_of(event)) is not None:
            on_the_way.add(answer)
    return on_the_way, at_work


def marked(instance: StoredInstance, indexes: Iterable[int]) -> StoredInstance:
    """Return *instance* with those events as generic ones: its orchestrator has not done them yet.

    What stood there is told beside, as a rewind in rows leaves it.
    """
    history = list(instance.history)
    for index in indexes:
        event = history[index].event
        reason = f"Rewound: {event.type.name}"
        history[index] = StoredEvent(
            GenericEvent(event_id=event.event_id, timestamp=event.timestamp, data=None),
            beside={"columns": {**_columns(event), "Reason": reason}},
        )
    return replace(instance, history=tuple(history))


def _columns(event: Event) -> dict[str, str]:
    if not isinstance(event, ActionEvent):
        return {}
    return {
        column: text
        for column, name in (
            ("Name", "name"),
            ("Version", "version"),
            ("InstanceId", "instance_id"),
        )
        if isinstance(text := getattr(event, name, None), str)
    }


def waits_for_wake_up(history: Sequence[StoredEvent]) -> bool:
    """Tell whether an execution was rewound in its rows and has not run since; its children were not."""
    ends = [
        index
        for index, one in enumerate(history)
        if str(one.beside.get("columns", {}).get("Reason", "")).startswith(
            "Rewound: ExecutionCompleted"
        )
    ]
    if not ends:
        return False
    after = [one.event for one in history[ends[-1] :]]
    children = [
        index
        for index in open_actions(one.event for one in history)
        if isinstance(history[index].event, SubOrchestrationInstanceCreated)
    ]
    return not children and not any(isinstance(one, OrchestratorStarted) for one in after)


def _episode_of(index: int, events: Sequence[Event]) -> int:
    return max(1, sum(isinstance(one, OrchestratorStarted) for one in events[:index]))


def _starts(message: StoredMessage, child_id: str) -> bool:
    event = message.message.event
    return isinstance(event, ExecutionStarted) and event.execution.instance_id == child_id
