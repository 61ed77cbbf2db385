"""The worker of the chaos run: python -m tests.fault.chaos.app ENDPOINT TASKHUB FILE.

Each activity appends a line to FILE, and has it on the disk, before it answers.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.task import ActivityContext, OrchestrationContext, Task, when_all, when_any

from tests.fault.chaos.kinds import STOP, ledgers
from tests.fault.chaos.records import append

FILE = ""
Turns = Iterator[Task[Any]]


def step(_: ActivityContext, what: str) -> str:
    append(FILE, {"ran": what, "pid": os.getpid()})
    return what.rpartition("/")[2]


def _step(ctx: OrchestrationContext, name: object) -> Task[Any]:
    return ctx.call_activity(step, input=f"{ctx.instance_id}/{name}")


def sequence(ctx: OrchestrationContext, n: int) -> Turns:
    done = []
    for one in range(3 + n % 4):
        done.append((yield _step(ctx, one)))
    return done


def fan(ctx: OrchestrationContext, n: int) -> Turns:
    return len((yield when_all([_step(ctx, one) for one in range(4 + n % 6)])))


def timers(ctx: OrchestrationContext, n: int) -> Turns:
    done = []
    for one in range(2):
        yield ctx.create_timer(timedelta(milliseconds=200 + 200 * (n % 5)))
        done.append((yield _step(ctx, one)))
    return done


def events(ctx: OrchestrationContext, _: int) -> Turns:
    """Take events until told to stop, and everything has come that was accepted."""
    seen: list[str] = []
    stop, add = ctx.wait_for_external_event(STOP), ctx.wait_for_external_event("Add")
    must: list[str] | None = None
    while must is None or not set(must) <= set(seen):
        first = yield when_any([stop, add] if must is None else [add])
        if first is stop:
            must = stop.get_result()
        else:
            seen.append(add.get_result())
            add = ctx.wait_for_external_event("Add")
    return seen


def child(ctx: OrchestrationContext, _: int) -> Turns:
    done = []
    for one in range(2):
        done.append((yield _step(ctx, one)))
    return done


def family(ctx: OrchestrationContext, n: int) -> Turns:
    children = [
        ctx.call_sub_orchestrator(child, input=n, instance_id=f"{ctx.instance_id}-{name}")
        for name in "ab"
    ]
    return (yield when_all(children))


def generations(ctx: OrchestrationContext, n: int | list[int]) -> Turns:
    """Go on as new three times; its input is then where it is."""
    now = n[0] if isinstance(n, list) else 0
    yield _step(ctx, now)
    if now < 3:
        ctx.continue_as_new([now + 1])
        return None
    return now


def _ledger(number: int) -> EntityInstanceId:
    return EntityInstanceId("book", f"ledger-{number}")


def ledger(ctx: OrchestrationContext, n: int) -> Turns:
    entity = _ledger(ledgers(n)[0])
    ctx.signal_entity(entity, "add", input=f"{ctx.instance_id}/signal")
    for name in ("first", "second"):
        yield ctx.call_entity(entity, "add", input=f"{ctx.instance_id}/{name}")
    return "added"


def moves(ctx: OrchestrationContext, n: int) -> Turns:
    """Add to two ledgers while it has both: between its two looks at one nobody else adds."""
    source, target = map(_ledger, ledgers(n))
    with (yield ctx.lock_entities([source, target])):
        before = yield ctx.call_entity(target, "count")
        yield ctx.call_entity(source, "add", input=f"{ctx.instance_id}/from")
        after = yield ctx.call_entity(target, "count")
        yield ctx.call_entity(target, "add", input=f"{ctx.instance_id}/to")
    return "moved" if after == before else f"not alone: {after - before}"


def book(ctx: EntityContext, given: str | None) -> int:
    """Keep how often each operation came, by the name that who asks gives it."""
    state: dict[str, int] = ctx.get_state(dict, {})
    if ctx.operation == "add":
        assert given is not None
        state = {**state, given: state.get(given, 0) + 1}
        ctx.set_state(state)
    return sum(state.values())


def main() -> None:
    """Work until killed."""
    global FILE
    endpoint, hub, FILE = sys.argv[1:4]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with DurableTaskSchedulerWorker(
        host_address=endpoint,
        taskhub=hub,
        token_credential=None,
        secure_channel=False,
        logger=logging.Logger("sdk", logging.WARNING),
    ) as worker:
        for one in (sequence, fan, timers, events, child, family, generations, ledger, moves):
            worker.add_orchestrator(one)  # type: ignore[arg-type]
        worker.add_entity(book)
        worker.add_activity(step)
        worker.start()
        print("worker ready", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
