"""The SDK's in-memory backend as an endpoint that a hub is moved to; it counts what it is asked for.

    python -m benchmarks.foreign_endpoint

It prints one JSON object: where it serves, and where it tells its counts. Calls are counted by their names;
*actions* as billing counts them, by what a call brings about: see `actions_of`.
"""

import json
import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import urlopen

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import (
    add_TaskHubSidecarServiceServicer_to_server,
)
from durabletask.testing.in_memory_backend import InMemoryOrchestrationBackend

from durahub.local.child import Child

START_WITHIN = 30.0  # seconds
THREADS = 100
BEGINS = {
    pb.CreateInstanceRequest: "start",
    pb.RaiseEventRequest: "event",
    pb.SignalEntityRequest: "signal",
    pb.SuspendRequest: "control",
    pb.ResumeRequest: "control",
    pb.TerminateRequest: "control",
    pb.ActivityResponse: "result",
}
"""What one call brings about, by its request."""


def actions_of(request: Any) -> Iterator[str]:
    """Yield the actions that a call brings about, of those that are known when it comes.

    An activity is one when it is scheduled, though a worker may get it later; a timer only when it fires,
    which no call tells. An answer of a child that is left open is none.
    """
    if type(request) in BEGINS:
        yield BEGINS[type(request)]
    if not isinstance(request, pb.OrchestratorResponse):
        return
    for action in request.actions:
        match action.WhichOneof("orchestratorActionType"):
            case "scheduleTask":
                yield "activity"
            case "createSubOrchestration":
                yield "start"
            case "sendEntityMessage":
                yield "entity message"


class Counting(grpc.ServerInterceptor):
    """Counts calls, and actions."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self._lock = threading.Lock()

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Count a call of the service, and look at its request."""
        handler = continuation(details)
        name = details.method.rpartition("/")[2]
        if handler is None:
            return None
        if handler.unary_unary is None:
            self._count(name, None)
            return handler
        inner = handler.unary_unary

        def counted(request: Any, context: Any) -> Any:
            self._count(name, request)
            return inner(request, context)

        return grpc.unary_unary_rpc_method_handler(
            counted, handler.request_deserializer, handler.response_serializer
        )

    def _count(self, name: str, request: Any) -> None:
        with self._lock:
            self.calls[name] += 1
            self.actions.update(actions_of(request))


@dataclass(frozen=True)
class ForeignEndpoint:
    """A running one. *address* is as a move takes it, without the hub."""

    address: str
    pid: int
    counts_at: str

    def counts(self) -> dict[str, Counter[str]]:
        """Return what was counted: ``calls`` and ``actions``."""
        with urlopen(self.counts_at, timeout=30) as answer:
            return {kind: Counter(found) for kind, found in json.load(answer).items()}


@contextmanager
def running_foreign_endpoint() -> Iterator[ForeignEndpoint]:
    """Run one for the body, in a process of its own."""
    child = Child([sys.executable, "-m", "benchmarks.foreign_endpoint"])
    try:
        ports = child.wait_for(_ports, START_WITHIN)
        if ports is None:
            raise RuntimeError(f"the endpoint did not start:\n{child.tail()}")
        yield ForeignEndpoint(
            f"dts:http://127.0.0.1:{ports['grpc']}",
            child.pid,
            f"http://127.0.0.1:{ports['counts']}/",
        )
    finally:
        child.kill()


def _ports(line: str) -> dict[str, int] | None:
    return json.loads(line) if line.startswith("{") else None


def main() -> None:
    """Serve until killed."""
    logging.disable(logging.CRITICAL)
    counting = Counting()
    backend = InMemoryOrchestrationBackend(max_history_size=1_000_000)
    server = grpc.server(futures.ThreadPoolExecutor(THREADS), interceptors=(counting,))
    add_TaskHubSidecarServiceServicer_to_server(backend, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    class Tell(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {"calls": counting.calls, "actions": counting.actions}
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    told_at = ThreadingHTTPServer(("127.0.0.1", 0), Tell)
    print(json.dumps({"grpc": port, "counts": told_at.server_port}), flush=True)
    told_at.serve_forever()


if __name__ == "__main__":
    main()
