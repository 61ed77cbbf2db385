"""Hubs that are moved to be measured, as small as it goes."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.contestants import parse
from benchmarks.foreign_endpoint import actions_of
from benchmarks.move import BACK, MovedHub, move
from benchmarks.moved_hub import CYCLE, LIVE, WHOLE, Filled, fill_here, instances
from benchmarks.report import sections, write
from benchmarks.results import Results, lines_of, read
from durabletask.internal import orchestrator_service_pb2 as pb

COST = {"seconds": 2.0, "cpu": 1.0, "peak": 100.0, "written": 4096, "requests": 0}
A_MOVE = MovedHub(
    "sqlite", 1000, 9000, 300, 500_000, 300_000, {"export": COST, "apply": COST | {"peak": 120.0}}
)


def test_there_are_as_many_instances_as_were_asked_for_with_all_that_one_can_wait_for() -> None:
    filled = Filled()
    for whole in instances(len(CYCLE) + 1, WHOLE):
        filled.add(whole)

    assert (filled.instances, filled.entities, filled.live) == (20, 2, 10)
    assert filled.events == 12 * 9 + 8 + 2 * 7 + 2 * 8 + 2 * 8 + 4 + 8 + 2 * 3
    assert filled.messages == 6  # an event, two activities and a child's, two timers
    assert filled.large == 1


@pytest.mark.parametrize("count", [1, 17, 18, 19])
def test_a_parent_has_its_child_with_it(count: int) -> None:
    found = [whole.instance for whole in instances(count, WHOLE)]

    assert len(found) == count
    ids = {one.instance_id for one in found if one is not None}
    assert {f"{one}:0" for one in ids if one.startswith("parent") and ":" not in one} <= ids


def test_of_a_hub_for_an_endpoint_no_instance_has_ended(tmp_path: Path) -> None:
    filled = fill_here(tmp_path / "hub.db", "orders", 40, LIVE)

    assert (filled.instances, filled.live) == (40, 40)


@pytest.mark.parametrize(
    ("store", "size"),
    [
        ("sqlite", 40),
        pytest.param("sdk-memory", 40, marks=pytest.mark.slow),
    ],
)
def test_a_hub_that_is_moved_is_there_whole_and_measured(store: str, size: int) -> None:
    found = asyncio.run(move(parse(store), size))

    assert found.wrong == []
    assert found.instances == size
    assert set(found.commands) == {"export", "plan", "apply", "verify"}
    assert all(cost["peak"] > 20 and cost["written"] > 0 for cost in found.commands.values())
    assert found.bundle > 1000
    assert found.planned == sum(found.actions.values())
    assert bool(found.calls) == (store == "sdk-memory")


@pytest.mark.azurite
@pytest.mark.slow
def test_a_hub_that_is_moved_to_azurite_is_exported_from_there() -> None:
    found = asyncio.run(move(parse("azurite"), 20))

    assert found.wrong == []
    assert found.commands["apply"]["requests"] > 20
    assert found.commands[BACK]["requests"] > 0


def test_actions_are_what_a_call_brings_about() -> None:
    answer = pb.OrchestratorResponse()
    answer.actions.add().scheduleTask.name = "Pay"
    answer.actions.add().createTimer.SetInParent()
    answer.actions.add().createSubOrchestration.name = "Part"

    assert list(actions_of(answer)) == ["activity", "start"]
    assert list(actions_of(pb.CreateInstanceRequest())) == ["start"]
    assert list(actions_of(pb.GetInstanceRequest())) == []


def test_moves_are_saved_and_told_with_a_chart_of_memory(tmp_path: Path) -> None:
    moves = [replace(A_MOVE, instances=size) for size in (10, 100, 1000)]
    replayed = replace(A_MOVE, planned=3, calls={"StartInstance": 2})
    stored = replace(A_MOVE, requests={"apply": {"table get": 70}})
    results = Results(found=[*moves, replayed, stored])
    saved = tmp_path / "saved.jsonl"
    saved.write_bytes(lines_of(results))

    again = read(saved)
    write(again, tmp_path / "RESULTS-MOVE.md")

    assert again.moved == results.moved
    assert [one.title for one in sections(again)][-4:] == [
        "Moving a hub",
        "Bundles",
        "Storage requests of a move to Azure Storage",
        "Ghost replay",
    ]
    told = (tmp_path / "RESULTS-MOVE.md").read_text("utf-8")
    assert "(move-memory-sqlite.svg)" in told
    assert "StartInstance 2" in told
    assert "table get 70" in told
    assert (tmp_path / "move-memory-sqlite.svg").read_text("utf-8").startswith("<?xml")
