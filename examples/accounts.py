"""Stateful entities: two accounts, and transfers between them that nobody sees half done.

An entity holds a state and runs its operations one at a time. The orchestrator locks both accounts, so
that no other transfer comes between the look and the two bookings; ten transfers run at once.

    durahub up                            # in another terminal
    python examples/accounts.py

Settings: ENDPOINT (http://localhost:8080), TASKHUB (default).
"""

import os
import sys
import uuid
from collections.abc import Iterator
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.client import OrchestrationStatus
from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.task import OrchestrationContext, Task

ENDPOINT = os.environ.get("ENDPOINT", "http://localhost:8080")
HUB: dict[str, Any] = {
    "host_address": ENDPOINT,
    "taskhub": os.environ.get("TASKHUB", "default"),
    "token_credential": None,  # a local server asks for none
    "secure_channel": ENDPOINT.startswith("https://"),
}
TRANSFERS = 10


def account(ctx: EntityContext, amount: int | None) -> int:
    """Run an operation of the entity; its state is the balance."""
    balance = ctx.get_state(int, 0)
    if ctx.operation == "book":
        balance += amount or 0
        ctx.set_state(balance)
    return balance


def transfer(ctx: OrchestrationContext, order: dict[str, Any]) -> Iterator[Task[Any]]:
    source, target = (EntityInstanceId("account", order[side]) for side in ("from", "to"))
    with (yield ctx.lock_entities([source, target])):
        balance = yield ctx.call_entity(source, "balance")
        if balance < order["amount"]:
            return "refused"
        yield ctx.call_entity(source, "book", -order["amount"])
        yield ctx.call_entity(target, "book", order["amount"])
    return "done"


def main() -> int:
    with DurableTaskSchedulerWorker(**HUB) as worker, DurableTaskSchedulerClient(**HUB) as client:
        worker.add_entity(account)
        worker.add_orchestrator(transfer)
        worker.start()

        ada, ben = f"ada-{uuid.uuid4()}", f"ben-{uuid.uuid4()}"
        client.signal_entity(EntityInstanceId("account", ada), "book", 100)
        order = {"from": ada, "to": ben, "amount": 15}
        # A signal is not answered: an orchestration that calls the account comes behind it.
        instances = [
            client.schedule_new_orchestration(transfer, input=order) for _ in range(TRANSFERS)
        ]
        outcomes = []
        for instance in instances:
            state = client.wait_for_orchestration_completion(instance, timeout=60)
            if state is None or state.runtime_status is not OrchestrationStatus.COMPLETED:
                print(f"it did not complete: {state}", file=sys.stderr)
                return 1
            outcomes.append(state.get_output())
            print(f"instance {instance}: {outcomes[-1]}")

        balances = []
        for key in (ada, ben):
            found = client.get_entity(EntityInstanceId("account", key))
            balances.append(found.get_typed_state(int) if found is not None else 0)
        print(
            f"{outcomes.count('done')} transfers of {TRANSFERS}: Ada {balances[0]}, Ben {balances[1]}"
        )
        return 0 if balances == [10, 90] else 1


if __name__ == "__main__":
    sys.exit(main())
