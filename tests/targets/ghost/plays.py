"""Hubs in files that an app has filled, and the same app where they were moved to."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker

from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Mover, Phase, PutsInOrder
from durahub_migrate.moving.place import EndpointAddress
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from tests.bundle.exports import exported_file
from tests.endpoint.endpoints import own_endpoint
from tests.targets import moves
from tests.targets.ghost import app

WITHIN = 60.0  # seconds
ENDS_WITHIN = 60  # seconds, of one instance
PATIENCE = 60.0  # seconds of a mover, with one turn
LOOK = 0.05  # seconds between two looks at what another thread does


class Notes:
    """A `Ledger` in memory. *crash* may raise, before or behind any step."""

    def __init__(self, crash: Callable[[str], None] = lambda _: None) -> None:
        self.begun: dict[str, str] = {}
        self.ended: dict[str, str] = {}
        self.crash = crash

    def is_done(self, step: str) -> bool:
        return step in self.ended

    def was_begun(self, step: str) -> bool:
        return step in self.begun and step not in self.ended

    def note(self, step: str) -> str:
        return self.ended.get(step) or self.begun.get(step, "")

    async def begin(self, step: str, note: str = "") -> None:
        self.begun[step] = note
        self.crash(f"begun {step}")

    async def end(self, step: str, note: str = "") -> None:
        self.crash(f"before the end of {step}")
        self.ended[step] = note or self.begun.get(step, "")


def hub_in_a_file(file: Path, name: str) -> contextlib.AbstractAsyncContextManager[EndpointAddress]:
    """Serve a hub in *file* for the body."""
    return own_endpoint(str(file), name)


def where(address: EndpointAddress) -> dict[str, Any]:
    return {
        "host_address": address.url,
        "taskhub": address.hub,
        "token_credential": None,
        "secure_channel": False,
        "logger": logging.Logger("sdk", logging.CRITICAL),
    }


@contextlib.asynccontextmanager
async def working(
    address: EndpointAddress,
    activities: Sequence[Callable[..., Any]],
    orchestrations: Sequence[Callable[..., Any]] = app.ORCHESTRATIONS,
) -> AsyncIterator[DurableTaskSchedulerClient]:
    """Run the app for the body, of its activities and orchestrations these alone; give a client."""
    worker = DurableTaskSchedulerWorker(**where(address))
    for orchestration in orchestrations:
        worker.add_orchestrator(orchestration)
    for activity in activities:
        worker.add_activity(activity)
    worker.add_entity(app.tally)
    worker.use_work_item_filters()
    await asyncio.to_thread(worker.start)
    try:
        with DurableTaskSchedulerClient(**where(address)) as client:
            yield client
    finally:
        await asyncio.to_thread(worker.stop)


async def until(what: str, is_so: Callable[[], bool]) -> None:
    """Wait for what other threads bring about."""
    end = time.monotonic() + WITHIN
    while not await asyncio.to_thread(is_so):
        assert time.monotonic() < end, what
        await asyncio.sleep(LOOK)


async def content_of(file: Path, name: str, folder: Path) -> Content:
    """Export the hub in *file*."""
    await exported_file(file, name, folder)
    return open_content(folder)


def units_of(content: Content) -> list[Unit]:
    """Return all that a bundle holds as units of this strategy."""
    return moves.units_of(content, Strategy.GHOST)


async def together(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Await all; where one fails none goes on: a process that is killed does nothing more."""
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def move(
    mover: Mover,
    content: Content,
    units: Sequence[Unit],
    ledgers: dict[str, Ledger] | None = None,
    at_once: int = 4,
) -> list[tuple[Phase, Unit, Moved]]:
    """Carry out all phases, as applying does."""
    ledgers = ledgers if ledgers is not None else {}
    several = asyncio.Semaphore(at_once)
    found = []

    async def one(phase: Phase, unit: Unit) -> None:
        async with several:
            ledger = ledgers.setdefault(unit.root_id, Notes())
            found.append((phase, unit, await mover.carry_out(phase, unit, content, ledger)))

    async def ordered(phase: Phase, wave: list[Unit]) -> None:
        """Keep the order that the mover asks for; those that wait for each other do not go at all."""
        while wave:
            left = {u.root_id for u in wave}
            waits = {
                u.root_id
                for u in wave
                if phase is Phase.PLACE
                and isinstance(mover, PutsInOrder)
                and await mover.behind(u, content) & left
            }
            now = [u for u in wave if u.root_id not in waits]
            if not now:
                return
            await together([asyncio.create_task(one(phase, u)) for u in now])
            wave = [u for u in wave if u.root_id in waits]

    for phase in Phase:
        for entities in (True, False):
            await ordered(phase, [u for u in units if u.is_entity is entities])
    await mover.hand_over()
    return found
