"""The app that is measured: an orchestration that greets five cities, one after the other.

python cities.py ENDPOINT TASKHUB      a worker; writes "worker ready", works until it is killed
"""

import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.task import ActivityContext, OrchestrationContext, Task

CITIES = ("Tokyo", "Seattle", "London", "Cairo", "Lima")
GREETINGS = [f"Hello, {city}!" for city in CITIES]


def hub_options(endpoint: str, task_hub: str) -> dict[str, Any]:
    """Return what workers and clients of the SDK are made with, for a local server."""
    return {
        "host_address": endpoint,
        "taskhub": task_hub,
        "token_credential": None,
        "secure_channel": False,
        "logger": logging.Logger("sdk", logging.CRITICAL),  # its default costs 10 % of the worker
    }


def five_cities(ctx: OrchestrationContext, _: None) -> Iterator[Task[Any]]:
    """Greet them; the next one only after the one before."""
    greetings = []
    for city in CITIES:
        greeting = yield ctx.call_activity(say_hello, input=city)
        greetings.append(greeting)
    return greetings


def say_hello(_: ActivityContext, city: str) -> str:
    """Return a greeting."""
    return f"Hello, {city}!"


def main(endpoint: str, task_hub: str) -> None:
    """Run a worker."""
    with DurableTaskSchedulerWorker(**hub_options(endpoint, task_hub)) as worker:
        worker.add_orchestrator(five_cities)
        worker.add_activity(say_hello)
        worker.start()
        print("worker ready", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
