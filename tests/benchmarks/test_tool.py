"""The tool from end to end, as small as it goes."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from benchmarks.contestants import parse
from benchmarks.filling import Filling
from benchmarks.large import scale
from benchmarks.lint import lint
from benchmarks.measuring import Failed
from benchmarks.plans import PROFILES, Count, Time, named
from benchmarks.results import Results
from benchmarks.suite import carry_out

ROOT = Path(__file__).parents[2]


def tool(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=380)


@pytest.mark.sdk
def test_five_cities_are_measured_beside_the_floor() -> None:
    said = tool("run", "five-cities", "--on", "sqlite-memory", "--on", "floor", "-n", "3", "--json")

    assert said.returncode == 0, said.stderr.decode()
    found = [
        line["Timed"] for line in map(orjson.loads, said.stdout.splitlines()) if "Timed" in line
    ]
    assert [run["contestant"] for run in found] == ["sqlite-memory", "floor"]
    assert all(run["per_second"] > 0 for run in found)
    assert [len(run["idle"]) for run in found] == [3, 3]
    assert set(found[0]["cpu"]) == {"server", "worker", "client"}


@pytest.mark.sdk
def test_wrong_results_are_found_out() -> None:
    said = tool("run", "five-cities", "--on", "sqlite-memory", "-n", "2", "--wrong")

    assert said.returncode == 1
    assert b"Hello, Rome!" in said.stderr


@pytest.mark.sdk
@pytest.mark.azurite
def test_requests_counted_at_the_proxy_are_those_that_the_server_counts() -> None:
    said = tool("run", "five-cities", "--count", "-n", "5", "--idle", "0.5", "--json")

    assert said.returncode == 0, said.stderr.decode()
    (counted,) = [
        line["Counted"] for line in map(orjson.loads, said.stdout.splitlines()) if "Counted" in line
    ]
    assert counted["agrees"]
    assert counted["requests"]["table transaction"] == pytest.approx(10, abs=0.5)


@pytest.mark.sdk
@pytest.mark.parametrize(
    "store",
    [
        "sqlite",
        pytest.param("bundle", marks=pytest.mark.slow),
        pytest.param("azurite", marks=[pytest.mark.azurite, pytest.mark.slow]),
    ],
)
def test_a_filled_hub_is_linted_whole_and_all_that_is_wrong_in_it_is_found(store: str) -> None:
    found = asyncio.run(lint(parse(store), 200))

    assert found.wrong == []  # what was expected is 2 long IDs and 6 large payloads
    assert found.instances == 200
    assert found.rows > 600
    assert found.findings >= 8
    assert found.cpu > 0
    assert (found.requests > 0) == (store == "azurite")


def test_a_bundle_can_be_linted_and_nothing_else() -> None:
    said = tool("run", "five-cities", "--on", "bundle")

    assert said.returncode == 2
    assert b"a bundle can be linted, and nothing else" in said.stderr


@pytest.mark.sdk
@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("azurite", marks=[pytest.mark.azurite, pytest.mark.slow])]
)
def test_a_hub_that_was_filled_by_copying_is_one_that_goes_on(store: str) -> None:
    found = asyncio.run(scale(parse(store), Filling(finished=50, sleeping=10)))

    assert found.wrong == []
    assert found.memory > 0


def test_a_measurement_that_fails_is_told_of_and_the_rest_goes_on() -> None:
    results, told = Results(), []
    plan = [Time("nobody", "five-cities", 1, 1), Count("nobody else", "five-cities", 1)]

    carry_out(plan, results, None, told.append, lambda _: None)

    assert [type(one) for one in results.found] == [Failed, Failed]
    assert results.problems()[0].startswith("time five-cities on nobody, n = 1, turn 1: ValueError")


def test_what_there_is_no_time_for_is_left_out_and_told_of() -> None:
    results = Results()
    plan = [Time("floor", "five-cities", 1, 1)]

    carry_out(plan, results, time.monotonic() - 1, lambda _: None, lambda _: None)

    assert results.found == []
    assert results.left_out == [named(plan[0])]


@pytest.mark.parametrize("name", PROFILES)
def test_every_step_of_a_profile_is_of_somebody_who_exists_and_there_once(name: str) -> None:
    steps = PROFILES[name].steps

    assert [parse(step.contestant) for step in steps]
    assert len({named(step) for step in steps}) == len(steps)


def test_the_help_names_every_scenario_contestant_and_profile() -> None:
    said = tool("--help").stdout.decode()

    for name in ("entity-hot", "hub-size", "azurite-memory", "exclusive", "floor", *PROFILES):
        assert f"\n    {name} " in said
