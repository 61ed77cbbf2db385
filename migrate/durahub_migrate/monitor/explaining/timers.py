"""A timer that is open: it is not due, its message waits, or is gone."""

from dataclasses import replace

from durahub.model.history import TimerCreated
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
from durahub_migrate.monitor.explaining.wording import age, clock, quoted, until
from durahub_migrate.monitor.waiting import Evidence, Pending, Reason


def timer(one: Open, instance: InstanceSeen, hub: HubSeen) -> Cause:
    """Return why a timer is open."""
    asked = one.asked
    assert isinstance(asked, TimerCreated)  # noqa: S101 (for the types)
    pending = Pending(
        what="timer",
        reason=Reason.RETRY_UNTIL if one.retries is not None else Reason.TIMER_UNTIL,
        name=one.retries,
        event_id=asked.event_id,
        since=one.since,
        due=asked.fire_at,
        attempt=one.attempt,
        last_failure=one.last_failure,
        queue=instance.queue,
    )
    evidence = (_set(one, asked),)
    message = next(
        (
            m
            for m in hub.messages_to(instance.instance_id, activities=False)
            if getattr(m.event, "timer_id", None) == asked.event_id
        ),
        None,
    )
    hidden = hub.hidden(instance.queue)
    if message is None and hidden == 0:
        if seconds_between(one.since, hub.now) < hub.thresholds.moved:
            return just_asked("a timer", pending)
        gone = replace(pending, reason=Reason.MESSAGE_LOST, message="missing")
        found = lost(
            f"the timer that is due {clock(asked.fire_at)}",
            "its message",
            gone,
            hub,
            f"queue {instance.queue}",
        )
        told = fact("Its message is not in its queue, and nothing is hidden there.")
        return replace(found, evidence=(*evidence, replace(told, place=f"queue {instance.queue}")))
    if asked.fire_at > hub.now:
        return _not_due(one, asked, pending, hub, evidence, is_seen=message is not None)
    answer = answer_on_the_way(("timer", asked.event_id), instance, hub)
    if answer is not None:
        found = answered(answer, "a timer is due", pending, instance, hub)
        return replace(found, evidence=(*evidence, *found.evidence))
    late = seconds_between(asked.fire_at, hub.now)
    if hidden is None:
        told = not_read("Its message was not looked for.")
        return Cause(
            reason=Reason.CHECKPOINT_STALE if late >= hub.thresholds.stale else Reason.WORKING,
            sentence=f"a timer was due {age(asked.fire_at, hub.now)} ago, and nothing has followed",
            stuck=late >= hub.thresholds.stale,
            evidence=(*evidence, told),
            pending=pending,
        )
    found = hidden_answer("the timer's message", hidden, late, pending, instance, hub)
    return replace(found, evidence=(*evidence, *found.evidence))


def _not_due(
    one: Open,
    asked: TimerCreated,
    pending: Pending,
    hub: HubSeen,
    evidence: tuple[Evidence, ...],
    *,
    is_seen: bool,
) -> Cause:
    pending = replace(pending, message="taken" if not is_seen else "queued")
    if one.retries is None:
        sentence = f"waiting for a timer until {until(asked.fire_at, hub.now)}"
        return Cause(
            reason=Reason.TIMER_UNTIL, sentence=sentence, evidence=evidence, pending=pending
        )
    # The sentence stands alone in lists, where nothing hides the failure: pending and evidence tell it.
    failed = (fact(f"It failed with: {one.last_failure}."),) if one.last_failure else ()
    sentence = (
        f"{quoted(one.retries)} has failed; attempt {one.attempt} follows "
        f"{until(asked.fire_at, hub.now)}"
    )
    told = likely(f"The timer follows the failure of {quoted(one.retries)}: the pause of a retry.")
    return Cause(
        reason=Reason.RETRY_UNTIL,
        sentence=sentence,
        evidence=(*evidence, told, *failed),
        pending=pending,
    )


def _set(one: Open, asked: TimerCreated) -> Evidence:
    return fact(
        f"A timer was set for {clock(asked.fire_at)}.", f"history event {one.position}", one.since
    )
