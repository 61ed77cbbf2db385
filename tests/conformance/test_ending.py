"""Ending instances without a worker, listing what has ended, purging trees and batches: on both stores."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from failing_orders import answers, completed, order, scheduled, shipment
from hubs_under_test import ClassicHub, HubUnderTest
from scripted_worker import PATIENCE, ScriptedHub, scripted

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.dispatch.work import Filters, OrchestratorWork, StreamOptions
from durahub.engine.actions import Action, CreateTimer, TurnResult
from durahub.errors import BadRequest, WrongStatus
from durahub.model.history import Event, EventRaised, ExecutionTerminated, Status
from durahub.model.ticks import Ticks, later
from durahub.store import InstanceQuery


def sleeper(events: Sequence[Event]) -> list[Action]:
    """Wait for an hour, unless told to end."""
    if any(isinstance(event, ExecutionTerminated) for event in events) or scheduled(events):
        return []
    return [CreateTimer(id=0, fire_at=later(system_clock(), 3600))]


def at_once(events: Sequence[Event]) -> list[Action]:
    return [] if answers(events) else [completed("ok")]


SCRIPTS = {"Order": order, "Shipment": shipment, "Sleeper": sleeper, "Quick": at_once}
DOING = {"Reserve": lambda _: "done", "Pay": lambda _: "paid"}


@pytest.fixture
async def shop(hub: HubUnderTest) -> AsyncIterator[ScriptedHub]:
    store = await hub.open(partitions=1)
    async with scripted(store) as shop:
        yield shop


async def begin(shop: ScriptedHub, name: str, instance_id: str, **more: object) -> str:
    return await shop.start(StartRequest(name=name, instance_id=instance_id, **more))  # type: ignore[arg-type]


async def running(shop: ScriptedHub, instance_id: str) -> None:
    await asyncio.wait_for(shop.wait_for_start(instance_id, payloads=False), PATIENCE)


# -- terminating ---------------------------------------------------------------------------------


async def test_without_a_worker_a_termination_takes_effect_at_once(shop: ScriptedHub) -> None:
    await begin(shop, "Quick", "pending")
    await shop.terminate("pending", '"enough"', recursive=False)
    assert await shop.ended("pending") == 'Terminated: "enough"'

    shop.work(SCRIPTS)
    assert await shop.start(StartRequest(name="Quick", instance_id="other"))
    assert await shop.ended("other") == "Completed: ok"
    assert [turn.instance_id for turn in shop.turns] == ["other"]  # its start found it ended


def courier(events: Sequence[Event]) -> list[Action]:
    """Wait for an event named Eve, and tell how many there were."""
    raised = [event.name for event in events if isinstance(event, EventRaised)]
    return [completed(f"{len(raised)} heard")] if "Eve" in raised else []


@pytest.mark.parametrize("is_purged", [False, True])
@pytest.mark.parametrize("is_another_app_there", [False, True])
async def test_what_is_started_anew_hears_nothing_that_was_told_to_the_one_before(
    shop: ScriptedHub, hub: HubUnderTest, is_purged: bool, is_another_app_there: bool
) -> None:
    if not is_another_app_there and isinstance(hub, ClassicHub):
        pytest.skip("nobody has read the queue yet; as under .NET, what is in it is not looked for")
    if is_another_app_there:  # so messages are taken from the store, and wait in memory
        others = Filters(orchestrations={"Quick": frozenset()}, activities={}, entities={})
        shop.work(SCRIPTS, filters=others)
    await begin(shop, "Courier", "same")
    await shop.raise_event("same", "Other", "1")
    if is_another_app_there:
        await begin(shop, "Quick", "quick")
        await shop.ended("quick")
    await shop.terminate("same", None, recursive=False)
    if is_purged:
        await shop.purge("same")
    await begin(shop, "Courier", "same")
    await shop.raise_event("same", "Eve", "2")

    shop.work({**SCRIPTS, "Courier": courier})

    assert await shop.ended("same") == "Completed: 1 heard"


async def test_what_no_connected_worker_takes_is_terminated_at_once(shop: ScriptedHub) -> None:
    shop.work(
        SCRIPTS, filters=Filters(orchestrations={"Quick": frozenset()}, activities={}, entities={})
    )
    await begin(shop, "Sleeper", "refused")
    await begin(shop, "Quick", "taken")
    await shop.ended("taken")

    await shop.terminate("refused", None, recursive=False)

    assert await shop.ended("refused") == "Terminated: None"
    row = await shop.get("refused")
    assert row is not None
    assert row.status is Status.Terminated


async def test_a_worker_that_runs_it_ends_it(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS)
    await begin(shop, "Sleeper", "asleep")
    await running(shop, "asleep")

    await shop.terminate("asleep", '"up"', recursive=False)

    assert await shop.ended("asleep") == 'Terminated: "up"'
    assert len(shop.turns) == 2


async def test_force_ends_what_runs_and_tells_what_is_left(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS)
    for name, instance_id in (("Sleeper", "asleep"), ("Quick", "over"), ("Sleeper", "late")):
        await begin(shop, name, instance_id)
        await running(shop, instance_id)
    await shop.ended("over")

    left = await shop.force_terminate(["asleep", "over", "nobody", "@counter@k"], "by force")

    assert left == ("over", "nobody", "@counter@k")
    assert await shop.ended("asleep") == "Terminated: by force"
    assert len([turn for turn in shop.turns if turn.instance_id == "asleep"]) == 1
    kinds = [event.type.name async for event in shop.history("asleep")]
    assert kinds[-4:] == [
        "OrchestratorStarted",
        "ExecutionTerminated",
        "ExecutionCompleted",
        "OrchestratorCompleted",
    ]
    with pytest.raises(BadRequest):
        await shop.force_terminate([f"order-{number}" for number in range(501)], None)


async def test_a_parent_hears_of_a_child_that_was_ended_by_force(shop: ScriptedHub) -> None:
    scripts = {**SCRIPTS, "Order": sleeper}
    shop.work(scripts, DOING)
    await begin(shop, "Shipment", "parent")
    await running(shop, "child")

    assert await shop.force_terminate(["child"], "by force") == ()

    assert (await shop.ended("parent")).startswith("Failed")


@pytest.mark.parametrize("is_given_back", [False, True])
async def test_what_is_started_anew_waits_for_no_worker_of_the_one_before(
    shop: ScriptedHub, is_given_back: bool
) -> None:
    options = StreamOptions(
        worker_id="slow", max_orchestrations=1, max_activities=1, max_entities=1
    )
    stream = shop.connect(options)
    await begin(shop, "Quick", "same")
    work = await asyncio.wait_for(stream.next(), PATIENCE)
    assert isinstance(work, OrchestratorWork)
    assert await shop.drain_worker("slow")  # the next one is not for it
    if is_given_back:
        stream.close()  # or it would have it again; it comes again after a pause
        await shop.abandon(work.token)
    assert await shop.force_terminate(["same"], "by force") == ()
    await shop.purge("same")
    await begin(shop, "Quick", "same")

    shop.work(SCRIPTS)

    assert await shop.ended("same") == "Completed: ok"
    assert len(shop.turns) == 1
    if not is_given_back:  # what has no effect any more is no mistake of the worker's
        await shop.complete_orchestration(
            work.token, "same", TurnResult(actions=(completed("old"),))
        )
        stream.close()


async def test_a_recursive_termination_reaches_children_without_a_worker(shop: ScriptedHub) -> None:
    shop.work({**SCRIPTS, "Order": sleeper})
    await begin(shop, "Shipment", "parent")
    await running(shop, "child")
    await shop.end_work()

    await shop.terminate("parent", '"all"', recursive=True)

    assert await shop.ended("parent") == 'Terminated: "all"'
    assert await shop.ended("child") == 'Terminated: "all"'


# -- listing what has ended ------------------------------------------------------------------------


async def test_ended_instances_are_listed_by_the_time_of_their_end(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS)
    ids = ["d", "a", "c", "b"]
    for instance_id in ids:
        await begin(shop, "Quick", instance_id)
        await shop.ended(instance_id)
    await begin(shop, "Sleeper", "asleep")
    await running(shop, "asleep")
    ends: dict[str, Ticks] = {}
    for instance_id in ids:
        row = await shop.get(instance_id)
        assert row is not None
        assert row.completed is not None
        ends[instance_id] = row.completed

    async def listed(**more: object) -> tuple[tuple[str, ...], str | None]:
        asked = {"completed_from": None, "completed_to": None, "page_size": 0, "after": ""} | more
        page = await shop.list_ended(frozenset(), **asked)  # type: ignore[arg-type]
        return page.ids, page.cursor

    assert await listed() == (("d", "a", "c", "b"), None)
    assert (await listed(completed_from=ends["a"], completed_to=ends["b"]))[0] == ("a", "c")
    page, cursor = await listed(page_size=2)
    assert page == ("d", "a")
    assert cursor
    await shop.purge("a")  # the row that the cursor names
    assert await listed(page_size=2, after=cursor) == (("c", "b"), None)
    failed_only = await shop.list_ended(frozenset({Status.Failed}), None, None, 0, "")
    assert (failed_only.ids, failed_only.cursor) == ((), None)
    running_only = await shop.list_ended(frozenset({Status.Running}), None, None, 0, "")
    assert running_only.ids == ()
    with pytest.raises(BadRequest):
        await listed(after="nonsense")


# -- purging ---------------------------------------------------------------------------------------


async def test_a_tree_is_purged_by_id_by_batch_and_by_filter(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS, DOING)

    async def tree() -> None:
        await begin(shop, "Shipment", "parent")
        await shop.ended("parent")

    await tree()
    assert (await shop.purge("parent", recursive=True)).instances == 2
    await tree()
    purged = await shop.purge_batch(["parent", "nobody"], recursive=True)
    assert purged.instances == 2
    await tree()
    assert (await shop.purge("parent")).instances == 1
    assert (await shop.purge("child")).instances == 1
    await tree()
    everything = InstanceQuery(payloads=False)
    done, complete = await shop.purge_matching(everything, time_limit=None, recursive=True)
    assert (done.instances, complete) == (2, True)
    with pytest.raises(BadRequest):
        await shop.purge_batch([f"order-{number}" for number in range(501)])


async def test_a_purge_out_of_time_says_that_there_is_more(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS)
    await begin(shop, "Quick", "a")
    await shop.ended("a")
    everything = InstanceQuery(payloads=False)
    purged, complete = await shop.purge_matching(everything, time_limit=0.0)
    assert (purged.instances, complete) == (0, False)


async def test_what_runs_is_not_purged(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS)
    await begin(shop, "Sleeper", "asleep")
    await running(shop, "asleep")
    with pytest.raises(WrongStatus):
        await shop.purge("asleep")
    assert (await shop.purge_batch(["asleep"])).instances == 0
