"""A failed instance is run again from its failure, on both stores."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from failing_orders import both, order, patient, shipment
from hubs_under_test import HubUnderTest
from scripted_worker import ScriptedHub, scripted

from durahub.dispatch.clients import StartRequest
from durahub.engine.numbering import Counting
from durahub.errors import BadInstanceId, InstanceNotFound, WrongStatus
from durahub.model.history import ExecutionRewound, Status, TaskFailed

SCRIPTS = {"Order": order, "Shipment": shipment, "Both": both, "Patient": patient}


@pytest.fixture
async def shop(hub: HubUnderTest) -> AsyncIterator[ScriptedHub]:
    store = await hub.open(partitions=1)
    async with scripted(store) as shop:
        yield shop


def failing(times: int) -> Callable[[str | None], str]:
    """Return an activity that fails so often, and then pays."""
    left = [times]

    def pay(_: str | None) -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise RuntimeError("no money")
        return "paid"

    return pay


def done(_: str | None) -> str:
    return "done"


async def start(shop: ScriptedHub, name: str) -> str:
    return await shop.start(StartRequest(name=name, instance_id=name.lower()))


async def test_only_what_failed_is_done_again(shop: ScriptedHub) -> None:  # [34]
    shop.work(SCRIPTS, {"Reserve": done, "Pay": failing(1)})
    instance_id = await start(shop, "Order")
    assert (await shop.ended(instance_id)).startswith("Failed")
    before = await shop.get(instance_id)

    await shop.rewind(instance_id, "try again")
    assert await shop.ended(instance_id) == "Completed: done paid"

    assert shop.activities == ["Reserve", "Pay", "Pay"]
    after = await shop.get(instance_id)
    assert before is not None
    assert after is not None
    assert after.execution_id != before.execution_id
    events = [event async for event in shop.history(instance_id)]
    assert not any(isinstance(event, TaskFailed) for event in events)
    (rewound,) = [event for event in events if isinstance(event, ExecutionRewound)]
    assert rewound.reason == "try again"


async def test_whoever_waits_after_the_call_does_not_see_the_old_failure(
    shop: ScriptedHub,
) -> None:
    worker = shop.work(SCRIPTS, {"Reserve": done, "Pay": failing(1)})
    instance_id = await start(shop, "Order")
    await shop.ended(instance_id)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)

    await shop.rewind(instance_id, None)

    row = await shop.get(instance_id)
    assert row is not None
    assert row.status is Status.Running
    assert row.completed is None
    with pytest.raises(WrongStatus):
        await shop.rewind(instance_id, "impatient")
    shop.work(SCRIPTS, {"Reserve": done, "Pay": done})
    assert await shop.ended(instance_id) == "Completed: done done"


async def test_a_rewind_can_be_repeated(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS, {"Reserve": done, "Pay": failing(2)})
    instance_id = await start(shop, "Order")
    await shop.ended(instance_id)

    await shop.rewind(instance_id, "first")
    assert (await shop.ended(instance_id)).startswith("Failed")
    await shop.rewind(instance_id, "second")

    assert await shop.ended(instance_id) == "Completed: done paid"
    assert shop.activities == ["Reserve", "Pay", "Pay", "Pay"]


async def test_a_failed_child_is_rewound_and_its_parent_completes(
    shop: ScriptedHub,
) -> None:  # [34]
    shop.work(SCRIPTS, {"Reserve": done, "Pay": failing(2)})
    instance_id = await start(shop, "Shipment")
    assert (await shop.ended(instance_id)).startswith("Failed")

    await shop.rewind(instance_id, None)
    assert (await shop.ended(instance_id)).startswith("Failed")
    await shop.rewind(instance_id, None)

    assert await shop.ended(instance_id) == "Completed: done paid done"
    assert await shop.ended("child") == "Completed: done paid"
    assert shop.activities == ["Reserve", "Pay", "Pay", "Pay", "Reserve"]


async def test_a_child_that_was_purged_begins_anew(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS, {"Reserve": done, "Pay": failing(1)})
    instance_id = await start(shop, "Shipment")
    await shop.ended(instance_id)
    await shop.purge("child")

    await shop.rewind(instance_id, None)

    assert await shop.ended(instance_id) == "Completed: done paid done"
    assert shop.activities == ["Reserve", "Pay", "Reserve", "Pay", "Reserve"]


async def test_a_child_that_was_rewound_by_itself_answers_its_parent(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS, {"Reserve": done, "Pay": failing(1)})
    instance_id = await start(shop, "Shipment")
    await shop.ended(instance_id)
    await shop.rewind("child", None)
    await shop.ended("child")

    await shop.rewind(instance_id, None)

    assert await shop.ended(instance_id) == "Completed: done paid done"
    assert shop.activities == ["Reserve", "Pay", "Pay", "Reserve"]


async def test_an_activity_that_had_not_answered_is_asked_again(shop: ScriptedHub) -> None:
    """Its first answer comes for an execution that is gone."""
    shop.work(SCRIPTS, {"Pay": failing(1), "Send": done})
    instance_id = await start(shop, "Both")
    assert (await shop.ended(instance_id)).startswith("Failed")

    await shop.rewind(instance_id, None)

    assert await shop.ended(instance_id) == "Completed: paid done"


async def test_what_was_retried_keeps_its_first_failure(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS, {"Pay": failing(2)}, counting=Counting.FROM_ONE_RETRIES_ALIKE)
    instance_id = await start(shop, "Patient")
    assert await shop.ended(instance_id) == "Failed: PaymentError: twice in vain"

    await shop.rewind(instance_id, None)

    assert await shop.ended(instance_id) == "Completed: paid"
    assert shop.activities == ["Pay", "Pay", "Pay"]


async def test_only_what_has_failed_is_rewound(shop: ScriptedHub) -> None:
    shop.work(SCRIPTS, {"Reserve": done, "Pay": done})
    instance_id = await start(shop, "Order")
    await shop.ended(instance_id)

    with pytest.raises(WrongStatus, match="allowed"):
        await shop.rewind(instance_id, None)
    with pytest.raises(InstanceNotFound):
        await shop.rewind("nobody", None)
    with pytest.raises(BadInstanceId):
        await shop.rewind("@counter@k", None)
