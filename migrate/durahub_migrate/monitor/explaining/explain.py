"""Makes one answer of everything that was found about an instance."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from durahub.engine import state as states
from durahub.engine.entities.ids import is_entity
from durahub.engine.state import State, same_execution
from durahub.model.history import (
    EventSent,
    GenericEvent,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.ticks import MINIMUM, Ticks
from durahub_migrate.monitor.explaining import standing
from durahub_migrate.monitor.explaining.activities import activity
from durahub_migrate.monitor.explaining.cause import Cause, fact, likely, not_read, ordered
from durahub_migrate.monitor.explaining.children import Explain, child
from durahub_migrate.monitor.explaining.delivering import delivery, kind
from durahub_migrate.monitor.explaining.entities import NOT_THERE, asked, entity
from durahub_migrate.monitor.explaining.open_work import Arrived, Open, OpenWork, open_work
from durahub_migrate.monitor.explaining.partition import held_by, trouble
from durahub_migrate.monitor.explaining.seen import HubSeen, InstanceSeen
from durahub_migrate.monitor.explaining.timers import timer
from durahub_migrate.monitor.explaining.wording import (
    age,
    counted,
    hub_command,
    instance_command,
    listed,
    quoted,
)
from durahub_migrate.monitor.row import ENDED
from durahub_migrate.monitor.waiting import Evidence, Explanation, NextStep, Pending, Reason

MOST_PENDING = 50
"""So many open things of one instance are explained one by one; the rest is counted."""
DEEPEST = 20
"""So far a chain is followed."""
_WAITS_BY_ITSELF = frozenset(
    {Reason.TIMER_UNTIL, Reason.RETRY_UNTIL, Reason.EVENT_OR_ENTITY, Reason.CHILD_RUNNING}
)


def explain(instance_id: str, instances: Mapping[str, InstanceSeen], hub: HubSeen) -> Explanation:
    """Return why an instance does not move. *instances* are it and those that it may wait for."""
    return _explain(instance_id, instances, hub, ())


def _explain(
    instance_id: str, instances: Mapping[str, InstanceSeen], hub: HubSeen, path: tuple[str, ...]
) -> Explanation:
    found = instances.get(instance_id)
    if found is None:
        told = not_read(f"Instance {quoted(instance_id)} was not read.")
        sentence = "it was not read, so nothing can be said of it"
        return _answer(
            instance_id, hub, [Cause(reason=Reason.UNKNOWN, sentence=sentence, evidence=(told,))]
        )
    path = (*path, instance_id)

    def other(wanted: str) -> Explanation | None:
        if wanted in path:
            return None
        if len(path) >= DEEPEST:
            return _explain(wanted, {}, hub, path)
        return _explain(wanted, instances, hub, path)

    state = states.read(found.history or ())
    causes = list(_causes(found, state, instances, hub, other))
    return _answer(instance_id, hub, causes, found, state)


def _causes(
    found: InstanceSeen,
    state: State,
    instances: Mapping[str, InstanceSeen],
    hub: HubSeen,
    other: Explain,
) -> Iterator[Cause]:
    row = found.row
    if not found.is_there:
        yield from _nothing_there(found, hub)
        return
    disagrees = standing.disagreement(found, state, hub)
    if disagrees is not None:
        yield disagrees
    if _has_ended(found, state):
        if disagrees is None:
            yield standing.has_ended(found, hub)
        return
    if is_entity(found.instance_id):
        way = delivery(found, hub)
        if way is not None:
            yield way
        yield from entity(found, hub, other)
        return
    if _has_not_begun(found, state):
        yield standing.not_begun(found, hub)
        return
    if found.history is None:
        others = _without_history(found, hub)
    else:
        others = _waiting(found, state, instances, hub, other)
    if state.suspended or (row is not None and row.status == "Suspended"):
        yield standing.suspended(found, hub)
        others = (replace(one, beside=True) for one in others)
    yield from others


def _waiting(
    found: InstanceSeen,
    state: State,
    instances: Mapping[str, InstanceSeen],
    hub: HubSeen,
    other: Explain,
) -> Iterator[Cause]:
    way = delivery(found, hub)
    if way is not None:
        yield way
    if found.problems:
        yield Cause(
            reason=Reason.UNKNOWN,
            sentence=f"{counted(len(found.problems), 'row')} of it cannot be read, so no worker can go on",
            stuck=True,
            evidence=tuple(fact(f"Not readable: {one}") for one in found.problems[:3]),
            steps=(
                NextStep(sentence="See what is wrong.", command=hub_command("doctor", hub.address)),
            ),
        )
    work = open_work(found.history or ())
    causes = [_open(one, found, instances, hub, other) for one in work.open[:MOST_PENDING]]
    if found.rewound and not any(
        isinstance(one.asked, SubOrchestrationInstanceCreated) for one in work.open
    ):
        yield _rewound(found, hub)
    yield from causes
    if not causes and not found.rewound:
        yield _event(found, work, state, hub)
    elif any(isinstance(one.asked, TimerCreated) and one.retries is None for one in work.open):
        yield _beside_timer(found, work, hub)
    if way is None and all(one.reason in _WAITS_BY_ITSELF for one in causes):
        keeps = trouble(found.queue, hub)
        if keeps is not None:
            yield replace(
                keeps,
                beside=True,
                sentence=f"when what it waits for comes, nothing follows: {keeps.sentence}",
            )


def _open(
    one: Open,
    found: InstanceSeen,
    instances: Mapping[str, InstanceSeen],
    hub: HubSeen,
    other: Explain,
) -> Cause:
    match one.asked:
        case TaskScheduled():
            return activity(one, found, hub)
        case TimerCreated():
            return timer(one, found, hub)
        case SubOrchestrationInstanceCreated():
            return child(one, found, hub, instances.get(one.asked.instance_id or ""), other)
        case EventSent():
            return asked(one, found, hub, instances, other)


def _event(found: InstanceSeen, work: OpenWork, state: State, hub: HubSeen) -> Cause:
    """Return that an instance can wait for an external event alone."""
    hidden = hub.hidden(found.queue)
    since = age(_last_moved(found, state), hub.now)
    evidence = [
        likely(
            "Nothing that it has scheduled is open, so it can wait for an external event alone; which one, "
            "no row tells."
        ),
        *_events(work),
    ]
    if hidden:
        told = f"{counted(hidden, 'message')} of queue {found.queue} {'is' if hidden == 1 else 'are'} hidden"
        evidence.append(likely(f"{told}: one may be on its way to it.", f"queue {found.queue}"))
    steps = [
        NextStep(
            sentence="Find out from the orchestrator's code for which event it waits, and raise it: its name "
            "must be the same, for some SDKs to the case of each letter.",
            command=instance_command("raise-event", found.instance_id, hub.address, "NAME", "DATA"),
            action="raise-event",
        )
    ]
    return Cause(
        reason=Reason.EVENT_OR_ENTITY,
        sentence=f"waiting {since}, probably for an external event: nothing that it has scheduled is open",
        evidence=tuple(evidence),
        steps=tuple(steps),
        pending=Pending(
            what="event",
            reason=Reason.EVENT_OR_ENTITY,
            since=_last_moved(found, state),
            message="none",
        ),
    )


def _events(work: OpenWork) -> Iterator[Evidence]:
    """Yield what arrived: what moved the instance, and what did not, which may be called wrongly."""
    moved = list(dict.fromkeys(one.name for one in work.arrived if one.moved))
    kept: dict[str, Arrived] = {
        one.name: one for one in work.arrived if not one.moved and one.name not in moved
    }
    if moved:
        yield fact(f"Events that have moved it before: {listed(moved)}.", "history")
    for one in list(kept.values())[:5]:
        like = next((name for name in moved if name.casefold() == one.name.casefold()), None)
        differs = f": it differs from {quoted(like)} in upper and lower case" if like else ""
        yield likely(
            f"Event {quoted(one.name)} has arrived, and the orchestrator did nothing upon it: probably it "
            f"waits for another name, or not yet{differs}.",
            "history",
        )


def _beside_timer(found: InstanceSeen, work: OpenWork, hub: HubSeen) -> Cause:
    events = tuple(_events(work))
    return Cause(
        reason=Reason.EVENT_OR_ENTITY,
        sentence="an external event may move it before its timer does",
        beside=True,
        evidence=(likely("An event may be waited for beside the timer; no row tells."), *events),
        steps=(
            NextStep(
                sentence="If it waits for an event, raise it.",
                command=instance_command(
                    "raise-event", found.instance_id, hub.address, "NAME", "DATA"
                ),
                action="raise-event",
            ),
        ),
    )


def _rewound(found: InstanceSeen, hub: HubSeen) -> Cause:
    sent = hub.messages_to(found.instance_id, activities=False)
    there = any(isinstance(message.event, GenericEvent) for message in sent)
    hidden = hub.hidden(found.queue)
    if there or hidden != 0:
        return Cause(
            reason=Reason.WORKING,
            sentence="it was rewound and is about to run again",
            evidence=(likely("Its wake-up is queued, or hidden.", f"queue {found.queue}"),),
        )
    return Cause(
        reason=Reason.MESSAGE_LOST,
        sentence="it was rewound, and the message that lets it go on is gone",
        stuck=True,
        evidence=(
            fact(
                "No wake-up is in its queue, and nothing is hidden there.", f"queue {found.queue}"
            ),
        ),
        steps=(
            NextStep(
                sentence="Let the doctor send it again (look first, without --repair).",
                command=hub_command("doctor", hub.address, "--repair"),
            ),
        ),
    )


def _nothing_there(found: InstanceSeen, hub: HubSeen) -> Iterator[Cause]:
    way = delivery(found, hub)
    if way is not None:
        yield replace(way, sentence=f"it has no row yet: {way.sentence}")
        return
    later = next(iter(hub.messages_to(found.instance_id, activities=False)), None)
    if later is not None:
        yield Cause(
            reason=Reason.SCHEDULED,
            sentence="it is not there yet: a message for it is not due",
            evidence=(fact(f"It brings {kind(later.event)}.", later.place, later.inserted),),
        )
        return
    told = fact(f"There is no such instance as {quoted(found.instance_id)}.")
    yield Cause(reason=Reason.UNKNOWN, sentence=NOT_THERE, evidence=(told,))


def _without_history(found: InstanceSeen, hub: HubSeen) -> Iterator[Cause]:
    way = delivery(found, hub)
    if way is not None:
        yield way
    keeps = trouble(found.queue, hub)
    if keeps is not None:
        yield replace(keeps, beside=way is None)
    sentence = "for what it waits cannot be told: its history was not read"
    told = tuple(map(not_read, found.unread)) or (not_read("Its history was not read."),)
    yield Cause(reason=Reason.UNKNOWN, sentence=sentence, evidence=told)


def _has_ended(found: InstanceSeen, state: State) -> bool:
    row = found.row
    if row is None:
        return state.completed is not None
    if row.status in ENDED:
        return True
    same = same_execution(row.execution_id, found.execution_id) or row.execution_id is None
    return state.completed is not None and same


def _has_not_begun(found: InstanceSeen, state: State) -> bool:
    row = found.row
    if row is None or row.status != "Pending":
        return False
    if found.history is None or state.started is None:
        return True
    return row.execution_id is not None and not same_execution(row.execution_id, found.execution_id)


def _last_moved(found: InstanceSeen, state: State) -> Ticks | None:
    moments = [found.checkpoint, state.last if state.last != MINIMUM else None]
    if found.row is not None:
        moments.append(found.row.updated or found.row.created)
    return max((one for one in moments if one is not None), default=None)


def _answer(
    instance_id: str,
    hub: HubSeen,
    causes: list[Cause],
    found: InstanceSeen | None = None,
    state: State | None = None,
) -> Explanation:
    causes = list(ordered(causes))
    first = causes[0]
    since = _last_moved(found, state) if found is not None and state is not None else None
    evidence: dict[Evidence, None] = {}
    for cause in causes:
        evidence.update(dict.fromkeys(cause.evidence))
    unread = (*hub.unread, *(found.unread if found is not None else ()))
    evidence.update(dict.fromkeys(map(not_read, unread)))
    if found is not None:
        evidence.update(dict.fromkeys(held_by(found.queue, hub)))
    steps: dict[NextStep, None] = {}
    for cause in causes[:3]:
        steps.update(dict.fromkeys(cause.steps))
    pending = tuple(cause.pending for cause in causes if cause.pending is not None)
    return Explanation(
        instance_id=instance_id,
        reason=first.reason,
        sentence=_sentence(first, pending),
        is_stuck=first.stuck and not first.beside,
        at=hub.now,
        since=since,
        reasons=tuple(dict.fromkeys(cause.reason for cause in causes)),
        evidence=tuple(evidence),
        pending=pending,
        next_steps=tuple(steps),
        chain=first.chain,
    )


def _sentence(first: Cause, pending: tuple[Pending, ...]) -> str:
    told = first.sentence[0].upper() + first.sentence[1:]
    others = [
        one
        for one in pending
        if one is not first.pending
        and one.what != "event"
        and not (first.pending is None and one.reason is first.reason)  # it was told of all at once
    ]
    if others:
        kinds: dict[str, int] = {}
        for one in others:
            kinds[one.what] = kinds.get(one.what, 0) + 1
        plural = {"activity": "activities", "child": "children", "entity": "calls of entities"}
        shown = ", ".join(counted(n, what, plural.get(what)) for what, n in kinds.items())
        told = f"{told.rstrip('.')}. Also open: {shown}"
    return told if told.endswith((".", "…")) else f"{told}."
