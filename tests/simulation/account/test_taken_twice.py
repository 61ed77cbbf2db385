"""What a client has sent stands in its queue twice; who took the one dies before the other is visible."""

import asyncio
import contextlib
import json
from collections.abc import Callable

import pytest

from durahub.classic.store import ClassicStore
from durahub.classic.taken import COLUMN
from durahub.dispatch.hub import TaskHub
from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
)
from durahub.model.message import Message
from tests.conformance.listening_desk import Desk
from tests.simulation.account.exchange import Request
from tests.simulation.account.line import Fate, Line, What
from tests.simulation.account.scene import HUB, Scene, clock, run

TARGETS = ("@counter@a", "order")


class Way:
    """The way of a process to storage, which says ``unsure`` times of puts that they failed, and had them."""

    def __init__(self, unsure: int = 0) -> None:
        self.unsure = unsure

    def __call__(self, request: Request) -> Fate:
        is_put = (request.service, request.method) == ("queue", "POST")
        if not is_put or not self.unsure:
            return Fate()
        self.unsure -= 1
        return Fate(What.UNSURE, busy=2)


async def until(condition: Callable[[], bool]) -> None:
    """Let simulated time pass until *condition* holds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(1)
    raise AssertionError("it does not come to that")


class Server:
    """A process that has the hub's partition, and hands messages to nobody but a test."""

    def __init__(self, scene: Scene, name: str, unsure: int = 0) -> None:
        self.hub: TaskHub
        self.store: ClassicStore
        self.line: Line
        self.hub, self.store, self.line = scene.hub(name, Way(unsure))
        self.desk = Desk()

    async def serve(self, *, create: bool) -> None:
        await self.store.open(create=create)
        self._serving = asyncio.ensure_future(self.store.serve(self.desk))
        await until(lambda: self.store.owns(TARGETS[0]))

    async def die(self) -> None:
        self.line.die()
        self._serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._serving

    async def takes(self, target: str, *messages: Delivery) -> None:
        """Take messages in a batch of an entity, or in a turn that continues as new."""
        base = (await self.store.load(target)).version
        await self.store.commit(_replacing(target, base, messages))

    async def message(self) -> Delivery:
        """Return the next message, however long it takes to come."""
        await until(lambda: bool(self.desk.messages))
        return self.desk.messages.pop(0)


def _replacing(target: str, base: HistoryVersion, consumed: tuple[Delivery, ...]) -> Commit:
    started = ExecutionStarted(
        timestamp=clock(), execution=Execution(target, "next"), name="order", version=""
    )
    events = (
        OrchestratorStarted(timestamp=clock()),
        started,
        OrchestratorCompleted(timestamp=clock()),
    )
    return Commit(
        instance_id=target,
        outbound=(),
        activities=(),
        execution_id="next",
        base=base,
        events=events,
        replaces=True,
        instance=InstanceUpdate(
            execution_id="next", last_updated=clock(), custom_status=None, started=started
        ),
        consumed=consumed,
    )


def _raised(target: str) -> Message:
    return Message(
        event=EventRaised(timestamp=clock(), name="op", input="1"), target=Execution(target)
    )


def _listed(scene: Scene, target: str) -> int:
    (guard,) = (
        row
        for row in scene.storage.tables.rows_of(f"{HUB}History", target)
        if row["RowKey"] == "sentinel"
    )
    return len(json.loads(str(guard.get(COLUMN, "[]"))))


@pytest.mark.parametrize("target", TARGETS)
def test_who_comes_after_it_knows_the_copy_of_what_was_taken(target: str) -> None:
    async def play(scene: Scene) -> None:
        first, second = Server(scene, "a:000000000001", unsure=1), Server(scene, "b:000000000002")
        await first.serve(create=True)
        await first.store.send(_raised(target))
        await first.takes(target, await first.message())
        await first.takes(target)  # a second time: what was taken once is not forgotten so
        await first.die()

        await second.serve(create=False)
        copy = await second.message()

        assert copy.key in (await second.store.load(target)).consumed

    run(play)


def test_who_comes_after_it_does_not_even_hand_over_a_copy_that_comes_when_it_has_read_that() -> (
    None
):
    async def play(scene: Scene) -> None:
        first, second = Server(scene, "a:000000000001", unsure=1), Server(scene, "b:000000000002")
        await first.serve(create=True)
        await first.store.send(_raised("order"))
        await first.takes("order", await first.message())
        await first.die()

        await second.serve(create=False)
        await second.takes("order")
        await asyncio.sleep(900)

        assert second.desk.messages == []
        assert list(scene.eye.messages()) == []
        assert _listed(scene, "order") == 1

    run(play)


def test_what_another_process_put_may_have_a_copy_of_which_nobody_knows() -> None:
    async def play(scene: Scene) -> None:
        server = Server(scene, "a:000000000001")
        client, store, _ = scene.hub("c:000000000003")
        await server.serve(create=True)
        await client.open(create=False)
        await store.send(_raised("order"))
        await server.takes("order", await server.message())

        assert _listed(scene, "order") == 1

    run(play)


def test_of_what_was_put_once_nothing_is_written() -> None:
    async def play(scene: Scene) -> None:
        server = Server(scene, "a:000000000001")
        await server.serve(create=True)
        await server.store.send(_raised("order"))
        await server.takes("order", await server.message())

        assert _listed(scene, "order") == 0

    run(play)
