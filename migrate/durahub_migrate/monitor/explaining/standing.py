"""What row and history alone tell: ended, suspended, not begun; and where the two do not fit."""

from dataclasses import replace

from durahub.engine.state import State, same_execution
from durahub.model.history import (
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
)
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.explaining.cause import Cause, fact, likely, not_read
from durahub_migrate.monitor.explaining.delivering import delivery
from durahub_migrate.monitor.explaining.partition import trouble
from durahub_migrate.monitor.explaining.seen import HubSeen, InstanceSeen, SeenMessage
from durahub_migrate.monitor.explaining.wording import (
    age,
    clock,
    counted,
    head,
    hub_command,
    instance_command,
    until,
)
from durahub_migrate.monitor.waiting import NextStep, Pending, Reason


def has_ended(instance: InstanceSeen, hub: HubSeen) -> Cause:
    """Return that an instance has ended."""
    row = instance.row
    ended = (row.completed or row.updated) if row is not None else None
    status = row.status if row is not None else "Completed"
    since = f" since {clock(ended)}" if ended is not None else ""
    step = NextStep(
        sentence="Its failure stands in its output and its history.",
        command=instance_command("history", instance.instance_id, hub.address),
    )
    return Cause(
        reason=Reason.ENDED,
        sentence=f"it has ended: {status}{since}",
        evidence=(fact(f"The row says {status}{since}.", "instance row", ended),),
        steps=(step,) if status == "Failed" else (),
    )


def suspended(instance: InstanceSeen, hub: HubSeen) -> Cause:
    """Return that an instance is suspended, since when and what for; who asked for it nothing tells."""
    event = next(
        (e for e in reversed(instance.history or ()) if isinstance(e, ExecutionSuspended)), None
    )
    row = instance.row
    since = event.timestamp if event is not None else (row.updated if row is not None else None)
    why = head(event.reason) if event is not None else None
    given = f" with the reason: {why}" if why else ", without a reason"
    told = f"It was suspended {age(since, hub.now)} ago{given}."
    waiting = [
        message
        for message in hub.messages_to(instance.instance_id, activities=False)
        if not message.taken and message.is_due(hub.now)
    ]
    evidence = [fact(told, "history" if event is not None else "instance row", since)]
    if waiting:
        evidence.append(
            fact(f"{counted(len(waiting), 'message')} for it wait meanwhile.", waiting[0].place)
        )
    return Cause(
        reason=Reason.SUSPENDED,
        sentence=f"it has been suspended for {age(since, hub.now)}{given}",
        evidence=tuple(evidence),
        steps=(
            NextStep(
                sentence="Resume it when what it was suspended for is over.",
                command=instance_command("resume", instance.instance_id, hub.address),
                action="resume",
            ),
        ),
    )


def not_begun(instance: InstanceSeen, hub: HubSeen) -> Cause:
    """Return why an instance that was created has not begun."""
    row = instance.row
    created = row.created if row is not None else None
    starts = _starts(instance, hub)
    due = row.scheduled_start if row is not None else None
    for message in starts:
        if message.due is not None and (due is None or message.due > due):
            due = message.due
    pending = Pending(
        what="start",
        reason=Reason.NEVER_STARTED,
        name=row.name if row is not None else None,
        since=created,
        due=due,
        message="queued" if starts else "unknown",
        queue=instance.queue,
        queued=starts[0].inserted if starts else None,
        deliveries=starts[0].deliveries if starts else None,
    )
    hidden = hub.hidden(instance.queue)
    waits = f"created {age(created, hub.now)} ago and not begun"
    if not starts and hidden == 0 and _old(created, hub):
        return _start_lost(instance, hub, pending, waits)
    if due is not None and due > hub.now:
        return Cause(
            reason=Reason.SCHEDULED,
            sentence=f"it starts {until(due, hub.now)}",
            evidence=(fact(f"It is scheduled for {clock(due)}.", "instance row", created),),
            pending=_with(pending, Reason.SCHEDULED, pending.message if starts else "taken"),
        )
    way = delivery(instance, hub)
    if starts and way is not None:
        return Cause(
            reason=way.reason,
            sentence=f"{waits}: {way.sentence}",
            stuck=way.stuck,
            evidence=way.evidence,
            steps=way.steps,
            pending=_with(pending, way.reason, "taken" if starts[0].taken else "queued"),
        )
    if hidden is None:
        told = not_read("Its start message was not looked for.")
        reason = Reason.NEVER_STARTED if _stale(created, due, hub) else Reason.WORKING
        return Cause(
            reason=reason,
            sentence=waits,
            stuck=reason is Reason.NEVER_STARTED,
            evidence=(told,),
            pending=_with(pending, reason, "unknown"),
        )
    return _start_hidden(instance, hub, hidden, pending, waits)


def _start_hidden(
    instance: InstanceSeen, hub: HubSeen, hidden: int, pending: Pending, waits: str
) -> Cause:
    queue = hub.queues[instance.queue or ""]
    told = likely(
        f"Its start message is not to be seen; it may be among {counted(hidden, 'message')} of queue "
        f"{queue.name} that are hidden.",
        f"queue {queue.name}",
    )
    keeps = trouble(instance.queue, hub)
    if keeps is not None:
        return Cause(
            reason=keeps.reason,
            sentence=f"{waits}, and {keeps.sentence}",
            stuck=keeps.stuck,
            evidence=(told, *keeps.evidence),
            steps=keeps.steps,
            pending=_with(pending, keeps.reason, "taken"),
        )
    if queue.cut:
        return Cause(
            reason=Reason.QUEUED_BEHIND_BACKLOG,
            sentence=f"{waits}: its message is probably behind the first {len(queue.messages)} of queue "
            f"{queue.name}, which has {queue.depth}",
            evidence=(told,),
            pending=_with(pending, Reason.QUEUED_BEHIND_BACKLOG, "unknown"),
        )
    if not _stale(pending.since, pending.due, hub):
        return Cause(
            reason=Reason.WORKING,
            sentence=f"{waits}: a worker has probably taken its start",
            evidence=(told,),
            pending=_with(pending, Reason.WORKING, "taken"),
        )
    return Cause(
        reason=Reason.NEVER_STARTED,
        sentence=f"{waits}, though a worker holds its partition: probably the one that has its start "
        "hangs in the first turn or fails again and again, or its start is lost",
        stuck=True,
        evidence=(told,),
        steps=(
            NextStep(
                sentence="Look at the worker's log: does it know this name, does its code come to the first "
                "await? The doctor finds a lost start when no message is hidden.",
                command=hub_command("doctor", hub.address),
            ),
        ),
        pending=_with(pending, Reason.NEVER_STARTED, "unknown"),
    )


def _start_lost(instance: InstanceSeen, hub: HubSeen, pending: Pending, waits: str) -> Cause:
    step = NextStep(
        sentence="Let the doctor send its start again (look first, without --repair).",
        command=hub_command("doctor", hub.address, "--repair"),
    )
    again = NextStep(
        sentence="Start it again.",
        command=instance_command("restart", instance.instance_id, hub.address),
        action="restart",
    )
    return Cause(
        reason=Reason.NEVER_STARTED,
        sentence=f"{waits}: its start message is gone",
        stuck=True,
        evidence=(
            fact(
                "Its start message is not in its queue, and nothing is hidden there.",
                f"queue {instance.queue}",
            ),
        ),
        steps=(step,) if hub.mends else (again,),
        pending=_with(pending, Reason.MESSAGE_LOST, "missing"),
    )


def disagreement(instance: InstanceSeen, state: State, hub: HubSeen) -> Cause | None:
    """Return in what row and history do not fit together; ``None`` if they do, or may be changing."""
    if instance.history is None or _is_changing(instance, state, hub):
        return None
    row = instance.row
    if row is None:
        if state.started is None:
            return None
        return _disagrees(
            "there is a history and no instance row: clients do not see it", instance, hub
        )
    if state.started is None:
        if row.status in ("Pending", "Terminated") or instance.problems:
            return None
        return _disagrees(f"the row says {row.status}, and there is no history", instance, hub)
    if not same_execution(row.execution_id, instance.execution_id) and row.execution_id is not None:
        older = row.created is not None and row.created < state.started.timestamp
        if older and (state.is_live or row.status != "Pending"):
            return _disagrees(
                f"the row ({row.status}) is of an earlier execution than the history ({state.status.name})",
                instance,
                hub,
            )
        return None
    if row.status == state.status.name or row.status == "ContinuedAsNew":
        return None
    if row.status == "Terminated" and state.terminated is not None:
        return None
    if row.status == "Pending" and instance.rewound:
        return None
    if row.status == "Running" and state.status.name == "Failed" and _is_rewinding(instance, hub):
        return None
    return _disagrees(f"the row says {row.status}, the history {state.status.name}", instance, hub)


def _is_changing(instance: InstanceSeen, state: State, hub: HubSeen) -> bool:
    moments = [instance.checkpoint, state.last or None]
    moments.append(instance.row.updated if instance.row is not None else None)
    return any(
        moment is not None and 0 <= seconds_between(moment, hub.now) < hub.thresholds.moved
        for moment in moments
    )


def _is_rewinding(instance: InstanceSeen, hub: HubSeen) -> bool:
    sent = hub.messages_to(instance.instance_id, activities=False)
    return hub.hidden(instance.queue) != 0 or any(
        isinstance(m.event, ExecutionRewound) for m in sent
    )


def _disagrees(what: str, instance: InstanceSeen, hub: HubSeen) -> Cause:
    mend = NextStep(
        sentence="Let the doctor write the row from the history (look first, without --repair). A live "
        "instance's next checkpoint corrects it, too.",
        command=hub_command("doctor", hub.address, "--repair"),
    )
    look = NextStep(
        sentence="Read its history.",
        command=instance_command("history", instance.instance_id, hub.address),
    )
    return Cause(
        reason=Reason.STATUS_DISAGREES,
        sentence=what,
        stuck=True,
        evidence=(fact(f"{what[0].upper()}{what[1:]}.", "instance row and history"),),
        steps=(mend, look) if hub.mends else (look,),
    )


def _starts(instance: InstanceSeen, hub: HubSeen) -> list[SeenMessage]:
    row = instance.row
    wanted = row.execution_id if row is not None else None
    return [
        message
        for message in hub.messages_to(instance.instance_id, activities=False)
        if isinstance(message.event, ExecutionStarted)
        and (
            wanted is None
            or message.event.execution.execution_id is None
            or same_execution(message.event.execution.execution_id, wanted)
        )
    ]


def _with(pending: Pending, reason: Reason, message: str) -> Pending:
    return replace(pending, reason=reason, message=message)


def _old(created: Ticks | None, hub: HubSeen) -> bool:
    return created is None or seconds_between(created, hub.now) >= hub.thresholds.moved


def _stale(created: Ticks | None, due: Ticks | None, hub: HubSeen) -> bool:
    moment = due or created
    return moment is None or seconds_between(moment, hub.now) >= hub.thresholds.stale
