"""An app of orchestrations that wait for everything one can wait for, and counts what its activities do."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.task import (
    ActivityContext,
    OrchestrationContext,
    RetryPolicy,
    Task,
    TaskFailedError,
    when_all,
    when_any,
)

Turns = Iterator[Task[Any]]
COUNTER = "tally"
LONG = timedelta(days=2)
SOON = timedelta(seconds=4)

ran: Counter[str] = Counter()
"""How often each activity has run, by its name and what it was given."""


def _ran(name: str, given: Any) -> None:
    ran[f"{name} {json.dumps(given)}"] += 1


# -- activities: at the source nobody does those whose names begin with "late" ---------------------


def work(_: ActivityContext, given: Any) -> Any:
    _ran("work", given)
    return f"did {given}"


def late_work(_: ActivityContext, given: Any) -> Any:
    _ran("late_work", given)
    return f"did {given} late"


def break_down(_: ActivityContext, given: Any) -> Any:
    _ran("break_down", given)
    raise ValueError(f"no {given}")


def recover(_: ActivityContext, given: Any) -> Any:
    _ran("recover", given)
    if ran[f"recover {json.dumps(given)}"] < 2:
        raise ValueError(f"not yet {given}")
    return f"recovered {given}"


EARLY = (work, break_down, recover)
LATE = (late_work,)


# -- orchestrations --------------------------------------------------------------------------------


def after_work(ctx: OrchestrationContext, given: str) -> Turns:
    """An activity is done, the next one waits."""
    first = yield ctx.call_activity(work, input=f"{given} 1")
    ctx.set_custom_status("half way")
    second = yield ctx.call_activity(late_work, input=f"{given} 2")
    return [first, second]


def some_of_many(ctx: OrchestrationContext, given: str) -> Turns:
    """Of many activities some are done."""
    tasks = [
        ctx.call_activity(late_work if n % 3 == 1 else work, input=f"{given} {n}") for n in range(6)
    ]
    found = yield when_all(tasks)
    return found


def two_events(ctx: OrchestrationContext, given: str) -> Turns:
    """The first event has come, the second has not."""
    first = yield ctx.wait_for_external_event("go")
    done = yield ctx.call_activity(work, input=f"{given} {first}")
    second = yield ctx.wait_for_external_event("go")
    return [first, done, second]


def buffered(ctx: OrchestrationContext, given: str) -> Turns:
    """An event has come that is not waited for yet."""
    yield ctx.wait_for_external_event("begin")
    early = yield ctx.wait_for_external_event("early")
    done = yield ctx.call_activity(work, input=given)
    return [early, done]


def long_timer(ctx: OrchestrationContext, given: str) -> Turns:
    """A timer that is far away, against an event."""
    done = yield ctx.call_activity(work, input=given)
    timer, event = ctx.create_timer(LONG), ctx.wait_for_external_event("go")
    winner = yield when_any([timer, event])
    return [done, winner is event]


def soon_timer(ctx: OrchestrationContext, given: str) -> Turns:
    """A timer that will be due."""
    done = yield ctx.call_activity(work, input=given)
    yield ctx.create_timer(SOON)
    more = yield ctx.call_activity(work, input=f"{given} after")
    return [done, more]


def race(ctx: OrchestrationContext, given: str) -> Turns:
    """Of two events the one that is asked for last has come first: and the work for it is done."""
    left, right = ctx.wait_for_external_event("left"), ctx.wait_for_external_event("right")
    winner = yield when_any([left, right])
    name = "left" if winner is left else "right"
    done = yield ctx.call_activity(work, input=f"{given} {name}")
    rest = yield when_all([left, right])
    more = yield ctx.call_activity(late_work, input=given)
    return [name, done, rest, more]


def timed_out(ctx: OrchestrationContext, given: str) -> Turns:
    """A timer has fired before an event; the timer of the second wait is open, and lost."""
    timer = ctx.create_timer(timedelta(milliseconds=50))
    event = ctx.wait_for_external_event("go")
    winner = yield when_any([timer, event])
    first = winner is timer
    lost = ctx.create_timer(SOON)
    hurry = ctx.wait_for_external_event("hurry")
    winner = yield when_any([lost, hurry])
    done = yield ctx.call_activity(late_work, input=given)
    return [first, winner is hurry, done]


def retried(ctx: OrchestrationContext, given: str) -> Turns:
    """The second try of an activity has succeeded."""
    policy = RetryPolicy(first_retry_interval=timedelta(milliseconds=20), max_number_of_attempts=3)
    done = yield ctx.call_activity(recover, input=given, retry_policy=policy)
    more = yield ctx.call_activity(late_work, input=given)
    return [done, more]


def compensated(ctx: OrchestrationContext, given: str) -> Turns:
    """An activity has failed, and what makes up for it waits."""
    try:
        yield ctx.call_activity(break_down, input=given)
    except TaskFailedError as error:
        message = str(error.details.message)
        done = yield ctx.call_activity(late_work, input=given)
        return [f"no {given}" in message, done]
    return None


def parent(ctx: OrchestrationContext, given: str) -> Turns:
    """One child has ended, another waits."""
    first = yield ctx.call_sub_orchestrator(quick_child, input=f"{given} a")
    second = yield ctx.call_sub_orchestrator(deep_child, input=f"{given} b")
    return [first, second]


def quick_child(ctx: OrchestrationContext, given: str) -> Turns:
    done = yield ctx.call_activity(work, input=given)
    return done


def deep_child(ctx: OrchestrationContext, given: str) -> Turns:
    first = yield ctx.call_activity(work, input=given)
    below = yield ctx.call_sub_orchestrator(late_child, input=f"{given} c")
    return [first, below]


def late_child(ctx: OrchestrationContext, given: str) -> Turns:
    first = yield ctx.call_activity(work, input=given)
    second = yield ctx.call_activity(late_work, input=given)
    return [first, second]


def eternal(ctx: OrchestrationContext, given: int) -> Turns:
    """It has continued as new twice."""
    done = yield ctx.call_activity(work, input=f"eternal {given}")
    if given < 3:
        ctx.continue_as_new(given + 1)
        return None
    stop = yield ctx.wait_for_external_event("stop")
    return [done, stop]


def entity_user(ctx: OrchestrationContext, given: str) -> Turns:
    """It has called and signalled an entity, and waits for an activity."""
    tally = EntityInstanceId(COUNTER, given)
    ctx.signal_entity(tally, "add", 2)
    first = yield ctx.call_entity(tally, "get")
    done = yield ctx.call_activity(late_work, input=given)
    ctx.signal_entity(tally, "add", 5)
    last = yield ctx.call_entity(tally, "get")
    return [first, done, last]


def locker(ctx: OrchestrationContext, given: str) -> Turns:
    """It holds a lock, or waits for one."""
    tally = EntityInstanceId(COUNTER, "locked")
    with (yield ctx.lock_entities([tally])):
        seen = yield ctx.call_entity(tally, "get")
        yield ctx.call_entity(tally, "add", 1)
        done = yield ctx.call_activity(late_work, input=given)
    return [seen, done]


def ended(ctx: OrchestrationContext, given: str) -> Turns:
    done = yield ctx.call_activity(work, input=given)
    return done


def failed(ctx: OrchestrationContext, given: str) -> Turns:
    yield ctx.call_activity(break_down, input=given)


# -- orchestrations that send each other events ----------------------------------------------------


def approved_twice(ctx: OrchestrationContext, given: str) -> Turns:
    """One approval has come, the second has not."""
    first = yield ctx.wait_for_external_event("approval")
    done = yield ctx.call_activity(work, input=given)
    second = yield ctx.wait_for_external_event("Approval")
    return [first, done, second]


def approver(ctx: OrchestrationContext, to: str) -> Turns:
    """It has sent an approval, and waits for an event."""
    ctx.send_event(to, "approval", data=ctx.instance_id)
    found = yield ctx.wait_for_external_event("go")
    return found


def early_sender(ctx: OrchestrationContext, to: str) -> Turns:
    """It has sent what its receiver does not wait for yet."""
    ctx.send_event(to, "early", data="early")
    found = yield ctx.wait_for_external_event("go")
    return found


def busy_approver(ctx: OrchestrationContext, to: str) -> Turns:
    """It has sent an approval, and asked for an activity with it."""
    yield ctx.call_activity(work, input=ctx.instance_id)
    ctx.send_event(to, "approval", data=ctx.instance_id)
    found = yield ctx.call_activity(late_work, input=ctx.instance_id)
    return found


def each_other(ctx: OrchestrationContext, to: str) -> Turns:
    """Two of it have sent each other approvals."""
    ctx.send_event(to, "approval", data=ctx.instance_id)
    first = yield ctx.wait_for_external_event("approval")
    second = yield ctx.wait_for_external_event("approval")
    return [first, second]


def told_by_child(ctx: OrchestrationContext, given: str) -> Turns:
    """Children have told it how far they are: one has ended since, one waits."""
    first = ctx.call_sub_orchestrator(quick_teller, input=ctx.instance_id, instance_id=f"{given}-1")
    far = yield ctx.wait_for_external_event("far")
    done = yield ctx.call_activity(work, input=f"{given} {far}")
    second = ctx.call_sub_orchestrator(slow_teller, input=ctx.instance_id, instance_id=f"{given}-2")
    more = yield ctx.wait_for_external_event("far")
    ended = yield first
    again = yield ctx.wait_for_external_event("far")
    last = yield second
    return [far, done, more, ended, again, last]


def quick_teller(ctx: OrchestrationContext, to: str) -> Turns:
    ctx.send_event(to, "far", data="quick")
    done = yield ctx.call_activity(work, input=ctx.instance_id)
    yield ctx.wait_for_external_event("end")
    return done


def slow_teller(ctx: OrchestrationContext, to: str) -> Turns:
    ctx.send_event(to, "far", data="slow")
    done = yield ctx.call_activity(late_work, input=ctx.instance_id)
    return done


def tells_child(ctx: OrchestrationContext, given: str) -> Turns:
    """It has told its child something that the child has taken, before and after the child began."""
    child = ctx.call_sub_orchestrator(told, input=given, instance_id=f"{given}-1")
    ctx.send_event(f"{given}-1", "word", data="early")
    yield ctx.wait_for_external_event("go")
    ctx.send_event(f"{given}-1", "word", data="late")
    done = yield ctx.call_activity(work, input=given)
    found = yield child
    return [done, found]


def told(ctx: OrchestrationContext, _: str) -> Turns:
    words = []
    for _number in range(3):
        words.append((yield ctx.wait_for_external_event("word")))
    return words


# -- what is under way at a move, in its harder forms -------------------------------------------------


def beaten_timer(ctx: OrchestrationContext, given: str) -> Turns:
    """An activity has won against a timer that is overdue by now."""
    timer = ctx.create_timer(timedelta(seconds=float(given)))
    done = ctx.call_activity(work, input=ctx.instance_id)
    winner = yield when_any([timer, done])
    last = yield ctx.call_activity(late_work, input=ctx.instance_id)
    yield timer
    return [winner is done, last]


def beaten_activity(ctx: OrchestrationContext, _: str) -> Turns:
    """A timer has won against an activity that nobody has done yet."""
    timer = ctx.create_timer(timedelta(milliseconds=50))
    done = ctx.call_activity(late_work, input=ctx.instance_id)
    winner = yield when_any([timer, done])
    yield ctx.wait_for_external_event("go")
    last = yield done
    return [winner is timer, last]


def lock_keeper(ctx: OrchestrationContext, given: str) -> Turns:
    """It holds a lock until it gets an event."""
    with (yield ctx.lock_entities([EntityInstanceId(COUNTER, given)])):
        yield ctx.wait_for_external_event("go")
        yield ctx.call_entity(EntityInstanceId(COUNTER, given), "add", 1)
    return given


def caller(ctx: OrchestrationContext, given: str) -> Turns:
    """It has called an entity that somebody has locked."""
    found = yield ctx.call_entity(EntityInstanceId(COUNTER, given), "get")
    return found


def retried_later(ctx: OrchestrationContext, given: str) -> Turns:
    """An activity has failed; the timer of its next try has not fired."""
    policy = RetryPolicy(
        first_retry_interval=timedelta(seconds=float(given)), max_number_of_attempts=3
    )
    done = yield ctx.call_activity(recover, input=ctx.instance_id, retry_policy=policy)
    return done


def renewing_parent(ctx: OrchestrationContext, given: str) -> Turns:
    """Its child has continued as new with another version."""
    found = yield ctx.call_sub_orchestrator(
        renewed, input=given, instance_id=f"{given}-1", version="1.0"
    )
    return found


def renewed(ctx: OrchestrationContext, given: str) -> Turns:
    if ctx.version != "2.0":
        ctx.continue_as_new(given, new_version="2.0")
        return None
    yield ctx.call_activity(work, input=ctx.instance_id)
    found = yield ctx.wait_for_external_event("go")
    return [ctx.version, found]


ORCHESTRATIONS = (
    after_work,
    some_of_many,
    two_events,
    buffered,
    long_timer,
    soon_timer,
    race,
    timed_out,
    retried,
    compensated,
    parent,
    quick_child,
    deep_child,
    late_child,
    eternal,
    entity_user,
    locker,
    ended,
    failed,
    approved_twice,
    approver,
    busy_approver,
    each_other,
    told_by_child,
    quick_teller,
    slow_teller,
    tells_child,
    told,
    early_sender,
    beaten_timer,
    beaten_activity,
    lock_keeper,
    caller,
    retried_later,
    renewing_parent,
    renewed,
)


def tally(ctx: EntityContext, given: Any) -> Any:
    value = ctx.get_state(int, 0)
    if ctx.operation == "add":
        value += given
        ctx.set_state(value)
    return value
