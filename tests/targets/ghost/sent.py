"""A hub of orchestrations that have sent each other events; moved, and then looked at."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.settings import MoveSettings
from tests.endpoint.endpoints import client_of
from tests.targets.ghost import app
from tests.targets.ghost.plays import LOOK, WITHIN, hub_in_a_file, working

HUB = "shop"

Waits = Mapping[str, tuple[Any, Any, Counter[str]]]
"""By ID: the orchestration, its input, and what its history has at least when it waits."""

Tell = tuple[str, str, Any]
"""An event from a client: to whom, its name, what it holds."""


def numbered(kind: str) -> MoveSettings:
    """Return the settings for a Python app at an endpoint of that kind: ours counts as the source did."""
    return MoveSettings(numbering=1 if kind == "foreign" else None)


def kinds(history: Sequence[pb.HistoryEvent]) -> Counter[str]:
    """Return how many events of each kind a history has."""
    return Counter(one.WhichOneof("eventType") or "" for one in history)


async def come_to(client: EndpointClient, instance_id: str, wanted: Counter[str]) -> None:
    """Wait until an instance's history has these."""

    async def look() -> None:
        while not wanted <= kinds(await client.history(instance_id)):  # noqa: ASYNC110 (others work)
            await asyncio.sleep(LOOK)

    await asyncio.wait_for(look(), WITHIN)


async def filled(
    folder: Path, steps: Sequence[tuple[Waits, Sequence[Tell]]], *, activities: Any = app.EARLY
) -> None:
    """Fill a hub in ``hub.db``: step by step start what is named, wait for it, then send events."""
    async with (
        hub_in_a_file(folder / "hub.db", HUB) as address,
        client_of(address) as looking,
        working(address, activities) as client,
    ):
        for waits, tells in steps:
            for instance_id, (orchestration, given, _) in waits.items():
                if orchestration is not None:
                    await asyncio.to_thread(
                        client.schedule_new_orchestration,
                        orchestration,
                        input=given,
                        instance_id=instance_id,
                    )
            for instance_id, (_, _, wanted) in waits.items():
                await come_to(looking, instance_id, wanted)
            for instance_id, name, content in tells:
                await asyncio.to_thread(
                    client.raise_orchestration_event, instance_id, name, data=content
                )


@asynccontextmanager
async def running(address: Any) -> AsyncIterator[DurableTaskSchedulerClient]:
    """Run the whole app at the target for the body."""
    async with working(address, (*app.EARLY, *app.LATE)) as client:
        yield client


async def off_loop(work: Callable[..., Any], *given: Any, **more: Any) -> Any:
    """Return what the SDK's client does."""
    return await asyncio.to_thread(work, *given, **more)
