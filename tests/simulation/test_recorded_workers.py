"""The models of .NET's workers against recordings of real ones: who had which partition, and when.

Recorded: an idle hub of four partitions, watched four times a second, while A came at 0 s and B at 25 s,
B stopped in order at 86 s, C came at 110 s and was killed at 165 s.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from durahub.classic.partitioning.lease_blob import LeaseBlob, decode, encode
from tests.simulation import virtual_time
from tests.simulation.dotnet_blobs import DotnetLegacy, DotnetSafe
from tests.simulation.dotnet_table import DotnetTable
from tests.simulation.dotnet_worker import DotnetManager, DotnetWorker
from tests.simulation.network import Line
from tests.simulation.referee import Bounds, Referee
from tests.simulation.storage import Hub
from tests.simulation.work import Workload

GOLDEN = Path(__file__).parents[1] / "golden" / "leases"
LOOK_EVERY = 0.25
ENDS = 225.0
LATE = {
    "table": 3.0,
    "safe": 5.0,
    "legacy": 3.0,
}  # seconds that a model may be off: less than a round
STARTUP = {
    "a": 2.3,
    "b": 1.6,
    "c": 1.0,
}  # seconds that a .NET process took from its start to its first look

MANAGERS: dict[str, Callable[[DotnetWorker], DotnetManager]] = {
    "table": DotnetTable,
    "safe": DotnetSafe,
    "legacy": DotnetLegacy,
}


@dataclass(frozen=True)
class Change:
    at: float
    what: str  # e.g. "00 a asked by b", "intent/00 a"


def recorded(manager: str) -> list[Change]:
    """Return what changed of owners in the recording of *manager*."""
    lines = (GOLDEN / f"{manager}.jsonl").read_text().splitlines()
    states: dict[str, str] = {}
    changes = []
    for line in map(json.loads, lines):
        name = line.get("partition")
        if name is None or name == "taskhub.json":
            continue
        key = name.replace(f"travelleases{manager}-control-", "")
        if manager == "table":
            state = row_state(
                line.get("CurrentOwner"), line.get("NextOwner"), draining=line["IsDraining"]
            )
        else:
            content = line["content"]
            state = blob_state(content["Owner"], leased=line["leaseState"] == "leased")
        if states.get(key, row_state(None, None, draining=False)) != state:
            states[key] = state
            changes.append(Change(line["t"], f"{key} {state}"))
    return changes


def row_state(owner: str | None, asker: str | None, *, draining: bool) -> str:
    words = [letter(owner)]
    if asker is not None:
        words.append(f"asked by {letter(asker)}")
    if draining:
        words.append("draining")
    return " ".join(words)


def blob_state(owner: str | None, *, leased: bool) -> str:
    return letter(owner) if leased or owner is None else "nobody"


def letter(worker: str | None) -> str:
    return worker.removeprefix("worker-") if worker else "nobody"


def simulated(manager: str) -> list[Change]:
    return virtual_time.run(_simulate(manager))


async def _simulate(manager: str) -> list[Change]:
    loop = asyncio.get_running_loop()
    hub = Hub(4, loop.time)
    for folder in ("intent", "ownership", "default"):
        for partition in hub.partitions:
            hub.lease_blobs.create(f"{folder}/{partition}", encode(LeaseBlob(partition)))
    workload = Workload()
    referee = Referee(hub, workload, Bounds(overlap=None, ownerless=60.0))

    async def start(name: str, at: float) -> DotnetWorker:
        await asyncio.sleep(at + STARTUP[name] - loop.time())
        line = Line(0, name)
        worker = DotnetWorker(f"worker-{name}", hub, line, workload, referee, visibility=300)
        worker.start(MANAGERS[manager](worker))
        return worker

    async def come_and_go() -> None:
        a = await start("a", 0.0)
        b = await start("b", 25.1)
        await asyncio.sleep(86.5 - loop.time())
        await b.stop()
        c = await start("c", 110.1)
        await asyncio.sleep(165.2 - loop.time())
        await c.kill()
        await asyncio.sleep(ENDS - loop.time())
        await a.kill()

    changes: list[Change] = []
    states: dict[str, str] = {}

    def look() -> None:
        for key, state in seen(manager, hub):
            if states.get(key, "nobody") != state:
                states[key] = state
                changes.append(Change(loop.time(), f"{key} {state}"))

    workers = asyncio.create_task(come_and_go())
    while not workers.done():
        await asyncio.sleep(LOOK_EVERY)
        if loop.time() < ENDS:
            look()
    await workers
    return changes


def seen(manager: str, hub: Hub) -> Iterator[tuple[str, str]]:
    if manager == "table":
        for row in hub.lease_table.rows():
            columns = row.columns
            yield (
                str(columns["RowKey"])[-2:],
                row_state(
                    columns.get("CurrentOwner"),  # type: ignore[arg-type]
                    columns.get("NextOwner"),  # type: ignore[arg-type]
                    draining=columns["IsDraining"] is True,
                ),
            )
        return
    for folder in {"safe": ("intent", "ownership"), "legacy": ("default",)}[manager]:
        for name in hub.lease_blobs.names(folder):
            content, leased = hub.lease_blobs.read(name)
            blob = decode(content, name, leased=leased)
            if leased and blob.token != hub.lease_blobs.holder(name):
                continue  # just taken, and the content is on its way
            yield f"{folder}/{name[-2:]}", blob_state(blob.owner, leased=leased)


def of_row(changes: list[Change], key: str) -> list[Change]:
    return [change for change in changes if change.what.startswith(f"{key} ")]


@pytest.mark.parametrize("manager", ["table", "safe", "legacy"])
def test_the_model_does_what_real_workers_did_and_when(manager: str) -> None:
    wanted, found = recorded(manager), simulated(manager)
    for key in sorted({change.what.split(" ")[0] for change in wanted}):
        real, model = of_row(wanted, key), of_row(found, key)
        assert [one.what for one in model] == [one.what for one in real]
        for one, other in zip(real, model, strict=True):
            assert abs(one.at - other.at) <= LATE[manager], (one, other)
