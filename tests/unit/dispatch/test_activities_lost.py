"""An activity that loses its worker goes to another; one that takes workers down is put back with a pause."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from durahub.dispatch.activities import Activities
from durahub.dispatch.clock import system_clock
from durahub.dispatch.gathering import Outstanding
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import Streams
from durahub.dispatch.tokens import Tokens
from durahub.dispatch.work import StreamOptions
from durahub.engine.answers import ActivityResult
from durahub.engine.commit import Delivery
from durahub.engine.inbox import backoff
from durahub.model.history import Execution, TaskScheduled
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from tests.unit.engine.scenes import NOW

EVENT = TaskScheduled(event_id=1, timestamp=NOW, name="Greet")
ACTIVITY = Delivery("1", "", Message(event=EVENT, target=Execution("order-7", "run")))


class Store(SchedulerStore):
    """A store that notes what is put back, and for how long."""

    released: list[tuple[str, float]]

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        self.released += [(one.key, delay) for one in deliveries]


@pytest.mark.parametrize("deliveries", [1, 4])
async def test_what_two_workers_are_lost_with_is_put_back_for_longer_each_time(
    deliveries: int,
) -> None:
    count = itertools.count()
    streams = Streams(lambda: None, lambda _: None)
    streams.add(
        StreamOptions(worker_id="w", max_orchestrations=1, max_activities=1, max_entities=1)
    )
    tokens: Tokens[ActivityResult] = Tokens(lambda: f"t{next(count)}")
    store = Store(SchedulerFile(":memory:", clock=system_clock), "hub")
    store.released = []
    activities = Activities(
        store, streams, tokens, system_clock, DispatchSettings(), no_version, Outstanding()
    )
    activities.take([replace(ACTIVITY, deliveries=deliveries)])

    await lose_its_worker(tokens)
    assert store.released == []
    await lose_its_worker(tokens)
    await settled()

    assert store.released == [("1", backoff(deliveries))]
    assert tokens.find("order-7") is None


async def no_version(_: str) -> str:
    return ""


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def lose_its_worker(tokens: Tokens[ActivityResult]) -> None:
    await settled()
    item = tokens.find("order-7")
    assert item is not None
    tokens.revoke(item, lost=True)
