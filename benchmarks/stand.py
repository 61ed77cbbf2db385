"""The processes that take part in a run: storage, servers, workers; and what they cost."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from durabletask.azuremanaged.client import AsyncDurableTaskSchedulerClient
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.app import READY, hub_options
from benchmarks.contestants import LEVELS, SDK_MEMORY, Contestant
from benchmarks.counting import Requests
from benchmarks.processes import Cost, cost_of
from benchmarks.stores import Storage, running_store
from durahub.local.child import Child
from durahub.local.server import ServerProcess

HUB = "benchmark"
START_WITHIN = 60.0  # seconds for a worker, or a backend beside us
TOP = Path(__file__).parents[1]  # where `python -m benchmarks` is found
OURSELVES = "client"  # this process, in which the clients are


class Stand:
    """Running servers with a worker each, and the storage behind them."""

    def __init__(self, endpoints: Sequence[str], pids: dict[str, list[int]]) -> None:
        """*pids* are those of each role: ``{"server": [17, 18], "worker": […], "storage": […]}``."""
        self.endpoints = endpoints
        self._pids = {**pids, OURSELVES: [os.getpid()]}
        self._metrics: list[str] = []  # addresses

    def counted_at(self, urls: Sequence[str]) -> "Stand":
        """Name where the servers' own counters are."""
        self._metrics = list(urls)
        return self

    def clients(self) -> list[AsyncDurableTaskSchedulerClient]:
        """Return a client for each server, to be closed by the caller."""
        return [
            AsyncDurableTaskSchedulerClient(**hub_options(endpoint, HUB))
            for endpoint in self.endpoints
        ]

    def requests(self) -> Requests:
        """Return how many storage requests the servers have sent by their own counters, by kind."""
        return sum((_requests_of(url) for url in self._metrics), Counter())

    def costs(self) -> dict[str, Cost]:
        """Return what the processes of each role have cost so far."""
        costs = {role: [cost_of(pid) for pid in pids] for role, pids in self._pids.items()}
        return {
            role: Cost(
                sum(cost.cpu for cost in found if cost),
                sum(cost.peak_memory for cost in found if cost),
                sum(cost.memory for cost in found if cost),
            )
            for role, found in costs.items()
            if found
        }


def _requests_of(http_url: str) -> Requests:
    with urlopen(f"{http_url}/metrics", timeout=30) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return Counter(
        {
            f"{sample.labels['service']} {sample.labels['operation']}": round(sample.value)
            for family in families
            for sample in family.samples
            if sample.name == "durahub_storage_requests_total"
        }
    )


@contextmanager
def running(contestant: Contestant, *worker_flags: str) -> Iterator[Stand]:
    """Run a contestant from nothing, on an empty hub of its own."""
    if not contestant.durahub:
        with beside(contestant.store, *worker_flags) as stand:
            yield stand
        return
    with (
        TemporaryDirectory(prefix="durahub-benchmark-") as folder,
        running_store(contestant.store, Path(folder) / "store") as storage,
        serving(contestant, storage, *worker_flags) as stand,
    ):
        yield stand


@contextmanager
def serving(contestant: Contestant, storage: Storage, *worker_flags: str) -> Iterator[Stand]:
    """Run the contestant's servers and workers on a storage that runs."""
    level = LEVELS[contestant.level]
    with ExitStack() as stack:
        state = stack.enter_context(TemporaryDirectory(prefix="durahub-benchmark-"))
        servers = []
        for number in range(contestant.servers):
            # a stable name has its partitions back at once when it is started again on the same hub
            name = ("--worker-id", f"benchmark-{number}") if storage.pid else ()
            server = ServerProcess(
                ["--hub", HUB, *storage.arguments, *level.arguments, *name],
                {"DURAHUB_STATE_DIR": f"{state}/{number}", **storage.env, **level.env},
            )
            stack.callback(server.stop)
            server.start()
            servers.append(server)
        endpoints = [server.ready.endpoint for server in servers]
        workers = [stack.enter_context(working(endpoint, *worker_flags)) for endpoint in endpoints]
        pids = {
            "server": [server.pid for server in servers if server.pid],
            "worker": [worker.pid for worker in workers],
            "storage": [storage.pid] if storage.pid else [],
        }
        yield Stand(endpoints, pids).counted_at([server.ready.http_url for server in servers])


@contextmanager
def beside(name: str, *worker_flags: str) -> Iterator[Stand]:
    """Run a backend that is not durahub, and a worker."""
    with (
        module("benchmarks.sdk_memory" if name == SDK_MEMORY else "benchmarks.floor") as backend,
        working(_said(backend, _endpoint), *worker_flags) as worker,
    ):
        yield Stand([_said(backend, _endpoint)], {"server": [backend.pid], "worker": [worker.pid]})


@contextmanager
def working(endpoint: str, *flags: str) -> Iterator[Child]:
    """Run a worker of the measured app."""
    with module("benchmarks.app", endpoint, HUB, *flags) as worker:
        _said(worker, lambda line: line == READY or None)
        yield worker


@contextmanager
def module(name: str, *arguments: str) -> Iterator[Child]:
    """Run a module of ours in a process of its own."""
    child = Child([sys.executable, "-m", name, *arguments], cwd=TOP)
    try:
        yield child
    finally:
        child.kill()


def _said(child: Child, look: Callable[[str], str | bool | None]) -> str:
    """Return what *look* finds in the output of a process that starts."""
    found = child.wait_for(look, START_WITHIN)
    if found is None:
        raise RuntimeError(f"a process did not start:\n{child.tail()}")
    return str(found)


def _endpoint(line: str) -> str | None:
    return line if line.startswith("http://") else None
