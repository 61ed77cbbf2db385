"""Human interaction: wait for somebody's answer, but not for ever.

The orchestrator asks for approval and waits for an event or a timer, whichever comes first. One
expense is approved by an event, as a web page or `durahub instance raise-event` would send it;
for the other nobody answers in time.

    durahub up                            # in another terminal
    python examples/human_interaction.py

Settings: ENDPOINT (http://localhost:8080), TASKHUB (default).
"""

import logging
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.client import OrchestrationStatus
from durabletask.task import ActivityContext, OrchestrationContext, Task, when_any

ENDPOINT = os.environ.get("ENDPOINT", "http://localhost:8080")
HUB: dict[str, Any] = {
    "host_address": ENDPOINT,
    "taskhub": os.environ.get("TASKHUB", "default"),
    "token_credential": None,  # a local server asks for none
    "secure_channel": ENDPOINT.startswith("https://"),
    "logger": logging.Logger("sdk", logging.CRITICAL),  # it calls its own stop an error
}


def approve_expense(ctx: OrchestrationContext, expense: dict[str, Any]) -> Iterator[Task[Any]]:
    yield ctx.call_activity(ask_manager, input=expense["for"])
    ctx.set_custom_status("waiting for Approval")
    answer = ctx.wait_for_external_event("Approval")
    too_late = ctx.create_timer(timedelta(seconds=expense["patience"]))
    if (yield when_any([answer, too_late])) is too_late:
        return f"{expense['for']}: nobody answered, escalated"
    approved = "approved" if answer.get_result()["approved"] else "refused"
    return f"{expense['for']}: {approved} by {answer.get_result()['by']}"


def ask_manager(ctx: ActivityContext, expense: str) -> None:
    print(f"  mail to the manager: please approve {expense}")


def main() -> int:
    with DurableTaskSchedulerWorker(**HUB) as worker, DurableTaskSchedulerClient(**HUB) as client:
        worker.add_orchestrator(approve_expense)
        worker.add_activity(ask_manager)
        worker.start()

        train = {"for": "a train ticket", "patience": 3600}
        lunch = {"for": "a long lunch", "patience": 2}
        instances = [
            client.schedule_new_orchestration(approve_expense, input=train),
            client.schedule_new_orchestration(approve_expense, input=lunch),
        ]
        print(f"instances {', '.join(instances)}")
        answer = {"approved": True, "by": "Ada"}
        client.raise_orchestration_event(instances[0], "Approval", data=answer)

        outputs = []
        for instance in instances:
            state = client.wait_for_orchestration_completion(instance, timeout=60)
            if state is None or state.runtime_status is not OrchestrationStatus.COMPLETED:
                print(f"it did not complete: {state}", file=sys.stderr)
                return 1
            outputs.append(state.get_output())
            print(outputs[-1])
        return 0 if "approved by Ada" in outputs[0] and "escalated" in outputs[1] else 1


if __name__ == "__main__":
    sys.exit(main())
