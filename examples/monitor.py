"""Monitor: look at something every so often until it is as wanted, for as long as that takes.

The orchestrator asks where a parcel is, sleeps on a durable timer, and continues as new: its history
stays short, however long it runs. While it sleeps nothing runs: workers may come and go.

    durahub up                            # in another terminal
    python examples/monitor.py

Settings: ENDPOINT (http://localhost:8080), TASKHUB (default).
"""

import itertools
import logging
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
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
EVERY = timedelta(seconds=1)
PLACES = itertools.chain(("packed", "on a lorry", "in the van"), itertools.repeat("delivered"))


def watch_parcel(ctx: OrchestrationContext, looks: int) -> Iterator[Task[Any]]:
    place = yield ctx.call_activity(locate_parcel)
    ctx.set_custom_status({"looks": looks + 1, "place": place})
    if place == "delivered":
        return f"delivered, seen at look {looks + 1}"
    yield ctx.create_timer(EVERY)
    ctx.continue_as_new(looks + 1)
    return None


def locate_parcel(ctx: ActivityContext, _: None) -> str:
    place = next(PLACES)
    print(f"  the parcel is {place}")
    return place


def main() -> int:
    with DurableTaskSchedulerWorker(**HUB) as worker, DurableTaskSchedulerClient(**HUB) as client:
        worker.add_orchestrator(watch_parcel)
        worker.add_activity(locate_parcel)
        worker.start()

        instance = client.schedule_new_orchestration(watch_parcel, input=0)
        print(f"instance {instance}")
        state = client.wait_for_orchestration_completion(instance, timeout=60)

        if state is None or state.runtime_status is not OrchestrationStatus.COMPLETED:
            print(f"it did not complete: {state}", file=sys.stderr)
            return 1
        print(state.get_output())
        return 0 if state.get_custom_status() == {"looks": 4, "place": "delivered"} else 1


if __name__ == "__main__":
    sys.exit(main())
