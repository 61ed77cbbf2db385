"""The server of a soak, a process of its own, and what it tells of itself."""

import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from durahub.edge.backend import backend_service_pb2 as bs
from durahub.local.child import Child
from tests.soak.figures import Sample

READY_WITHIN = 120.0  # seconds
SERVE = (sys.executable, "-m", "durahub.cli.main")
RETENTION = "20s"  # of what has ended
_KEPT = 8  # MiB of histories: so that the cache is full before memory is judged
_SAMPLE = re.compile(r"^(durahub_\w+?)(?:\{(.*)\})? ([\d.e+-]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SoakServer:
    """A running server with one hub."""

    child: Child
    hub: str
    grpc_port: int
    http_port: int
    channel: grpc.Channel

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.grpc_port}"

    def sample(self, at: float, ended: int) -> Sample:
        """Ask the server and the system how it is."""
        metrics = self._metrics()
        return Sample(
            at=at,
            memory=_memory(self.child.pid),
            files=len(os.listdir(f"/proc/{self.child.pid}/fd")),  # noqa: PTH208 (as cheap as can be)
            tasks=metrics["durahub_tasks"],
            messages=metrics["durahub_messages_in_memory"],
            sessions=metrics["durahub_sessions"],
            histories=metrics["durahub_histories"],
            open_items=metrics["durahub_open_work_items"],
            slots=self._slots(),
            calls=metrics["durahub_calls"] - metrics["streams"],
            age=self._age(),
            ended=ended,
        )

    def _metrics(self) -> dict[str, int]:
        """Return the metrics, summed over their labels; ``streams`` are the calls of that kind."""
        text = self._get("/metrics")
        found: dict[str, int] = {"streams": 0}
        for name, labels, value in _SAMPLE.findall(text):
            found[name] = found.get(name, 0) + int(float(value))
            if labels == 'kind="streams"':
                found["streams"] = int(float(value))
        return found

    def _slots(self) -> int:
        workers = json.loads(self._get("/v1/taskhubs/workers", {"x-taskhub": self.hub}))["workers"]
        return sum(
            worker[f"active{kind}Count"]
            for worker in workers
            for kind in ("Orchestrations", "Activities", "Entities")
        )

    def _age(self) -> float:
        """Return how long the oldest piece of work has waited, in storage or in memory; seconds."""
        ask = self.channel.unary_unary(
            f"/{_SERVICE}/GetMetrics",
            request_serializer=bs.GetMetricsRequest.SerializeToString,
            response_deserializer=bs.GetMetricsResponse.FromString,
        )
        told: Any = ask(bs.GetMetricsRequest(), metadata=(("taskhub", self.hub),), timeout=30)
        work = told.metrics
        return float(
            max(
                one.oldestAgeInSeconds
                for one in (
                    work.orchestratorWorkItems,
                    work.activityWorkItems,
                    work.entityWorkItems,
                )
            )
        )

    def _get(self, path: str, headers: dict[str, str] | None = None) -> str:
        url = f"http://127.0.0.1:{self.http_port}{path}"
        request = urllib.request.Request(url, headers=headers or {})  # our own
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.read().decode())


_SERVICE = bs.DESCRIPTOR.services_by_name["BackendService"].full_name


def _memory(pid: int) -> float:
    """Return the resident memory of a process, MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


@contextmanager
def soak_server(
    store: str,
    hub: str,
    folder: Path,
    env: dict[str, str] | None = None,
    command: Sequence[str] = SERVE,
) -> Iterator[SoakServer]:
    """Run ``durahub serve`` for the body, on the store at an address, with a retention of seconds."""
    arguments = ["serve", "--format", "json", "--store", store, "--hub", hub]
    arguments += ["--retention-all", RETENTION, "--purge-every", "5"]
    arguments += ["--history-cache", str(_KEPT), "--no-monitor"]
    arguments += ["--grpc-port", "0", "--http-port", "0", "--api-port", "none"]
    state = {"DURAHUB_STATE_DIR": str(folder), **(env or {})}
    child = Child([*command, *arguments], env=state)
    try:
        ready = child.wait_for(_ready, READY_WITHIN)
        if ready is None:
            raise RuntimeError(f"the server did not become ready:\n{child.tail()}")
        with grpc.insecure_channel(f"127.0.0.1:{ready['grpc_port']}") as channel:
            yield SoakServer(child, hub, ready["grpc_port"], ready["http_port"], channel)
    finally:
        child.interrupt()
        child.kill()


def _ready(line: str) -> dict[str, Any] | None:
    if not line.startswith('{"event": "ready"'):
        return None
    found: dict[str, Any] = json.loads(line)
    return found
