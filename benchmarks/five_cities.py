"""What an orchestration of five activities costs: storage requests, time, CPU.

    python benchmarks/five_cities.py [-n 100] [--concurrency 16] [--store ADDRESS] [--json]

Starts `durahub up` (with an Azurite in memory, unless a store is named) and one SDK worker, each in a
process of its own, and measures three phases: idle, one orchestration at a time, many at once.
Exit status: 0, or 1 if any orchestration ended in another way than it should.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from contextlib import ExitStack, suppress
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from cities import GREETINGS, five_cities, hub_options
from durabletask.azuremanaged.client import AsyncDurableTaskSchedulerClient
from processes import Cost, child_of, cost_of, processor
from prometheus_client.parser import text_string_to_metric_families

from durahub.errors import DurahubError
from durahub.local.child import Child
from durahub.local.program import azurite_program
from durahub.local.server import ServerProcess, running_server

WORKER = Path(__file__).with_name("cities.py")
PACKAGES = ("durahub", "durabletask", "grpcio", "protobuf", "aiohttp", "uvloop", "orjson")
HUB = "benchmark"
WARM_UP = 5  # orchestrations before anything is measured
ALONE = 20  # orchestrations of the phase that runs one at a time
SETTLE = 1.5  # seconds after the last completion in which what was put off is done
PATIENCE = 120  # seconds for one orchestration

Requests = Counter[str]  # by "service operation"


class Stand:
    """The three processes that are measured."""

    def __init__(self, server: ServerProcess, worker: Child) -> None:
        """Take over a running server and worker."""
        self._server = server
        pids = {"server": server.pid, "worker": worker.pid, "azurite": None}
        if server.pid:
            pids["azurite"] = child_of(server.pid, "azurite.js")
        self._pids = {name: pid for name, pid in pids.items() if pid}

    def requests(self) -> Requests:
        """Return how many storage requests the server has sent, by kind."""
        with urlopen(f"{self._server.ready.http_url}/metrics", timeout=30) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        return Counter(
            {
                f"{sample.labels['service']} {sample.labels['operation']}": round(sample.value)
                for family in families
                for sample in family.samples
                if sample.name == "durahub_storage_requests_total"
            }
        )

    def costs(self) -> dict[str, Cost]:
        """Return what each process has cost so far."""
        found = {name: cost_of(pid) for name, pid in self._pids.items()}
        return {name: cost for name, cost in found.items() if cost}


async def run_many(
    client: AsyncDurableTaskSchedulerClient, count: int, at_once: int
) -> tuple[list[float], int]:
    """Run orchestrations; return the seconds that each took, and how many ended wrongly."""
    wrong = 0
    places = asyncio.Semaphore(at_once)

    async def run_one() -> float:
        nonlocal wrong
        async with places:
            started = time.perf_counter()
            instance = await client.schedule_new_orchestration(five_cities)
            state = None
            with suppress(TimeoutError):
                state = await client.wait_for_orchestration_completion(instance, timeout=PATIENCE)
            took = time.perf_counter() - started
        if state is None or state.get_output() != GREETINGS:
            wrong += 1
            print(f"{instance} did not end as it should: {state}", file=sys.stderr)
        return took

    return await asyncio.gather(*(run_one() for _ in range(count))), wrong


async def measure(
    stand: Stand, client: AsyncDurableTaskSchedulerClient, options: argparse.Namespace
) -> dict[str, Any]:
    """Run all phases and return their numbers, times in milliseconds."""
    _, wrong = await run_many(client, WARM_UP, WARM_UP)
    await asyncio.sleep(SETTLE)

    before = stand.requests()
    await asyncio.sleep(options.idle)
    idle = {kind: n / options.idle for kind, n in (stand.requests() - before).items()}

    alone, failed = await run_many(client, min(ALONE, options.n), 1)
    wrong += failed
    await asyncio.sleep(SETTLE)

    before, cost_before, started = stand.requests(), stand.costs(), time.perf_counter()
    together, failed = await run_many(client, options.n, options.concurrency)
    wrong += failed
    seconds = time.perf_counter() - started
    await asyncio.sleep(SETTLE)
    window = time.perf_counter() - started
    sent, cost_after = stand.requests() - before, stand.costs()

    # what an idle server would have sent in the same time is not the orchestrations' doing
    each = {kind: (n - idle.get(kind, 0) * window) / options.n for kind, n in sent.items()}
    return {
        "orchestrations": options.n,
        "concurrency": options.concurrency,
        "wrong": wrong,
        "per_second": round(options.n / seconds, 1),
        "latency_ms": {"one at a time": percentiles(alone), "at once": percentiles(together)},
        "requests_per_orchestration": {
            "total": round(sum(each.values()), 1),
            **{kind: round(n, 2) for kind, n in sorted(each.items())},
        },
        "idle_requests_per_second": {kind: round(n, 2) for kind, n in sorted(idle.items())},
        "cpu_ms_per_orchestration": {
            name: round((cost_after[name].cpu - cost.cpu) * 1000 / options.n, 1)
            for name, cost in cost_before.items()
        },
        "peak_memory_mib": {name: round(cost.peak_memory) for name, cost in cost_after.items()},
        "versions": versions(options.store),
    }


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Return the usual three, in milliseconds."""
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
    return {f"p{percent}": round(cuts[percent - 1] * 1000, 1) for percent in (50, 90, 99)}


def versions(store: str | None) -> dict[str, str]:
    """Return what the numbers depend on."""
    known = {"processor": processor(), "python": sys.version.split()[0]}
    if store is None:
        program = azurite_program()
        known |= {"azurite": f"{program.version}, in memory", "node": program.node.version}
    else:
        known["store"] = store
    return known | {package: version(package) for package in PACKAGES}


def show(report: dict[str, Any]) -> None:
    """Print the report for people."""
    print(
        f"{report['orchestrations']} orchestrations, {report['concurrency']} at once: "
        f"{report['per_second']}/s, {report['wrong']} wrong"
    )
    for name in (key for key, value in report.items() if isinstance(value, dict)):
        print(f"\n{name.replace('_', ' ')}")
        for key, value in report[name].items():
            text = ", ".join(f"{k} {v}" for k, v in value.items()) if type(value) is dict else value
            print(f"  {key:<32} {text}")


async def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=100, help="orchestrations (100)")
    parser.add_argument("--concurrency", type=int, default=16, help="at once (16)")
    parser.add_argument("--store", help="as for durahub up; an Azurite in memory without it")
    parser.add_argument("--idle", type=float, default=5, help="seconds of the idle phase (5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()

    store = ["--store", options.store] if options.store else ["--azurite-ports", "0,0,0"]
    with ExitStack() as stack:
        state = stack.enter_context(TemporaryDirectory(prefix="durahub-benchmark-"))
        server = stack.enter_context(
            running_server(["--hub", HUB, *store], env={"DURAHUB_STATE_DIR": state})
        )
        endpoint = server.ready.endpoint
        worker = Child([sys.executable, WORKER, endpoint, HUB])
        stack.callback(worker.kill)
        if not worker.wait_for(lambda line: line == "worker ready" or None, 60):
            sys.exit(f"the worker did not start:\n{worker.tail()}")
        async with AsyncDurableTaskSchedulerClient(**hub_options(endpoint, HUB)) as client:
            report = await measure(Stand(server, worker), client, options)
    if options.json:
        print(json.dumps(report))
    else:
        show(report)
    return 1 if report["wrong"] else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except DurahubError as error:
        sys.exit(str(error))
