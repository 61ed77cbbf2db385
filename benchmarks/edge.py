"""What the gRPC edge costs: CPU of the server per completion and per work item, beside bare gRPC.

    python -m benchmarks.edge [-n 3000] [--rounds 5] [--json]

Two servers, each in a process of its own: the edge over a hub that does nothing, and bare `grpc.aio` with
the same messages. A client in this process plays the worker against both in turn, so that whatever else
the machine does meets both alike. Linux only: CPU is read from ``/proc``.
"""

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

import grpc.aio
import uvloop
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from benchmarks.edge_servers import KINDS, OPTIONS, TURNS, metadata
from benchmarks.processes import PROC
from durahub.local.child import Child

SERVER = Path(__file__).with_name("edge_servers.py")
AT_ONCE = 16  # completions in flight

Phase = Callable[[Any, int], Awaitable[None]]


def cpu_of(pid: int) -> float:
    """Return the microseconds that a process has been running; finer than its ticks of 10 ms."""
    threads = (PROC / str(pid) / "task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1000


async def activities_completed(stub: Any, count: int) -> None:
    """Complete activities."""
    call = stub.CompleteActivityTask
    await _calls(
        lambda n: call(
            pb.ActivityResponse(
                instanceId=f"{n:032}",
                taskId=1,
                completionToken=f"{n:032x}",
                result={"value": '"Hello, Tokyo!"'},
            ),
            metadata=metadata(),
        ),
        count,
    )


async def turns_completed(stub: Any, count: int) -> None:
    """Complete turns, each of which calls an activity."""
    call = stub.CompleteOrchestratorTask
    task = pb.ScheduleTaskAction(name="say_hello", input={"value": '"Tokyo"'})
    await _calls(
        lambda n: call(
            pb.OrchestratorResponse(
                instanceId=f"{n:032}",
                completionToken=f"{n:032x}",
                actions=[pb.OrchestratorAction(id=1, scheduleTask=task)],
            ),
            metadata=metadata(),
        ),
        count,
    )


async def activities_sent(stub: Any, count: int) -> None:
    """Receive activities."""
    await _receive(stub, pb.GetWorkItemsRequest(maxConcurrentActivityWorkItems=count), count)


async def turns_sent(stub: Any, count: int) -> None:
    """Receive turns: those of five activities in sequence, from the first to the last."""
    await _receive(stub, pb.GetWorkItemsRequest(maxConcurrentOrchestrationWorkItems=count), count)


async def _calls(call: Callable[[int], Awaitable[Any]], count: int) -> None:
    numbers = iter(range(count))

    async def one_after_the_other() -> None:
        for number in numbers:
            await call(number)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def _receive(stub: Any, request: pb.GetWorkItemsRequest, count: int) -> None:
    stream = stub.GetWorkItems(request, metadata=metadata())
    async for item in stream:
        count -= item.WhichOneof("request") in KINDS
        if count == 0:
            stream.cancel()
            return


PHASES: dict[str, Phase] = {
    "activity completed": activities_completed,
    "turn completed": turns_completed,
    "activity sent": activities_sent,
    "turn sent": turns_sent,
}


@contextlib.asynccontextmanager
async def server(name: str) -> AsyncIterator[tuple[int, Any]]:
    """Run a server; give its process and a stub for its calls."""
    child = Child([sys.executable, SERVER, name])
    try:
        port = child.wait_for(
            lambda line: line.removeprefix("port ") if "port " in line else None, 30
        )
        if not port:
            sys.exit(f"the server did not start:\n{child.tail()}")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
            yield child.pid, TaskHubSidecarServiceStub(channel)
    finally:
        child.kill()


async def measure(count: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the microseconds of server CPU per message, by phase and server, one of each round."""
    async with server("bare") as bare, server("edge") as edge:
        servers = {"bare": bare, "edge": edge}
        found: dict[str, dict[str, list[float]]] = {
            phase: {name: [] for name in servers} for phase in PHASES
        }
        for round_number in range(rounds + 1):  # the first one warms up
            for phase, run in PHASES.items():
                for name, (pid, stub) in servers.items():
                    before = cpu_of(pid)
                    await run(stub, count)
                    spent = (cpu_of(pid) - before) / count
                    if round_number:
                        found[phase][name].append(spent)
        return found


def summary(found: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """Return medians, and the whole of an orchestration of five activities, in milliseconds."""
    of = {phase: {name: median(all_) for name, all_ in by.items()} for phase, by in found.items()}
    calls = TURNS - 1
    whole = {
        name: (
            calls * (of["activity completed"][name] + of["activity sent"][name])
            + TURNS * (of["turn completed"][name] + of["turn sent"][name])
        )
        / 1000
        for name in ("bare", "edge")
    }
    return {"us per message": of, "ms per orchestration of five activities": whole}


def show(report: dict[str, Any]) -> None:
    """Print the report for people."""
    print(f"{'µs of server CPU':<22}{'bare':>8}{'edge':>8}{'ratio':>8}")
    for phase, of in report["us per message"].items():
        ratio = of["edge"] / of["bare"]
        print(f"{phase:<22}{of['bare']:>8.1f}{of['edge']:>8.1f}{ratio:>8.2f}")
    whole = report["ms per orchestration of five activities"]
    print(f"\nfive activities: bare {whole['bare']:.2f} ms, edge {whole['edge']:.2f} ms")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=3000, help="messages of a kind and round (3000)")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is shown (5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    report = summary(uvloop.run(measure(options.n, options.rounds)))
    if options.json:
        print(json.dumps(report))
    else:
        show(report)


if __name__ == "__main__":
    main()
