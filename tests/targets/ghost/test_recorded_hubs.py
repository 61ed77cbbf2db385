"""The recorded .NET hubs, moved by ghost replay: everything in flight ends as it did under .NET."""

import asyncio
import contextlib
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.engine.entities.ids import is_entity
from durahub.local.child import Child
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.mover import Outcome
from durahub_migrate.moving.place import EndpointAddress
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.targets.ghost.mover import GhostMover
from tests.bundle.exports import exported
from tests.conftest import WORKER_READY_WITHIN, Storage
from tests.endpoint.endpoints import KINDS, client_of, endpoint
from tests.golden.finishing.endings import id_of
from tests.golden.finishing.takeover import APP, app_of, finish, most_runs
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub, in_expectations
from tests.targets.ghost.plays import LOOK, PATIENCE, move, units_of, where

pytestmark = [pytest.mark.azurite, pytest.mark.slow]

WITHIN = 120.0  # seconds
ENDED = ("Completed", "Failed", "Terminated", "Canceled")


@contextlib.asynccontextmanager
async def going_on(address: EndpointAddress, hub: RecordedHub, notes: Path) -> AsyncIterator[None]:
    """Run the app's worker for the body."""
    command = [sys.executable, str(APP), address.url, address.hub, app_of(hub), str(notes)]
    child = Child([*command, "--no-pauses"], env={"PYTHONUNBUFFERED": "1"})
    try:
        ready = await asyncio.to_thread(
            child.wait_for, lambda line: "worker ready" in line or None, WORKER_READY_WITHIN
        )
        assert ready, child.tail()
        yield
    finally:
        await asyncio.to_thread(child.kill)
        print(child.output())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hub", HUBS, ids=str)
async def test_what_is_in_flight_ends_as_under_dotnet(
    hub: RecordedHub, kind: str, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await load(hub, azurite.connection_string, hub_name)
    await exported(azurite.connection_string, hub_name, tmp_path / "bundle")
    notes = tmp_path / "notes"
    notes.touch()
    settings = MoveSettings(numbering=1 if kind == "foreign" else None)
    async with endpoint(kind) as address, client_of(address) as at_target:
        with open_content(tmp_path / "bundle") as content:
            mover = GhostMover(at_target, settings, patience=PATIENCE)
            moved = await move(mover, content, units_of(content))
        assert [one for one in moved if one[2].outcome is not Outcome.DONE] == []
        assert notes.read_text() == "", "nothing runs because of the move"

        async with going_on(address, hub, notes):
            with DurableTaskSchedulerClient(**where(address)) as client:
                await asyncio.to_thread(finish, hub, client)
            found = await ended(at_target, hub, kind)
    given = set(hub.expected)
    wanted = expectations(hub, kind)
    assert {one: found.get(id_of(one, given)) for one in wanted} == wanted
    runs: Counter[tuple[str, str]] = Counter()
    for line in notes.read_text("utf-8").splitlines():
        instance_id, activity = json.loads(line)
        if instance_id not in wanted and instance_id in hub.finished:
            continue
        runs[id_of(instance_id, given), activity] += 1
    allowed = most_runs(hub)
    if hub.name == "crash-outbox":
        allowed += allowed
    assert runs - allowed == Counter()


def expectations(hub: RecordedHub, kind: str) -> dict[str, tuple[str, Any]]:
    """Return how orchestrations end; the backend of the SDK's package knows no later starts."""
    return {
        instance_id: told(line["status"], line["output"])
        for instance_id, line in hub.finished.items()
        if not is_entity(instance_id)
        if kind == "own" or line["scheduledStartTime"] is None
    }


async def ended(client: EndpointClient, hub: RecordedHub, kind: str) -> dict[str, tuple[str, Any]]:
    """Return how instances have ended, when they all have, or time is over."""
    wanted = {id_of(one, set(hub.expected)): what for one, what in expectations(hub, kind).items()}
    found: dict[str, tuple[str, Any]] = {}
    waited = 0.0
    while waited < WITHIN:
        async for state in client.query_instances(payloads=True):
            status = pb.OrchestrationStatus.Name(state.orchestrationStatus)
            word = status.removeprefix("ORCHESTRATION_STATUS_").title()
            found[id_of(state.instanceId, set(hub.expected))] = told(word, state.output.value)
        if all(found.get(one, ("",))[0] == what[0] for one, what in wanted.items()):
            break
        await asyncio.sleep(LOOK * 5)  # a worker in another process brings it about
        waited += LOOK * 5
    return found


def told(status: str, output: Any) -> tuple[str, Any]:
    """Return what counts of an end: the texts of failures are each SDK's own."""
    return status, without_parent(value_of(output)) if status == "Completed" else None


def without_parent(value: Any) -> Any:
    """Return an output without the parent's ID, which that backend does not tell its children."""
    if isinstance(value, list):
        return [without_parent(one) for one in value]
    if isinstance(value, dict):
        return {name: without_parent(one) for name, one in value.items() if name != "parent"}
    return value


def value_of(text: Any) -> Any:
    """Return a payload as a value; expectations have long ones in short."""
    if text is None or isinstance(text, dict):
        return text or None
    short = in_expectations(text)
    try:
        return json.loads(text) if short is text else short
    except ValueError:
        return text or None
