"""Function chaining: steps one after the other, each durable before the next begins.

The orchestrator greets five cities. Kill this program half-way and start it again with the same
INSTANCE: the greetings that were made are not made again.

    durahub up                            # in another terminal
    python examples/chaining.py

Settings: ENDPOINT (http://localhost:8080), TASKHUB (default), INSTANCE (a new one each time).
"""

import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.client import OrchestrationStatus
from durabletask.task import ActivityContext, OrchestrationContext, Task

ENDPOINT = os.environ.get("ENDPOINT", "http://localhost:8080")
HUB: dict[str, Any] = {
    "host_address": ENDPOINT,
    "taskhub": os.environ.get("TASKHUB", "default"),
    "token_credential": None,  # a local server asks for none
    "secure_channel": ENDPOINT.startswith("https://"),
    "logger": logging.Logger("sdk", logging.CRITICAL),  # it calls its own stop an error
}
CITIES = ("Tokyo", "Seattle", "London", "Cairo", "Lima")


def greet_cities(ctx: OrchestrationContext, cities: list[str]) -> Iterator[Task[Any]]:
    greetings = []
    for city in cities:
        greetings.append((yield ctx.call_activity(say_hello, input=city)))
        ctx.set_custom_status(f"{len(greetings)} of {len(cities)}")
    return greetings


def say_hello(ctx: ActivityContext, city: str) -> str:
    print(f"  saying hello to {city}")
    return f"Hello, {city}!"


def main() -> int:
    with DurableTaskSchedulerWorker(**HUB) as worker, DurableTaskSchedulerClient(**HUB) as client:
        worker.add_orchestrator(greet_cities)
        worker.add_activity(say_hello)
        worker.start()

        instance = os.environ.get("INSTANCE")
        if not instance or client.get_orchestration_state(instance) is None:
            instance = client.schedule_new_orchestration(
                greet_cities, input=list(CITIES), instance_id=instance
            )
        print(f"instance {instance}")
        state = client.wait_for_orchestration_completion(instance, timeout=60)

        if state is None or state.runtime_status is not OrchestrationStatus.COMPLETED:
            print(f"it did not complete: {state}", file=sys.stderr)
            return 1
        print("\n".join(state.get_output()))
        return 0


if __name__ == "__main__":
    sys.exit(main())
