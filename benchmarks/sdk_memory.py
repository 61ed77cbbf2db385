"""The SDK's own in-memory backend in a process of its own: ``python -m benchmarks.sdk_memory``.

It prints its endpoint and serves until killed. It is given more threads than the ten that it takes by
itself: a client that waits holds one, and sixteen clients at once would leave none for the worker.
"""

import logging
import threading
from concurrent import futures

import grpc
from durabletask.internal.orchestrator_service_pb2_grpc import (
    add_TaskHubSidecarServiceServicer_to_server,
)
from durabletask.testing.in_memory_backend import InMemoryOrchestrationBackend

THREADS = 100


def main() -> None:
    """Serve."""
    logging.disable(logging.CRITICAL)  # it builds a line for every item
    backend = InMemoryOrchestrationBackend(max_history_size=1_000_000)
    server = grpc.server(futures.ThreadPoolExecutor(THREADS))
    add_TaskHubSidecarServiceServicer_to_server(backend, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"http://127.0.0.1:{port}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
