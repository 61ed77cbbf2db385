"""Rules about what instances wait for: every open action has a message, or work under way; layout 9.

A message may be hidden: a timer that is not due, an activity that runs. So these rules yield what is
*awaited and not seen*; whether it is lost, `durahub.classic.doctor.ledger` decides by counting.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from durahub.classic.doctor.findings import Finding, Rule, Severity
from durahub.classic.doctor.repairs import (
    AnswerParent,
    Repair,
    ScheduleAgain,
    SendAgain,
    StartAgain,
)
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.rewind_in_place import Mark, wake_up
from durahub.engine.state import answer_of, question_of, same_execution
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    GenericEvent,
    Status,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, to_text

REASON = "durahub hub doctor"

LOST_START = Rule(
    name="lost-start",
    severity=Severity.ERROR,
    means="An instance is Pending, and there is no start message: it never begins.",
    remedy="The start message is sent again, from the row: same execution, same time of start.",
)
LOST_ACTIVITY = Rule(
    name="lost-activity",
    severity=Severity.ERROR,
    means="An activity is scheduled, and there is neither its work item nor its result: it never ends.",
    remedy="The orchestrator schedules it again: rows do not hold an activity's input. It may run twice.",
)
LOST_TIMER = Rule(
    name="lost-timer",
    severity=Severity.ERROR,
    means="A timer is set, and its message is gone: it never fires.",
    remedy="The timer's message is sent again, for the time at which it is due.",
)
LOST_CHILD = Rule(
    name="lost-child-start",
    severity=Severity.ERROR,
    means="A child is started, and there is neither its start message nor anything of it: it never begins.",
    remedy="The orchestrator starts it again, under the same ID: rows do not hold its input.",
)
LOST_RESULT = Rule(
    name="lost-child-result",
    severity=Severity.ERROR,
    means="A child has ended, and its parent neither has the result nor is it on its way.",
    remedy="The result is sent again, from the child's history.",
)
LOST_WAKE_UP = Rule(
    name="rewound-without-wake-up",
    severity=Severity.ERROR,
    means="An instance was rewound in its rows, and the message that lets it go on is gone.",
    remedy="The wake-up is sent.",
)
MISSING = Rule(
    name="messages-missing",
    severity=Severity.ERROR,
    means="Instances wait for more messages of a queue than it has: some are lost. Which ones, the hidden "
    "messages do not tell.",
    remedy="None yet: look again when fewer messages are hidden (no worker runs, timers are due).",
)
RULES = (
    LOST_START,
    LOST_ACTIVITY,
    LOST_TIMER,
    LOST_CHILD,
    LOST_RESULT,
    LOST_WAKE_UP,
    MISSING,
)


@dataclass(frozen=True, slots=True)
class Awaited:
    """A message that is needed and not seen. It is lost if nothing is hidden in any of *queues*."""

    finding: Finding
    queues: tuple[str, ...]


def awaited(instance: InstanceFacts, hub: HubFacts) -> Iterator[Awaited]:
    """Yield what one instance waits for and what is not to be seen."""
    if not instance.is_readable:
        return
    start = _start(instance, hub)
    if start is not None:
        yield start
    if instance.is_live:
        yield from _answers(instance, hub)
    if instance.waits_for_wake_up and not open_children(instance):
        seen = (message.event for message in hub.messages_to(instance.instance_id))
        if not any(isinstance(event, GenericEvent) for event in seen):
            repair = SendAgain(wake_up(instance.instance_id, REASON, hub.now))
            finding = LOST_WAKE_UP.found(
                _where(instance, hub, "rewound"),
                "rewound, and not run since",
                instance_id=instance.instance_id,
                repair=repair,
            )
            yield Awaited(finding, (hub.queue_of(instance.instance_id),))


def open_children(instance: InstanceFacts) -> tuple[SubOrchestrationInstanceCreated, ...]:
    """Return the children whose answer an instance waits for."""
    answered = instance.state.answers
    return tuple(
        event
        for event in instance.events
        if isinstance(event, SubOrchestrationInstanceCreated)
        and FIRE_AND_FORGET not in (event.tags or {})
        and ("child", event.event_id) not in answered
    )


def _start(instance: InstanceFacts, hub: HubFacts) -> Awaited | None:
    row = instance.row
    if row is None or row.status is not Status.Pending or row.execution_id is None:
        return None
    if same_execution(row.execution_id, instance.execution_id):
        return None  # it has begun: rewound, or its row is behind
    for message in hub.messages_to(instance.instance_id):
        event = message.event
        if isinstance(event, ExecutionStarted) and same_execution(
            event.execution.execution_id, row.execution_id
        ):
            return None
    finding = LOST_START.found(
        f"table {hub.names.instances_table} {instance.key}/",
        f"Pending since {to_text(row.created)}"
        + (f", to start {to_text(row.scheduled_start)}" if row.scheduled_start else ""),
        instance_id=instance.instance_id,
        repair=StartAgain(instance.instance_id, row.execution_id),
    )
    return Awaited(finding, (hub.queue_of(instance.instance_id),))


def _answers(instance: InstanceFacts, hub: HubFacts) -> Iterator[Awaited]:
    """Yield the open actions for which no message is seen."""
    own = (hub.queue_of(instance.instance_id),)
    workitems = hub.names.workitem_queue
    on_the_way, at_work = set(), set()
    for message in hub.messages_to(instance.instance_id):
        event = message.event
        if isinstance(event, TaskScheduled):
            at_work.add(event.event_id)
        elif event is not None and (answer := answer_of(event)) is not None:
            on_the_way.add(answer)
    at_work.update(instance.unposted)  # without a message, as they should be
    last: dict[tuple[str, int], tuple[int, Event]] = {}
    for index, event in enumerate(instance.events):
        question = question_of(event)
        if question is not None:
            last[question] = (index, event)
    for question, (index, event) in last.items():
        if question in instance.state.answers or question in on_the_way:
            continue
        match event:
            case TaskScheduled() if event.event_id not in at_work:
                finding = _lost(
                    LOST_ACTIVITY, instance, hub, index, _again(instance, index, hub.now)
                )
                yield Awaited(finding, (workitems, *own))
            case TimerCreated():
                finding = _lost(
                    LOST_TIMER, instance, hub, index, SendAgain(_fired(instance, event))
                )
                yield Awaited(finding, own)
            case SubOrchestrationInstanceCreated():
                yield from _child(instance, hub, index, event)


def _child(
    instance: InstanceFacts, hub: HubFacts, index: int, event: SubOrchestrationInstanceCreated
) -> Iterator[Awaited]:
    child_id = event.instance_id or ""
    if FIRE_AND_FORGET in (event.tags or {}) or not child_id:
        return
    child = instance.related.get(child_id)
    if child is None:
        return  # it was not asked for
    queues = tuple(dict.fromkeys((hub.queue_of(child_id), hub.queue_of(instance.instance_id))))
    starts = (message.event for message in hub.messages_to(child_id))
    if any(isinstance(one, ExecutionStarted) for one in starts):
        return
    started = child.state.started
    if started is None:
        if not child.is_there:
            again = _again(instance, index, hub.now)
            yield Awaited(_lost(LOST_CHILD, instance, hub, index, again), queues)
        return
    answers_us = started.parent is not None and same_execution(
        started.parent.execution.execution_id, instance.execution_id
    )
    ended = child.state.completed
    if ended is None or not answers_us or FIRE_AND_FORGET in (started.tags or {}):
        return
    if ended.status is Status.Canceled:
        return  # DTFx tells nobody
    repair = AnswerParent(child_id, instance.instance_id)
    yield Awaited(_lost(LOST_RESULT, instance, hub, index, repair), queues)


def _fired(instance: InstanceFacts, timer: TimerCreated) -> Message:
    execution = Execution(instance.instance_id, instance.execution_id)
    fired = TimerFired(timestamp=timer.timestamp, timer_id=timer.event_id, fire_at=timer.fire_at)
    return Message(
        event=fired,
        target=execution,
        sender=execution,
        episode=max(1, instance.state.episodes),
        due=timer.fire_at,
    )


def _again(instance: InstanceFacts, index: int, now: Ticks) -> ScheduleAgain:
    event = instance.events[index]
    return ScheduleAgain(
        instance_id=instance.instance_id,
        execution_id=instance.execution_id or "",
        mark=Mark(index, f"Rewound: {event.type.name}", generic=True),
        event_type=event.type,
        event_id=event.event_id,
        wake_up=wake_up(instance.instance_id, REASON, now),
    )


def _lost(
    rule: Rule,
    instance: InstanceFacts,
    hub: HubFacts,
    index: int,
    repair: Repair,
) -> Finding:
    event = instance.events[index]
    name = getattr(event, "name", None)
    detail = f"{event.type.name} {event.event_id}"
    if name:
        detail += f" ({name})"
    if isinstance(event, TimerCreated):
        detail += f", due {to_text(event.fire_at)}"
    if isinstance(event, SubOrchestrationInstanceCreated):
        detail += f", child {event.instance_id}"
    where = _where(instance, hub, instance.row_keys[index])
    return rule.found(where, detail, instance_id=instance.instance_id, repair=repair)


def _where(instance: InstanceFacts, hub: HubFacts, row_key: str) -> str:
    return f"table {hub.names.history_table} {instance.key}/{row_key}"
