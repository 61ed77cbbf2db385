"""The app that is measured, as a worker process of the Python SDK.

python -m benchmarks.app ENDPOINT TASKHUB [--wrong]    writes "worker ready", works until it is killed

``--wrong``: a greeting now and then is another one, so that a test sees a wrong result found out.
"""

import logging
import sys
import threading
from collections.abc import Generator
from typing import Any

from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.task import ActivityContext, OrchestrationContext, Task, when_all

CITIES = ("Tokyo", "Seattle", "London", "Cairo", "Lima")
GREETINGS = [f"Hello, {city}!" for city in CITIES]
COUNTER = "counter"
READY = "worker ready"

Turns = Generator[Task[Any], Any, Any]


def hub_options(endpoint: str, task_hub: str) -> dict[str, Any]:
    """Return what workers and clients of the SDK are made with, for a local server."""
    return {
        "host_address": endpoint,
        "taskhub": task_hub,
        "token_credential": None,
        "secure_channel": False,
        "logger": logging.Logger("sdk", logging.CRITICAL),  # its default costs 10 % of the worker
    }


def five_cities(ctx: OrchestrationContext, _: None) -> Turns:
    """Greet them; the next one only after the one before."""
    greetings = []
    for city in CITIES:
        greeting = yield ctx.call_activity(say_hello, input=city)
        greetings.append(greeting)
    return greetings


def fan_out(ctx: OrchestrationContext, activities: int) -> Turns:
    """Run *activities* at once; return the sum of what they return."""
    doubled = yield when_all([ctx.call_activity(double, input=i) for i in range(activities)])
    return sum(doubled)


def tree(ctx: OrchestrationContext, shape: list[int]) -> Turns:
    """Start children as *shape* says, ``[3, 3]`` for 3 with 3 each; return how many nodes there are."""
    if not shape:
        return 1
    nodes = yield when_all(
        [ctx.call_sub_orchestrator(tree, input=shape[1:]) for _ in range(shape[0])]
    )
    return 1 + sum(nodes)


def count_up(ctx: OrchestrationContext, key: str) -> Turns:
    """Call a counter; return the number that it came to."""
    number = yield ctx.call_entity(EntityInstanceId(COUNTER, key), "add", 1)
    return number


def wait_for_go(ctx: OrchestrationContext, _: None) -> Turns:
    """Return what comes with the event ``go``."""
    told = yield ctx.wait_for_external_event("go")
    return told


def nothing(_: OrchestrationContext, given: int) -> int:
    """Return what is given, at once."""
    return given


def say_hello(_: ActivityContext, city: str) -> str:
    """Return a greeting."""
    return f"Hello, {city}!"


def say_something_else(_: ActivityContext, city: str) -> str:
    """Return a greeting, and to Lima another one than was asked for."""
    return f"Hello, {city}!" if city != "Lima" else "Hello, Rome!"


def double(_: ActivityContext, number: int) -> int:
    """Return twice the number."""
    return 2 * number


def counter(ctx: EntityContext, given: int) -> int:
    """Keep a number; the one operation, ``add``, returns what it has come to."""
    number = int(ctx.get_state(int, 0)) + given
    ctx.set_state(number)
    return number


ORCHESTRATORS = (five_cities, fan_out, tree, count_up, wait_for_go, nothing)


def main(endpoint: str, task_hub: str, *flags: str) -> None:
    """Run a worker."""
    greet = say_hello
    if "--wrong" in flags:
        greet = say_something_else
        greet.__name__ = say_hello.__name__
    with DurableTaskSchedulerWorker(**hub_options(endpoint, task_hub)) as worker:
        for orchestrator in ORCHESTRATORS:
            worker.add_orchestrator(orchestrator)
        for activity in (greet, double):
            worker.add_activity(activity)
        worker.add_entity(counter)
        worker.start()
        print(READY, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
