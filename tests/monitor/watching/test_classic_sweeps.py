"""What a sweep of a hub in Azure Storage costs and finds, against an account that counts."""

from dataclasses import replace
from math import ceil
from pathlib import Path

import pytest

from durahub.classic.names import HubNames
from durahub.classic.routing import control_index
from durahub.model.history import Status
from durahub.model.ticks import later
from durahub_migrate.monitor.hub import Health
from durahub_migrate.monitor.row import HEAD, Kind
from durahub_migrate.watching.options import MonitorOptions
from tests.monitor.watching.orders import rows_of, whole
from tests.monitor.watching.shop_rows import FAST, NAMES, instance, paced, watched, with_columns
from tests.monitor.watching.table_account import TableAccount, serving

INSTANCES = f"table {NAMES.instances_table}()"
LARGE = "x" * 5000


def kept_in(folder: Path, **intervals: float) -> MonitorOptions:
    """Return options whose index outlives the monitor."""
    return replace(paced(**intervals), index=str(folder / "index.db"))


def shop(count: int = 0, **more: object) -> TableAccount:
    account = TableAccount(NAMES, **more)  # type: ignore[arg-type]
    for number in range(count):
        account.put_instance(instance(f"order-{number:05}"))
    return account


@pytest.mark.parametrize("count", [1, 1000, 1001, 2500])
async def test_a_sweep_takes_a_request_for_each_thousand_rows_and_no_other(count: int) -> None:
    async with serving(shop(count)) as account, watched(account) as hub:
        await whole(hub)

        assert len(rows_of(hub)) == count
        assert account.count(INSTANCES) == max(1, ceil(count / 1000))
        assert hub.standing().budget.total == len(account.asked)
        opening = len(account.asked) - account.count(INSTANCES)
        assert opening == 4  # tables, queues, leases, taskhub.json


async def test_a_list_asks_for_no_inputs_and_keeps_heads_of_the_rest() -> None:
    account = shop()
    account.put_instance(instance("large", Status.Completed, output=LARGE))
    async with serving(account), watched(account) as hub:
        row = rows_of(await whole(hub))["large"]

        selects = [query["$select"] for query in account.queries if "$select" in query]
        assert all("Input" not in select.split(",") for select in selects)
        assert row.output == LARGE[:HEAD]
        assert row.input is None


async def test_a_payload_in_a_blob_is_a_note_and_no_blob_is_read() -> None:
    account = shop()
    async with serving(account):
        container = f"http://elsewhere/devstoreaccount1/{NAMES.large_messages_container}"
        url = f"{container}/order/output.json.gz"
        account.put_instance(instance("large", Status.Completed, output=url))
        async with watched(account) as hub:
            row = rows_of(await whole(hub))["large"]

    assert row.output == "(in blob order/output.json.gz)"
    assert account.count("blob shop-largemessages") == 0


async def test_what_a_row_tells_is_kept() -> None:
    account = shop()
    account.put_instance(instance("order/7", Status.Failed, output="no", custom_status='"packing"'))
    async with serving(account), watched(account) as hub:
        row = rows_of(await whole(hub))["order/7"]

    assert (row.hub, row.name, row.status) == ("Shop@local", "Order", "Failed")
    assert (row.custom_status, row.output, row.generation) == ('"packing"', "no", 0)
    assert row.partition == control_index("order/7", 2)
    assert row.completed is not None


async def test_an_entity_is_told_with_its_key_and_who_holds_its_lock() -> None:
    account = shop()
    status = '{"entityExists":true,"lockedBy":"order-1"}'
    account.put_instance(instance("@cart@anna", custom_status=status))
    async with serving(account), watched(account) as hub:
        row = rows_of(await whole(hub))["@cart@anna"]
        standing = hub.standing()

    assert row.kind is Kind.ENTITY
    assert (row.name, row.key, row.locked_by) == ("cart", "anna", "order-1")
    assert (standing.entities, standing.counts) == (1, {})


async def test_what_changed_is_asked_for_since_the_sweep_by_the_clock_of_storage() -> None:
    account = shop(1200)
    account.now = later(account.now, 60)
    async with serving(account), watched(account) as hub:
        await whole(hub)
        account.now = later(account.now, 60)
        account.put_instance(instance("order-00007", Status.Completed))
        account.put_instance(instance("new"))
        before = len(account.asked)

        await hub.refresh()
        first = len(account.asked) - before
        await hub.refresh()

        rows = rows_of(hub)
        assert first == 1
        assert len(account.asked) - before == 2
        assert rows["order-00007"].status == "Completed"
        assert "new" in rows


async def test_what_was_deleted_is_found_by_the_next_sweep(tmp_path: Path) -> None:
    options = kept_in(tmp_path, sweep=0.0)
    async with serving(shop(30)) as account:
        async with watched(account, options) as hub:
            await whole(hub)
        account.delete(NAMES.instances_table, "order-00007")
        async with watched(account, options) as again:
            before = rows_of(again)
            while again.driver.freshness().rows == 30:
                await again.refresh()
            rows = rows_of(again)

    assert len(before) == 30  # what is known from the process before is there at once
    assert len(rows) == 29
    assert "order-00007" not in rows


async def test_a_sweep_that_was_interrupted_goes_on_where_it_stood(tmp_path: Path) -> None:
    account, options = shop(3500), kept_in(tmp_path)
    async with serving(account):
        async with watched(account, options) as hub:
            while account.count(INSTANCES) < 2:
                await hub.refresh()
            kept = hub.kept.sweep()
        before = account.count(INSTANCES)
        async with watched(account, options) as again:
            left = 3500 - again.kept.sweep().seen
            rows = rows_of(await whole(again))

    assert kept.under_way
    assert len(rows) == 3500
    assert left <= 3500 - kept.seen
    assert account.count(INSTANCES) - before <= ceil((3500 - kept.seen) / 1000)


async def test_rows_of_other_hubs_in_the_same_tables_are_passed_over() -> None:
    account = TableAccount(HubNames("Shop", "Shared"))
    account.put_instance(instance("ours"))
    account.put_instance(instance("theirs", hub="Other"))
    async with serving(account), watched(account) as hub:
        assert set(rows_of(await whole(hub))) == {"ours"}


async def test_a_column_of_a_strange_type_is_told_and_the_row_is_there() -> None:
    account = shop(1)
    account.put_instance(with_columns(instance("strange"), CreatedTime="yesterday", Name=7))
    async with serving(account), watched(account) as hub:
        rows = rows_of(await whole(hub))
        standing = hub.standing()

    assert rows["strange"].created is None
    assert standing.health is Health.WATCHED
    assert standing.problem is not None
    assert "'strange': Name, CreatedTime of another type" in standing.problem


async def test_inputs_are_indexed_only_where_that_is_wanted() -> None:
    options = replace(FAST, inputs=True)
    async with serving(shop(1)) as account, watched(account, options) as hub:
        assert rows_of(await whole(hub))["order-00000"].input == '"apples"'
