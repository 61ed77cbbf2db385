"""What is asked of entities: a call that is not answered, a lock that somebody else holds."""

from collections.abc import Mapping
from dataclasses import replace

from durahub.engine.entities.messages import Request, guid_text, request_of
from durahub.errors import BadMessage
from durahub.model.history import EventRaised, EventSent
from durahub.model.ticks import seconds_between
from durahub_migrate.monitor.explaining.activities import answered, just_asked
from durahub_migrate.monitor.explaining.cause import Cause, fact, likely, not_read
from durahub_migrate.monitor.explaining.children import Explain
from durahub_migrate.monitor.explaining.delivering import delivery
from durahub_migrate.monitor.explaining.open_work import Open
from durahub_migrate.monitor.explaining.seen import HubSeen, InstanceSeen, SeenMessage
from durahub_migrate.monitor.explaining.wording import (
    age,
    continued,
    counted,
    hub_command,
    instance_command,
    quoted,
    until,
)
from durahub_migrate.monitor.waiting import Explanation, NextStep, Pending, Reason

NOT_THERE = "It is not there."
"""The sentence about an instance of which nothing was found."""


def targets(one: Open, instances: Mapping[str, InstanceSeen], me: str) -> tuple[str, ...]:
    """Return the entities on which a call or a request for locks may hang now, as far as was read.

    Locks are taken one after the other: the first that is not *me*'s yet is the one.
    """
    request = one.request
    if request is None or not isinstance(one.asked, EventSent):
        return ()
    if request.lock_set is None:
        return (one.asked.instance_id or "",)
    found = []
    for entity_id in request.lock_set:
        found.append(entity_id)
        entity = instances.get(entity_id)
        if entity is None or entity.row is None or entity.row.locked_by != me:
            break
    return tuple(found)


def asked(
    one: Open,
    instance: InstanceSeen,
    hub: HubSeen,
    instances: Mapping[str, InstanceSeen],
    explain: Explain,
) -> Cause:
    """Return why a call of an entity, or a request for locks, is open."""
    request = one.request
    assert request is not None  # noqa: S101 (for the types)
    wanted = targets(one, instances, instance.instance_id)
    entity_id = wanted[-1] if wanted else ""
    entity = instances.get(entity_id)
    pending = Pending(
        what="lock" if request.is_lock else "entity",
        reason=Reason.EVENT_OR_ENTITY,
        name=request.operation,
        event_id=one.asked.event_id,
        instance_id=entity_id,
        since=one.since,
        due=request.due,
    )
    what = _what(request, entity_id)
    sent = fact(
        f"{what[0].upper()}{what[1:]} was asked for {age(one.since, hub.now)} ago.",
        f"history event {one.position}",
        one.since,
    )
    judged = _judged(one, request, instance, hub, entity_id, entity, explain, pending)
    return replace(judged, evidence=(sent, *judged.evidence))


def _judged(
    one: Open,
    request: Request,
    instance: InstanceSeen,
    hub: HubSeen,
    entity_id: str,
    entity: InstanceSeen | None,
    explain: Explain,
    pending: Pending,
) -> Cause:
    what = _what(request, entity_id)
    waits = f"waiting {age(one.since, hub.now)} for {what}"
    answer = _answer(request, instance, hub)
    if answer is not None:
        return answered(answer, f"the answer to {what} is there", pending, instance, hub)
    holder = entity.row.locked_by if entity is not None and entity.row is not None else None
    if holder is not None and holder != instance.instance_id:
        return _locked(
            f"{waits}; {quoted(holder)} holds its lock", entity_id, holder, hub, explain, pending
        )
    message = _request(request, entity_id, hub)
    if message is not None and entity is not None:
        way = delivery(entity, hub)
        if way is not None:
            return replace(
                way,
                sentence=f"{waits}: {way.sentence}",
                pending=replace(
                    pending,
                    reason=way.reason,
                    message="taken" if message.taken else "queued",
                    queue=message.queue,
                    queued=message.inserted,
                    deliveries=message.deliveries,
                ),
            )
    if request.due is not None and request.due > hub.now:
        return Cause(
            reason=Reason.TIMER_UNTIL,
            sentence=f"waiting for {what}, which is to be done {until(request.due, hub.now)}",
            pending=replace(pending, reason=Reason.TIMER_UNTIL),
        )
    if entity is None:
        return Cause(
            reason=Reason.EVENT_OR_ENTITY,
            sentence=waits,
            evidence=(not_read(f"Entity {quoted(entity_id)} was not read."),),
            pending=pending,
        )
    return _nothing_seen(one, waits, what, instance, hub, entity, pending)


def _nothing_seen(
    one: Open,
    waits: str,
    what: str,
    instance: InstanceSeen,
    hub: HubSeen,
    entity: InstanceSeen,
    pending: Pending,
) -> Cause:
    hidden = hub.hidden(entity.queue, instance.queue)
    place = f"queues {entity.queue} and {instance.queue}"
    seconds = seconds_between(one.since, hub.now)
    if hidden is None:
        return Cause(
            reason=Reason.EVENT_OR_ENTITY,
            sentence=waits,
            evidence=(not_read("Its messages were not looked for."),),
            pending=pending,
        )
    if entity.backlog:
        told = likely(
            f"The entity keeps {counted(entity.backlog, 'operation')} until a lock is released; this one "
            "is probably among them.",
            f"instance {quoted(entity.instance_id)}",
        )
        return Cause(
            reason=Reason.EVENT_OR_ENTITY, sentence=waits, evidence=(told,), pending=pending
        )
    if hidden:
        told = likely(
            f"Neither request nor answer is to be seen; either may be among "
            f"{counted(hidden, 'hidden message')}.",
            place,
        )
        stale = seconds >= hub.thresholds.stale
        return Cause(
            reason=Reason.CHECKPOINT_STALE if stale else Reason.EVENT_OR_ENTITY,
            sentence=waits
            + (", whose message is probably taken, and no answer follows" if stale else ""),
            stuck=stale,
            evidence=(told,),
            pending=replace(pending, message="taken"),
        )
    if seconds < hub.thresholds.moved:
        return just_asked(what, pending)
    told = likely(
        "Neither request nor answer is queued, nothing is hidden, and the entity keeps no operations.",
        place,
    )
    return Cause(
        reason=Reason.MESSAGE_LOST,
        sentence=f"{waits}, whose request or answer is probably lost",
        stuck=True,
        evidence=(told,),
        steps=(
            NextStep(
                sentence="The doctor does not mend this: end the instance and start it again.",
                command=instance_command("terminate", instance.instance_id, hub.address),
                action="terminate",
            ),
        ),
        pending=replace(pending, reason=Reason.MESSAGE_LOST, message="missing"),
    )


def _locked(
    sentence: str,
    entity_id: str,
    holder: str,
    hub: HubSeen,
    explain: Explain,
    pending: Pending,
) -> Cause:
    held = fact(
        f"The row of {quoted(entity_id)} says that {quoted(holder)} holds its lock.",
        f"instance {quoted(entity_id)}",
    )
    pending = replace(pending, reason=Reason.ENTITY_LOCK_HELD_BY)
    other = explain(holder)
    if other is None:
        return Cause(
            reason=Reason.ENTITY_LOCK_HELD_BY,
            sentence=f"{sentence}; that one waits in turn for this instance: a deadlock",
            stuck=True,
            evidence=(held, fact("The instances wait for each other in a circle.")),
            steps=(
                NextStep(
                    sentence="End one of them; let orchestrators lock their entities in one call, or always "
                    "in the same order.",
                    command=instance_command("terminate", holder, hub.address),
                    action="terminate",
                ),
            ),
            pending=pending,
        )
    if other.reason is Reason.ENDED or _is_gone(other):
        return Cause(
            reason=Reason.ENTITY_LOCK_HELD_BY,
            sentence=f"{sentence}: that one has ended or is gone, and never releases it",
            stuck=True,
            evidence=(held, *(one for one in other.evidence[:1])),
            steps=(_release(hub),),
            pending=pending,
            chain=(replace(other, chain=()),),
        )
    return Cause(
        reason=Reason.ENTITY_LOCK_HELD_BY,
        sentence=f"{sentence}. That one: {continued(other.sentence)}",
        stuck=other.is_stuck,
        evidence=(held,),
        steps=other.next_steps,
        pending=pending,
        chain=(replace(other, chain=()), *other.chain),
    )


def entity(instance: InstanceSeen, hub: HubSeen, explain: Explain) -> tuple[Cause, ...]:
    """Return why an entity does not work off what is sent to it."""
    row = instance.row
    found = []
    holder = row.locked_by if row is not None else None
    keeps = instance.backlog or 0
    if holder is not None:
        pending = Pending(
            what="lock", reason=Reason.ENTITY_LOCK_HELD_BY, instance_id=instance.instance_id
        )
        waiting = f", and {counted(keeps, 'operation')} wait for the release" if keeps else ""
        sentence = f"it is locked by {quoted(holder)}{waiting}"
        found.append(_locked(sentence, instance.instance_id, holder, hub, explain, pending))
    since = f", changed {age(row.updated, hub.now)} ago" if row is not None else ""
    found.append(
        Cause(
            reason=Reason.EVENT_OR_ENTITY,
            sentence=f"an entity waits for operations as long as it is there{since}",
            evidence=(fact("An entity never ends by itself."),),
            pending=Pending(what="event", reason=Reason.EVENT_OR_ENTITY, message="none"),
        )
    )
    return tuple(found)


def _is_gone(other: Explanation) -> bool:
    return other.reason is Reason.UNKNOWN and other.sentence == NOT_THERE


def _answer(request: Request, instance: InstanceSeen, hub: HubSeen) -> SeenMessage | None:
    wanted = guid_text(request.id)
    for message in hub.messages_to(instance.instance_id, activities=False):
        event = message.event
        if isinstance(event, EventRaised) and guid_text(event.name or "") == wanted:
            return message
    return None


def _request(request: Request, entity_id: str, hub: HubSeen) -> SeenMessage | None:
    for message in hub.messages_to(entity_id, activities=False):
        event = message.event
        if not isinstance(event, EventRaised):
            continue
        try:
            found = request_of(event.input)
        except BadMessage:
            continue
        if guid_text(found.id) == guid_text(request.id):
            return message
    return None


def _what(request: Request, entity_id: str) -> str:
    if request.is_lock:
        count = len(request.lock_set or ())
        of = f" (of {count} locks)" if count > 1 else ""
        return f"the lock of entity {quoted(entity_id)}{of}"
    return f"the answer of entity {quoted(entity_id)} to {quoted(request.operation)}"


def _release(hub: HubSeen) -> NextStep:
    if hub.mends:
        return NextStep(
            sentence="Release orphaned locks: clean the hub's entities, or let the doctor do it.",
            command=hub_command("doctor", hub.address, "--repair"),
            action="clean-entities",
        )
    return NextStep(
        sentence="Release orphaned locks: clean the hub's entities.", action="clean-entities"
    )
