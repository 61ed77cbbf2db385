"""The activities of a hub with one worker, which the test gives and takes away."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from durahub.dispatch.activities import Activities
from durahub.dispatch.clock import system_clock
from durahub.dispatch.gathering import Outstanding
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import Streams
from durahub.dispatch.tokens import OpenItem, Tokens
from durahub.dispatch.work import StreamOptions
from durahub.engine.answers import ActivityResult
from durahub.engine.commit import Delivery
from durahub.model.history import Execution, TaskScheduled
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from tests.unit.engine.scenes import NOW

EVENT = TaskScheduled(event_id=1, timestamp=NOW, name="Greet")
ACTIVITY = Delivery("1", "", Message(event=EVENT, target=Execution("order-7", "run")))


class Store(SchedulerStore):
    """A store that notes what is put back, and for how long."""

    def __init__(self) -> None:
        super().__init__(SchedulerFile(":memory:", clock=system_clock), "hub")
        self.released: list[tuple[str, float]] = []

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        self.released += [(one.key, delay) for one in deliveries]


async def no_version(_: str) -> str:
    return ""


def _tokens() -> Tokens[ActivityResult]:
    count = itertools.count()
    return Tokens(lambda: f"t{next(count)}")


@dataclass
class InHand:
    """Activities, their streams and what is out."""

    store: Store = field(default_factory=Store)
    streams: Streams = field(default_factory=lambda: Streams(lambda: None, lambda _: None))
    tokens: Tokens[ActivityResult] = field(default_factory=_tokens)

    def __post_init__(self) -> None:
        one = StreamOptions(worker_id="w", max_orchestrations=1, max_activities=1, max_entities=1)
        self.streams.add(one)
        self.activities = Activities(
            self.store,
            self.streams,
            self.tokens,
            system_clock,
            DispatchSettings(),
            no_version,
            Outstanding(),
        )

    async def given(self) -> OpenItem[ActivityResult]:
        """Return what the worker was given."""
        await settled()
        item = self.tokens.find("order-7")
        assert item is not None
        return item


async def settled() -> None:
    """Return when all that goes on by itself has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)
