"""Instances nobody wishes for: hostile and odd texts, megabytes, long histories, in a file."""

import asyncio
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from durahub.engine.commit import NO_HISTORY, Commit, InstanceUpdate
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.ticks import later, parse
from durahub.storage import SqliteStorage
from durahub.store import HubStore

NOON = parse("2026-11-21T12:00:00Z")
IMAGE = '<img src=x onerror="alert(1)">'
SCRIPT = "</script><script>alert(document.domain)</script>"
IDS = (
    IMAGE,
    SCRIPT,
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "👩‍👩‍👧‍👦 🚀 日本語 Ünïcödé",
    "long-" + "0123456789" * 80,
    "a/b?c#d%25&e+f=g",
    "a/../b/./c",
    "%2e%2e%2f",
    "user@example.org",
    "quo\"te's `and` \\back\\",
    "  spaces  around  ",
)
LARGE = json.dumps({"lines": [f"line {n} of {IMAGE}" for n in range(60_000)]})


def apart(work: Coroutine[Any, Any, object]) -> None:
    """Run *work* in a thread of its own: that of the browser has a loop already."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, work).result()


async def fill(file: Path, hub: str) -> None:
    """Make the hub in the file with an instance of every odd ID, and one with payloads of megabytes."""
    async with SqliteStorage(str(file)) as storage:
        store = storage.store(hub)
        await store.open(create=True)
        for instance_id in IDS:
            await put(store, instance_id, [], name=IMAGE, text=json.dumps(SCRIPT), custom=IMAGE)
        await put(store, "megabytes", [], text=LARGE, custom=LARGE[:8000])
        await put(store, "doomed", [], text='"apples"')


async def fill_large(file: Path, hub: str, sizes: dict[str, int]) -> None:
    """Make a hub with instances that have so many activities: two events each."""
    async with SqliteStorage(str(file)) as storage:
        store = storage.store(hub)
        await store.open(create=True)
        for instance_id, activities in sizes.items():
            await put(store, instance_id, activities_of(activities))


def activities_of(count: int) -> list[Event]:
    """Return events of activities one after the other, a tenth of a second apart."""
    events: list[Event] = []
    for n in range(count):
        events.append(TaskScheduled(timestamp=later(NOON, n * 0.1), event_id=n, name=f"Pay{n % 5}"))
        done = TaskCompleted(
            timestamp=later(NOON, n * 0.1 + 0.05), task_scheduled_id=n, result=f"{n}"
        )
        events.append(done)
    return events


async def put(
    store: HubStore,
    instance_id: str,
    events: list[Event],
    *,
    name: str = "Order",
    text: str = "1",
    custom: str | None = None,
) -> None:
    """Write an instance that runs; *text* is its input, *custom* its custom status."""
    started = ExecutionStarted(
        timestamp=NOON,
        execution=Execution(instance_id, "e1"),
        name=name,
        input=text,
        tags={IMAGE: SCRIPT},
    )
    update = InstanceUpdate(
        execution_id="e1",
        last_updated=NOON,
        custom_status=custom,
        tags={IMAGE: SCRIPT},
        started=started,
        status=Status.Running,
    )
    await store.intervene(
        Commit(
            instance_id=instance_id,
            outbound=(),
            activities=(),
            execution_id="e1",
            base=NO_HISTORY,
            events=(OrchestratorStarted(timestamp=NOON), started, *events),
            replaces=True,
            instance=update,
            consumed=(),
        )
    )
