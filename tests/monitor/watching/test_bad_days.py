"""A hub that is deleted while it is watched; accounts that ask for patience, refuse, hang, or come back."""

import asyncio
from dataclasses import replace

import pytest

from durahub.errors import HubNotFound, StorageDenied, StorageThrottled, StorageUnavailable
from durahub_migrate.monitor.hub import Health
from durahub_migrate.monitor.seam import Ability
from durahub_migrate.watching.opening import open_monitor
from tests.monitor.watching.orders import rows_of, whole
from tests.monitor.watching.shop_rows import (
    FAST,
    NAMES,
    access_of,
    history,
    instance,
    put_history,
    watched,
)
from tests.monitor.watching.table_account import Refusal, TableAccount, serving

BUSY = Refusal(503, "ServerBusy", retry_after=77)
DENIED = Refusal(403, "AuthorizationPermissionMismatch")
OF_QUEUES = {Ability.QUEUES.value, Ability.MESSAGES.value}


def shop(count: int = 3) -> TableAccount:
    account = TableAccount(NAMES)
    for number in range(count):
        account.put_instance(instance(f"order-{number}"))
    return account


async def test_a_hub_that_is_deleted_is_gone_and_leaves_the_index() -> None:
    async with serving(shop()) as account, watched(account) as hub:
        await whole(hub)
        account.delete_hub()
        await hub.refresh()
        standing = hub.standing()

        assert standing.health is Health.GONE
        assert "DH201" in (standing.problem or "")
        assert (rows_of(hub), standing.counts) == ({}, {})
        with pytest.raises(HubNotFound):
            await hub.detail("order-1")


async def test_a_hub_that_is_made_again_is_watched_again() -> None:
    async with serving(shop()) as account, watched(account) as hub:
        await whole(hub)
        tables = dict(account._tables)
        account.delete_hub()
        await hub.refresh()
        account._tables.update(tables)
        await hub.refresh()
        await whole(hub)

        assert hub.standing().health is Health.WATCHED
        assert len(rows_of(hub)) == 3


async def test_a_hub_that_never_was_is_gone_and_says_so() -> None:
    account = shop()
    account.delete_hub()
    async with serving(account), watched(account) as hub:
        standing = hub.standing()

        assert standing.health is Health.GONE
        with pytest.raises(HubNotFound):
            await hub.history("order-1")


async def test_an_account_that_asks_for_patience_is_left_alone_for_as_long() -> None:
    async with serving(shop()) as account, watched(account) as hub:
        await whole(hub)
        account.refuse = lambda _service, _path: BUSY
        await hub.refresh()
        asked = len(account.asked)
        await hub.refresh()
        await hub.refresh()
        standing = hub.standing()

        assert standing.health is Health.THROTTLED
        assert "asks to wait 77 s" in (standing.problem or "")
        assert len(account.asked) == asked
        assert len(rows_of(hub)) == 3  # what is known stays
        with pytest.raises(StorageThrottled):
            await hub.detail("order-1")
        assert len(account.asked) == asked + 1  # not tried again while somebody waits


async def test_what_was_throttled_in_a_sweep_goes_on_where_it_stood() -> None:
    account = shop(2500)
    async with serving(account), watched(account) as hub:
        await hub.refresh()
        account.refuse = lambda _service, path: (
            replace(BUSY, retry_after=0) if path.endswith("Instances()") else None
        )
        while hub.standing().health is not Health.THROTTLED and not hub.kept.sweep().complete:
            await hub.refresh()
        seen = hub.kept.sweep().seen
        account.refuse = lambda _service, _path: None
        before = account.count("table ShopInstances()")
        hub.driver.state = replace(hub.driver.state, resting=0.0)  # the patience has passed
        assert len(rows_of(await whole(hub))) == 2500

    assert account.count("table ShopInstances()") - before == (2500 - seen + 999) // 1000


async def test_an_account_that_refuses_says_what_it_said() -> None:
    account = shop()
    account.refuse = lambda _service, _path: DENIED
    async with serving(account), watched(account) as hub:
        standing = hub.standing()

        assert standing.health is Health.DENIED
        assert "AuthorizationPermissionMismatch" in (standing.problem or "")
        with pytest.raises(StorageDenied):
            await hub.detail("order-1")


@pytest.mark.parametrize(
    ("service", "lost"),
    [("queue", OF_QUEUES), ("blob", {Ability.BLOBS.value, Ability.LEASES.value})],
)
async def test_a_service_that_refuses_takes_away_what_it_shows_and_nothing_else(
    service: str, lost: set[str]
) -> None:
    account = shop()
    everything = {one.value for one in Ability} - {"act", "set-custom-status", "delete-hub"}
    account.refuse = lambda asked, _path: DENIED if asked == service else None
    async with serving(account), watched(account) as hub:
        rows = rows_of(await whole(hub))
        standing = hub.standing()

    assert standing.health is Health.WATCHED
    assert standing.can == everything - lost
    assert len(rows) == 3


async def test_an_account_that_hangs_is_told_within_the_time_that_it_has() -> None:
    soon = replace(FAST, answers_within=0.5)
    async with serving(shop()) as account, watched(account, soon) as hub:
        await whole(hub)
        account.hangs = True
        await hub.refresh()
        standing = hub.standing()

        assert standing.health is Health.UNREACHABLE
        assert "no answer within 0.5 s" in (standing.problem or "")
        with pytest.raises(StorageUnavailable):
            await hub.detail("order-1")
        account.hangs = False
        while hub.standing().health is not Health.WATCHED:  # a busy machine may be late once more
            await hub.refresh()


async def test_a_hub_that_hangs_does_not_hold_up_another() -> None:
    stuck, well = shop(), shop()
    stuck.hangs = True
    async with serving(stuck), serving(well):
        sources = ["env:STUCK/Shop", "env:WELL/Shop"]
        where = {"STUCK": stuck, "WELL": well}
        async with open_monitor(
            sources,
            FAST,
            access=access_of(well),
            resolve=lambda store: where[store.place].connection_string,
        ) as monitor:
            await whole(monitor.hub("Shop@local~2"))

            assert monitor.hub("Shop@local").standing().health is Health.STARTING
            assert len(rows_of(monitor.hub("Shop@local~2"))) == 3


async def test_whoever_waits_for_a_hub_that_hangs_can_leave() -> None:
    account = shop()
    put_history(account, "order-1", history("order-1", 1))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        account.hangs = True
        waiting = asyncio.ensure_future(hub.history("order-1"))
        await account.silent.wait()
        waiting.cancel()
        account.hangs = False

        assert len((await hub.history("order-1")).events) == 3
