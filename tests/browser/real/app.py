"""A shop as a worker process of the Python SDK: what it leaves is looked at in a browser.

python app.py ENDPOINT TASKHUB
"""

import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.task import ActivityContext, OrchestrationContext, RetryPolicy, Task

Turns = Iterator[Task[Any]]
SOON = timedelta(milliseconds=20)

_tries: Counter[str] = Counter()  # in this process


def pay(ctx: ActivityContext, name: str) -> str:
    """Fail at the first try."""
    _tries[name] += 1
    if _tries[name] == 1:
        raise RuntimeError("the bank is closed")
    return f"{name} paid"


def spoil(ctx: ActivityContext, what: str) -> None:
    raise ValueError(f"{what} is <b>broken</b>")


def brew(ctx: ActivityContext, what: str) -> str:
    """Take until the worker is ended."""
    _ended.wait()
    return what


def order(ctx: OrchestrationContext, name: str) -> Turns:
    retries = RetryPolicy(first_retry_interval=SOON, max_number_of_attempts=3)
    paid = yield ctx.call_activity(pay, input=name, retry_policy=retries)
    ctx.set_custom_status(f"{name} is paid")
    packed = yield ctx.call_sub_orchestrator(pack, input=name, instance_id=f"{name}-pack")
    came = yield ctx.wait_for_external_event("Courier")
    return [paid, packed, came]


def pack(ctx: OrchestrationContext, name: str) -> str:
    return f"{name} packed"


def broken(ctx: OrchestrationContext, _: Any) -> Turns:
    yield ctx.call_activity(spoil, input="a cup")


def coffee(ctx: OrchestrationContext, _: Any) -> Turns:
    return (yield ctx.call_activity(brew, input="coffee"))


def nightly(ctx: OrchestrationContext, _: Any) -> Turns:
    yield ctx.create_timer(timedelta(hours=8))


def weekly(ctx: OrchestrationContext, week: int) -> Turns:
    yield ctx.create_timer(SOON)
    if week < 3:
        ctx.continue_as_new(week + 1)


def stock(ctx: OrchestrationContext, _: Any) -> Turns:
    """Lock the cups until they are counted."""
    cups = EntityInstanceId("counter", "cups")
    with (yield ctx.lock_entities([cups])):
        yield ctx.call_entity(cups, "add", 7)
        yield ctx.wait_for_external_event("Counted")


def counter(ctx: EntityContext, given: Any) -> Any:
    ctx.set_state(ctx.get_state(int, 0) + (given or 0))
    return ctx.get_state(int, 0)


_ended = threading.Event()


def main() -> None:
    endpoint, hub = sys.argv[1:3]
    signal.signal(signal.SIGTERM, lambda *_: _ended.set())
    with DurableTaskSchedulerWorker(
        host_address=endpoint, taskhub=hub, token_credential=None, secure_channel=False
    ) as worker:
        for orchestrator in (order, pack, broken, coffee, nightly, weekly, stock):
            worker.add_orchestrator(orchestrator)
        for activity in (pay, spoil, brew):
            worker.add_activity(activity)
        worker.add_entity(counter)
        worker.start()
        print("worker ready", flush=True)
        _ended.wait()


if __name__ == "__main__":
    main()
