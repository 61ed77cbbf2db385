"""The app's hub, filled until everything waits, moved to a target, and finished there."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from durabletask.client import OrchestrationState, TaskHubGrpcClient
from durabletask.entities import EntityInstanceId

from durahub.dispatch.clock import system_clock
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.export.endpoint_outlet import open_outlet
from durahub_migrate.export.exporting import export
from durahub_migrate.moving.mover import Moved, Phase
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.ghost.mover import GhostMover
from tests.bundle.bundles import GIVEN
from tests.endpoint.endpoints import client_of, endpoint
from tests.targets.ghost import app
from tests.targets.ghost.plays import (
    ENDS_WITHIN,
    LOOK,
    PATIENCE,
    WITHIN,
    content_of,
    hub_in_a_file,
    move,
    units_of,
    until,
    working,
)

HUB = "shop"
# By ID: the orchestration, and the last events of its history when it waits.
WAITS: dict[str, tuple[Any, Any, Counter[str]]] = {
    "after": (app.after_work, "after", Counter(taskScheduled=2, taskCompleted=1)),
    "many": (app.some_of_many, "many", Counter(taskScheduled=6, taskCompleted=4)),
    "events": (app.two_events, "events", Counter(taskCompleted=1)),
    "buffered": (app.buffered, "buffered", Counter(eventRaised=1)),
    "long": (app.long_timer, "long", Counter(timerCreated=1)),
    "soon": (app.soon_timer, "soon", Counter(timerCreated=1)),
    "race": (app.race, "race", Counter(taskScheduled=2)),
    "timeout": (app.timed_out, "timeout", Counter(timerCreated=2, taskScheduled=1)),
    "retried": (app.retried, "retried", Counter(taskScheduled=3)),
    "compensated": (app.compensated, "compensated", Counter(taskScheduled=2)),
    "parent": (app.parent, "parent", Counter(subOrchestrationInstanceCreated=2)),
    "eternal": (app.eternal, 1, Counter(taskCompleted=1)),
    "entity": (app.entity_user, "mine", Counter(taskScheduled=1)),
    "ended": (app.ended, "ended", Counter(executionCompleted=1)),
    "failed": (app.failed, "failed", Counter(executionCompleted=1)),
    "paused": (app.two_events, "paused", Counter(executionSuspended=1)),
    "holder": (app.locker, "holder", Counter(taskScheduled=1)),
    "waiter": (app.locker, "waiter", Counter(entityLockRequested=1)),
}

OUTPUTS = {
    "after": ["did after 1", "did after 2 late"],
    "many": [f"did many {n}{' late' if n % 3 == 1 else ''}" for n in range(6)],
    "events": ["one", "did events one", "two"],
    "buffered": ["early", "did buffered"],
    "long": ["did long", True],
    "soon": ["did soon", "did soon after"],
    "race": ["right", "did race right", ["l", "r"], "did race late"],
    "timeout": [True, True, "did timeout late"],
    "retried": ["recovered retried", "did retried late"],
    "compensated": [True, "did compensated late"],
    "parent": [
        "did parent a",
        ["did parent b", ["did parent b c", "did parent b c late"]],
    ],
    "eternal": ["did eternal 3", "stop"],
    "entity": [2, "did mine late", 7],
    "ended": "did ended",
    "failed": None,
    "paused": ["one", "did paused one", "two"],
    "holder": [40, "did holder late"],
    "waiter": [41, "did waiter late"],
}


@dataclass
class Finished:
    """What was moved, and how it has ended at the target."""

    kind: str
    moved: list[tuple[Phase, Unit, Moved]] = field(default_factory=list)
    ran_by_move: Counter[str] = field(default_factory=Counter)
    ran: Counter[str] = field(default_factory=Counter)
    states: dict[str, OrchestrationState] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)  # states just behind the move
    histories: dict[str, list[Any]] = field(default_factory=dict)
    tally: int | None = None
    differ: set[str] = field(default_factory=set)  # by their semantic digests, behind the move


async def filled(folder: Path) -> None:
    """Fill a hub in ``hub.db`` until everything waits. What had run in this process is forgotten."""
    app.ran.clear()  # an activity that fails at first goes by it
    async with (
        hub_in_a_file(folder / "hub.db", HUB) as address,
        client_of(address) as looking,
        working(address, app.EARLY) as client,
    ):

        def do() -> None:
            locked = EntityInstanceId(app.COUNTER, "locked")
            client.signal_entity(locked, "add", 40)
            for instance_id, (orchestration, given, _) in WAITS.items():
                if instance_id != "waiter":
                    client.schedule_new_orchestration(
                        orchestration, input=given, instance_id=instance_id
                    )
            client.raise_orchestration_event("events", "go", data="one")
            client.raise_orchestration_event("paused", "go", data="one")
            client.raise_orchestration_event("buffered", "early", data="early")
            client.raise_orchestration_event("race", "right", data="r")

        await asyncio.to_thread(do)

        async def waits_for(instance_id: str, wanted: Counter[str]) -> None:
            async def has_come() -> bool:
                history = await looking.history(instance_id)
                return wanted <= Counter(one.WhichOneof("eventType") for one in history)

            while not await has_come():  # noqa: ASYNC110 (a worker in another thread brings it about)
                await asyncio.sleep(LOOK)

        async def waits(instance_id: str) -> None:
            await waits_for(instance_id, WAITS[instance_id][2])

        async def go() -> None:
            await waits_for("race", Counter(taskCompleted=1))
            await asyncio.to_thread(
                lambda: client.raise_orchestration_event("race", "left", data="l")
            )
            await waits_for("timeout", Counter(timerCreated=2))
            await asyncio.to_thread(
                lambda: client.raise_orchestration_event("timeout", "hurry", data=1)
            )
            await waits_for("paused", Counter(taskCompleted=1))
            await asyncio.to_thread(lambda: client.suspend_orchestration("paused"))
            await waits("holder")
            await asyncio.to_thread(
                lambda: client.schedule_new_orchestration(
                    app.locker, input="waiter", instance_id="waiter"
                )
            )

        await asyncio.wait_for(go(), WITHIN)
        await asyncio.wait_for(asyncio.gather(*map(waits, WAITS)), WITHIN)

        def deep() -> bool:
            found = client.get_all_orchestration_states()
            return sum(one.name == "late_child" for one in found) == 1

        await until("the child of a child runs", deep)
        await until("and has worked", lambda: app.ran['work "parent b c"'] == 1)


async def exported_endpoint(client: EndpointClient, folder: Path) -> None:
    """Export what is at an endpoint."""
    outlet = await open_outlet(client)
    with BundleWriter(folder, GIVEN) as writer:
        await export(outlet, writer, system_clock)


async def finished(kind: str, folder: Path) -> Finished:
    """Move the hub in ``hub.db`` to a target of that kind, and finish it there."""
    found = Finished(kind)
    content = await content_of(folder / "hub.db", HUB, folder / f"bundle-{kind}")
    async with endpoint(kind) as address, client_of(address) as at_target:
        before = Counter(app.ran)
        mover = GhostMover(
            at_target, MoveSettings(numbering=1 if kind == "foreign" else None), patience=PATIENCE
        )
        found.moved = await move(mover, content, units_of(content))
        found.ran_by_move = app.ran - before
        for instance_id in WAITS:
            state = await at_target.get_instance(instance_id)
            found.before[instance_id] = state
            if state is not None:
                found.histories[instance_id] = await at_target.history(instance_id)
        await exported_endpoint(at_target, folder / f"moved-{kind}")
        with open_content(folder / f"moved-{kind}") as there:
            for tree in content.trees():
                for held in content.members(tree.root_id):
                    one = there.member(held.instance.instance_id)
                    if one is None or one.digests.semantic != held.digests.semantic:
                        found.differ.add(held.instance.instance_id)
        async with working(address, (*app.EARLY, *app.LATE)) as client:
            found.states = await asyncio.to_thread(finish_all, client)
            locked = EntityInstanceId(app.COUNTER, "locked")
            entity = await asyncio.to_thread(client.get_entity, locked)
            found.tally = entity.get_state(int) if entity is not None else None
    found.ran = Counter(app.ran)
    return found


def finish_all(client: TaskHubGrpcClient) -> dict[str, OrchestrationState]:
    """Raise what is waited for, and return how all have ended."""
    client.raise_orchestration_event("events", "go", data="two")
    client.raise_orchestration_event("buffered", "begin", data=1)
    client.raise_orchestration_event("long", "go", data=1)
    client.raise_orchestration_event("eternal", "stop", data="stop")
    client.resume_orchestration("paused")
    client.raise_orchestration_event("paused", "go", data="two")
    found = {}
    for instance_id in WAITS:
        with contextlib.suppress(TimeoutError):  # its state tells
            client.wait_for_orchestration_completion(instance_id, timeout=ENDS_WITHIN)
        state = client.get_orchestration_state(instance_id)
        if state is not None:
            found[instance_id] = state
    return found
