"""A worker whose activities leave a line in a file for each run: what really happened, to be counted.

python counting_app.py ENDPOINT TASKHUB FILE
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.task import ActivityContext, OrchestrationContext, Task, when_all

FILE = ""


def Note(_: ActivityContext, what: str) -> str:  # noqa: N802 (names as in the recorded app)
    with open(FILE, "a") as file:  # noqa: PTH123
        file.write(f"{what}\n")
        file.flush()
        os.fsync(file.fileno())
    return what


def Chain(ctx: OrchestrationContext, steps: int) -> Iterator[Task[Any]]:  # noqa: N802
    """Steps one after the other, in order."""
    done: list[str] = []
    for step in range(steps):
        done.append((yield ctx.call_activity(Note, input=f"{ctx.instance_id}/{step}")))
    return done


def Fan(ctx: OrchestrationContext, width: int) -> Iterator[Task[Any]]:  # noqa: N802
    results = yield when_all(
        [ctx.call_activity(Note, input=f"{ctx.instance_id}/{n}") for n in range(width)]
    )
    return len(results)


def Mixed(ctx: OrchestrationContext, wanted: int) -> Iterator[Task[Any]]:  # noqa: N802
    """A child, a timer, and *wanted* events, each of which must be seen once."""
    child = yield ctx.call_sub_orchestrator(Chain, input=3, instance_id=f"{ctx.instance_id}-child")
    yield ctx.create_timer(timedelta(milliseconds=300))
    seen: list[int] = []
    for _ in range(wanted):
        seen.append((yield ctx.wait_for_external_event("Tick")))
    yield ctx.call_activity(Note, input=f"{ctx.instance_id}/end")
    return {"child": len(child), "seen": seen}


def main() -> None:
    global FILE
    endpoint, hub, FILE = sys.argv[1:4]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with DurableTaskSchedulerWorker(
        host_address=endpoint, taskhub=hub, token_credential=None, secure_channel=False
    ) as worker:
        for orchestrator in (Chain, Fan, Mixed):
            worker.add_orchestrator(orchestrator)
        worker.add_activity(Note)
        worker.start()
        print("worker ready", flush=True)
        stop.wait()


main()
