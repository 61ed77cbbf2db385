"""What it costs to lint a hub: time, CPU, memory, and the requests for each 1,000 rows.

    python -m benchmarks.lint ADDRESS

lints one hub with all rules and prints what it cost, one JSON object; the tool runs that in a process of
its own. All instances of the hubs but one have ended; how many are wrong, and how, is known.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contestants import BUNDLE, Contestant
from benchmarks.filling import Filling, fill
from benchmarks.processes import cost_of
from benchmarks.proxy import running_proxy
from benchmarks.stand import HUB, TOP
from benchmarks.stores import VARIABLE, running_store
from durahub.dispatch.clock import system_clock
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.running import run
from durahub_migrate.lint.sources.opening import source_of
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.source import MeasuredSource
from durahub_migrate.lint.target import Given

LARGE = 3  # instances with payloads that are too large
ONE_IN = 100  # instances has an ID that is too long


@dataclass(frozen=True)
class Linted:
    """What linting a hub of so many instances cost. Rows of both tables; memory in MiB, times in s."""

    contestant: str
    instances: int
    rows: int
    seconds: float
    cpu: float  # seconds, of the process that lints, without its start
    requests: int  # at the proxy
    requests_per_1000_rows: float
    findings: int
    peak: float  # resident, of the process that lints
    wrong: list[str] = field(default_factory=list)


def filling_of(instances: int) -> Filling:
    """Return what a hub of so many instances holds."""
    long_ids = instances // ONE_IN
    return Filling(instances - long_ids - LARGE - 1, 1, long_ids=long_ids, large=LARGE)


async def lint(contestant: Contestant, instances: int) -> Linted:
    """Fill a hub and lint it, in a process of its own."""
    filling = filling_of(instances)
    with ExitStack() as stack:
        top = Path(stack.enter_context(TemporaryDirectory(prefix="durahub-benchmark-")))
        folder = top / "store"
        if contestant.store == BUNDLE:
            await fill(Contestant("sqlite"), folder, filling)
            await _run("-m", "durahub.cli.main", "export", _in_file(folder), str(top / BUNDLE))
            found, requests = await _linted(f"bundle:{top / BUNDLE}", {}), 0
        elif contestant.store == "sqlite":
            await fill(contestant, folder, filling)
            found, requests = await _linted(_in_file(folder), {}), 0
        else:
            await fill(contestant, folder, filling)
            storage = stack.enter_context(running_store(contestant.store, folder, dumps=False))
            proxy = stack.enter_context(running_proxy(dict(storage.urls)))
            env = storage.behind(proxy.urls).env
            found = await _linted(f"env:{VARIABLE}/{HUB}", env)
            requests = sum(proxy.counts().values())
    return Linted(
        contestant.name,
        found["instances"],
        found["rows"],
        found["seconds"],
        found["cpu"],
        requests,
        requests / found["rows"] * 1000,
        sum(found["findings"].values()),
        found["peak"],
        [*_wrong(found, filling, requests), *found["unread"]],
    )


def _wrong(found: Mapping[str, Any], filling: Filling, requests: int) -> list[str]:
    """Return what differs from what is known."""
    expected = {
        "instances": (found["instances"], filling.instances),
        "IDs that are too long": (found["findings"].get("IDN501", 0), filling.long_ids),
        "payloads that are too large": (found["findings"].get("PAY401", 0), 2 * filling.large),
        "requests by our own count": (found["requests"], requests),
    }
    return [
        f"{what}: {is_}, not {is_to_be}"
        for what, (is_, is_to_be) in expected.items()
        if is_ != is_to_be
    ]


def _in_file(folder: Path) -> str:
    return f"sqlite:{folder / 'hub.db'}/{HUB}"


async def _linted(address: str, env: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await _run("-m", "benchmarks.lint", address, env=env))
    return found


async def _run(*arguments: str, env: Mapping[str, str] | None = None) -> bytes:
    """Run Python and return what it prints. The process ends with the measurement, however that ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=TOP,
        env={**os.environ, **(env or {})},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments[:2])} ended with {process.returncode}")
    return said


async def _lint_here(address: str) -> dict[str, Any]:
    source = source_of(address, ReadingOptions(count=False))
    book = Book()
    started, cpu = time.perf_counter(), time.process_time()
    outcome = await run([source], RULES, Given(now=system_clock()), book)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    findings: dict[str, int] = {}
    for (code, _), count in book.counts().items():
        findings[code] = findings.get(code, 0) + count
    book.close()
    assert isinstance(source, MeasuredSource)
    return {
        "instances": outcome.read[address].instances,
        "rows": source.rows,
        "requests": source.requests,
        "seconds": seconds,
        "cpu": cpu,
        "findings": findings,
        "peak": _peak_mib(),
        "unread": [str(one.error) for one in outcome.unread],
    }


def _peak_mib() -> float:
    """Return the most memory that this process has had; what ``getrusage`` tells is also its parent's."""
    cost = cost_of(os.getpid())
    return cost.peak_memory if cost is not None else 0.0


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_lint_here(sys.argv[1]))))
