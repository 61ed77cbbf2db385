"""Retention on every store: what is purged, what stays, and who does it."""

import time
from typing import Any

import pytest
from hubs_under_test import HubUnderTest
from shop_orders import in_seconds, start, started

from durahub.dispatch.autopurge import Autopurge, Pace, plan
from durahub.dispatch.clock import system_clock
from durahub.dispatch.hub import TaskHub
from durahub.engine.commit import InstanceUpdate
from durahub.engine.retention import Retention
from durahub.model.history import Status
from durahub.store import HubStore, InstanceQuery

DAY = 86_400.0
KEPT = Retention(30 * DAY, {Status.Failed: 90 * DAY, Status.Canceled: None})


async def no_pause(_: float) -> None:
    return


def pace() -> Pace:
    return Pace(1e9, time.monotonic, no_pause)


def autopurge(store: HubStore) -> Autopurge:
    return Autopurge(
        TaskHub(store),
        store.hub,
        KEPT,
        claim=store.claim,
        clock=system_clock,
        pace=pace(),
        every=60.0,
        now=time.monotonic,
        sleep=no_pause,
    )


async def put(store: HubStore, instance_id: str, status: Status, days_ago: float) -> None:
    moment = in_seconds(-days_ago * DAY)
    event = started(start(instance_id, timestamp=moment))
    ended = status.is_terminal
    update: dict[str, Any] = {"completed": moment} if ended else {}
    await store.repair(
        instance_id,
        InstanceUpdate(
            execution_id=event.execution.execution_id or "",
            last_updated=moment,
            custom_status=None,
            started=event,
            status=status,
            sets_output=ended,
            output='"done"' if ended else None,
            **update,
        ),
        insert=True,
    )


async def ids(store: HubStore, **query: Any) -> set[str]:
    return {one.instance_id for one in (await store.query(InstanceQuery(**query))).instances}


@pytest.fixture
async def store(hub: HubUnderTest) -> HubStore:
    """A hub with instances of every kind."""
    opened = await hub.open()
    await put(opened, "old", Status.Completed, 31)
    await put(opened, "young", Status.Completed, 29)
    await put(opened, "old-terminated", Status.Terminated, 31)
    await put(opened, "failed", Status.Failed, 31)
    await put(opened, "old-failed", Status.Failed, 91)
    await put(opened, "canceled", Status.Canceled, 999)
    await put(opened, "running", Status.Running, 999)
    await put(opened, "suspended", Status.Suspended, 999)
    return opened


async def test_a_plan_names_what_is_due_and_purges_nothing(store: HubStore) -> None:
    before = await ids(store)

    due = await plan(TaskHub(store), KEPT, system_clock(), pace())

    assert due.counts == {Status.Completed: 1, Status.Terminated: 1, Status.Failed: 1}
    assert await ids(store) == before


async def test_what_is_due_is_purged_and_nothing_else(store: HubStore) -> None:
    purge = autopurge(store)

    assert await purge.once()

    assert purge.purged == 3
    assert await ids(store) == {"young", "failed", "canceled", "running", "suspended"}
    assert [event async for event in store.history("old")] == []


async def test_one_who_has_a_task_keeps_it(hub: HubUnderTest) -> None:
    store = await hub.open()

    assert await store.claim("purge", 60.0)
    assert await store.claim("purge", 60.0)
