"""The client side: starts, rows, queries, purges, without any worker."""

from dataclasses import replace

import pytest
from hubs_under_test import HubUnderTest
from listening_desk import Desk
from shop_orders import episode, in_seconds, raised, start, started

from durahub.dispatch.clock import system_clock
from durahub.engine.commit import NO_HISTORY, InstanceUpdate
from durahub.errors import BadRequest, InstanceExists
from durahub.model.history import EventRaised, Status
from durahub.model.ticks import Ticks, later
from durahub.store import InstanceQuery, Purged


async def test_a_started_instance_is_pending_with_every_tick_of_its_times(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    odd = Ticks(later(system_clock(), 3600) // 10 * 10 + 7)  # a seventh decimal
    message = start("order-1", timestamp=odd, scheduled_start=odd, input='"é"', tags={"a": "b"})

    await store.start(message, None)

    row = await store.get("order-1")
    assert row is not None
    assert (row.status, row.created, row.scheduled_start) == (Status.Pending, odd, odd)
    assert (row.input, row.tags, row.generation) == ('"é"', {"a": "b"}, 0)
    assert row.execution_id == started(message).execution.execution_id


async def test_an_unknown_instance_is_nothing_everywhere(hub: HubUnderTest) -> None:
    store = await hub.open()
    assert await store.get("nobody") is None
    assert (await store.load("nobody")).version == NO_HISTORY
    assert [event async for event in store.history("nobody")] == []
    assert await store.purge("nobody") == Purged(0)


async def test_a_second_start_is_refused_and_its_message_never_arrives(hub: HubUnderTest) -> None:
    store = await hub.open()
    first = start("order-1")
    await store.start(first, None)
    with pytest.raises(InstanceExists, match="Pending"):
        await store.start(start("order-1"), None)

    desk = Desk()
    hub.serve(store, desk)
    await store.send(raised("order-1"))
    await desk.message(2)
    events = [delivery.message.event for delivery in desk.messages]
    assert first.event in events
    assert sum(isinstance(event, EventRaised) for event in events) == 1


async def test_a_start_replaces_the_row_that_was_read_and_no_other(hub: HubUnderTest) -> None:
    store = await hub.open()
    await store.start(start("order-1"), None)
    row = await store.get("order-1")

    await store.start(start("order-1", input="2", generation=1), row)
    with pytest.raises(InstanceExists):
        await store.start(start("order-1", input="3", generation=1), row)

    replaced = await store.get("order-1")
    assert replaced is not None
    assert (replaced.input, replaced.generation) == ("2", 1)


ODD_IDS = ["order/7", r"a\b#c?d^e", "it's", "x%20y", "é日本🚀", "tab\there", "@counter@a b"]


@pytest.mark.parametrize("instance_id", ODD_IDS)
async def test_any_id_is_kept_as_it_is(hub: HubUnderTest, instance_id: str) -> None:
    store = await hub.open()
    await store.start(start(instance_id), None)
    row = await store.get(instance_id)
    assert row is not None
    assert row.instance_id == instance_id

    desk = Desk()
    hub.serve(store, desk)
    delivery = await desk.message()
    version = await store.commit(episode(delivery))
    loaded = await store.load(instance_id)
    assert loaded.version == version
    assert len(loaded.events) == 3


async def test_pages_hold_every_instance_once(hub: HubUnderTest) -> None:
    store = await hub.open()
    ids = [f"order-{number}" for number in range(7)]
    for instance_id in [*ids, "@counter@a"]:
        await store.start(start(instance_id), None)

    found: list[str] = []
    token: str | None = None
    for _ in range(10):
        page = await store.query(InstanceQuery(page_size=3, token=token))
        assert len(page.instances) <= 3
        assert page.token != ""
        found += [instance.instance_id for instance in page.instances]
        token = page.token
        if token is None:
            break
    assert found == ids


async def test_a_query_takes_what_all_its_conditions_allow(hub: HubUnderTest) -> None:
    store = await hub.open()
    noon = in_seconds(-3600)
    for number, instance_id in enumerate(["job-1", "job-10", "other", "@counter@a"]):
        await store.start(start(instance_id, timestamp=later(noon, number)), None)

    async def ids(**conditions: object) -> list[str]:
        page = await store.query(InstanceQuery(**conditions))  # type: ignore[arg-type]
        return [instance.instance_id for instance in page.instances]

    assert await ids() == ["job-1", "job-10", "other"]
    assert await ids(entities=True) == ["@counter@a"]
    assert await ids(entities=True, prefix="@counter@") == ["@counter@a"]
    assert await ids(prefix="job-1") == ["job-1", "job-10"]
    assert await ids(created_from=later(noon, 1), created_to=later(noon, 1)) == ["job-10"]
    assert await ids(created_from=Ticks(later(noon, 1) + 1)) == ["other"]
    assert await ids(statuses=frozenset({Status.Running})) == []
    assert await ids(statuses=frozenset({Status.Running, Status.Pending}), prefix="o") == ["other"]


async def test_a_query_without_payloads_leaves_them_out(hub: HubUnderTest) -> None:
    store = await hub.open()
    await store.start(start("order-1", input='"secret"'), None)
    (row,) = (await store.query(InstanceQuery(payloads=False))).instances
    assert row.input is None
    assert row.name == "ProcessOrder"
    got = await store.get("order-1", payloads=False)
    assert got is not None
    assert got.input is None


async def test_a_token_that_is_none_of_ours_is_refused(hub: HubUnderTest) -> None:
    store = await hub.open()
    with pytest.raises(BadRequest):
        await store.query(InstanceQuery(token="nonsense"))


async def test_a_purge_takes_one_instance_and_not_those_whose_ids_begin_alike(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    large = "x" * 100_000
    for number, instance_id in enumerate(("job-1", "job-10"), 1):
        await store.start(start(instance_id, input=large), None)
        delivery = await desk.message(number)
        await store.commit(episode(delivery, status=Status.Completed, output=large))

    purged = await store.purge("job-1")

    assert purged.instances == 1
    assert purged.rows == 5
    assert await store.get("job-1") is None
    assert (await store.load("job-1")).version == NO_HISTORY
    kept = await store.get("job-10")
    assert kept is not None
    assert (kept.input, kept.output) == (large, large)


async def test_a_repair_writes_a_row_only_where_it_may(hub: HubUnderTest) -> None:
    store = await hub.open()
    message = start("order-1")
    update = InstanceUpdate(
        execution_id=started(message).execution.execution_id or "",
        last_updated=system_clock(),
        custom_status=None,
        status=Status.Terminated,
        completed=system_clock(),
        sets_output=True,
        output="cancelled",
    )
    assert not await store.repair("order-1", update, insert=False)
    assert await store.get("order-1") is None

    await store.start(message, None)
    assert await store.repair("order-1", update, insert=False)
    row = await store.get("order-1")
    assert row is not None
    assert (row.status, row.output) == (Status.Terminated, "cancelled")

    again = replace(update, started=started(message), status=Status.Completed)
    assert await store.repair("order-2", again, insert=True)
    assert (await store.get("order-2")) is not None


async def test_a_repair_writes_over_no_row_but_that_which_was_read(hub: HubUnderTest) -> None:
    store = await hub.open()
    message = start("order-1")
    await store.start(message, None)
    read = await store.get("order-1")
    assert read is not None
    late = InstanceUpdate(
        execution_id=read.execution_id or "",
        last_updated=system_clock(),
        custom_status='"late"',
        started=started(message),
        status=Status.Running,
    )
    newer = replace(late, custom_status='"newer"', status=Status.Suspended)
    assert await store.repair("order-1", newer, insert=False, replaces=read)

    assert not await store.repair("order-1", late, insert=False, replaces=read)
    assert not await store.repair("order-1", late, insert=True)

    row = await store.get("order-1")
    assert row is not None
    assert (row.custom_status, row.status) == ('"newer"', Status.Suspended)


async def test_a_repair_by_a_history_that_was_purged_meanwhile_writes_no_row(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    message = start("order-1")
    await store.start(message, None)
    version = await store.commit(episode(await desk.message(), status=Status.Completed))
    update = InstanceUpdate(
        execution_id=version.execution_id or "",
        last_updated=system_clock(),
        custom_status=None,
        started=started(message),
        status=Status.Completed,
        completed=system_clock(),
    )
    row = await store.get("order-1")
    assert await store.repair("order-1", update, insert=False, replaces=row, history=version)

    await store.purge("order-1")

    assert not await store.repair("order-1", update, insert=True, history=version)
    assert await store.get("order-1") is None
