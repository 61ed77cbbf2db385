"""A move that is killed at any call goes on from there, and ends as one that was not."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message

from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.wire import Wire
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Outcome
from durahub_migrate.moving.place import EndpointAddress
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.ghost.mover import GhostMover
from tests.endpoint.endpoints import client_of, own_endpoint
from tests.targets.ghost import app
from tests.targets.ghost.moved_app import HUB, OUTPUTS, filled, finish_all
from tests.targets.ghost.plays import content_of, move, units_of, working

pytestmark = pytest.mark.fault
PATIENCE = 90.0
"""Seconds, more than the longest pause before a turn comes again that was given back again and again."""


class Killed(Exception):
    """The mover is no more."""


class Mortal(EndpointClient):
    """A client whose process ends at its *last* call: before it is sent, or before its answer is seen."""

    def __init__(self, wire: Wire, last: int, *, is_sent: bool) -> None:
        super().__init__(wire)
        self.calls = 0
        self._last = last
        self._is_sent = is_sent

    async def _call(self, name: str, request: Message, about: str = "") -> Any:
        self.calls += 1
        if self.calls > self._last or (self.calls == self._last and not self._is_sent):
            raise Killed
        answer = await super()._call(name, request, about)
        if self.calls >= self._last:
            raise Killed
        return answer


@pytest.fixture(scope="module")
def filled_hub(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[str]]:
    """A hub in a file in which everything waits, and what its activities have done."""
    folder = tmp_path_factory.mktemp("source")
    app.ran.clear()
    asyncio.run(filled(folder))
    return folder, Counter(app.ran)


@contextlib.asynccontextmanager
async def dying_mover(
    address: EndpointAddress, last: int, *, is_sent: bool
) -> AsyncIterator[GhostMover]:
    """Give a mover that does not survive its *last* call; its connection ends with it."""
    async with client_of(address) as client:
        mortal = Mortal(client.wire, last, is_sent=is_sent)
        mover = GhostMover(mortal, MoveSettings(), patience=10.0)
        try:
            yield mover
        finally:
            await mover.vanish()


async def resumed(
    address: EndpointAddress, content: Content, units: list[Unit], ledgers: dict[str, Ledger]
) -> list[Moved]:
    """Go on with a move, as applying once more does; return what failed."""
    async with client_of(address) as client:
        mover = GhostMover(client, MoveSettings(), patience=PATIENCE)
        moved = await move(mover, content, units, ledgers)
    return [one for _, _, one in moved if one.outcome is not Outcome.DONE]


@pytest.mark.timeout(600)  # each of some units may wait for such a pause
@pytest.mark.parametrize("last", [3, 25, 60, 90, 110, 125])
@pytest.mark.parametrize("is_sent", [False, True], ids=["unsent", "unseen"])
async def test_a_killed_move_goes_on(
    filled_hub: tuple[Path, Counter[str]], last: int, is_sent: bool, tmp_path: Path
) -> None:
    folder, ran = filled_hub
    app.ran.clear()
    app.ran.update(ran)
    content = await content_of(folder / "hub.db", HUB, tmp_path / "bundle")
    units = units_of(content)
    ledgers: dict[str, Ledger] = {}
    async with own_endpoint() as address:
        async with dying_mover(address, last, is_sent=is_sent) as mover:
            with contextlib.suppress(Killed):  # a stream of work items may have met it
                await move(mover, content, units, ledgers)
            assert isinstance(mover.client, Mortal)
            assert mover.client.calls >= last
        assert await resumed(address, content, units, ledgers) == []
        assert app.ran == ran
        async with working(address, (*app.EARLY, *app.LATE)) as sdk:
            states = await asyncio.to_thread(finish_all, sdk)
    outputs = {
        one: state.get_output() if state.failure_details is None else None
        for one, state in states.items()
    }
    assert outputs == OUTPUTS
    assert {what for what, count in app.ran.items() if count != 1} == {'recover "retried"'}
