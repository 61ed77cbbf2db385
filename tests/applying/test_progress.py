"""How far a job is, how fast, and how long the rest may take."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadSettingsFile
from durahub_migrate.applying.balance import balance, of_messages, residue, sentence
from durahub_migrate.applying.control import Control, Watched, read, write
from durahub_migrate.applying.progress import Speed, counted
from durahub_migrate.applying.states import UnitState
from durahub_migrate.applying.throttle import UNLIMITED, Limits
from durahub_migrate.applying.unit_fates import Fate, Group
from durahub_migrate.moving.mover import Phase
from durahub_migrate.moving.plan import PlanEnd
from durahub_migrate.moving.strategy import Strategy


def group(state: UnitState, units: int, *, entity: bool = False) -> Group:
    return Group(entity, "a", False, state, units, units * 2, 0, 0, 0)


def test_units_that_are_left_are_not_to_be_done_and_rejected_ones_are() -> None:
    groups = [
        group(UnitState.LEFT, 5),
        group(UnitState.CLAIMED, 1),
        group(UnitState.PLACED, 2),
        group(UnitState.SETTLED, 3),
        group(UnitState.REJECTED, 4),
        group(UnitState.FAILED, 6),
    ]

    assert counted(groups, Phase.PLACE) == (9, 16)
    assert counted(groups, Phase.SETTLE) == (7, 16)


def test_an_even_rate_is_told_without_spread_and_an_uneven_one_with() -> None:
    even, uneven = Speed(0.0), Speed(0.0)
    for second in range(60):
        even.add(float(second), units=10)
        uneven.add(float(second), units=20 if second % 10 < 5 else 0)

    likely, least, most = even.seconds_left(60.0, 100) or (0, 0, 0)
    assert likely == pytest.approx(10, rel=0.05)
    assert most - least < 0.5
    likely, least, most = uneven.seconds_left(60.0, 100) or (0, 0, 0)
    assert likely == pytest.approx(10, rel=0.2)
    assert most - least > 3


def test_nobody_can_tell_before_anything_is_done() -> None:
    assert Speed(0.0).seconds_left(10.0, 5) is None
    assert Speed(0.0).seconds_left(10.0, 0) == (0, 0, 0)


@given(st.lists(st.tuples(st.floats(0.01, 20), st.integers(0, 50)), min_size=1, max_size=40))
def test_the_likely_time_lies_within_its_range(steps: list[tuple[float, int]]) -> None:
    now, speed = 0.0, Speed(0.0)
    for seconds, units in steps:
        now += seconds
        speed.add(now, units=units)
    found = speed.seconds_left(now, 1000)

    assert found is None or found[1] <= found[0] <= found[2]


def test_what_a_plan_imports_is_told_apart_by_what_became_of_it() -> None:
    end = PlanEnd(
        balance={
            "orchestrations": {"source": 22, "imported": 20, "drained": 2},
            "entities": {"source": 2, "imported": 2},
        }
    )
    groups = [
        group(UnitState.DONE, 7),
        group(UnitState.REJECTED, 1),
        group(UnitState.FAILED, 2),
        group(UnitState.DONE, 1, entity=True),
        group(UnitState.LEFT, 1),
    ]

    sums = balance(end, groups, {})

    assert residue(sums) == {"orchestrations": 0, "entities": 0, "messages": 0}
    assert sentence("orchestrations", sums["orchestrations"]) == (
        "22 orchestrations = 14 imported + 2 drained + 2 rejected by the target + 4 failed"
    )


def test_messages_are_where_the_movers_say_and_else_with_what_was_not_moved() -> None:
    seen = {"done": 5, "failed": 3, "placed": 1, "drained": 2, "blocked": 1, "out": 4, "": 2}
    fates = [
        Fate("done", UnitState.DONE, "a", is_blocked=False),
        Fate("failed", UnitState.FAILED, "a", is_blocked=False),
        Fate("placed", UnitState.PLACED, "a", is_blocked=False),
        Fate("drained", UnitState.LEFT, Strategy.DRAIN.value, is_blocked=False),
        Fate("blocked", UnitState.LEFT, "a", is_blocked=True),
    ]
    told = {"": 4, "poison": 1, "for nobody": 2}

    sums = of_messages(20, 2, seen, fates, told, has_strays=True)

    assert residue({"messages": sums}) == {"messages": 0}
    assert sums == {
        "source": 20,
        "imported": 4,
        "left (poison)": 1,
        "left (for nobody)": 2,
        "failed": 3,
        "not moved yet": 1,
        "drained": 2,
        "blocked": 1,
        "skipped": 4,
        "rejected": 2,
    }


def test_an_instance_that_is_nowhere_is_seen() -> None:
    end = PlanEnd(balance={"orchestrations": {"source": 5, "imported": 5}})

    assert residue(balance(end, [group(UnitState.DONE, 2)], {}))["orchestrations"] == 1


@pytest.mark.parametrize(
    "control",
    [
        Control(),
        Control(rate=0.5, bytes_per_second=UNLIMITED, parallel=3, pause=True, postpone=False),
    ],
)
def test_what_was_written_to_the_control_file_is_read(tmp_path: Path, control: Control) -> None:
    write(tmp_path / "control.toml", control)

    assert read(tmp_path / "control.toml") == control


@pytest.mark.parametrize(
    "text", ["rate = -1", "rate = true", "parallel = 0.5", "speed = 1", "pause = 1", "rate ="]
)
def test_a_control_file_that_cannot_be_read_changes_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "control.toml"
    warnings: list[str] = []
    watched = Watched(file, Limits(rate=7, parallel=2), warnings.append)
    file.write_text("rate = 5\n")
    assert watched.look() == Limits(rate=5, parallel=2)

    file.write_text(f"{text}\n# changed")
    assert watched.look() == Limits(rate=5, parallel=2)
    watched.look()

    assert len(warnings) == 1
    with pytest.raises(BadSettingsFile):
        read(file)
    file.unlink()
    assert watched.look() == Limits(rate=7, parallel=2)
