"""Moving: an app with work in flight, to try `durahub export`, `plan`, `apply` and `verify` with.

`begin` sells books: two orders wait for their approval, the stock is an entity, a reminder is due
tomorrow. `finish` approves the orders, wherever they are then: docs/moving.md moves the hub in
between. Nobody is charged twice.

    durahub up                            # in another terminal
    python examples/moving.py begin
    python examples/moving.py finish

Without an argument it does both. Settings: ENDPOINT (http://localhost:8080), TASKHUB (default).
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.client import OrchestrationStatus
from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.task import ActivityContext, OrchestrationContext, Task

ENDPOINT = os.environ.get("ENDPOINT", "http://localhost:8080")
HUB: dict[str, Any] = {
    "host_address": ENDPOINT,
    "taskhub": os.environ.get("TASKHUB", "default"),
    "token_credential": None,  # a local server asks for none
    "secure_channel": ENDPOINT.startswith("https://"),
    "logger": logging.Logger("sdk", logging.CRITICAL),  # it calls its own stop an error
}
STOCK = EntityInstanceId("stock", "books")
ORDERS = ("order-1", "order-2")


def order(ctx: OrchestrationContext, book: str) -> Iterator[Task[Any]]:
    yield ctx.call_activity(charge, input=book)
    left = yield ctx.call_entity(STOCK, "take", 1)
    ctx.set_custom_status("waits for Approval")
    by = yield ctx.wait_for_external_event("Approval")
    yield ctx.call_activity(ship, input=book)
    return f"{book}: approved by {by}, {left} left"


def reminder(ctx: OrchestrationContext, text: str) -> Iterator[Task[Any]]:
    yield ctx.create_timer(timedelta(days=1))
    return text


def charge(ctx: ActivityContext, book: str) -> None:
    print(f"  charging for {book}", flush=True)


def ship(ctx: ActivityContext, book: str) -> None:
    print(f"  shipping {book}", flush=True)


def stock(ctx: EntityContext, books: int) -> int:
    left = int(ctx.get_state(int, 10)) - books
    ctx.set_state(left)
    return left


def begin(client: DurableTaskSchedulerClient) -> bool:
    for instance, book in zip(ORDERS, ("Emma", "Dune"), strict=True):
        client.schedule_new_orchestration(order, input=book, instance_id=instance)
        while not waits(client, instance):
            time.sleep(0.1)  # the worker brings it about
    client.schedule_new_orchestration(reminder, input="count", instance_id="reminder")
    client.wait_for_orchestration_start("reminder", timeout=60)
    print(f"{' and '.join(ORDERS)} wait for their approval")
    return True


def waits(client: DurableTaskSchedulerClient, instance: str) -> bool:
    state = client.get_orchestration_state(instance)
    return state is not None and bool(state.serialized_custom_status)


def finish(client: DurableTaskSchedulerClient) -> bool:
    for instance in ORDERS:
        client.raise_orchestration_event(instance, "Approval", data="Ada")
        state = client.wait_for_orchestration_completion(instance, timeout=60)
        if state is None or state.runtime_status is not OrchestrationStatus.COMPLETED:
            print(f"{instance} did not complete: {state}", file=sys.stderr)
            return False
        print(state.get_output())
    return True


def main(steps: list[str]) -> int:
    known = {"begin": begin, "finish": finish}
    with DurableTaskSchedulerWorker(**HUB) as worker, DurableTaskSchedulerClient(**HUB) as client:
        worker.add_orchestrator(order)
        worker.add_orchestrator(reminder)
        worker.add_activity(charge)
        worker.add_activity(ship)
        worker.add_entity(stock)
        worker.start()
        return 0 if all(known[step](client) for step in steps or known) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
