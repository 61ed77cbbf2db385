"""What becomes of messages that are on their way to an instance: results, events, its start."""

from collections.abc import Sequence

from durahub.engine.state import answer_of
from durahub.model.history import (
    Event,
    EventRaised,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
)
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.explaining.cause import Cause, likely
from durahub_migrate.monitor.explaining.partition import (
    ask_server,
    backlog,
    held_by,
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
from durahub_migrate.monitor.waiting import NextStep, Reason


def on_the_way(instance: InstanceSeen, hub: HubSeen) -> tuple[SeenMessage, ...]:
    """Return the messages to an instance that a worker could take, or has taken; those not due are none."""
    found = hub.messages_to(instance.instance_id, activities=False)
    return tuple(one for one in found if one.is_due(hub.now))


def delivery(instance: InstanceSeen, hub: HubSeen) -> Cause | None:
    """Return why messages that are there for an instance are not taken; ``None`` if there is none."""
    found = on_the_way(instance, hub)
    if not found:
        return None
    bad = [one for one in found if is_poison(one, hub)]
    if bad:
        return _poison(bad[0], instance, hub)
    waiting = visible(found, hub.now)
    if not waiting:
        return _taken(found, instance, hub)
    first = min(waiting, key=lambda one: one.inserted or hub.now)
    what = f"{counted(len(waiting), 'message')} for it ({kinds(waiting)})"
    keeps = trouble(instance.queue or first.queue, hub)
    if keeps is not None:
        return Cause(
            reason=keeps.reason,
            sentence=f"{what} {_waits(waiting)} in queue {first.queue}, and {keeps.sentence}",
            stuck=keeps.stuck,
            evidence=(backlog(first, hub), *keeps.evidence),
            steps=keeps.steps,
        )
    since = first.since or first.due or _moved(instance)
    waits = 0.0 if since is None else seconds_between(since, hub.now)
    evidence = (backlog(first, hub), *held_by(first.queue, hub))
    why = "the queue's owner works on others first, or on nothing"
    steps: tuple[NextStep, ...] = (_look_at_partition(),)
    if first.taken is None:
        evidence += (likely("The store does not tell whether a worker has it."),)
        nobody = "no worker is connected, " if hub.server is not None else ""
        why, steps = f"{nobody}others come first, or the worker that has it hangs", ask_server(hub)
    if waits < hub.thresholds.backlog:
        return Cause(
            reason=Reason.WORKING,
            sentence=f"{what} {'is' if len(waiting) == 1 else 'are'} about to be taken",
            evidence=evidence,
        )
    return Cause(
        reason=Reason.QUEUED_BEHIND_BACKLOG,
        sentence=f"{what} {_waits(waiting)} in queue {first.queue}, for {age(since, hub.now)} now: "
        f"{why}",
        evidence=evidence,
        steps=steps,
    )


def _look_at_partition() -> NextStep:
    return NextStep(
        sentence="Look at the partition: its depth, its growth and its owner; more workers help "
        "if other partitions have the same owner."
    )


def _moved(instance: InstanceSeen) -> Ticks | None:
    row = instance.row
    return instance.checkpoint or (row.updated or row.created if row is not None else None)


def is_poison(message: SeenMessage, hub: HubSeen) -> bool:
    """Tell whether a message cannot be read, or came back too often."""
    return message.problem is not None or message.deliveries >= hub.thresholds.poison


def _poison(message: SeenMessage, instance: InstanceSeen, hub: HubSeen) -> Cause:
    if message.problem is not None:
        sentence = "a message to it cannot be read: no worker can take it"
    else:
        times = counted(message.deliveries, "time")
        sentence = (
            f"a message to it ({kinds([message])}) was delivered {times} and is still there: "
            "probably the orchestrator's turn fails again and again, or its worker dies of it"
        )
    return Cause(
        reason=Reason.MESSAGE_POISON,
        sentence=sentence,
        stuck=True,
        evidence=(poison(message), *held_by(message.queue, hub)),
        steps=(
            NextStep(
                sentence="Read the worker's log at the times of delivery; what it says of this instance is "
                "the cause. Look what the doctor says of the message.",
                command=hub_command("doctor", hub.address),
            ),
            NextStep(
                sentence="If the instance is worth nothing any more, end it.",
                command=instance_command("terminate", instance.instance_id, hub.address),
                action="terminate",
            ),
        ),
    )


def _taken(found: Sequence[SeenMessage], instance: InstanceSeen, hub: HubSeen) -> Cause:
    """Return what the store tells of messages that a worker has."""
    oldest = min((one.inserted for one in found if one.inserted is not None), default=None)
    what = f"{counted(len(found), 'message')} to it ({kinds(found)})"
    long = oldest is not None and seconds_between(oldest, hub.now) >= hub.thresholds.stale
    return Cause(
        reason=Reason.CHECKPOINT_STALE if long else Reason.WORKING,
        sentence=f"a worker has {what}" + (", and no checkpoint follows" if long else ""),
        stuck=long,
        evidence=held_by(instance.queue, hub),
    )


def _waits(messages: Sequence[SeenMessage]) -> str:
    return "waits" if len(messages) == 1 else "wait"


def kinds(messages: Sequence[SeenMessage]) -> str:
    """Return what messages bring: ``event 'Approve', result of task 3``; of many the first."""
    told = list(dict.fromkeys(kind(one.event) for one in messages))
    return ", ".join(told[:3]) + (", …" if len(told) > 3 else "")


def kind(event: Event | None) -> str:
    """Return what a message brings."""
    match event:
        case None:
            return "unreadable"
        case ExecutionStarted():
            return "its start"
        case EventRaised():
            return f"event {quoted(event.name)}"
        case ExecutionTerminated():
            return "a request to end"
        case ExecutionSuspended():
            return "a request to suspend"
        case ExecutionResumed():
            return "a request to resume"
        case ExecutionRewound():
            return "a request to rewind"
        case GenericEvent():
            return "a wake-up"
    answer = answer_of(event)
    if answer is not None:
        what, number = answer
        return {"task": "result of activity", "child": "result of child"}.get(
            what, "timer"
        ) + f" {number}"
    return event.type.name
