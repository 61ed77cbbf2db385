"""An activity that loses its worker goes to another; one that takes workers down is put back with a pause."""

from dataclasses import replace

import pytest

from durahub.engine.inbox import backoff
from tests.unit.dispatch.activities_in_hand import ACTIVITY, InHand, settled


@pytest.mark.parametrize("deliveries", [1, 4])
async def test_what_two_workers_are_lost_with_is_put_back_for_longer_each_time(
    deliveries: int,
) -> None:
    hand = InHand()
    hand.activities.take([replace(ACTIVITY, deliveries=deliveries)])

    hand.tokens.revoke(await hand.given(), lost=True)
    again = await hand.given()
    assert hand.store.released == []
    hand.tokens.revoke(again, lost=True)
    await settled()

    assert hand.store.released == [("1", backoff(deliveries))]
    assert hand.tokens.find("order-7") is None
