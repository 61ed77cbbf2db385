"""QUE603: hidden messages that nothing in the tables explains."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from durahub.classic.names import HubNames
from durahub.classic.routing import control_index
from durahub.engine.entities.messages import due_of_name
from durahub.engine.state import answer_of, question_of
from durahub.model.history import (
    Event,
    EventSent,
    ExecutionStarted,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.open_work import unanswered
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import (
    DAY,
    STOPPED,
    a_classic_hub,
    a_queued,
    activity,
    ago,
    began,
    child,
    fired,
    parent,
    timer,
)
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given

UNREAD = "!unread"
_QUEUE = HubNames("orders").control_queue(control_index("order-7", 4))
_WAITING = an_instance(history=began(timer(ago(-DAY))))


class Unexplained(JoiningRule[HubFacts | MessageFacts | InstanceFacts]):
    """Finds queues that hold more hidden messages than the tables explain.

    Why it matters: a message that is not due yet cannot be looked at. Timers and scheduled starts
    stand in the tables too, and can be made anew from there. A signal for a later time that a client or
    an entity has sent stands nowhere else: a move loses it. So does it lose what a worker had in hand
    when it was killed.

    What to do: stop the apps, wait five minutes, and look again: what a worker had is visible then. If
    the number stays, there are delayed signals, or timers of purged instances and of earlier
    generations, which do no harm. Wait until they are due, or ask the owner whether clients and entities
    send delayed signals.

    When to ignore it: while workers run the number means nothing, for what they have in hand is hidden
    too. So it is told where nobody works: as an error of a hub that is said to be stopped, as a warning
    where no lease is held.
    """

    code = "QUE603"
    message = "hidden messages are not explained by the tables"
    severity = Severity.ERROR
    source = "DurableTask.AzureStorage, ControlQueue.cs; Azure Queue Storage, peeking"
    about = (HubFacts, MessageFacts, InstanceFacts)
    needs = frozenset({Need.QUEUES, Need.INSTANCES, Need.HISTORY})
    profiles = WHEN_MOVING
    bad = (
        Example(
            "Two messages, and one timer that is not due",
            (a_hub(queues={_QUEUE: 2}), _WAITING),
            STOPPED,
        ),
        Example(
            "An activity's message, and no activity",
            (a_hub(queues={"orders-workitems": 1}), _WAITING),
            STOPPED,
        ),
        Example(
            "The timer's message is the one that is seen",
            (
                a_hub(queues={_QUEUE: 2}),
                a_queued(fired(ago(-DAY)), queue=_QUEUE),
                _WAITING,
            ),
            STOPPED,
        ),
        Example(
            "A message beside a child that is at work",
            (
                a_hub(queues={_QUEUE: 1}),
                an_instance(history=began(child("parcel-7"))),
                an_instance("parcel-7", history=began(parent=parent())),
            ),
            STOPPED,
        ),
        Example(
            "Nobody says that the hub is stopped, but no worker holds a lease",
            (a_hub(queues={_QUEUE: 1}, classic=a_classic_hub({_QUEUE: 1})),),
        ),
    )
    good = (
        Example(
            "One message, and one timer that is not due",
            (a_hub(queues={_QUEUE: 1}), _WAITING),
            STOPPED,
        ),
        Example(
            "An activity's message, or its result's",
            (
                a_hub(queues={_QUEUE: 1, "orders-workitems": 1}),
                an_instance(history=began(activity(0), activity(1))),
            ),
            STOPPED,
        ),
        Example(
            "A timer of an instance that has ended: nobody takes its message back",
            (
                a_hub(queues={_QUEUE: 1}),
                an_instance(status="Completed", history=began(timer(ago(-DAY)))),
            ),
            STOPPED,
        ),
        Example(
            "A scheduled start",
            (a_hub(queues={_QUEUE: 1}), an_instance(status="Pending")),
            STOPPED,
        ),
        Example(
            "A child that has not begun, or has ended",
            (a_hub(queues={_QUEUE: 1}), an_instance(history=began(child("parcel-7")))),
            STOPPED,
        ),
        Example(
            "A SQLite file, in which nothing is hidden",
            (a_hub(kind=HubKind.SCHEDULER, queues={"inbox": 2, "timers": 1}), _WAITING),
            STOPPED,
        ),
        Example("Workers may be at it", (a_hub(queues={_QUEUE: 2}), _WAITING)),
        Example(
            "A history was not read, for only a sample is",
            (a_hub(queues={_QUEUE: 2}), an_instance(history_is_read=False)),
            STOPPED,
        ),
    )

    def observe(
        self, fact: HubFacts | MessageFacts | InstanceFacts, given: Given
    ) -> Iterator[Observation]:
        """Note the queues, what is seen of each, and by instance what may be hidden in which."""
        hub = given.hub
        if hub is None or not hub.queues or not _is_quiet(given):
            return
        group = hub.place.source
        if isinstance(fact, HubFacts):
            severity = Severity.ERROR if given.is_frozen else Severity.WARNING
            queues = {name: depth for name, depth in fact.queues.items() if _is_queue(name)}
            told = {"queues": queues, "severity": severity.value}
            yield Observation(group, "!hub " + json.dumps(told), fact.place)
        elif isinstance(fact, MessageFacts):
            whose, answers = _seen(fact)
            value = json.dumps([whose, "seen", fact.queue, answers])
            yield Observation(group, value, hub.place)
        elif fact.row is not None and not fact.history_is_read and not fact.is_terminal:
            yield Observation(group, UNREAD, hub.place)
        else:
            waits = list(_waits(fact, hub, given))
            if waits:
                yield Observation(group, json.dumps([fact.instance_id, "waits", waits]), hub.place)
            of = fact.state.started.parent if fact.state.started is not None else None
            if of is not None and fact.state.is_live:
                note = [of.execution.instance_id, "works", f"child {of.task_schedule_id}"]
                yield Observation(group, json.dumps(note), hub.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Take from each queue's depth what is seen, and what is awaited and not seen."""
        hub: dict[str, Any] | None = None
        hidden: Counter[str] = Counter()
        awaited: Counter[tuple[str, ...]] = Counter()
        for whose, notes in groupby(seen, key=_whose):
            if whose == UNREAD:
                return
            if whose.startswith("!hub"):
                hub = json.loads(next(notes).value.removeprefix("!hub "))
                continue
            _count((json.loads(one.value) for one in notes), hidden, awaited)
        if hub is None:
            return
        for queue, depth in hub["queues"].items():
            left = depth - hidden[queue]
            left -= sum(count for queues, count in awaited.items() if queue in queues)
            if left > 0:
                said = f"messages: {depth:,}; hidden and not explained: at least {left:,}"
                place = Place(source=group, kind=PlaceKind.QUEUE, key=queue)
                yield self.at(place, said, severity=Severity(hub["severity"]))


def _is_queue(name: str) -> bool:
    """Tell whether it is one of Azure Storage's, in which messages are hidden; other stores show all."""
    return "-control-" in name or name.endswith("-workitems")


def _is_quiet(given: Given) -> bool:
    """Tell whether nobody has messages in hand: by the user's word, or for nobody holds a partition."""
    classic = given.hub.classic if given.hub is not None else None
    return given.is_frozen or (classic is not None and not classic.workers)


def _whose(one: Observation) -> str:
    return str(json.loads(one.value)[0]) if one.value.startswith("[") else one.value


def _count(
    notes: Iterable[list[Any]], seen: Counter[str], awaited: Counter[tuple[str, ...]]
) -> None:
    """Count one instance's messages that are seen, and what it waits for beside these.

    A child that is at work has no message on its way. What is awaited comes last.
    """
    answered = []
    for note in sorted(notes, key=lambda note: bool(note[1] == "waits")):
        if note[1] == "seen":
            seen[note[2]] += 1
            answered.append(note[3])
        elif note[1] == "works":
            answered.append(note[2])
        else:
            for answers, queues in note[2]:
                if answers in answered:
                    answered.remove(answers)
                else:
                    awaited[tuple(queues)] += 1


def _seen(fact: MessageFacts) -> tuple[str, str]:
    """Return whose wait a message ends, and which: a child's start is what its parent waits for."""
    event = fact.event
    if isinstance(event, ExecutionStarted):
        if event.parent is None:
            return fact.target or "", "start"
        return event.parent.execution.instance_id, f"child {event.parent.task_schedule_id}"
    return fact.target or "", _name(event)


def _name(event: Event | None) -> str:
    found = (answer_of(event) or question_of(event)) if event is not None else None
    return f"{found[0]} {found[1]}" if found is not None else ""


def _waits(
    fact: InstanceFacts, hub: HubFacts, given: Given
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what of an instance may be hidden, and in which queues each may be."""
    names = HubNames(hub.name)

    def queue(instance_id: str) -> str:
        return names.control_queue(control_index(instance_id, hub.partitions))

    own = queue(fact.instance_id)
    if fact.row is not None and fact.state.started is None:
        start = fact.row.scheduled_start  # a start stays in its queue when it is terminated before
        if fact.row.status == "Pending" or (start is not None and start > given.read_at):
            yield "start", (own,)
    for event in unanswered(fact):
        match event:
            case TimerCreated() if fact.state.is_live or event.fire_at > given.read_at:
                yield _name(event), (own,)
            case TaskScheduled() if fact.state.is_live:
                yield _name(event), (names.workitem_queue, own)
            case SubOrchestrationInstanceCreated() if fact.state.is_live:
                yield _name(event), tuple({own, queue(event.instance_id or "")})
    for event in fact.history:
        due = due_of_name(event.name) if isinstance(event, EventSent) else None
        if due is not None and due > given.read_at:
            yield "signal", (queue(event.instance_id or ""),)  # type: ignore[union-attr]
