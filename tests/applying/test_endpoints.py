"""A plan is applied to a hub behind an endpoint."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import MoveBlocked
from durahub_migrate.applying.events import schema_text
from durahub_migrate.applying.reporting import JsonTeller
from durahub_migrate.applying.session import Wanted, session
from durahub_migrate.applying.settings import ApplySettings
from durahub_migrate.applying.states import JobState, UnitState
from durahub_migrate.cli.movers import open_mover
from durahub_migrate.endpoint.backend import BackendClient
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.moving.strategy import Strategy
from tests.applying.jobs import state_of, units_by_state
from tests.applying.moves import Move, a_move
from tests.targets.ghost.plays import hub_in_a_file


@dataclass
class Told:
    events: list[dict[str, Any]] = field(default_factory=list)

    def put(self, event: dict[str, Any]) -> None:
        self.events.append(event)


async def applied(
    move: Move, settings: ApplySettings | None = None
) -> tuple[int, list[dict[str, Any]]]:
    told = Told()
    teller = JsonTeller(told.put, lambda: 0.0)
    wanted = Wanted(plan=move.plan, settings=settings or ApplySettings())
    async with session(wanted, asyncio.Event(), open_mover, teller, print, create=True) as job:
        return await job.apply(), told.events


async def test_live_trees_are_replayed_behind_an_endpoint(tmp_path: Path) -> None:
    async with hub_in_a_file(tmp_path / "new.db", "orders") as address:
        ghosts = {f"live-{n}": {"strategy": Strategy.GHOST} for n in range(3)}
        left = {f"ended-{n}": {"strategy": Strategy.ARCHIVE} for n in range(2)}
        move = a_move(tmp_path, str(address), live=3, ended=2, changed=ghosts | left)

        status, events = await applied(move)

    for event in events:
        jsonschema.validate(event, json.loads(schema_text()))
    assert (status, state_of(move.plan)) == (0, JobState.HANDED_OVER), events
    assert units_by_state(move.plan) == {UnitState.DONE: 3, UnitState.LEFT: 2}


async def test_a_job_that_stands_ready_has_left_the_endpoint_and_is_handed_over_later(
    tmp_path: Path,
) -> None:
    async with hub_in_a_file(tmp_path / "new.db", "orders") as address:
        ghosts = {f"live-{n}": {"strategy": Strategy.GHOST} for n in range(2)}
        move = a_move(tmp_path, str(address), live=2, ended=0, changed=ghosts)

        assert (await applied(move, ApplySettings(postpone=True)))[0] == 0
        assert state_of(move.plan) is JobState.READY
        async with open_endpoint(address) as client:
            assert await BackendClient(client.wire).workers() == 0
        assert (await applied(move))[0] == 0

    assert units_by_state(move.plan) == {UnitState.DONE: 2}


async def test_workers_at_the_target_block_a_move(tmp_path: Path) -> None:
    async with hub_in_a_file(tmp_path / "new.db", "orders") as address:
        move = a_move(tmp_path, str(address), live=1, ended=0)
        request = pb.GetWorkItemsRequest()
        async with open_endpoint(address) as client, client.work_items(request):
            while not await BackendClient(client.wire).workers():  # noqa: ASYNC110 (no event tells)
                await asyncio.sleep(0.01)  # the endpoint gets to know it

            with pytest.raises(MoveBlocked, match="workers"):
                await applied(move)


async def test_a_job_that_was_handed_over_needs_no_target_any_more(tmp_path: Path) -> None:
    async with hub_in_a_file(tmp_path / "new.db", "orders") as address:
        move = a_move(
            tmp_path,
            str(address),
            live=1,
            ended=0,
            changed={"live-0": {"strategy": Strategy.GHOST}},
        )
        assert (await applied(move))[0] == 0
        async with open_endpoint(address) as client, client.work_items(pb.GetWorkItemsRequest()):
            while not await BackendClient(client.wire).workers():  # noqa: ASYNC110 (no event tells)
                await asyncio.sleep(0.01)  # the endpoint gets to know it

            status, events = await applied(move)

            assert status == 0
            assert events[-1]["state"] == "handed-over"
    assert (await applied(move))[0] == 0  # the endpoint is gone, too
