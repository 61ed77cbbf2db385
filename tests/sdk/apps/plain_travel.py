"""The recorded app on the plain worker, which knows nothing of task hubs.

    python plain_travel.py ENDPOINT TASKHUB

It tells the server no hub; TASKHUB is not used. Writes ``worker ready``, and works until SIGTERM.
"""

import logging
import signal
import sys
import threading

import travel
from durabletask.worker import TaskHubGrpcWorker


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
