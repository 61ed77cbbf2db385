"""A plan is applied to a classic hub, and taken back."""

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from durahub.classic.account import Account
from durahub.errors import HubBeingMoved, MoveBlocked
from durahub_migrate.applying import job
from durahub_migrate.applying.reporting import JsonTeller
from durahub_migrate.applying.session import Wanted, session
from durahub_migrate.applying.settings import ApplySettings
from durahub_migrate.applying.states import JobState, UnitState
from durahub_migrate.moving.mover import STAY
from durahub_migrate.targets.opening import Ways, open_mover
from tests.applying.jobs import state_of, units_by_state
from tests.applying.moves import Move, a_move
from tests.bundle.exports import exported
from tests.conftest import Storage

pytestmark = pytest.mark.azurite


async def at_work(
    move: Move,
    azurite: Storage,
    *,
    postpones: bool = False,
    aborts: bool = False,
    past_return: bool = False,
    told: Callable[[dict[str, Any]], object] = bool,
) -> int:
    ways = Ways(
        resolve=lambda store: store,
        account=lambda _: Account.from_connection_string(azurite.connection_string, "the test"),
    )
    opening = partial(open_mover, ways=ways)
    teller = JsonTeller(told, lambda: 0.0)
    wanted = Wanted(plan=move.plan, settings=ApplySettings(postpone=postpones))
    async with session(
        wanted, asyncio.Event(), opening, teller, print, create=not aborts
    ) as opened:
        return await (opened.abort(past_return=past_return) if aborts else opened.apply())


async def test_a_plan_is_applied_to_a_classic_hub_and_taken_back(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    move = a_move(tmp_path, f"env:STORAGE/{hub_name}", live=2, ended=2)

    assert await at_work(move, azurite) == 0
    assert units_by_state(move.plan) == {UnitState.DONE: 4}
    there = await exported(azurite.connection_string, hub_name, tmp_path / "there.hub")
    assert there.counts.instances_read == 6

    with pytest.raises(MoveBlocked, match="4 messages are in the target's queues"):
        await at_work(move, azurite, aborts=True)
    lines: list[dict[str, Any]] = []
    assert await at_work(move, azurite, aborts=True, past_return=True, told=lines.append) == 0
    assert lines[-1]["left"] == {STAY: 4}
    assert state_of(move.plan) is JobState.ABORTED
    gone = await exported(azurite.connection_string, hub_name, tmp_path / "gone.hub")
    assert gone.counts.instances_read == 0


async def test_a_plan_whose_job_is_lost_is_not_applied_beside_it(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    move = a_move(tmp_path, f"env:STORAGE/{hub_name}", live=2, ended=2)
    await at_work(move, azurite, postpones=True)
    folder = job.folder_of(move.plan)
    kept = folder.rename(tmp_path / "kept")

    with pytest.raises(HubBeingMoved):
        await at_work(move, azurite)
    assert await at_work(move, azurite, aborts=True) == 0  # nothing of it is there

    shutil.rmtree(folder)
    kept.rename(folder)
    assert await at_work(move, azurite, aborts=True) == 0  # before the cut-over, all is taken back
    shutil.rmtree(folder)
    assert await at_work(move, azurite) == 0
