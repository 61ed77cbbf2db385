"""A child that is open: it runs, was never started, or has ended without its parent getting the result."""

from collections.abc import Callable
from dataclasses import replace

from durahub.engine.state import same_execution
from durahub.model.history import (
    ExecutionCompleted,
    ExecutionStarted,
    SubOrchestrationInstanceCreated,
)
from durahub.model.ticks import seconds_between
from durahub_migrate.monitor.explaining.activities import (
    answer_on_the_way,
    answered,
    hidden_answer,
    just_asked,
    lost,
)
from durahub_migrate.monitor.explaining.cause import Cause, fact, likely, not_read
from durahub_migrate.monitor.explaining.open_work import Open
from durahub_migrate.monitor.explaining.seen import HubSeen, InstanceSeen
from durahub_migrate.monitor.explaining.wording import (
    age,
    continued,
    counted,
    hub_command,
    instance_command,
    quoted,
)
from durahub_migrate.monitor.row import ENDED
from durahub_migrate.monitor.waiting import Evidence, Explanation, NextStep, Pending, Reason

Explain = Callable[[str], Explanation | None]
"""Explains another instance; ``None`` where that would go round in a circle."""


def child(
    one: Open, instance: InstanceSeen, hub: HubSeen, found: InstanceSeen | None, explain: Explain
) -> Cause:
    """Return why a child is open; *found* is the child, ``None`` where it was not read."""
    asked = one.asked
    assert isinstance(asked, SubOrchestrationInstanceCreated)  # noqa: S101 (for the types)
    pending = Pending(
        what="child",
        reason=Reason.CHILD_RUNNING,
        name=asked.name,
        event_id=asked.event_id,
        instance_id=asked.instance_id,
        since=one.since,
        attempt=one.attempt,
        last_failure=one.last_failure,
    )
    started = fact(
        f"Child {quoted(asked.instance_id)} ({quoted(asked.name)}) was started "
        f"{age(one.since, hub.now)} ago.",
        f"history event {one.position}",
        one.since,
    )
    judged = _judged(one, asked, instance, hub, found, explain, pending)
    tried: tuple[Evidence, ...] = ()
    if one.attempt > 1 and one.last_failure is not None:
        tried = (fact(f"Attempt {one.attempt - 1} failed: {one.last_failure}."),)
    return replace(judged, evidence=(started, *tried, *judged.evidence))


def _judged(
    one: Open,
    asked: SubOrchestrationInstanceCreated,
    instance: InstanceSeen,
    hub: HubSeen,
    found: InstanceSeen | None,
    explain: Explain,
    pending: Pending,
) -> Cause:
    called = f"child {quoted(asked.instance_id)} ({quoted(asked.name)})"
    answer = answer_on_the_way(("child", asked.event_id), instance, hub)
    if answer is not None:
        return answered(answer, f"the result of {called} is there", pending, instance, hub)
    waits = f"waiting {age(one.since, hub.now)} for {called}"
    if found is None:
        return Cause(
            reason=Reason.CHILD_RUNNING,
            sentence=waits,
            evidence=(not_read(f"Child {quoted(asked.instance_id)} was not read."),),
            steps=(_why(asked.instance_id or "", hub),),
            pending=pending,
        )
    if not found.is_there:
        return _not_there(one, instance, hub, found, explain, pending, called)
    stranger = _stranger(found, instance)
    if stranger is not None:
        return Cause(
            reason=Reason.CHILD_MISSING,
            sentence=f"{waits}, but the instance of that ID is not this one's child: no result will come",
            stuck=True,
            evidence=(stranger,),
            steps=(_end(instance, hub),),
            pending=replace(pending, reason=Reason.CHILD_MISSING, message="missing"),
        )
    if _has_ended(found):
        return _ended(one, instance, hub, found, pending, called)
    other = explain(found.instance_id)
    if other is None:
        told = fact("The instances wait for each other in a circle.")
        return Cause(
            reason=Reason.CHILD_RUNNING,
            sentence=waits,
            stuck=True,
            evidence=(told,),
            pending=pending,
        )
    return Cause(
        reason=Reason.CHILD_RUNNING,
        sentence=f"{waits}. The child: {continued(other.sentence)}",
        stuck=other.is_stuck,
        evidence=(
            fact(f"The child is {_status(found)}.", f"instance {quoted(found.instance_id)}"),
        ),
        steps=(_why(found.instance_id, hub), *other.next_steps),
        pending=pending,
        chain=(replace(other, chain=()), *other.chain),
    )


def _not_there(
    one: Open,
    instance: InstanceSeen,
    hub: HubSeen,
    found: InstanceSeen,
    explain: Explain,
    pending: Pending,
    called: str,
) -> Cause:
    waits = f"waiting {age(one.since, hub.now)} for {called}"
    starts = [
        message
        for message in hub.messages_to(found.instance_id, activities=False)
        if isinstance(message.event, ExecutionStarted)
    ]
    other = explain(found.instance_id) if starts else None
    if other is not None:
        return Cause(
            reason=Reason.CHILD_RUNNING,
            sentence=f"{waits}. The child: {continued(other.sentence)}",
            stuck=other.is_stuck,
            evidence=(fact("It has no row yet; its start message is there.", starts[0].place),),
            steps=other.next_steps,
            pending=replace(pending, message="queued", queue=starts[0].queue),
            chain=(replace(other, chain=()), *other.chain),
        )
    hidden = hub.hidden(found.queue, instance.queue)
    seconds = seconds_between(one.since, hub.now)
    if hidden is None:
        told = not_read("There is no such instance, and its start message was not looked for.")
        return Cause(
            reason=Reason.CHILD_MISSING,
            sentence=f"{waits}, of which nothing is there",
            stuck=seconds >= hub.thresholds.stale,
            evidence=(told,),
            pending=replace(pending, reason=Reason.CHILD_MISSING),
        )
    place = f"queues {found.queue} and {instance.queue}"
    if hidden and seconds < hub.thresholds.stale:
        told = likely(
            f"It is not there yet; its start may be among {counted(hidden, 'hidden message')}.",
            place,
        )
        return Cause(
            reason=Reason.CHILD_RUNNING,
            sentence=f"{waits}, which is probably just being started",
            evidence=(told,),
            pending=replace(pending, message="taken"),
        )
    if seconds < hub.thresholds.moved:
        return just_asked(called, pending)
    if hidden:
        told = likely(
            f"There is no such instance. {counted(hidden, 'message')} of its queues are hidden: its start "
            "may be among them, but it should have begun.",
            place,
        )
    else:
        told = fact(
            "There is no such instance, and neither its start nor its result is queued.", place
        )
    probably = "probably " if hidden else ""
    mend = NextStep(
        sentence="Let the doctor start it again (look first, without --repair). If the child was purged: "
        "its result is gone, and starting it again runs it anew.",
        command=hub_command("doctor", hub.address, "--repair"),
    )
    return Cause(
        reason=Reason.CHILD_MISSING,
        sentence=f"{waits}, which is not there: {probably}its start was lost, or it was purged",
        stuck=True,
        evidence=(told,),
        steps=(mend,) if hub.mends else (_end(instance, hub),),
        pending=replace(
            pending, reason=Reason.CHILD_MISSING, message="unknown" if hidden else "missing"
        ),
    )


def _ended(
    one: Open,
    instance: InstanceSeen,
    hub: HubSeen,
    found: InstanceSeen,
    pending: Pending,
    called: str,
) -> Cause:
    hidden = hub.hidden(instance.queue)
    ended = found.row.completed or found.row.updated if found.row is not None else None
    seconds = seconds_between(ended or one.since, hub.now)
    told = fact(
        f"The child is {_status(found)} since {age(ended, hub.now)}.",
        f"instance {quoted(found.instance_id)}",
        ended,
    )
    if hidden is None:
        return Cause(
            reason=Reason.CHECKPOINT_STALE if seconds >= hub.thresholds.stale else Reason.WORKING,
            sentence=f"{called} has ended, and its parent has not gone on",
            stuck=seconds >= hub.thresholds.stale,
            evidence=(told, not_read("Its result was not looked for.")),
            pending=pending,
        )
    if hidden:
        judged = hidden_answer(f"the result of {called}", hidden, seconds, pending, instance, hub)
    elif seconds < hub.thresholds.moved:
        judged = just_asked(called, pending)
    else:
        gone = replace(pending, reason=Reason.MESSAGE_LOST, message="missing")
        judged = replace(
            lost(called, "", gone, hub, ""),
            sentence=f"{called} has ended, and its result never came: the message is lost",
            evidence=(
                fact(
                    "Its result is not queued, and nothing is hidden there.",
                    f"queue {instance.queue}",
                ),
            ),
        )
    return replace(judged, evidence=(told, *judged.evidence))


def _stranger(found: InstanceSeen, instance: InstanceSeen) -> Evidence | None:
    """Return what shows that an instance has the ID of the child, but is another's, or nobody's child."""
    started = next((e for e in found.history or () if isinstance(e, ExecutionStarted)), None)
    if started is None or instance.execution_id is None:
        return None
    place = f"instance {quoted(found.instance_id)}"
    if started.parent is None:
        return fact("It was started by a client, not by this instance.", place)
    execution = started.parent.execution
    if execution.execution_id is None or (
        execution.instance_id == instance.instance_id
        and same_execution(execution.execution_id, instance.execution_id)
    ):
        return None
    whose = "an earlier execution of this instance"
    if execution.instance_id != instance.instance_id:
        whose = quoted(execution.instance_id)
    return fact(f"It was started by {whose}.", place)


def _has_ended(found: InstanceSeen) -> bool:
    if any(type(event) is ExecutionCompleted for event in found.history or ()):
        return True
    return found.row is not None and found.row.status in ENDED and not found.history


def _status(found: InstanceSeen) -> str:
    return found.row.status if found.row is not None else "without a row"


def _why(instance_id: str, hub: HubSeen) -> NextStep:
    return NextStep(
        sentence=f"Ask the same of child {quoted(instance_id)}.",
        command=instance_command("why", instance_id, hub.address),
    )


def _end(instance: InstanceSeen, hub: HubSeen) -> NextStep:
    return NextStep(
        sentence="End the instance, and start it again if its work is still wanted.",
        command=instance_command("terminate", instance.instance_id, hub.address),
        action="terminate",
    )
