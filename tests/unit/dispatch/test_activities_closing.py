"""When a server stops it waits for activities that workers run, and for no others."""

import asyncio

import anyio

from tests.unit.dispatch.activities_in_hand import ACTIVITY, InHand


async def test_an_activity_without_a_worker_holds_nobody_up_at_a_stop() -> None:
    hand = InHand()
    hand.streams.paused = True  # as a server does that stops
    hand.activities.take([ACTIVITY])
    await asyncio.sleep(0)

    with anyio.fail_after(50):
        await hand.activities.close(60)

    assert hand.activities.waiting().count == 0


async def test_an_activity_whose_worker_is_lost_at_a_stop_waits_for_no_other() -> None:
    hand = InHand()
    hand.activities.take([ACTIVITY])
    item = await hand.given()

    closing = asyncio.create_task(hand.activities.close(60))
    await asyncio.sleep(0)
    hand.streams.paused = True
    hand.tokens.revoke(item, lost=True)

    with anyio.fail_after(50):
        await closing
