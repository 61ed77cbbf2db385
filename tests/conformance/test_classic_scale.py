"""What a hub costs a server does not grow with the instances in it: requests, counted by address."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from urllib.parse import unquote

import pytest
from failing_orders import completed
from hubs_under_test import ClassicHub
from listening_desk import Desk, eventually
from scripted_worker import ScriptedHub, scripted
from shop_orders import in_seconds, raised, start, started

from durahub.classic.store import ClassicStore
from durahub.dispatch.autopurge import Pace, plan
from durahub.dispatch.clients import StartRequest
from durahub.dispatch.hub import TaskHub
from durahub.engine.actions import Action
from durahub.engine.commit import InstanceUpdate
from durahub.engine.retention import Retention
from durahub.model.history import Event, EventRaised, Status
from durahub.store import InstanceQuery

pytestmark = pytest.mark.azurite

MANY = 1_100  # more rows than storage gives in one page
DAY = 86_400.0


@pytest.fixture
def make_hub(azurite: Any, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", azurite.connection_string)


class Asked:
    """The requests of one store from now on, but receives, which come as often as time goes by."""

    def __init__(self, hub: ClassicHub, store: ClassicStore) -> None:
        self.urls: list[tuple[str, str]] = []
        self._transport = hub.transport(store)
        self._before, self._transport._before = self._transport._before, self._note  # type: ignore[method-assign]

    def _note(self, request: Any) -> None:
        self.urls.append((request.method, unquote(str(request.url))))
        self._before(request)

    def of(self, table: str) -> list[str]:
        """Return the addresses of a table's requests: ``"GET …/shopInstances()?$top=…"``.

        Each once: for how long a client looks again and again is a matter of the machine.
        """
        found = (f"{method} {url}" for method, url in self.urls if f"{table}(" in url)
        return list(dict.fromkeys(found))

    def work(self) -> list[str]:
        """Return the addresses but those for partitions, and of receives, each once."""
        found = (
            f"{method} {url}"
            for method, url in self.urls
            if "partitions" not in url.lower()
            and "leases" not in url.lower()
            and not (method == "GET" and "/messages?numofmessages" in url)
        )
        return list(dict.fromkeys(found))


async def put(store: ClassicStore, instance_id: str, status: Status, days_ago: float = 1) -> None:
    """Write the row of an instance."""
    moment = in_seconds(-days_ago * DAY)
    event = started(start(instance_id, timestamp=moment))
    await store.repair(
        instance_id,
        InstanceUpdate(
            execution_id=event.execution.execution_id or "",
            last_updated=moment,
            custom_status=None,
            started=event,
            status=status,
            sets_output=status.is_terminal,
            output='"done"' if status.is_terminal else None,
            completed=moment if status.is_terminal else None,
        ),
        insert=True,
    )


async def fill(store: ClassicStore, finished: int = 0, alive: int = 0) -> None:
    rows = [(f"finished-{n:05}", Status.Completed) for n in range(finished)]
    rows += [(f"alive-{n:05}", Status.Running) for n in range(alive)]
    for place in range(0, len(rows), 50):
        await asyncio.gather(*(put(store, *row) for row in rows[place : place + 50]))


def waits(events: Sequence[Event]) -> list[Action]:
    return [completed("ok")] if any(isinstance(e, EventRaised) for e in events) else []


SCRIPTS = {"Quick": lambda _: [completed("ok")], "Waits": waits}


@contextlib.asynccontextmanager
async def at_work(store: ClassicStore) -> AsyncIterator[ScriptedHub]:
    async with scripted(store) as shop:
        shop.work(SCRIPTS)
        yield shop


async def test_a_server_starts_on_a_large_hub_with_the_requests_that_it_needs_on_an_empty_one(
    make_hub: Callable[..., ClassicHub],
) -> None:
    found = []
    for finished, alive in ((0, 0), (MANY - 100, 100)):
        hub = make_hub(f"x{finished}")
        await fill(await hub.open(partitions=1), finished, alive)
        store = await hub.open(partitions=1)
        asked = Asked(hub, store)
        async with at_work(store) as shop:
            await eventually(lambda store=store: store.owns("order-1"))
            await shop.start(StartRequest(name="Quick", instance_id="order-1"))
            assert await shop.ended("order-1") == "Completed: ok"
            await store.backlog()  # what the metrics ask for
        found.append((asked.of("Instances"), asked.of("History"), asked.work()))
        await hub.close()
    (empty, empty_history, empty_all), (large, large_history, large_all) = found
    assert abs(len(large) - len(empty)) <= 1
    assert abs(len(large_history) - len(empty_history)) <= 1
    assert abs(len(large_all) - len(empty_all)) <= 2


async def test_taking_over_costs_what_waits_not_what_sleeps(
    make_hub: Callable[..., ClassicHub],
) -> None:
    reads = {}
    for alive in (3, 30):
        hub = make_hub(f"x{alive}")
        first = await hub.open(partitions=1)
        async with at_work(first) as shop:
            ids = [f"order-{number}" for number in range(alive)]
            for instance_id in ids:
                await shop.start(StartRequest(name="Waits", instance_id=instance_id))
            for instance_id in ids:
                await shop.wait_for_start(instance_id, payloads=False)
        for instance_id in ids[:2]:
            await first.send(raised(instance_id))
        second = await hub.open(partitions=1)
        asked = Asked(hub, second)
        async with at_work(second) as shop:
            for instance_id in ids[:2]:
                assert await shop.ended(instance_id) == "Completed: ok"
        reads[alive] = [url for url in asked.of("History") if url.startswith("GET")]
        await hub.close()
    assert len(reads[3]) == len(reads[30]) == 2  # the histories of the two that were woken


async def test_a_page_is_a_page_in_storage_too_and_an_empty_one_ends_no_list(
    hub: ClassicHub,
) -> None:
    store = await hub.open(partitions=1)
    await fill(store, finished=MANY)
    await put(store, "zebra", Status.Failed)
    asked = Asked(hub, store)

    page = await store.query(InstanceQuery(page_size=7, payloads=False))
    assert len(page.instances) == 7
    assert len(asked.urls) == 1
    assert "$top=7" in asked.urls[0][1]
    assert "$select=" in asked.urls[0][1]

    found: list[str] = []
    query = InstanceQuery(statuses=frozenset({Status.Failed}), page_size=100)
    token: str | None = None
    while True:
        page = await store.query(
            InstanceQuery(statuses=query.statuses, page_size=query.page_size, token=token)
        )
        found += [one.instance_id for one in page.instances]
        token = page.token
        if token is None:
            break
    assert found == ["zebra"]


async def test_a_search_for_what_is_due_reads_pages_of_a_thousand_rows_without_payloads(
    hub: ClassicHub,
) -> None:
    store = await hub.open(partitions=1)
    await fill(store, finished=MANY)
    asked = Asked(hub, store)

    async def no_pause(_: float) -> None:
        return

    pace = Pace(1e9, time.monotonic, no_pause)
    due = await plan(TaskHub(store), Retention(DAY / 2), in_seconds(0), pace)
    assert due.total == MANY
    assert len(asked.urls) == 2
    for _, url in asked.urls:
        assert "$top=1000" in url
        assert "RuntimeStatus eq 'Completed'" in url
        assert "Input" not in url


async def test_a_purge_by_filter_costs_the_same_few_requests_for_each_instance(
    hub: ClassicHub,
) -> None:
    store = await hub.open(partitions=1)
    async with at_work(store) as shop:
        for number in range(12):
            await shop.start(StartRequest(name="Quick", instance_id=f"order-{number}"))
        for number in range(12):
            await shop.ended(f"order-{number}")
    asked = Asked(hub, store)
    purged, whole = await TaskHub(store).purge_matching(InstanceQuery(page_size=5), time_limit=None)
    assert (purged.instances, whole) == (12, True)
    pages = 3
    # large payloads are looked for, the history is listed and deleted, then the row
    assert len(asked.urls) <= pages + 1 + 4 * 12


async def test_what_servers_without_work_ask_for_is_little_and_grows_with_the_hubs_alone(
    make_hub: Callable[..., ClassicHub],
) -> None:
    hubs = [make_hub(f"x{number}") for number in range(8)]
    stores = [
        await hub.open(partitions=1, max_poll=1.0, lease_pass=2.0, lease=10.0) for hub in hubs
    ]
    for hub, store in zip(hubs, stores, strict=True):
        hub.serve(store, Desk())
    await asyncio.sleep(4)  # until every poller has backed off
    asked = [Asked(hub, store) for hub, store in zip(hubs, stores, strict=True)]
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.sleep(4)
    seconds = loop.time() - began
    for one in asked:
        polls = [url for _, url in one.urls if "/messages" in url]
        assert len(polls) <= 2 * (seconds / 0.8 + 1)  # two queues, each once in 0.8 to 1.2 s
        assert len(one.urls) - len(polls) <= 3 * seconds / 2.0 + 3
    for hub in hubs:
        await hub.close()
