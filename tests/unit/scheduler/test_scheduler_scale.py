"""What has ended costs nothing: each step visits as much of a large hub as of a small one.

SQLite counts its own instructions, so these are no measurements: the same file costs the same everywhere.
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from scheduler_hubs import (
    NOON,
    Desk,
    ManualClock,
    activity,
    episode,
    has_looked,
    opened,
    raised,
    result,
    served,
    sql,
    start,
)

from durahub.errors import InstanceExists
from durahub.model.history import TERMINAL, Status
from durahub.model.ticks import Ticks
from durahub.scheduler.hub_store import SchedulerStore
from durahub.scheduler.instance_queries import ended_sql, page_sql
from durahub.scheduler.transactions import Transaction
from durahub.store import Ended, EndedQuery, InstanceQuery

SMALL, LARGE = 1_000, 100_000  # instances that have ended
RESOLUTION = 10  # instructions that are counted as one
ALLOWED = 1.2  # times: a larger tree is a little deeper

Step = Callable[[SchedulerStore], Awaitable[object]]

FILL = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
"""
FILL_INSTANCES = f"""
INSERT INTO instances (hub, id, entity, etag, execution, name, status, created, last_updated, completed)
{FILL} SELECT hubs.id, printf('done-%08x', i * 2654435761 % 4294967296), 0, 1, 'e', 'Done',
    CASE i % 50 WHEN 7 THEN 3 ELSE 1 END, {NOON} + i, {NOON} + i, {NOON} + 2 * i FROM n, hubs
"""
FILL_HISTORIES = f"""
INSERT INTO histories (number, hub, instance, execution, length, revision)
{FILL} SELECT -i, hubs.id, printf('done-%08x', i * 2654435761 % 4294967296), 'e', 2, 1 FROM n, hubs
"""
FILL_EVENTS = f"""
INSERT INTO events (history, position, event)
{FILL} SELECT -i, position, x'00' FROM n, (SELECT 0 AS position UNION ALL SELECT 1)
"""


class Work:
    """How much work SQLite has done on the connections of a file."""

    def __init__(self) -> None:
        self.done = 0

    def tick(self) -> int:
        self.done += 1
        return 0


@asynccontextmanager
async def filled(folder: Path, count: int) -> AsyncIterator[tuple[SchedulerStore, Work]]:
    """Open a hub in which *count* orchestrations have ended, one of fifty failed."""

    def fill(tx: Transaction) -> None:
        for filling in (FILL_INSTANCES, FILL_HISTORIES, FILL_EVENTS):
            tx.connection.execute(filling.format(count=count))

    folder.mkdir()  # noqa: ASYNC240 (nothing else runs yet)
    async with opened(folder / "hub.db", ManualClock()) as store:
        await store.file.write(fill)
        work = Work()

        def count_work(connection: sqlite3.Connection) -> None:
            connection.set_progress_handler(work.tick, RESOLUTION)

        for slow in (False, True):
            await store.file.read(count_work, slow=slow)
        await store.file.write(lambda tx: count_work(tx.connection))
        yield store, work


async def run_one(store: SchedulerStore) -> None:
    """Run an orchestration that calls an activity, and end it."""
    async with served(store, Desk()) as desk:
        await store.start(start(), None)
        version = await store.commit(episode(await desk.message(), activities=[activity()]))
        work = await desk.activity()
        await store.complete_activity(work, result(work))
        last = episode(await desk.message(2), base=version)
        end = replace(last.instance, status=Status.Completed, completed=NOON, sets_output=True)
        await store.commit(replace(last, instance=end))


async def take_over(store: SchedulerStore) -> None:
    async with served(store, Desk()):
        await has_looked(store)


async def start_again(store: SchedulerStore) -> None:
    with pytest.raises(InstanceExists):
        await store.start(start("done-9e3779b1"), None)


async def page_behind(store: SchedulerStore) -> None:
    page = await store.query(InstanceQuery(page_size=10))
    await store.query(InstanceQuery(page_size=10, token=page.token))


def query(**fields: object) -> Step:
    return lambda store: store.query(InstanceQuery(page_size=10, **fields))  # type: ignore[arg-type]


def ended(statuses: frozenset[Status] = TERMINAL, **fields: object) -> Step:
    return lambda store: store.ended(
        EndedQuery(statuses=statuses, count=10, **fields)  # type: ignore[arg-type]
    )


FAILED = frozenset({Status.Failed})
ALIVE = frozenset({Status.Running, Status.Pending})
STEPS: dict[str, Step] = {
    "run one": run_one,
    "take over": take_over,
    "refuse a start": start_again,
    "send": lambda store: store.send(raised()),
    "get": lambda store: store.get("done-9e3779b1"),
    "load": lambda store: store.load("order-2"),
    "purge": lambda store: store.purge("done-9e3779b1"),
    "backlog": lambda store: store.backlog(),
    "info": lambda store: store.info(),
    "a page": query(),
    "the page behind it": page_behind,
    "a page of those that run": query(statuses=ALIVE),
    "a page of those that failed": query(statuses=FAILED),
    "a page of some statuses": query(statuses=FAILED | ALIVE | {Status.Completed}),
    "a page of the youngest": query(created_from=Ticks(NOON + SMALL - 20), created_to=NOON + SMALL),
    "a page with a prefix": query(prefix="order-"),
    "a page of those with a prefix that run": query(prefix="order-", statuses=ALIVE),
    "entities": query(entities=True),
    "ended": ended(),
    "ended and failed": ended(FAILED),
    "ended before a time": ended(FAILED, completed_to=Ticks(NOON + 100)),
    "ended behind a place": ended(after=Ended(Ticks(NOON + 500), "done-1")),
}


async def test_no_step_visits_more_where_more_has_ended(tmp_path: Path) -> None:
    costs: list[dict[str, int]] = []
    for count in (SMALL, LARGE):
        async with filled(tmp_path / str(count), count) as (store, work):
            found = {}
            for name, step in STEPS.items():
                before = work.done
                await step(store)
                found[name] = work.done - before
            costs.append(found)
    small, large = costs
    grown = {
        name: (small[name], large[name])
        for name in STEPS
        if large[name] > small[name] * ALLOWED + 5
    }
    assert grown == {}
    assert all(large.values())


async def plan_of(store: SchedulerStore, asked: str, parameters: tuple[object, ...]) -> str:
    def explain(connection: sqlite3.Connection) -> str:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {asked}", parameters)
        return "; ".join(str(row[3]) for row in rows)

    return await store.file.read(explain)


@pytest.mark.parametrize("analyzed", [True, False])  # SQLite knows how many rows there are, or not
@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (InstanceQuery(), "instances_by_age"),
        (InstanceQuery(created_from=NOON), "instances_by_age"),
        (InstanceQuery(statuses=ALIVE), "instances_by_status"),
        (InstanceQuery(prefix="order-"), "sqlite_autoindex_instances_1"),
        (InstanceQuery(prefix="order-", statuses=ALIVE), "sqlite_autoindex_instances_1"),
        (EndedQuery(statuses=TERMINAL), "instances_by_end"),
        (EndedQuery(statuses=FAILED, completed_to=NOON), "instances_by_end"),
    ],
)
async def test_a_page_is_a_range_of_an_index(
    tmp_path: Path, asked: InstanceQuery | EndedQuery, index: str, analyzed: bool
) -> None:
    async with filled(tmp_path / "hub", SMALL) as (store, _):
        if analyzed:
            await sql(store, "ANALYZE")
        if isinstance(asked, InstanceQuery):
            page = page_sql(1, asked)
            plan = await plan_of(store, page.sql, page.parameters)
        else:
            plan = await plan_of(store, *ended_sql(1, asked))
        looks = [step for step in plan.split("; ") if step.startswith(("SEARCH", "SCAN instances"))]
        assert looks
        assert all(f"INDEX {index} " in step for step in looks), plan


async def test_pages_of_some_statuses_hold_each_instance_once_in_the_order_of_age(
    tmp_path: Path,
) -> None:
    async with filled(tmp_path / "hub", SMALL * 3) as (store, _):
        for number in range(5):
            await store.start(start(f"order-{number}"), None)
        found = []
        asked = InstanceQuery(statuses=FAILED | ALIVE, page_size=2, payloads=False)
        while True:
            page = await store.query(asked)
            found += page.instances
            if page.token is None:
                break
            asked = replace(asked, token=page.token)
        assert [one.status for one in found].count(Status.Failed) == 60
        assert len({one.instance_id for one in found}) == len(found) == 65
        assert found == sorted(found, key=lambda one: (one.created, one.instance_id))
        ends = await store.ended(EndedQuery(statuses=TERMINAL, count=5000))
        assert list(ends) == sorted(ends)
        assert len(ends) == SMALL * 3


async def test_pages_with_a_prefix_come_in_the_order_of_the_ids(tmp_path: Path) -> None:
    async with filled(tmp_path / "hub", SMALL) as (store, _):
        for number in (3, 1, 4, 0, 2):
            await store.start(start(f"order-{number}"), None)
        found: list[str] = []
        asked = InstanceQuery(prefix="order-", page_size=2)
        while True:
            page = await store.query(asked)
            found += [one.instance_id for one in page.instances]
            if page.token is None:
                break
            asked = replace(asked, token=page.token)
        assert found == [f"order-{number}" for number in range(5)]
