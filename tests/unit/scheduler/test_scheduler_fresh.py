"""What memory answers is what the file says: of instances just started, of what was just written."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from scheduler_hubs import (
    NOON,
    Desk,
    ManualClock,
    episode,
    has_looked,
    opened,
    raised,
    served,
    sql,
    start,
)

from durahub.engine.commit import NO_HISTORY, Commit, InstanceUpdate
from durahub.model.history import Execution, ExecutionStarted, Parent, Status
from durahub.model.ticks import Ticks, later
from durahub.scheduler.fresh_starts import FreshStarts
from durahub.scheduler.hub_store import SchedulerStore
from durahub.store import StoredHistory


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SchedulerStore]:
    async with opened(tmp_path / "hub.db", ManualClock()) as made:
        yield made


async def reads_of(store: SchedulerStore) -> list[str]:
    """Return the list to which every statement of a reader is added from now on."""
    found: list[str] = []
    await store.file.read(lambda c: c.set_trace_callback(found.append))
    return found


async def test_the_first_episode_of_a_start_reads_nothing(store: SchedulerStore) -> None:
    async with served(store, Desk()):
        await has_looked(store)
        read = await reads_of(store)
        await store.start(start(input="1", tags={"shop": "1"}), None)
        assert store.is_fresh("order-1")
        assert await store.load("order-1") == StoredHistory(NO_HISTORY, ())
        row = await store.row("order-1")
        assert read == []
        assert row == await store.get("order-1", payloads=False)


async def test_an_instance_is_fresh_until_something_else_is_written(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        for number in range(3):
            await store.start(start(f"order-{number}"), None)
        await store.commit(episode(await desk.message(), instance_id="order-0"))
        await store.purge("order-1")
        update = InstanceUpdate(execution_id="e1", last_updated=NOON, custom_status='"late"')
        await store.repair("order-2", update, insert=False)
        assert not any(store.is_fresh(f"order-{number}") for number in range(3))
        assert len((await store.load("order-0")).events) == 2
        assert await store.row("order-1") is None
        row = await store.row("order-2")
        assert row is not None
        assert row.custom_status == '"late"'


async def test_an_instance_started_anew_is_not_fresh(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        await store.start(start(), None)
        await store.commit(episode(await desk.message()))
        row = await store.get("order-1")
        await store.start(start(execution_id="e2"), row)
        assert not store.is_fresh("order-1")
        assert len((await store.load("order-1")).events) == 2


async def test_a_start_that_was_refused_makes_nothing_fresh(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        await store.start(start(), None)
        await store.commit(episode(await desk.message()))
        with pytest.raises(Exception, match="order-1"):
            await store.start(start(execution_id="e2"), None)
        assert not store.is_fresh("order-1")


async def test_nothing_is_fresh_for_who_does_not_serve(store: SchedulerStore) -> None:
    await store.start(start(), None)
    assert not store.is_fresh("order-1")


async def test_a_start_that_is_not_due_yet_is_not_fresh(store: SchedulerStore) -> None:
    async with served(store, Desk()):
        await store.start(replace(start(), due=later(NOON, 60)), None)
        assert not store.is_fresh("order-1")


async def test_how_many_fresh_instances_are_remembered_is_bounded(store: SchedulerStore) -> None:
    fresh = FreshStarts(most=2)
    for number in range(4):
        await store.start(start(f"order-{number}"), None)
        row = await store.get(f"order-{number}", payloads=False)
        assert row is not None
        fresh.note(row)
    assert [fresh.row(f"order-{n}") is not None for n in range(4)] == [False, False, True, True]


PARENT = Parent(name="Day", execution=Execution("day-1", "d1"), task_schedule_id=3)
GENERATION = {"generation": 0, "input": "[1]", "version": "2", "tags": {"shop": "1"}}
ENDS = {"status": Status.Completed, "completed": Ticks(NOON + 1), "sets_output": True}


@pytest.mark.parametrize("payloads", [True, False])
@pytest.mark.parametrize(
    ("started", "update", "is_told"),
    [
        (GENERATION, {"status": Status.Running, "in_first": True}, True),
        (GENERATION, {**ENDS, "output": '"done"'}, True),
        (GENERATION, {**ENDS, "output": '"done"', "in_first": True}, True),
        (GENERATION, {**ENDS, "output": None, "custom_status": '"packed"'}, True),
        (GENERATION, {"status": Status.Suspended, "sets_output": True, "output": "why"}, True),
        ({**GENERATION, "scheduled_start": NOON}, {**ENDS, "output": "1"}, True),
        (GENERATION, {"status": Status.Running}, False),  # an older output may stay
        (GENERATION, {"custom_status": "1"}, False),
        ({"generation": None}, {**ENDS, "output": "1"}, False),
    ],
)
async def test_what_is_told_of_a_commit_is_what_a_look_finds(
    store: SchedulerStore,
    started: dict[str, object],
    update: dict[str, object],
    is_told: bool,
    payloads: bool,
) -> None:
    async with served(store, Desk()) as desk:
        message = start(**started)  # type: ignore[arg-type]
        event = message.event
        assert isinstance(event, ExecutionStarted)
        await store.start(message, None)
        first = episode(await desk.message())
        update = {**update}
        if update.pop("in_first", False):
            commit = changed(first, update)
        else:
            version = await store.commit(first)
            await store.send(raised())
            commit = changed(episode(await desk.message(2), base=version), update)
        await store.commit(commit)
        told = store.told("order-1", event, commit.instance, payloads=payloads)
        found = await store.get("order-1", payloads=payloads)
        assert found is not None
        assert told == (replace(found, etag=None) if is_told else None)


def changed(commit: Commit, update: dict[str, object]) -> Commit:
    return replace(commit, instance=replace(commit.instance, **update))  # type: ignore[arg-type]


async def test_what_is_told_of_a_child_names_its_parent(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        message = start(parent=PARENT, generation=0)
        event = message.event
        assert isinstance(event, ExecutionStarted)
        await store.send(message)
        commit = episode(await desk.message())
        await store.commit(commit)
        told = store.told("order-1", event, commit.instance, payloads=True)
        found = await store.get("order-1")
        assert found is not None
        assert told == replace(found, etag=None)
        assert found.parent_id == "day-1"
        assert await sql(store, "SELECT parent FROM instances") == [("day-1",)]
