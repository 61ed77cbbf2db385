"""When the pump looks: nothing that comes due is missed, whenever it does."""

import asyncio
import contextlib
from collections.abc import Sequence

import pytest
from scheduler_hubs import NOON, Desk, timer

from durahub.engine.commit import Delivery
from durahub.model.ticks import Ticks, later
from durahub.scheduler.feed import Arrival, Found, Want
from durahub.scheduler.message_rows import delivery as delivery_of
from durahub.scheduler.pump import Pump
from durahub.scheduler.writes import Table

DUE = later(NOON, 1.0)


class ClockThatPasses:
    """Stands just before `DUE` for the first *readings*, and just behind it from then on."""

    def __init__(self, readings: int) -> None:
        self.readings = readings

    def __call__(self) -> Ticks:
        self.readings -= 1
        return Ticks(DUE - 1) if self.readings >= 0 else Ticks(DUE + 1)


async def _read(table: Table, want: Want) -> Found:
    """Read an inbox that holds one message, due at `DUE`."""
    if table == "tasks" or 1 in want.known:
        return Found([], [], None)
    if want.now < DUE:
        return Found([], [], DUE)
    return Found([(1, delivery_of(1, timer(DUE), activity=False))], [], None)


async def _move(results: Sequence[Delivery]) -> None:
    raise AssertionError(results)


@pytest.mark.parametrize("readings", range(12))
async def test_a_message_that_comes_due_at_any_moment_of_a_look_is_handed_over(
    readings: int,
) -> None:
    desk = Desk()
    pump = Pump(desk, _read, _move, ClockThatPasses(readings), 1.0)
    running = asyncio.create_task(pump.run())
    try:
        assert (await asyncio.wait_for(desk.message(), 60)).key == "1"
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_a_listener_that_took_some_is_asked_again_and_so_knows_that_more_waits() -> None:
    desk = Desk(messages=2)
    pump = Pump(desk, _read, _move, lambda: NOON, 1.0)
    await pump.look()

    pump.arrive([Arrival(1, seq, False, timer(NOON), None) for seq in (2, 3, 4)])

    assert len(desk.messages) == 2
    assert desk.told_that_it_is_full
