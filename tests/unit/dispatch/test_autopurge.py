"""Purging in the background: the budget, the pauses, the claim, and what changes under its hands."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from durahub.dispatch.autopurge import (
    CLAIM_SECONDS,
    FIRST_SEARCH,
    PURGE_REQUESTS,
    REST,
    Autopurge,
    Pace,
    plan,
)
from durahub.engine.retention import Retention
from durahub.errors import StorageUnavailable, WrongStatus
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks, later
from durahub.store import InstanceQuery, Page, Purged

NOW = Ticks(638_000_000_000_000_000)
DAY = 86_400.0


def ended(instance_id: str, days_ago: float = 2, status: Status = Status.Completed) -> Instance:
    moment = later(NOW, -days_ago * DAY)
    return Instance(
        instance_id=instance_id,
        execution_id="x",
        name="Order",
        version=None,
        status=status,
        created=moment,
        last_updated=moment,
        completed=moment,
    )


class Shelf:
    """A hub that gives its instances two a page, in order; *meanwhile* runs before each is read."""

    def __init__(self, *instances: Instance) -> None:
        self.rows = {one.instance_id: one for one in instances}
        self.queries: list[InstanceQuery] = []
        self.meanwhile: Callable[[str], None] = lambda _: None
        self.failure: Exception | None = None

    async def query(self, query: InstanceQuery) -> Page:
        self.queries.append(query)
        if self.failure is not None:
            raise self.failure
        after = query.token or ""
        wanted = [row for name, row in sorted(self.rows.items()) if name > after]
        page = wanted[:2]
        token = page[-1].instance_id if len(wanted) > 2 else None
        return Page(tuple(one for one in page if one.status in query.statuses), token)

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        self.meanwhile(instance_id)
        return self.rows.get(instance_id)

    async def purge(self, instance_id: str, *, recursive: bool = False) -> Purged:
        if instance_id == "restarted-late":
            raise WrongStatus(instance_id, "Running", "only what has ended can be purged")
        return Purged(1 if self.rows.pop(instance_id, None) else 0, 250)


class Time:
    """A clock that is moved by sleeping alone; `Stopped` ends what sleeps too often."""

    def __init__(self, sleeps: int = 1000) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []
        self._left = sleeps

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        if self._left == 0:
            raise asyncio.CancelledError
        self._left -= 1
        self.slept.append(seconds)
        self.seconds += seconds


async def granted(task: str, seconds: float) -> bool:
    return True


def autopurge(hub: Shelf, time: Time, **more: object) -> Autopurge:
    fields: dict[str, object] = {"claim": granted, "every": 600.0} | more
    return Autopurge(
        hub,
        "Shop",
        Retention(DAY),
        clock=lambda: NOW,
        pace=Pace(10.0, time.now, time.sleep),
        now=time.now,
        sleep=time.sleep,
        **fields,  # type: ignore[arg-type]
    )


async def test_what_is_due_goes_page_by_page_and_the_rest_stays() -> None:
    hub = Shelf(*(ended(f"old-{n}") for n in range(5)), ended("young", days_ago=0.5))
    purge = autopurge(hub, Time())

    assert await purge.once()

    assert set(hub.rows) == {"young"}
    assert purge.purged == 5
    assert [query.token for query in hub.queries] == [None, "old-1", "old-3"]
    assert not any(query.payloads for query in hub.queries)


async def test_an_instance_that_was_started_anew_since_the_page_was_read_stays() -> None:
    hub = Shelf(ended("gone"), ended("restarted"), ended("restarted-late"))

    def meanwhile(instance_id: str) -> None:
        if instance_id == "gone":
            del hub.rows["gone"]
        if instance_id == "restarted":
            hub.rows["restarted"] = replace(ended("restarted"), status=Status.Running)

    hub.meanwhile = meanwhile
    purge = autopurge(hub, Time())
    await purge.once()

    assert set(hub.rows) == {"restarted", "restarted-late"}
    assert purge.purged == 0


async def test_it_asks_for_no_more_requests_than_its_budget() -> None:
    hub, time = Shelf(ended("a"), ended("b")), Time()
    await autopurge(hub, time).once()

    requests = 1 + 2 * (PURGE_REQUESTS + 250 // 100)
    assert time.seconds == pytest.approx(requests / 10.0)


async def test_a_budget_that_was_not_used_is_not_saved_up() -> None:
    time = Time()
    pace = Pace(10.0, time.now, time.sleep)
    time.seconds = 100.0
    await pace.spent(5)
    await pace.spent(5)

    assert time.slept == pytest.approx([0.5, 0.5])


async def test_another_server_that_has_the_claim_is_left_alone_with_it() -> None:
    hub = Shelf(ended("a"))
    asked: list[tuple[str, float]] = []

    async def refused(task: str, seconds: float) -> bool:
        asked.append((task, seconds))
        return False

    purge = autopurge(hub, Time(), claim=refused)

    assert not await purge.once()
    assert asked == [("purge", CLAIM_SECONDS + 600.0)]
    assert hub.queries == []


async def test_a_claim_that_is_lost_on_the_way_ends_the_search() -> None:
    hub, time = Shelf(ended("a"), ended("b")), Time()
    answers = [True, False]

    async def claim(task: str, seconds: float) -> bool:
        return answers.pop(0)

    def meanwhile(_: str) -> None:
        time.seconds += CLAIM_SECONDS

    hub.meanwhile = meanwhile
    await autopurge(hub, time, claim=claim).once()

    assert set(hub.rows) == {"b"}


async def test_pauses_are_at_least_ten_times_as_long_as_the_search_was_without_the_purging() -> (
    None
):
    hub = Shelf(*(ended(f"old-{n:03}") for n in range(100)))
    time = Time(sleeps=152)  # the first pause, 50 pages, 100 instances, one pause

    with pytest.raises(asyncio.CancelledError):
        await autopurge(hub, time, every=1.0).run()

    assert time.slept[0] == 1.0
    assert not hub.rows
    pages = 50 * 1 / 10.0  # requests, of a budget of ten a second
    assert sum(time.slept[1:-1]) > 60
    assert time.slept[-1] == pytest.approx(pages * REST)


async def test_the_first_search_comes_no_later_than_a_minute_after_the_start() -> None:
    time = Time(sleeps=1)

    with pytest.raises(asyncio.CancelledError):
        await autopurge(Shelf(), time).run()

    assert time.slept == [FIRST_SEARCH]


async def test_a_search_that_fails_is_tried_again_after_the_pause() -> None:
    hub, time = Shelf(), Time(sleeps=3)
    hub.failure = StorageUnavailable("account", "asleep")

    with pytest.raises(asyncio.CancelledError):
        await autopurge(hub, time).run()

    assert time.slept == [FIRST_SEARCH, 600.0, 600.0]
    assert len(hub.queries) == 3


async def test_a_plan_counts_by_status_and_finds_the_oldest_without_touching_anything() -> None:
    hub, time = Shelf(), Time()
    for one in (ended("a", 3), ended("b", 5), ended("c", 4, Status.Failed), ended("d", 0.1)):
        hub.rows[one.instance_id] = one

    due = await plan(hub, Retention(DAY), NOW, Pace(10.0, time.now, time.sleep))

    assert due.counts == {Status.Completed: 2, Status.Failed: 1}
    assert due.oldest[Status.Completed] == later(NOW, -5 * DAY)
    assert due.total == 3
    assert len(hub.rows) == 4
