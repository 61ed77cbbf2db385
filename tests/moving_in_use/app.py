"""A worker of stories: orchestrations that do what their input says, step by step.

    python app.py ENDPOINT TASKHUB NOTES

Each activity leaves its key as a line in the file NOTES, when it begins. See `stories` for the steps.
"""

import argparse
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
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

Json = Any
Turns = Iterator[Task[Any]]
LONG = timedelta(days=1)
SOON = timedelta(milliseconds=20)
notes = Path()


def note(_: ActivityContext, given: Json) -> str:
    """Do something that takes ``ms``."""
    _write(given["key"])
    time.sleep(given["ms"] / 1000)  # the work itself: it is to be interrupted
    return f"did {given['key']}"


def succeed_at_last(_: ActivityContext, given: Json) -> str:
    """Fail until the run ``times``, over all processes."""
    _write(given["key"])
    if notes.read_text().split().count(given["key"]) < given["times"]:
        raise ValueError(f"not yet {given['key']}")
    return f"did {given['key']}"


def break_down(_: ActivityContext, given: Json) -> None:
    _write(given["key"])
    raise ValueError(f"no {given['key']}")


def _write(key: str) -> None:
    file = os.open(notes, os.O_WRONLY | os.O_APPEND)  # whole lines, whoever else writes
    os.write(file, f"{key}\n".encode())
    os.close(file)


def story(ctx: OrchestrationContext, given: Json) -> Turns:
    """Do the ``steps``; return what each has given, behind what is in ``log``."""
    log, steps = list(given["log"]), given["steps"]
    for number, (kind, what) in enumerate(steps):
        if kind == "again":
            ctx.continue_as_new({"log": log, "steps": steps[number + 1 :]}, save_events=True)
            return None
        if kind == "fail":
            raise RuntimeError(what)
        log.append((yield from STEPS[kind](ctx, what)))
    return log


def _work(ctx: OrchestrationContext, what: Json) -> Turns:
    return (yield ctx.call_activity(note, input=what))


def _fan(ctx: OrchestrationContext, what: Json) -> Turns:
    return (yield when_all([ctx.call_activity(note, input=one) for one in what]))


def _retry(ctx: OrchestrationContext, what: Json) -> Turns:
    policy = RetryPolicy(first_retry_interval=SOON, max_number_of_attempts=what["times"] + 1)
    return (yield ctx.call_activity(succeed_at_last, input=what, retry_policy=policy))


def _catch(ctx: OrchestrationContext, what: Json) -> Turns:
    try:
        yield ctx.call_activity(break_down, input=what)
    except TaskFailedError as error:
        return error.details.message
    return "no failure"


def _nap(ctx: OrchestrationContext, what: Json) -> Turns:
    yield ctx.create_timer(timedelta(milliseconds=what))
    return "slept"


def _event(ctx: OrchestrationContext, what: Json) -> Turns:
    return (yield ctx.wait_for_external_event(what))


def _events(ctx: OrchestrationContext, what: Json) -> Turns:
    return (yield when_all([ctx.wait_for_external_event(one) for one in what]))


def _event_wins(ctx: OrchestrationContext, what: Json) -> Turns:
    event = ctx.wait_for_external_event(what)
    winner = yield when_any([ctx.create_timer(LONG), event])
    return event.get_result() if winner is event else "too late"


def _timer_wins(ctx: OrchestrationContext, what: Json) -> Turns:
    timer = ctx.create_timer(timedelta(milliseconds=what))
    winner = yield when_any([ctx.wait_for_external_event("never"), timer])
    return winner is timer


def _work_wins(ctx: OrchestrationContext, what: Json) -> Turns:
    work = ctx.call_activity(note, input=what)
    never = ctx.wait_for_external_event("never")
    winner = yield when_any([ctx.create_timer(LONG), never, work])
    return work.get_result() if winner is work else "too late"


def _child(ctx: OrchestrationContext, what: Json) -> Turns:
    given = {"log": [], "steps": what["steps"]}
    try:
        return (yield ctx.call_sub_orchestrator(story, input=given, instance_id=what.get("id")))
    except TaskFailedError as error:
        return error.details.message


def _children(ctx: OrchestrationContext, what: Json) -> Turns:
    return (
        yield when_all(
            [
                ctx.call_sub_orchestrator(
                    story, input={"log": [], "steps": one["steps"]}, instance_id=one.get("id")
                )
                for one in what
            ]
        )
    )


def _status(ctx: OrchestrationContext, what: Json) -> Turns:
    ctx.set_custom_status(what)
    return what
    yield


def _tell(ctx: OrchestrationContext, what: Json) -> Turns:
    ctx.send_event(what["to"], what["name"], data=what["data"])
    return "told"
    yield


def _signal(ctx: OrchestrationContext, what: Json) -> Turns:
    ctx.signal_entity(tally_of(what["key"]), "add", input=what["amount"])
    return "signalled"
    yield


def _call(ctx: OrchestrationContext, what: Json) -> Turns:
    return (yield ctx.call_entity(tally_of(what["key"]), "add", what["amount"]))


def _transfer(ctx: OrchestrationContext, what: Json) -> Turns:
    """Lock both accounts, work, and move the amount."""
    source, target = tally_of(what["from"]), tally_of(what["to"])
    with (yield ctx.lock_entities([source, target])):
        yield ctx.call_entity(source, "add", -what["amount"])
        done = yield ctx.call_activity(note, input=what["work"])
        yield ctx.call_entity(target, "add", what["amount"])
    return done


STEPS = {
    "work": _work,
    "fan": _fan,
    "retry": _retry,
    "catch": _catch,
    "nap": _nap,
    "event": _event,
    "events": _events,
    "event-wins": _event_wins,
    "timer-wins": _timer_wins,
    "work-wins": _work_wins,
    "child": _child,
    "children": _children,
    "status": _status,
    "tell": _tell,
    "signal": _signal,
    "call": _call,
    "transfer": _transfer,
}


def tally_of(key: str) -> EntityInstanceId:
    return EntityInstanceId("tally", key)


def tally(ctx: EntityContext, given: Json) -> Json:
    value = ctx.get_state(int, 0)
    if ctx.operation == "add":
        value += given
        ctx.set_state(value)
    return value


def main() -> None:
    global notes
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("hub")
    parser.add_argument("notes", type=Path)
    options = parser.parse_args()
    notes = options.notes
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with DurableTaskSchedulerWorker(
        host_address=options.endpoint,
        taskhub=options.hub,
        token_credential=None,
        secure_channel=False,
        logger=logging.Logger("sdk", logging.ERROR),
    ) as worker:
        worker.add_orchestrator(story)
        for activity in (note, succeed_at_last, break_down):
            worker.add_activity(activity)
        worker.add_entity(tally)
        worker.start()
        print("worker ready", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
