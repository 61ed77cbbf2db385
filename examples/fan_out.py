"""Fan-out, fan-in: many activities at once, over all connected workers, and one result.

The orchestrator has the words of each page counted at the same time, and adds the counts up.

    durahub up                            # in another terminal
    python examples/fan_out.py

Settings: ENDPOINT (http://localhost:8080), TASKHUB (default).
"""

import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.client import OrchestrationStatus
from durabletask.task import ActivityContext, OrchestrationContext, Task, when_all

ENDPOINT = os.environ.get("ENDPOINT", "http://localhost:8080")
HUB: dict[str, Any] = {
    "host_address": ENDPOINT,
    "taskhub": os.environ.get("TASKHUB", "default"),
    "token_credential": None,  # a local server asks for none
    "secure_channel": ENDPOINT.startswith("https://"),
    "logger": logging.Logger("sdk", logging.CRITICAL),  # it calls its own stop an error
}
PAGES = [f"page {number}: " + "word " * number for number in range(1, 21)]


def count_words(ctx: OrchestrationContext, pages: list[str]) -> Iterator[Task[Any]]:
    counts = yield when_all([ctx.call_activity(count_page, input=page) for page in pages])
    return {"pages": len(counts), "words": sum(counts)}


def count_page(ctx: ActivityContext, page: str) -> int:
    words = len(page.split())
    print(f"  {page[:8].strip(': ')}: {words} words")
    return words


def main() -> int:
    with DurableTaskSchedulerWorker(**HUB) as worker, DurableTaskSchedulerClient(**HUB) as client:
        worker.add_orchestrator(count_words)
        worker.add_activity(count_page)
        worker.start()

        instance = client.schedule_new_orchestration(count_words, input=PAGES)
        print(f"instance {instance}")
        state = client.wait_for_orchestration_completion(instance, timeout=60)

        if state is None or state.runtime_status is not OrchestrationStatus.COMPLETED:
            print(f"it did not complete: {state}", file=sys.stderr)
            return 1
        result = state.get_output()
        print(f"{result['words']} words on {result['pages']} pages")
        return 0 if result["words"] == sum(len(page.split()) for page in PAGES) else 1


if __name__ == "__main__":
    sys.exit(main())
