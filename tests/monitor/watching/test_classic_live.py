"""What is read of single instances of a hub in Azure Storage, and by how many requests."""

import asyncio
from dataclasses import replace

import pytest

from durahub.errors import BadRequest, InstanceNotFound
from durahub.model.history import (
    ExecutionRewound,
    ExecutionStarted,
    Status,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.ticks import later
from durahub_migrate.watching.watched_hub import WatchedHub
from tests.monitor.watching.orders import whole
from tests.monitor.watching.shop_rows import (
    NAMES,
    ended,
    history,
    instance,
    put_history,
    watched,
)
from tests.monitor.watching.table_account import NOON, TableAccount, serving

HISTORY = f"table {NAMES.history_table}"


class Counting:
    """How many requests a look took."""

    def __init__(self, account: TableAccount) -> None:
        self._account = account
        self._before = len(account.asked)

    @property
    def requests(self) -> int:
        return len(self._account.asked) - self._before


def blob_url(name: str) -> str:
    return f"http://elsewhere/devstoreaccount1/{NAMES.large_messages_container}/{name}"


# -- details -------------------------------------------------------------------------------------


async def test_a_detail_is_one_request_and_has_whole_texts() -> None:
    account = TableAccount(NAMES)
    account.put_instance(instance("order-1", Status.Completed, output="x" * 5000))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        detail = await hub.detail("order-1")

    assert counting.requests == 1
    assert detail is not None
    assert (detail.input, detail.output) == ('"apples"', "x" * 5000)


async def test_large_payloads_of_a_row_are_a_request_each() -> None:
    account = TableAccount(NAMES)
    account.put_blob("order-1/in.json.gz", '"a pound of apples"')
    account.put_blob("order-1/out.json.gz", '"done"')
    row = instance(
        "order-1",
        Status.Completed,
        input_text=blob_url("order-1/in.json.gz"),
        output=blob_url("order-1/out.json.gz"),
    )
    account.put_instance(row)
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        detail = await hub.detail("order-1")

    assert counting.requests == 3
    assert detail is not None
    assert (detail.input, detail.output) == ('"a pound of apples"', '"done"')


async def test_a_payload_that_is_too_large_or_gone_is_told_and_the_rest_is_there() -> None:
    account = TableAccount(NAMES)
    account.put_blob("order-1/in.json.gz", "x" * 20_000)
    account.put_instance(
        instance(
            "order-1",
            Status.Failed,
            input_text=blob_url("order-1/in.json.gz"),
            output=blob_url("order-1/gone.json.gz"),
        )
    )
    async with serving(account), watched(account) as hub:
        detail = await (await whole(hub)).detail("order-1")

    assert detail is not None
    assert detail.input is None
    assert dict(detail.missing) == {
        "input": "blob order-1/in.json.gz: it unpacks to more than 10000 bytes",
        "output": "blob order-1/gone.json.gz: there is no such blob",
    }


async def test_an_instance_that_is_purged_is_none_and_leaves_the_index() -> None:
    account = TableAccount(NAMES)
    account.put_instance(instance("order-1"))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        account.delete(NAMES.instances_table, "order-1")

        assert await hub.detail("order-1") is None
        assert hub.kept.row("order-1") is None


@pytest.mark.parametrize(
    ("holder", "orphaned"), [(Status.Running, False), (Status.Completed, True), (None, True)]
)
async def test_an_entity_is_told_with_its_state_its_operations_and_its_lock(
    holder: Status | None, orphaned: bool
) -> None:
    account = TableAccount(NAMES)
    state = (
        '{"exists":true,"state":"{\\"apples\\":3}","lockedBy":"order-1",'
        '"queue":[{"op":"add","id":"4b6e3b3a-65c0-4b39-a4f5-6b6d7a1f0001"}],"sorter":{}}'
    )
    status = '{"entityExists":true,"queueSize":1,"lockedBy":"order-1"}'
    account.put_instance(instance("@cart@anna", custom_status=status, input_text=state))
    if holder is not None:
        account.put_instance(instance("order-1", holder))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        detail = await hub.detail("@cart@anna")

    assert counting.requests == 2
    assert detail is not None
    assert (detail.state, detail.operations) == ('{"apples":3}', ("add",))
    assert (detail.locked_by, detail.lock_is_orphaned) == ("order-1", orphaned)


# -- histories -----------------------------------------------------------------------------------


async def test_a_history_is_one_request_and_so_is_every_look_at_it_again() -> None:
    account = TableAccount(NAMES)
    put_history(account, "order-1", history("order-1", 10))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        first = await hub.history("order-1")
        assert counting.requests == 1
        again = await hub.history("order-1")

    assert counting.requests == 2
    assert len(first.events) == 12
    assert again.events is first.events
    assert (first.execution_id, first.etag) == ("e1", again.etag)


async def test_of_a_history_that_went_on_only_the_new_rows_are_read() -> None:
    account = TableAccount(NAMES)
    put_history(account, "order-1", history("order-1", 2998))
    result = TaskCompleted(timestamp=later(NOON, 5000), task_scheduled_id=3, result="7")
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        first = await hub.history("order-1")
        assert counting.requests == 4  # 3000 events and the sentinel
        put_history(account, "order-1", [result], first=3000)
        second = await hub.history("order-1")

    assert counting.requests == 5
    assert len(first.events) == 3000
    assert second.events == (*first.events, result)
    assert second.etag != first.etag


async def test_another_execution_is_read_anew() -> None:
    account = TableAccount(NAMES)
    put_history(account, "order-1", history("order-1", 10))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        await hub.history("order-1")
        put_history(account, "order-1", history("order-1", 2), execution_id="e2")
        found = await hub.history("order-1")

    assert found.execution_id == "e2"
    assert len(found.events) == 4  # what is left of the longer one before does not count


async def test_a_rewound_history_is_read_anew_though_rows_were_only_changed() -> None:
    account = TableAccount(NAMES)
    events = history("order-1", 2)
    put_history(account, "order-1", [*events, ended()])
    async with serving(account), watched(account) as hub:
        await whole(hub)
        await hub.history("order-1")
        mended = replace(events[2], name="Mended") if isinstance(events[2], TaskScheduled) else None
        assert mended is not None
        rewound = ExecutionRewound(timestamp=later(NOON, 9500), reason="again")
        put_history(account, "order-1", [*events[:2], mended, events[3], ended(), rewound])
        found = await hub.history("order-1")

    assert found.events[2] == mended
    assert found.events[-1] == rewound


async def test_two_that_ask_at_once_wait_for_one_reading() -> None:
    account = TableAccount(NAMES)
    put_history(account, "order-1", history("order-1", 2500))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        await asyncio.gather(*(hub.history("order-1") for _ in range(5)))

    assert counting.requests == 3 + 4  # and a look for each of the others


async def test_of_a_history_without_end_the_first_events_are_read_and_that_is_told() -> None:
    account = TableAccount(NAMES)
    put_history(account, "order-1", history("order-1", 9998))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        found = await hub.history("order-1")

    assert len(found.events) == 6000
    assert found.total == 6001
    assert found.problems == ("only the first 6,000 events were read; there are more",)
    assert counting.requests == 7  # and the sentinel


async def test_a_long_history_does_not_hold_up_others() -> None:
    account = TableAccount(NAMES)
    put_history(account, "order-1", history("order-1", 5000))
    account.put_instance(instance("order-2"))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        asked = len(account.asked)
        long = asyncio.ensure_future(hub.history("order-1"))
        await hub.detail("order-2")
        asked_of_long = sum("History" in one for one in account.asked[asked:])
        await long

    assert asked_of_long < 5


async def test_rows_that_cannot_be_read_are_told_and_the_others_are_there() -> None:
    account = TableAccount(NAMES)
    put_history(account, "order-1", history("order-1", 3))
    row = {"PartitionKey": "order-1", "RowKey": "0000000000000003", "ExecutionId": "e1"}
    account.put(NAMES.history_table, {**row, "EventType": "Unheard", "EventId": 1})
    async with serving(account), watched(account) as hub:
        found = await (await whole(hub)).history("order-1")

    assert len(found.events) == 4
    assert len(found.problems) == 1
    assert "0000000000000003" in found.problems[0]


async def test_large_payloads_are_in_their_places_as_far_as_the_limits_allow() -> None:
    account = TableAccount(NAMES)
    sizes = {2: 100, 3: 20_000, 4: 300, 5: 400}
    for index, size in sizes.items():
        account.put_blob(f"b{index}", "y" * size)
    blobs = {index: {"Input": f"b{index}"} for index in sizes}
    events = [
        replace(one, input="") if n in sizes else one for n, one in enumerate(history("order-1", 5))
    ]  # type: ignore[call-arg]
    put_history(account, "order-1", events, blobs=blobs)
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        found = await hub.history("order-1")
        requests = counting.requests
        whole_text = await hub.payload("order-1", 3, "input")
        left = await hub.payload("order-1", 5, "input")
        small = await hub.payload("order-1", 6, "input")

    assert requests == 1 + 3  # three texts are read with a history here, no more
    assert [found.events[n].input for n in (2, 4)] == ["y" * 100, "y" * 300]
    assert {(number, member) for number, member, _ in found.missing} == {(3, "input"), (5, "input")}
    assert (len(whole_text or ""), len(left or ""), small) == (20_000, 400, "4")


async def test_a_payload_of_no_event_or_of_no_text_is_refused() -> None:
    account = TableAccount(NAMES)
    put_history(account, "order-1", history("order-1", 1))
    async with serving(account), watched(account) as hub:
        await whole(hub)
        with pytest.raises(InstanceNotFound):
            await hub.payload("order-1", 99, "input")
        with pytest.raises(BadRequest):
            await hub.payload("order-1", 2, "timestamp")


# -- families ------------------------------------------------------------------------------------


async def family_of_three() -> TableAccount:
    account = TableAccount(NAMES)
    for name in ("grand", "parent", "child-1", "child-2"):
        account.put_instance(instance(name))
    created = [
        SubOrchestrationInstanceCreated(
            timestamp=NOON, event_id=n, instance_id=f"child-{n}", name="Pack"
        )
        for n in (1, 2, 3)
    ]
    put_history(account, "parent", [*history("parent", 1, parent="grand"), *created])
    put_history(account, "child-1", history("child-1", 1, parent="parent"))
    put_history(account, "child-2", history("child-2", 1, parent="parent"))
    put_history(account, "grand", history("grand", 1))
    return account


async def test_a_family_is_told_from_its_top_with_children_that_are_gone() -> None:
    account = await family_of_three()
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        top = await hub.family("parent")

    assert (
        counting.requests == 4
    )  # the histories of it and its two children, the start of the topmost
    assert (top.instance_id, top.relation, top.status) == ("grand", "parent", "Running")
    (itself,) = top.children
    assert (itself.instance_id, itself.relation) == ("parent", "self")
    assert [(one.instance_id, one.status) for one in itself.children] == [
        ("child-1", "Running"),
        ("child-2", "Running"),
        ("child-3", None),
    ]


async def test_a_family_tells_who_has_continued_as_new() -> None:
    account = TableAccount(NAMES)
    for name in ("first", "later"):
        account.put_instance(instance(name))
    began, started, *_ = history("first", 1)
    assert isinstance(started, ExecutionStarted)
    put_history(account, "first", [began, replace(started, generation=0)])
    put_history(account, "later", history("later", 1))  # only a client's start has a generation
    async with serving(account), watched(account) as hub:
        assert not (await hub.family("first")).begun_anew
        assert (await hub.family("later")).begun_anew


async def test_the_index_learns_parents_from_families() -> None:
    account = await family_of_three()
    async with serving(account), watched(account) as hub:
        await whole(hub)
        await hub.family("parent", depth=1)

        assert parents(hub) == {"child-1": "parent", "child-2": "parent", "parent": "grand"}
        await hub.detail("child-1")
        assert parents(hub)["child-1"] == "parent"


async def test_the_parent_of_a_child_is_one_request() -> None:
    account = await family_of_three()
    async with serving(account), watched(account) as hub:
        await whole(hub)
        counting = Counting(account)
        top = await hub.family("child-2", depth=1)

    assert top.instance_id == "parent"
    assert counting.requests == 1  # its own history, in which its start stands


async def test_the_family_of_nobody_is_not_there() -> None:
    account = TableAccount(NAMES)
    async with serving(account), watched(account) as hub:
        await whole(hub)
        with pytest.raises(InstanceNotFound):
            await hub.family("nobody")


def parents(hub: WatchedHub) -> dict[str, str]:
    found = {name: hub.kept.row(name) for name in ("grand", "parent", "child-1", "child-2")}
    return {name: row.parent_id for name, row in found.items() if row and row.parent_id}
