"""What measurements amount to."""

from collections import Counter
from pathlib import Path

import pytest
from benchmarks.contestants import Contestant, parse
from benchmarks.figures import Figure, Spread, figures, percentiles, ratios, sleeping_kib, spread
from benchmarks.large import HubSize, Scale
from benchmarks.lint import Linted
from benchmarks.measuring import Counted, Failed, Timed, less_idle, some
from benchmarks.report import number, write
from benchmarks.results import Results, lines_of, read
from benchmarks.scenarios import Outcome, miscounted


def timed(contestant: str, per_second: float, turn: int = 1, n: int = 500) -> Timed:
    return Timed(
        scenario="five-cities",
        contestant=contestant,
        n=n,
        at_once=16,
        turn=turn,
        per_second=per_second,
        idle=[20.0, 30.0, 40.0],
        loaded=[100.0],
        cpu={"server": 3.5, "worker": 6.0},
        peak={"server": 90.0},
    )


def counted(total: float, agrees: bool = True) -> Counted:
    return Counted(
        "five-cities", "azurite", 100, 16, {"queue put": total}, {}, agrees, [] if agrees else ["x"]
    )


def size(finished: int, requests: float, cpu: float) -> HubSize:
    return HubSize("azurite", finished, 50, requests, {"server": cpu, "worker": 6.0}, 0.5)


def scale(sleeping: int, memory: float) -> Scale:
    return Scale("azurite", 1, sleeping, 1.0, 0.5, 70, memory, memory, 50.0)


def figure(results: Results, what: str) -> Figure:
    (found,) = [each for each in figures(results) if each.what == what]
    return found


def test_ratios_are_within_a_turn() -> None:
    runs = [
        timed("azurite", 60, turn=1),
        timed("floor", 150, turn=1),
        timed("azurite", 30, turn=2),  # the machine has become half as fast
        timed("floor", 75, turn=2),
        timed("azurite", 1, turn=3),  # of this turn there is no floor
    ]

    assert ratios(runs, "azurite", "floor", 500) == [0.4, 0.4]


def test_ratios_are_of_one_size() -> None:
    assert (
        ratios([timed("azurite", 60, n=100), timed("floor", 100, n=500)], "azurite", "floor", 500)
        == []
    )


@pytest.mark.parametrize(("per_second", "met"), [(60.0, True), (59.9, False)])
def test_a_throughput_is_met_from_its_share_of_the_floor_on(per_second: float, met: bool) -> None:
    results = Results(found=[timed("azurite", per_second), timed("floor", 150)])

    assert figure(results, "five cities, 500 instances, Azurite").met is met


@pytest.mark.parametrize(("requests", "met"), [(25.0, True), (25.04, True), (25.1, False)])
def test_requests_are_met_up_to_the_budget(requests: float, met: bool) -> None:
    results = Results(found=[counted(requests)])

    assert figure(results, "requests of five cities").met is met


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert {each.met for each in figures(Results())} == {None}


def test_the_idle_latency_is_the_median_of_each_turn() -> None:
    found = figure(
        Results(found=[timed("azurite", 1), timed("azurite", 1, 2)]), "idle latency p50, Azurite"
    )

    assert found.measured == Spread(30.0, 30.0, 30.0, 2)
    assert found.met


def test_a_hub_is_flat_when_its_largest_size_costs_as_much_as_its_smallest() -> None:
    flat = Results(found=[size(1000, 21, 4.0), size(10_000, 40, 9.0), size(100_000, 21.5, 4.4)])
    steep = Results(found=[size(1000, 21, 4.0), size(100_000, 42, 4.0)])
    requests = "azurite: hub of 100,000 against 1,000, requests"

    assert figure(flat, requests).met
    assert figure(flat, "azurite: hub of 100,000 against 1,000, server CPU").met
    assert figure(steep, requests).met is False


def test_memory_of_a_sleeping_instance_is_told_next_to_an_empty_hub() -> None:
    assert sleeping_kib([scale(1, 100.0), scale(10_000, 110.0)], "azurite") == Spread(
        1.024, 1.024, 1.024, 1
    )
    assert sleeping_kib([scale(10_000, 110.0)], "azurite") is None


def test_a_spread_is_median_least_and_most() -> None:
    assert spread([3, 1, 10]) == Spread(3, 1, 10, 3)
    assert spread([]) is None


def test_percentiles_of_one_value_are_that_value() -> None:
    assert percentiles([7.0]) == (7.0, 7.0, 7.0)
    assert percentiles([float(ms) for ms in range(101)]) == (50.0, 90.0, 99.0)
    assert percentiles([]) is None


def test_requests_of_an_idle_server_are_taken_off() -> None:
    sent = Counter({"queue put": 60, "queue get": 20})

    assert less_idle(sent, {"queue get": 2.0}, seconds=10, units=10) == {"queue put": 6.0}


def test_a_counter_that_answers_a_number_twice_or_leaves_one_out_is_found_out() -> None:
    assert miscounted("key", [3, 1, 2]) == []
    assert miscounted("key", [1, 1, 2])
    assert miscounted("key", [1, None, 2])
    assert miscounted("key", [2, 3, 4])


def test_of_many_wrong_results_some_are_told() -> None:
    outcome = Outcome(wrong=[f"{number} is wrong" for number in range(9)])

    assert some([outcome])[-1] == "and 4 more"


@pytest.mark.parametrize(
    "name", ["azurite", "azurite exclusive x2", "sqlite-memory", "floor", "azurite x2"]
)
def test_contestants_are_named_as_they_are_read(name: str) -> None:
    assert parse(name).name == name


@pytest.mark.parametrize("name", ["mysql", "sqlite x2", "floor exclusive", "azurite fast"])
def test_who_does_not_exist_cannot_be_measured(name: str) -> None:
    with pytest.raises(ValueError, match=name.split()[0]):
        parse(name)


def test_only_azurite_sends_requests() -> None:
    assert Contestant("azurite").counted
    assert not Contestant("sqlite").counted


@pytest.mark.parametrize(
    ("value", "text"), [(0.4, "0.40"), (21.04, "21.0"), (1234.5, "1,234"), (-0.02, "-0.02")]
)
def test_figures_are_written_with_the_places_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_what_is_found_can_be_read_again_and_written_as_a_page(tmp_path: Path) -> None:
    results = Results(
        about={"date": "today"},
        found=[
            timed("azurite", 60),
            timed("floor", 150),
            counted(22, agrees=False),
            size(1000, 21, 4.0),
            size(100_000, 21, 4.0),
            scale(1, 100),
            Linted("bundle", 200_000, 1_000_000, 100.0, 50.0, 0, 0.0, 2_009, 105.0),
            Failed("time tree on azurite", "TimeoutError: "),
        ],
        left_out=["time purge on azurite"],
    )
    saved = tmp_path / "saved.jsonl"
    saved.write_bytes(lines_of(results))

    assert read(saved) == results
    write(read(saved), tmp_path / "RESULTS.md")

    page = (tmp_path / "RESULTS.md").read_text()
    assert "| five cities, 500 instances, Azurite" in page
    assert "| requests of five cities" in page
    assert "time tree on azurite: TimeoutError" in page
    assert "- time purge on azurite" in page
    assert "five-cities on azurite, n = 100: x" in page, "the counts differ"
    assert "| bundle | " in page
    assert " 2,000 |" in page, "instances a second"
    assert "<svg" in (tmp_path / "hub-size-azurite.svg").read_text()
    assert "://kozea" not in (tmp_path / "hub-size-azurite.svg").read_text()
