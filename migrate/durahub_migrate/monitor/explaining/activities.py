"""An activity that is open: it waits in its queue, runs, is poison, or its message is gone."""

from dataclasses import replace

from durahub.engine.state import answer_of, same_execution
from durahub.model.history import TaskScheduled
from durahub.model.ticks import seconds_between
from durahub_migrate.monitor.explaining.cause import Cause, fact, likely, not_read
from durahub_migrate.monitor.explaining.delivering import delivery, is_poison
from durahub_migrate.monitor.explaining.open_work import Open
from durahub_migrate.monitor.explaining.partition import (
    ask_server,
    backlog,
    nobody,
    poison,
    trouble,
    visible,
)
from durahub_migrate.monitor.explaining.seen import HubSeen, InstanceSeen, SeenMessage
from durahub_migrate.monitor.explaining.wording import (
    age,
    counted,
    hub_command,
    instance_command,
    quoted,
)
from durahub_migrate.monitor.waiting import Evidence, NextStep, Pending, Reason


def activity(one: Open, instance: InstanceSeen, hub: HubSeen) -> Cause:
    """Return why an activity is open."""
    asked = one.asked
    assert isinstance(asked, TaskScheduled)  # noqa: S101 (for the types)
    judged = _judged(one, asked, instance, hub)
    pending = judged.pending
    assert pending is not None  # noqa: S101 (for the types)
    tried: tuple[Evidence, ...] = ()
    if one.last_failure is not None and one.attempt > 1:
        tried = (fact(f"Attempt {one.attempt - 1} failed: {one.last_failure}.", _place(one)),)
    return replace(judged, evidence=(_scheduled(one, hub), *tried, *judged.evidence))


def _judged(one: Open, asked: TaskScheduled, instance: InstanceSeen, hub: HubSeen) -> Cause:
    pending = _pending(one, asked, hub)
    answer = answer_on_the_way(("task", asked.event_id), instance, hub)
    if answer is not None:
        return answered(
            answer, f"the result of activity {_called(one)} is there", pending, instance, hub
        )
    item = _work_item(asked, instance, hub)
    if item is not None:
        return _seen(item, one, pending, instance, hub)
    if asked.event_id in instance.unposted:
        return _unposted(one, pending, instance, hub)
    work, own = hub.queues.get(hub.work_items or ""), hub.hidden(instance.queue)
    if work is None or own is None:
        sentence = f"waiting {age(one.since, hub.now)} for activity {_called(one)}, which is queued or runs"
        told = not_read("Its message was not looked for: nothing tells whether it runs.")
        return _running(sentence, one, pending, instance, hub, told)
    seconds = seconds_between(one.since, hub.now)
    if work.cut:
        return Cause(
            reason=Reason.ACTIVITY_QUEUED,
            sentence=f"waiting {age(one.since, hub.now)} for activity {_called(one)}: its message is "
            f"probably behind the first {len(work.messages)} of queue {work.name}",
            evidence=(
                likely(
                    f"Queue {work.name} has {counted(work.depth, 'message')}.", f"queue {work.name}"
                ),
            ),
            pending=replace(pending, reason=Reason.ACTIVITY_QUEUED, message="unknown"),
            steps=(_more_workers(),),
        )
    if work.hidden:
        pending = replace(pending, message="taken", queue=work.name)
        told = likely(
            f"Its message is not to be seen, and {counted(work.hidden, 'message')} of queue {work.name} "
            f"{'is' if work.hidden == 1 else 'are'} hidden: a worker probably has it.",
            f"queue {work.name}",
        )
        if hub.workers == ():
            return _nobody(one, pending, instance, hub, told)
        sentence = (
            f"waiting {age(one.since, hub.now)} for activity {_called(one)}, which probably runs"
        )
        return _running(sentence, one, pending, instance, hub, told)
    if own:
        return hidden_answer(
            f"the result of activity {_called(one)}", own, seconds, pending, instance, hub
        )
    if seconds < hub.thresholds.moved:
        return just_asked(f"activity {_called(one)}", pending)
    return lost(
        f"activity {_called(one)}",
        "its work item nor its result",
        replace(pending, reason=Reason.MESSAGE_LOST, message="missing"),
        hub,
        f"queues {work.name} and {instance.queue}",
    )


def answer_on_the_way(
    wanted: tuple[str, int], instance: InstanceSeen, hub: HubSeen
) -> SeenMessage | None:
    """Return the message that answers an action, where it is seen and due."""
    for message in hub.messages_to(instance.instance_id, activities=False):
        if message.event is None or answer_of(message.event) != wanted:
            continue
        if is_of(message, instance) and message.is_due(hub.now):
            return message
    return None


def is_of(message: SeenMessage, instance: InstanceSeen) -> bool:
    """Tell whether a message is for the current execution, as far as it tells."""
    wanted, execution = message.execution_id, instance.execution_id
    return wanted is None or execution is None or same_execution(wanted, execution)


def answered(
    message: SeenMessage, sentence: str, pending: Pending, instance: InstanceSeen, hub: HubSeen
) -> Cause:
    """Return that something has its answer, which is not taken: `delivery` tells why."""
    way = delivery(instance, hub)
    reason = way.reason if way is not None else Reason.WORKING
    return Cause(
        reason=reason,
        sentence=f"{sentence} and was not taken" if way is None else f"{sentence}: {way.sentence}",
        stuck=way.stuck if way is not None else False,
        pending=replace(
            pending,
            reason=reason,
            message="taken" if message.taken else "queued",
            queue=message.queue,
            queued=message.inserted,
            deliveries=message.deliveries,
        ),
    )


def hidden_answer(
    what: str, hidden: int, seconds: float, pending: Pending, instance: InstanceSeen, hub: HubSeen
) -> Cause:
    """Return that an answer is probably among the hidden messages of the instance's own queue."""
    told = likely(
        f"{what[0].upper()}{what[1:]} is not to be seen, and {counted(hidden, 'message')} of queue "
        f"{instance.queue} {'is' if hidden == 1 else 'are'} hidden: it may be among these.",
        f"queue {instance.queue}",
    )
    keeps = trouble(instance.queue, hub)
    if keeps is not None:
        return Cause(
            reason=keeps.reason,
            sentence=f"{what} was probably taken, and {keeps.sentence}",
            stuck=keeps.stuck,
            evidence=(told, *keeps.evidence),
            steps=keeps.steps,
            pending=replace(pending, reason=keeps.reason, message="taken", queue=instance.queue),
        )
    stale = seconds >= hub.thresholds.stale and _idle(instance, hub) >= hub.thresholds.stale
    reason = Reason.CHECKPOINT_STALE if stale else Reason.WORKING
    steps = (
        NextStep(
            sentence="Look at the worker that holds its partition: does it run, what does its log say of "
            "this instance? If the message is lost, it is found when fewer are hidden.",
            command=hub_command("doctor", hub.address),
        ),
    )
    return Cause(
        reason=reason,
        sentence=f"{what} was probably taken by a worker"
        + (", and no checkpoint follows" if stale else " just now"),
        stuck=stale,
        evidence=(told,),
        steps=steps if stale else (),
        pending=replace(pending, reason=reason, message="taken", queue=instance.queue),
    )


def _idle(instance: InstanceSeen, hub: HubSeen) -> float:
    return (
        hub.thresholds.stale
        if instance.checkpoint is None
        else seconds_between(instance.checkpoint, hub.now)
    )


def just_asked(what: str, pending: Pending) -> Cause:
    """Return that something was asked for so recently that its message may be on the way."""
    return Cause(
        reason=Reason.WORKING,
        sentence=f"{what} was asked for just now",
        evidence=(likely("Its message was not seen, but it may just be changing queues."),),
        pending=replace(pending, reason=Reason.WORKING),
    )


def lost(what: str, neither: str, pending: Pending, hub: HubSeen, place: str) -> Cause:
    """Return that the message of something is gone: nothing is hidden in the queues where it may be."""
    told = fact(f"Neither {neither} is in its queue, and nothing is hidden there.", place)
    mend = NextStep(
        sentence="Let the doctor send it again (look first, without --repair).",
        command=hub_command("doctor", hub.address, "--repair"),
    )
    return Cause(
        reason=Reason.MESSAGE_LOST,
        sentence=f"{what} never comes to an end: its message is lost",
        stuck=True,
        evidence=(told,),
        steps=(mend,) if hub.mends else (),
        pending=pending,
    )


def _seen(
    item: SeenMessage, one: Open, pending: Pending, instance: InstanceSeen, hub: HubSeen
) -> Cause:
    pending = replace(
        pending,
        message="taken" if item.taken else "queued",
        queue=item.queue,
        queued=item.inserted,
        deliveries=item.deliveries,
    )
    since = age(item.inserted or one.since, hub.now)
    if is_poison(item, hub):
        times = f"delivered {counted(item.deliveries, 'time')}"
        return Cause(
            reason=Reason.ACTIVITY_POISON,
            sentence=f"waiting {age(one.since, hub.now)} for activity {_called(one)}: its message has "
            f"been in queue {item.queue} for {since} and was {times}: probably poison",
            stuck=True,
            evidence=(poison(item),),
            steps=(
                NextStep(
                    sentence=f"Read the workers' logs for activity {quoted(_name(one))}: it crashes its "
                    "process, exceeds a time limit, or cannot read its input."
                ),
                NextStep(
                    sentence="When that is mended, the next delivery ends it. If it never can, end the "
                    "instance.",
                    command=instance_command("terminate", instance.instance_id, hub.address),
                    action="terminate",
                ),
            ),
            pending=replace(pending, reason=Reason.ACTIVITY_POISON),
        )
    if item.taken is None and hub.workers != ():
        sentence = f"waiting {age(one.since, hub.now)} for activity {_called(one)}, which is queued or runs"
        told = fact(
            "Its message is there; the store does not tell whether a worker has it.", item.place
        )
        cause = _running(sentence, one, pending, instance, hub, told)
        waits = seconds_between(one.since, hub.now)
        asks = ask_server(hub) if waits >= hub.thresholds.backlog else ()
        return replace(cause, steps=(*asks, *cause.steps))
    if not visible([item], hub.now):
        told = fact("A worker has its message.", item.place, item.inserted)
        sentence = f"waiting {age(one.since, hub.now)} for activity {_called(one)}, which runs"
        return _running(sentence, one, pending, instance, hub, told)
    if hub.workers == ():
        return _nobody(one, pending, instance, hub, backlog(item, hub))
    return Cause(
        reason=Reason.ACTIVITY_QUEUED,
        sentence=f"waiting {age(one.since, hub.now)} for activity {_called(one)}: its message has been "
        f"in queue {item.queue} for {since}, and no worker has taken it yet",
        evidence=(backlog(item, hub),),
        steps=(_more_workers(),),
        pending=replace(pending, reason=Reason.ACTIVITY_QUEUED),
    )


def _nobody(
    one: Open, pending: Pending, instance: InstanceSeen, hub: HubSeen, told: Evidence
) -> Cause:
    keeps = nobody(hub, hub.owners.get(instance.queue or ""), instance.queue)
    return replace(
        keeps,
        sentence=f"waiting {age(one.since, hub.now)} for activity {_called(one)}, and {keeps.sentence}",
        evidence=(told, *keeps.evidence),
        pending=replace(pending, reason=Reason.NO_WORKERS),
    )


def _running(
    sentence: str, one: Open, pending: Pending, instance: InstanceSeen, hub: HubSeen, told: Evidence
) -> Cause:
    long = seconds_between(one.since, hub.now) >= hub.thresholds.running_long
    reason = Reason.ACTIVITY_RUNNING_LONG if long else Reason.ACTIVITY_RUNNING
    steps = (
        NextStep(
            sentence=f"Look at the workers' logs for activity {quoted(_name(one))}: is it still at work? "
            "Ending the instance does not stop it.",
            command=instance_command("terminate", instance.instance_id, hub.address),
            action="terminate",
        ),
    )
    return Cause(
        reason=reason,
        sentence=sentence,
        evidence=(told,),
        steps=steps if long else (),
        pending=replace(pending, reason=reason),
    )


def _unposted(one: Open, pending: Pending, instance: InstanceSeen, hub: HubSeen) -> Cause:
    pending = replace(pending, message="none")
    told = fact(
        "It has no message: a durahub server of the level exclusive runs it itself.", _place(one)
    )
    keeps = trouble(instance.queue, hub)
    if keeps is not None and keeps.stuck:
        return replace(
            keeps,
            sentence=f"activity {_called(one)} was with a server that is gone: {keeps.sentence}",
            evidence=(told, *keeps.evidence),
            steps=(
                *keeps.steps,
                NextStep(
                    sentence="If another kind of worker is to go on with the hub, put its message.",
                    command=hub_command("settle", hub.address),
                ),
            ),
            pending=replace(pending, reason=keeps.reason),
        )
    sentence = f"waiting {age(one.since, hub.now)} for activity {_called(one)}, which a server runs"
    return _running(sentence, one, pending, instance, hub, told)


def _work_item(asked: TaskScheduled, instance: InstanceSeen, hub: HubSeen) -> SeenMessage | None:
    for message in hub.messages_to(instance.instance_id, activities=True):
        event = message.event
        if event is not None and event.event_id == asked.event_id and is_of(message, instance):
            return message
    return None


def _pending(one: Open, asked: TaskScheduled, hub: HubSeen) -> Pending:
    return Pending(
        what="activity",
        reason=Reason.UNKNOWN,
        name=asked.name,
        event_id=asked.event_id,
        since=one.since,
        attempt=one.attempt,
        last_failure=one.last_failure,
        queue=hub.work_items,
    )


def _scheduled(one: Open, hub: HubSeen) -> Evidence:
    return fact(
        f"Activity {_called(one)} was scheduled {age(one.since, hub.now)} ago.",
        _place(one),
        one.since,
    )


def _place(one: Open) -> str:
    return f"history event {one.position}"


def _name(one: Open) -> str | None:
    return getattr(one.asked, "name", None)


def _called(one: Open) -> str:
    tried = f" (attempt {one.attempt})" if one.attempt > 1 else ""
    return f"{quoted(_name(one))}{tried}"


def _more_workers() -> NextStep:
    return NextStep(
        sentence="If the queue of activities grows: more workers, or a higher limit of concurrent activities "
        "per worker."
    )
