"""The recorded .NET hubs on the command line: listed, explained, their histories shown."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from durahub.errors import NotInRows
from durahub_migrate.acting.data_folder import VARIABLE
from durahub_migrate.cli.entity import entity
from durahub_migrate.cli.hub_looks import messages, partitions, stuck
from durahub_migrate.cli.instance import instance
from durahub_migrate.monitor.row import ENDED
from durahub_migrate.moving.place import parse_place
from durahub_migrate.watching.opening import open_watch
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.cli.commands import Run, runner

pytestmark = pytest.mark.azurite

STORE = "RECORDED_STORE"
QUICK = ("legacy1x", "waiting")
MOST = 3  # instances of a hub that are looked at, of those that ended and of the others
BOUND = 60
"""Requests of an explanation: for finding the hub, the instance, those it waits for, queues and leases."""


@pytest.fixture
def run_on(azurite: Storage, hub_name: str, tmp_path: Path) -> Any:
    """Load a recorded hub, and return what runs commands on it."""

    def loaded(hub: RecordedHub) -> Run:
        asyncio.run(load(hub, azurite.connection_string, hub_name))
        return runner(
            {
                STORE: azurite.connection_string,
                VARIABLE: str(tmp_path / "data"),
                "DURAHUB_HUB": f"env:{STORE}/{hub_name}",
                "DURAHUB_STATE_DIR": str(tmp_path),
            }
        )

    return loaded


@pytest.mark.parametrize(
    "hub",
    [pytest.param(hub, marks=() if hub.name in QUICK else pytest.mark.slow) for hub in HUBS],
    ids=lambda hub: hub.name,
)
def test_every_recorded_hub_is_listed_explained_and_shown(hub: RecordedHub, run_on: Any) -> None:
    run = run_on(hub)
    listed = run(instance, "list", "--limit", "10000", "--format", "json")
    assert listed.error is None, listed.error
    rows = [json.loads(line) for line in listed.lines]
    found = run(instance, "list", "is:active", "--limit", "10000", "--format", "json")
    active = [json.loads(line)["instanceId"] for line in found.lines]
    assert sorted(active) == sorted(one["instanceId"] for one in rows if one["status"] not in ENDED)
    ended = [one["instanceId"] for one in rows if one["status"] in ENDED]

    for one in active[:MOST]:
        why = run(instance, "why", "--format", "json", "--", one)
        told = json.loads(why.out)
        assert why.status == (1 if told["isStuck"] else 0)
        assert told["sentence"]
        assert run(instance, "why", "--", one).lines[0] == told["sentence"]
    for one in (*active[:MOST], *ended[:MOST]):
        events = run(instance, "history", "--json", "--", one)
        assert events.status == 0
        assert len(run(instance, "history", "--full", "--", one).lines) >= len(events.lines)
        assert run(instance, "history", "--grouped", "--", one).error is None
        drawn = run(instance, "timeline", "--width", "100", "--", one)
        told = json.loads(run(instance, "timeline", "--format", "json", "--", one).out)
        assert len(drawn.lines) >= len(told["groups"])
        assert run(instance, "sequence", "--", one).lines[0] == "sequenceDiagram"
        assert run(instance, "show", "--", one).error is None


def test_a_hub_of_net_is_looked_at_as_a_whole(run_on: Any) -> None:
    run = run_on(next(hub for hub in HUBS if hub.name == "waiting"))
    view = json.loads(run(partitions, "--format", "json").out)
    assert len(view["partitions"]) == 4
    seen = run(messages, "workitems", "--format", "json")
    assert seen.status == 0
    assert {json.loads(line)["verdict"] for line in seen.lines} <= {"ok", "orphan"}
    found = run(stuck, "--older-than", "1m", "--fail-if-any", "--format", "json")
    assert found.status == 1
    assert found.lines
    table = run(instance, "list", "--format", "csv", "--sort", "-created")
    assert len(list(csv.reader(io.StringIO(table.out)))) > 1
    refused = run(instance, "list", "is:child")
    assert isinstance(refused.error, NotInRows)


def test_the_entities_of_a_hub_are_listed_alone_and_shown(run_on: Any) -> None:
    run = run_on(next(hub for hub in HUBS if hub.name == "entities"))
    ids = [json.loads(one)["instanceId"] for one in run(entity, "list", "--format", "json").lines]
    assert ids
    assert all(one.startswith("@") for one in ids)
    locked = run(entity, "list", "is:locked", "--format", "json").lines
    assert 0 < len(locked) < len(ids)
    shown = json.loads(run(entity, "show", ids[0], "--format", "json").out)
    assert shown["instanceId"] == ids[0]


async def test_an_explanation_takes_a_bounded_number_of_requests(
    azurite: Storage, hub_name: str
) -> None:
    await load(next(hub for hub in HUBS if hub.name == "dtfx"), azurite.connection_string, hub_name)
    for one in ("awaits-many", "awaits-activity", "never-started"):
        way = open_watch(
            parse_place(f"azurite:{hub_name}"), resolve=lambda _: azurite.connection_string
        )
        async with way as hub:
            await hub.why(one)
            assert 0 < hub.standing().budget.total <= BOUND
