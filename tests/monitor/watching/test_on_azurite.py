"""Watching real hubs on Azurite: what it costs there, what it sees, and that nothing is changed."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from math import ceil
from pathlib import Path

import pytest

from durahub.accounts import Access
from durahub.classic.account import Account
from durahub.classic.app_settings import AppSettings
from durahub.classic.reader import ClassicReader
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.local.azurite import Azurite, running_azurite
from durahub.model.history import Status
from durahub.stored import StoredInstance
from durahub_migrate.monitor.hub import Health
from durahub_migrate.watching.opening import open_monitor
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.watched_hub import WatchedHub
from tests.budget.proxy import Proxy, proxy_of
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.sources.test_classic_costs import READING
from tests.monitor.watching.orders import rows_of, until_found, whole
from tests.monitor.watching.shop_rows import FAST, instance

pytestmark = pytest.mark.azurite

QUICKLY = frozenset({"edges", "functions", "waiting"})
RECORDED = [
    one if one.name in QUICKLY else pytest.param(one, marks=pytest.mark.slow) for one in HUBS
]
WHOLE = replace(FAST, limits=Limits(), answers_within=60.0)


@contextlib.asynccontextmanager
async def watched(
    connection_string: str, hub: str, options: MonitorOptions = WHOLE
) -> AsyncIterator[WatchedHub]:
    async with open_monitor(
        [f"azurite:{hub}"],
        options,
        access=Access(app_settings=AppSettings({})),
        resolve=lambda _: connection_string,
    ) as monitor:
        (found,) = monitor.hubs()
        yield found


def queries(proxy: Proxy) -> int:
    return proxy.seen.all["table query"]


async def fill(connection_string: str, table: str, count: int) -> None:
    async with Account.from_connection_string(connection_string, "the test") as account:
        tables = Tables(account.table_wire, StorageErrors(account.name, "test"))
        places = asyncio.Semaphore(32)

        async def put(number: int) -> None:
            async with places:
                await tables.insert(table, instance(f"order-{number:05}", Status.Completed))

        await asyncio.gather(*(put(number) for number in range(count)))


async def test_a_sweep_costs_a_request_for_each_thousand_rows(
    azurite: Storage, hub_name: str
) -> None:
    recorded = next(one for one in HUBS if one.name == "waiting")
    await load(recorded, azurite.connection_string, hub_name)
    await fill(azurite.connection_string, f"{hub_name}Instances", 1200)
    async with proxy_of(azurite) as proxy, watched(proxy.connection_string, hub_name) as hub:
        await hub.refresh()
        while hub.standing().freshness.complete is None:
            await hub.refresh()
        rows = rows_of(hub)
        total, sent = hub.standing().budget.total, sum(proxy.seen.all.values())
        leases = 1  # the Partitions table, when the hub is found
        swept = queries(proxy) - leases

        await hub.refresh()
        looked = queries(proxy) - leases - swept

    assert swept == ceil(len(rows) / 1000)
    assert total == sent
    assert looked <= ceil(len(rows) / 1000)  # all were written within the margin


@pytest.mark.parametrize("recorded", RECORDED, ids=str)
async def test_every_instance_of_a_recorded_hub_is_read_as_it_is_and_nothing_is_changed(
    recorded: RecordedHub, azurite: Storage, hub_name: str
) -> None:
    await load(recorded, azurite.connection_string, hub_name)
    wanted = await stored(azurite.connection_string, hub_name)
    async with proxy_of(azurite) as proxy, watched(proxy.connection_string, hub_name) as hub:
        rows = rows_of(await whole(hub))
        assert set(rows) == set(wanted)
        for instance_id, one in wanted.items():
            row = rows[instance_id]
            assert (row.status, row.created) == (one.status, one.created)
            is_entity = instance_id.startswith("@")
            assert row.name == (instance_id[1:].split("@")[0] if is_entity else one.name)
            history = await hub.history(instance_id)
            assert history.problems == ()
            assert tuple(history.events) == tuple(event.event for event in one.history)
            before = sum(proxy.seen.all.values())
            again = await hub.history(instance_id)
            assert again.events is history.events or not history.events
            assert sum(proxy.seen.all.values()) - before == 1
            detail = await hub.detail(instance_id)
            assert detail is not None
            assert detail.missing == ()
            if not is_entity:
                assert (detail.input, detail.output) == (one.input, one.output)
        assert hub.standing().health is Health.WATCHED
        assert hub.standing().problem is None

    assert proxy.seen.all.keys() <= READING


async def stored(connection_string: str, hub: str) -> dict[str, StoredInstance]:
    async with Account.from_connection_string(connection_string, "the test") as account:
        reader = ClassicReader(hub, account)
        await reader.open()
        found = [one async for one in reader.instances()]
    return {one.instance_id: one for one in found if isinstance(one, StoredInstance)}


async def test_hubs_of_an_account_are_found_while_they_come_and_go(azurite: Storage) -> None:
    names = sorted(f"Test{secrets.token_hex(6)}" for _ in range(2))
    recorded = HUBS[0]
    await load(recorded, azurite.connection_string, names[0])
    async with open_monitor(
        ["azurite:"],
        WHOLE,
        access=Access(app_settings=AppSettings({})),
        resolve=lambda _: azurite.connection_string,
    ) as monitor:
        await until_found(monitor, 1)
        assert f"{names[0]}@local" in {one.ref.key for one in monitor.hubs()}

        before = len(monitor.hubs())
        await load(recorded, azurite.connection_string, names[1])
        monitor.look_again()
        await until_found(monitor, before + 1)
        hub = await whole(monitor.hub(f"{names[1]}@local"))
        assert len(rows_of(hub)) > 0


@pytest.mark.slow
async def test_an_account_that_goes_and_comes_back_is_watched_on(tmp_path: Path) -> None:
    """Stop an Azurite while its hub is watched, and start it again where it was."""
    data = tmp_path / "azurite"
    with running_azurite(data) as first:
        connection_string = first.connection_string
        ports = tuple(int(url.split("/")[2].split(":")[1]) for url in urls_of(first))
        await load(HUBS[0], connection_string, "Again")
    async with watched(connection_string, "Again") as hub:
        await hub.refresh()
        lost = hub.standing()
        with running_azurite(data, ports):  # type: ignore[arg-type]
            await hub.refresh()
            rows = rows_of(await whole(hub))
            well = hub.standing()
        await hub.refresh()
        lost_again = hub.standing()
        known = rows_of(hub)

    assert lost.health is Health.UNREACHABLE
    assert well.health is Health.WATCHED
    assert lost_again.health is Health.UNREACHABLE
    assert known == rows != {}


def urls_of(azurite: Azurite) -> tuple[str, str, str]:
    return azurite.blob_url, azurite.queue_url, azurite.table_url
