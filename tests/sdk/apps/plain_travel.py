"""The recorded app on the plain worker, which knows nothing of task hubs; and a child that is retried.

    python plain_travel.py ENDPOINT TASKHUB

It tells the server no hub; TASKHUB is not used. Writes ``worker ready``, and works until SIGTERM.
"""

import itertools
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import travel
from durabletask.task import ActivityContext, OrchestrationContext, RetryPolicy, Task
from durabletask.worker import TaskHubGrpcWorker

_tries = itertools.count(1)


@travel.orchestration
def retries_child(ctx: OrchestrationContext, _: Any) -> Iterator[Task[Any]]:
    policy = RetryPolicy(first_retry_interval=timedelta(milliseconds=200), max_number_of_attempts=3)
    return (yield ctx.call_sub_orchestrator("ShakyChild", retry_policy=policy))


@travel.orchestration
def shaky_child(ctx: OrchestrationContext, _: Any) -> Iterator[Task[Any]]:
    return (yield ctx.call_activity("Shaky"))


@travel.activity
def shaky(ctx: ActivityContext, _: Any) -> str:
    """Succeed at the third try of the process."""
    if (number := next(_tries)) < 3:
        raise RuntimeError(f"try {number}")
    return f"try {number}"


def main(endpoint: str) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    travel.SLOW_ANSWERS.set()
    with TaskHubGrpcWorker(
        host_address=endpoint,
        data_converter=travel.CompactJson(),
        logger=logging.getLogger("plain-travel"),
    ) as worker:
        for orchestrator in travel.ORCHESTRATIONS:
            worker.add_orchestrator(orchestrator)
        for activity in travel.ACTIVITIES:
            worker.add_activity(activity)
        worker.start()
        print("worker ready", flush=True)
        stop.wait()


if __name__ == "__main__":
    main(sys.argv[1])
